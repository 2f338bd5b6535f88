package reporting

import (
	"time"

	event "orderflow.example/schemas/reporting"
	"orderflow.example/shared/saga"
)

// count puts an entry into the day's report. The first one opens the day, where no day before it was closed; one of a closed
// day goes to the next.
func (c Calendar) count(d Day, e saga.Event, x event.EntryDatedV1) []saga.Event {
	if d.Closed {
		return c.pass(d, Sum{1, totals(x.Transfers)}, false, e.Time)
	}
	return append(c.opened(d, e.Time), event.EntryCounted.Of(event.EntryCountedV1{Transfers: x.Transfers}))
}

// opened opens the day, if it is not. A day that is over by now is closed at once.
func (c Calendar) opened(d Day, now time.Time) []saga.Event {
	if d.Zone != "" {
		return nil
	}
	begins, ends, err := c.Bounds(d.Day)
	if err != nil {
		panic(err) // its event is parked
	}
	closes := ends.Add(grace)
	if closes.Before(now) {
		closes = now
	}
	return []saga.Event{event.DayOpened.Of(event.DayOpenedV1{Zone: c.Zone.String(), Begins: Written(begins), Ends: Written(ends),
		Closes: Written(closes)})}
}

// openDue opens the day after one that was closed, so that each day has a report.
func (c Calendar) openDue(d Day, x event.DayDueV1) []saga.Event { return c.opened(d, moment(x.From)) }

// closeDay ends the day. Then the gateway's file of the day is due, and the next day begins.
func (c Calendar) closeDay(d Day, x event.DayOpenedV1) []saga.Event {
	if d.Closed {
		return nil
	}
	return []saga.Event{
		event.DayClosed.Of(event.DayClosedV1{Zone: d.Zone, Ends: d.Ends, Entries: d.Entries, LateEntries: d.LateEntries,
			Totals: d.Totals}),
		event.DayDue.About(c.next(d.Day), event.DayDueV1{From: x.Closes}),
		event.SettlementDue.About(d.Day, event.SettlementDueV1{}),
	}
}

// pass gives entries that came too late to the next day. A deadline holds one event of a kind for each key, so it is told all
// that this day has passed on, and takes what it has not yet.
func (c Calendar) pass(d Day, late Sum, carried bool, at time.Time) []saga.Event {
	all := d.Deferred.and(late.Entries, late.Totals)
	return []saga.Event{
		event.LateDeferred.Of(event.LateDeferredV1{Entries: late.Entries, Totals: late.Totals, Carried: carried}),
		event.LateCarried.About(c.next(d.Day), event.LateCarriedV1{From: d.Day, Entries: all.Entries, Totals: all.Totals,
			At: Written(at)}),
	}
}

// take counts what the day before has passed on. If this day is closed too, it goes further.
func (c Calendar) take(d Day, x event.LateCarriedV1) []saga.Event {
	late := Sum{x.Entries - d.Taken.Entries, added(x.Totals, d.Taken.Totals, -1)}
	switch {
	case late.Entries <= 0:
		return nil
	case d.Closed:
		return c.pass(d, late, true, moment(x.At))
	}
	return append(c.opened(d, moment(x.At)),
		event.LateCounted.Of(event.LateCountedV1{From: x.From, Entries: late.Entries, Totals: late.Totals}))
}
