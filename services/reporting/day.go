package reporting

import (
	"cmp"
	"slices"

	event "orderflow.example/schemas/reporting"
	"orderflow.example/shared/saga"
)

// Day is a business day.
type Day struct {
	Day                  string
	Zone                 string // empty as long as it is not opened
	Begins, Ends, Closes string
	Closed               bool
	ClosedAt             string
	Entries, LateEntries int64 // late: of earlier days that were closed
	Totals               []event.Total
	Deferred             Sum // what came after it was closed, and went to the next day
	Taken                Sum // what the day before has passed on to it
}

// Sum is the totals of some entries.
type Sum struct {
	Entries int64
	Totals  []event.Total
}

// BlankDay is a day without events.
func BlankDay(day string) Day { return Day{Day: day} }

// EvolveDay folds the service's own events about a day.
func EvolveDay(d Day, e saga.Event) Day {
	switch x := e.Data.(type) {
	case event.DayOpenedV1:
		d.Zone, d.Begins, d.Ends, d.Closes = x.Zone, x.Begins, x.Ends, x.Closes
	case event.EntryCountedV1:
		d.Entries, d.Totals = d.Entries+1, added(d.Totals, totals(x.Transfers), 1)
	case event.LateCountedV1:
		d.Entries, d.LateEntries, d.Totals = d.Entries+x.Entries, d.LateEntries+x.Entries, added(d.Totals, x.Totals, 1)
		d.Taken = d.Taken.and(x.Entries, x.Totals)
	case event.LateDeferredV1:
		d.Deferred = d.Deferred.and(x.Entries, x.Totals)
		if x.Carried {
			d.Taken = d.Taken.and(x.Entries, x.Totals)
		}
	case event.DayClosedV1:
		d.Closed, d.ClosedAt = true, Written(e.Time)
	}
	return d
}

func (s Sum) and(entries int64, totals []event.Total) Sum {
	return Sum{s.Entries + entries, added(s.Totals, totals, 1)}
}

// totals adds up what the transfers move.
func totals(transfers []event.Transfer) (sum []event.Total) {
	for _, t := range transfers {
		sum = added(sum, []event.Total{{Currency: t.Amount.Currency, Account: t.Debit, Debits: t.Amount.Amount},
			{Currency: t.Amount.Currency, Account: t.Credit, Credits: t.Amount.Amount}}, 1)
	}
	return sum
}

// added is a with b added, or subtracted, sorted by currency and account; accounts that nothing is left of are dropped.
func added(a, b []event.Total, sign int64) []event.Total {
	sum := slices.Clone(a)
	for _, t := range b {
		i, found := slices.BinarySearchFunc(sum, t, func(x, y event.Total) int {
			return cmp.Or(cmp.Compare(x.Currency, y.Currency), cmp.Compare(x.Account, y.Account))
		})
		if !found {
			sum = slices.Insert(sum, i, event.Total{Currency: t.Currency, Account: t.Account})
		}
		sum[i].Debits, sum[i].Credits = sum[i].Debits+sign*t.Debits, sum[i].Credits+sign*t.Credits
	}
	return slices.DeleteFunc(sum, func(t event.Total) bool { return t.Debits == 0 && t.Credits == 0 })
}
