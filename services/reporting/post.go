package reporting

import (
	"slices"

	"orderflow.example/schemas"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/refund"
	event "orderflow.example/schemas/reporting"
	"orderflow.example/shared/saga"
)

func (c Calendar) captured(a Account, e saga.Event, d payment.CapturedV1) []saga.Event {
	return c.post(a, e, Capture, d.Reference, sale(d.Amount, 1))
}

func (c Calendar) refunded(a Account, e saga.Event, d refund.IssuedV1) []saga.Event {
	return c.post(a, e, Refund, d.RefundID, giveBack(d.Amount, 1))
}

// sale books that the customer owes the amount, and has paid it by the gateway; with a sign of -1 the counter-entry.
func sale(m schemas.Money, sign int64) []event.Transfer {
	return slices.Concat(move(Customers, Revenue, sign*m.Amount, m.Currency), move(Clearing, Customers, sign*m.Amount, m.Currency))
}

// giveBack books a refund, or its counter-entry.
func giveBack(m schemas.Money, sign int64) []event.Transfer {
	return slices.Concat(move(Refunds, Customers, sign*m.Amount, m.Currency), move(Customers, Clearing, sign*m.Amount, m.Currency))
}

// post makes the entry of a money event, once. The event's id is the entry's.
func (c Calendar) post(a Account, e saga.Event, movement, reference string, transfers []event.Transfer) []saga.Event {
	if len(transfers) == 0 || slices.ContainsFunc(a.Entries, func(x Entry) bool { return x.ID == e.ID }) {
		return nil
	}
	d := event.EntryPostedV1{EntryID: e.ID, Movement: movement, Reference: reference, HappenedAt: written(e.Time),
		Day: c.Day(e.Time), Transfers: transfers}
	said := entered(a.Order, d)
	return append(said, c.reconcile(Evolve(a, said[0]), e)...)
}

// entered is an entry, and its part in the report of its day.
func entered(order string, d event.EntryPostedV1) []saga.Event {
	return []saga.Event{event.EntryPosted.Of(d),
		event.EntryDated.About(d.Day, event.EntryDatedV1{EntryID: d.EntryID, OrderID: order, Transfers: d.Transfers})}
}
