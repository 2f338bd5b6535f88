package reporting

import (
	"slices"

	"orderflow.example/schemas"
	"orderflow.example/schemas/invoice"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/refund"
	event "orderflow.example/schemas/reporting"
	"orderflow.example/shared/saga"
)

func (c Calendar) captured(a Account, e saga.Event, d payment.CapturedV1) []saga.Event {
	return c.post(a, e, Capture, d.Reference, sale(d.Amount))
}

func (c Calendar) refunded(a Account, e saga.Event, d refund.IssuedV1) []saga.Event {
	return c.post(a, e, Refund, d.RefundID, giveBack(d.Amount, d.Arrears, Clearing))
}

// paidOutside books what a person gave back from the shop's account at its bank.
func (c Calendar) paidOutside(a Account, e saga.Event, d refund.SettledV1) []saga.Event {
	return c.post(a, e, Settled, d.SettlementID, giveBack(d.Amount, d.Arrears, Bank))
}

// chargedBack books what the customer's bank took back, and the fee that the gateway keeps for it however the dispute ends. A fee
// in another currency is booked from the settlement file alone, which has it in the currency of the payment.
func (c Calendar) chargedBack(a Account, e saga.Event, d payment.ChargedBackV1) []saga.Event {
	transfers := move(Disputes, Clearing, d.Amount.Amount, d.Amount.Currency)
	if d.Fee != nil && d.Fee.Currency == d.Amount.Currency {
		transfers = append(transfers, move(Fees, Clearing, d.Fee.Amount, d.Fee.Currency)...)
	}
	return c.post(a, e, Chargeback, d.DisputeID, transfers)
}

func (c Calendar) chargebackReversed(a Account, e saga.Event, d payment.ChargebackReversedV1) []saga.Event {
	return c.post(a, e, ChargebackReversed, d.DisputeID, move(Clearing, Disputes, d.Amount.Amount, d.Amount.Currency))
}

// refundReversed books that the gateway holds the money again, and that the customer is owed it: the refund stays one, as its
// credit note does, because the sale is undone whether or not its money has arrived.
func (c Calendar) refundReversed(a Account, e saga.Event, d payment.RefundReversedV1) []saga.Event {
	return c.post(a, e, RefundReversed, d.RefundID, move(Clearing, Customers, d.Amount.Amount, d.Amount.Currency))
}

func (c Calendar) invoiced(a Account, e saga.Event, d invoice.IssuedV1) []saga.Event {
	return c.post(a, e, Invoice, d.Document.Number, move(Revenue, Tax, d.Document.Tax, d.Document.Amount.Currency))
}

func (c Calendar) credited(a Account, e saga.Event, d invoice.CreditNoteIssuedV1) []saga.Event {
	return c.post(a, e, CreditNote, d.Document.Number, move(Tax, Refunds, d.Document.Tax, d.Document.Amount.Currency))
}

// sale books that the customer owes the amount, and has paid it by the gateway.
func sale(m schemas.Money) []event.Transfer {
	return slices.Concat(move(Customers, Revenue, m.Amount, m.Currency), move(Clearing, Customers, m.Amount, m.Currency))
}

// giveBack books a refund from an account. Arrears, an earlier refund that did not arrive, are owed already.
func giveBack(m schemas.Money, arrears int64, from string) []event.Transfer {
	return slices.Concat(move(Refunds, Customers, max(0, m.Amount-arrears), m.Currency), move(Customers, from, m.Amount, m.Currency))
}

// post makes the entry of a money event, once. The event's id is the entry's.
func (c Calendar) post(a Account, e saga.Event, movement, reference string, transfers []event.Transfer) []saga.Event {
	if len(transfers) == 0 ||
		slices.ContainsFunc(a.Entries, func(x Entry) bool { return x.ID == e.ID && x.Reference == reference }) {
		return nil
	}
	d := event.EntryPostedV1{EntryID: e.ID, Movement: movement, Reference: reference, HappenedAt: Written(e.Time),
		Day: c.Day(e.Time), Transfers: transfers}
	if currency := transfers[0].Amount.Currency; !isOutside(movement) || movement == Settled {
		over := Evolve(a, event.EntryPosted.Of(d)).overDisputed(currency)
		d.Transfers = slices.Concat(d.Transfers, move(Customers, Disputes, over, currency))
	}
	return []saga.Event{event.EntryPosted.Of(d)}
}

// overDisputed is how much more is booked as disputed than the sale has left after its refunds: a refund that did not arrive is
// owed to the customer, and the bank that takes back the whole payment gives them that too. It is negative once the shop has the
// money again, and owes it again.
func (a Account) overDisputed(currency string) int64 {
	var booked, refunds, taken, sold int64
	for _, e := range a.Entries {
		booked += balance(e.Transfers, Disputes, currency)
		refunds += balance(e.Transfers, Refunds, currency)
		switch {
		case e.Movement == Capture && e.Transaction == "":
			sold += balance(e.Transfers, Clearing, currency)
		case e.Movement == CreditNote: // the tax in what was refunded
			refunds += balance(e.Transfers, Tax, currency)
		}
	}
	for _, i := range a.Items {
		if i.Currency == currency && (i.Movement == Chargeback || i.Movement == ChargebackReversed) {
			taken -= i.Booked
		}
	}
	if sold == 0 { // the payment is not heard of yet
		return booked - taken
	}
	return booked - min(taken, max(0, sold-refunds))
}

// entered gives an entry to its day, and compares its item, of which the gateway may have accounted before.
func (c Calendar) entered(a Account, e saga.Event, d event.EntryPostedV1) []saga.Event {
	said := []saga.Event{event.EntryDated.About(d.Day, event.EntryDatedV1{EntryID: d.EntryID, OrderID: a.Order,
		Transfers: d.Transfers})}
	return append(said, c.reconcile(a, e)...)
}
