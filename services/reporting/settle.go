package reporting

import (
	"cmp"
	"slices"

	event "orderflow.example/schemas/reporting"
	"orderflow.example/shared/saga"
)

// line takes in a line of a settlement file. One that is known as it is says nothing new; one of a file that is read again says
// that it is still there.
func line(a Account, d event.SettlementLineReadV1) []saga.Event {
	known := slices.ContainsFunc(a.Items, func(i Item) bool {
		return i.Movement == d.Movement && i.Reference == d.Reference && i.Currency == d.Gross.Currency &&
			slices.Contains(i.Lines, Line{d.Transaction, d.Gross.Amount, d.Fee, d.Day, d.Reading})
	})
	if known {
		return nil
	}
	return []saga.Event{event.LineSettled.Of(event.LineSettledV1(d))}
}

func (c Calendar) settled(a Account, e saga.Event, _ event.LineSettledV1) []saga.Event {
	return c.reconcile(a, e)
}

// vanish notes that lines of a file are not in it any more.
func vanish(a Account, v Vanished) []saga.Event {
	gone := func(l Line) bool { return l.Day == v.Day && l.Reading < v.Reading }
	if !slices.ContainsFunc(a.Items, func(i Item) bool { return slices.ContainsFunc(i.Lines, gone) }) {
		return nil
	}
	return []saga.Event{event.LinesVanished.Of(event.LinesVanishedV1(v))}
}

func (c Calendar) vanished(a Account, e saga.Event, _ event.LinesVanishedV1) []saga.Event {
	return c.reconcile(a, e)
}

// reconcile compares the items that the gateway has accounted for, or a discrepancy was told of. Where both agree, as far as the
// files have come, payout and fee are booked once; a later correction of theirs is booked by its difference.
func (c Calendar) reconcile(a Account, e saga.Event) (said []saga.Event) {
	for _, i := range a.Items {
		switch {
		case len(i.Lines) == 0 && !i.Told && i.PaidOut == 0 && i.PaidFee == 0:
		case i.Booked != i.Settled && a.rest(i) == "":
			said = append(said, i.differs(i.Day)...)
		default:
			if i.Told {
				said = append(said, event.DiscrepancyResolved.Of(event.DiscrepancyResolvedV1{Movement: i.Movement,
					Reference: i.Reference, Currency: i.Currency, Booked: i.Booked}))
			}
			if paid := i.payout(); len(paid) > 0 {
				said = append(said, event.EntryPosted.Of(event.EntryPostedV1{EntryID: e.ID + "/" + i.Movement + "/" + i.Reference,
					Movement: i.Movement, Reference: i.Reference, Transaction: i.Lines[len(i.Lines)-1].Transaction,
					HappenedAt: Written(e.Time), Day: c.Day(e.Time), Transfers: paid}))
			}
		}
	}
	return said
}

// payout is what is not booked yet of the gateway's payment and of its fee.
func (i Item) payout() []event.Transfer {
	if len(i.Lines) == 0 {
		return nil
	}
	return slices.Concat(move(Bank, Clearing, i.Settled-i.kept()-i.PaidOut, i.Currency),
		move(Fees, Clearing, i.kept()-i.Fee-i.PaidFee, i.Currency))
}

// Unsettled is the day since which the gateway has not accounted for the item as booked, where nobody was told; empty otherwise.
func (a Account) Unsettled(i Item) (day string) {
	if i.Booked == i.Settled || i.Told {
		return ""
	}
	return cmp.Or(a.rest(i), i.Day)
}

// rest is the first day of what is still to come of an item of several movements, as the captures of an order's parcels are: each
// line is exactly one of them, and the others will be in later files. Empty where the lines are anything else.
func (a Account) rest(i Item) (day string) {
	if len(i.Lines) == 0 || i.Told || i.PaidOut+i.PaidFee > i.Settled {
		return ""
	}
	booked := slices.DeleteFunc(slices.Clone(a.Entries), func(e Entry) bool {
		return e.Movement != i.Movement || e.Reference != i.Reference || e.Transaction != ""
	})
	for _, l := range i.Lines {
		at := slices.IndexFunc(booked, func(e Entry) bool {
			return balance(e.Transfers, Clearing, i.Currency)+balance(e.Transfers, Fees, i.Currency) == l.Gross
		})
		if at < 0 {
			return ""
		}
		booked = slices.Delete(booked, at, at+1)
	}
	for _, e := range booked {
		if day == "" || e.Day < day {
			day = e.Day
		}
	}
	return day
}

func (i Item) differs(since string) []saga.Event {
	if i.Told && i.ToldBooked == i.Booked && i.ToldSettled == i.Settled {
		return nil
	}
	return []saga.Event{event.DiscrepancyFound.Of(event.DiscrepancyFoundV1{Movement: i.Movement, Reference: i.Reference,
		Currency: i.Currency, Booked: i.Booked, Settled: i.Settled, Day: since})}
}

// miss notes that no file had a movement of the order by now, though those of its days were read.
func miss(a Account, m Missing) []saga.Event {
	if !slices.ContainsFunc(a.Items, func(i Item) bool { day := a.Unsettled(i); return day != "" && day <= m.Through }) {
		return nil
	}
	return []saga.Event{event.SettlementMissed.Of(event.SettlementMissedV1(m))}
}

// missed tells of each such movement.
func missed(a Account, m event.SettlementMissedV1) (said []saga.Event) {
	for _, i := range a.Items {
		if day := a.Unsettled(i); day != "" && day <= m.Through {
			said = append(said, i.differs(day)...)
		}
	}
	return said
}
