package invoice

import (
	"slices"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/invoice"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/refund"
	"orderflow.example/shared/saga"
)

// The preconditions of an invoice and a credit note; they arrive in any order, as they come from topics of several services.
const (
	byOrder   = "confirmed"
	byCapture = "captured"
	byRefund  = "refunded"
	byFailure = "not_refunded" // the money was given back, and did not arrive
)

// Why a document is withheld.
const (
	otherCurrency = "other_currency"
	aboveTotal    = "above_total"
	aboveInvoice  = "above_invoice"
)

// The lines that are about no product.
const (
	notCharged = "not_charged" // the part of the total that was not captured
	refunded   = "refund"      // money given back for no goods
)

// agreed notes what is sold to whom, one line for each product and price whatever the warehouses it comes from.
func agreed(i Invoice, e order.ConfirmedV1) []saga.Event {
	if i.CustomerID != "" {
		return nil
	}
	events := []saga.Event{event.Readied.Of(event.ReadiedV1{By: byOrder, CustomerID: e.CustomerID, Buyer: &e.ShipTo,
		Lines: merged(e.Lines), Amount: &e.Total})}
	i = Evolve(i, events[0])
	for _, p := range i.Parts() {
		events = append(events, i.Of(p.ShipmentID).issued()...)
	}
	return events
}

func moneyTaken(i Invoice, e payment.CapturedV1) []saga.Event {
	i = i.Of(e.ShipmentID)
	if i.Captured.Currency != "" {
		return nil
	}
	noted := event.Readied.Of(event.ReadiedV1{By: byCapture, Amount: &e.Amount, Lines: merged(e.Lines), ShipmentID: i.ShipmentID})
	return append([]saga.Event{noted}, i.evolved(noted).issued()...)
}

// issued is the invoice of the part in hand, or the word that there cannot be one, as soon as the two things are there that it
// waits for.
func (i Invoice) issued() []saga.Event {
	if i.CustomerID == "" || i.Captured.Currency == "" {
		return nil
	}
	reason := ""
	switch {
	case i.Captured.Currency != i.Total.Currency:
		reason = otherCurrency
	case i.Captured.Amount > sum(i.Lines):
		reason = aboveTotal
	}
	if reason != "" {
		return []saga.Event{event.Withheld.Of(event.WithheldV1{Reason: reason, Amount: i.Captured, ShipmentID: i.ShipmentID})}
	}
	lines := slices.Clone(i.Lines)
	if rest := sum(i.Lines) - i.Captured.Amount; rest > 0 {
		lines = append(lines, event.Line{Text: notCharged, Quantity: -1, UnitPrice: rest})
	}
	return []saga.Event{event.Issued.Of(event.IssuedV1{ShipmentID: i.ShipmentID,
		Document: event.Document{Amount: i.Captured, Country: i.Buyer.Country, Lines: lines}})}
}

// moneyBack issues the credit note of a refund, but for what pays one that stands.
func moneyBack(i Invoice, e refund.IssuedV1) []saga.Event {
	if i.Seen(e.RefundID) {
		return nil
	}
	i = i.Of(e.ShipmentID)
	r := Refund{ID: e.RefundID, Reason: e.Reason, Amount: e.Amount, Lines: merged(e.Lines), Instead: e.Instead}
	_, again := i.shares(r)
	if i.Issued != nil && again == 0 {
		return []saga.Event{i.creditNote(r)}
	}
	noted := event.Readied.Of(event.ReadiedV1{By: byRefund, RefundID: r.ID, Reason: r.Reason, Amount: &e.Amount, Lines: r.Lines,
		Instead: r.Instead, ShipmentID: i.ShipmentID})
	if r.Amount.Amount -= again; i.Issued == nil || r.Amount.Amount == 0 {
		return []saga.Event{noted}
	}
	return []saga.Event{noted, i.evolved(noted).creditNote(r)}
}

// paidOutside treats what a person gave back as any refund: it has a document, whoever paid.
func paidOutside(i Invoice, e refund.SettledV1) []saga.Event {
	return moneyBack(i, refund.IssuedV1{RefundID: e.SettlementID, Reason: e.Reason, Amount: e.Amount, Lines: e.Lines,
		Instead: e.Instead, ShipmentID: e.ShipmentID})
}

// moneyNotBack notes that the money of a refund did not arrive.
func moneyNotBack(i Invoice, e refund.FailedV1) []saga.Event {
	i = i.about(e.RefundID)
	waits := slices.ContainsFunc(i.Waiting, func(r Refund) bool { return r.ID == e.RefundID && !r.Failed })
	if i.seen(e.RefundID) && !waits && !i.arrived(e.RefundID) {
		return nil
	}
	return []saga.Event{event.Readied.Of(event.ReadiedV1{By: byFailure, RefundID: e.RefundID, ShipmentID: i.ShipmentID})}
}

// creditWaiting issues the credit notes of the refunds that came before the invoice.
func creditWaiting(i Invoice, e event.IssuedV1) (events []saga.Event) {
	i = i.Of(e.ShipmentID)
	for _, r := range i.Waiting {
		if r.Failed {
			continue
		}
		events = append(events, i.creditNote(r))
		i = i.evolved(events[len(events)-1])
	}
	return events
}

// creditNote is the credit note of a refund, or the word that there cannot be one.
func (i Invoice) creditNote(r Refund) saga.Event {
	reason := ""
	switch {
	case r.Amount.Currency != i.Issued.Amount.Currency:
		reason = otherCurrency
	case i.Credited()+r.Amount.Amount > i.Issued.Amount.Amount:
		reason = aboveInvoice
	}
	if reason != "" {
		return event.Withheld.Of(event.WithheldV1{Reason: reason, Amount: r.Amount, RefundID: r.ID, ShipmentID: i.ShipmentID})
	}
	d := i.Issued.Document
	d.Amount, d.Lines = r.Amount, i.credited(r)
	return event.CreditNoteIssued.Of(event.CreditNoteIssuedV1{
		ShipmentID: i.ShipmentID, Invoice: d.Number, RefundID: r.ID, Reason: r.Reason, Document: taxed(d, i.Credited())})
}

// credited are the lines of a credit note: the goods, where the refund is exactly their price, or all that was invoiced, where
// it is all of that, or else one line with the amount.
func (i Invoice) credited(r Refund) []event.Line {
	switch {
	case r.Amount == i.Issued.Amount:
		return i.Issued.Lines
	case len(r.Lines) > 0 && r.Amount.Amount == sum(r.Lines):
		return r.Lines
	}
	return []event.Line{{Text: refunded, Quantity: 1, UnitPrice: r.Amount.Amount}}
}

// merged are the lines, one for each product and price.
func merged(all []schemas.Allocation) (lines []event.Line) {
	for _, l := range all {
		at := slices.IndexFunc(lines, func(x event.Line) bool { return x.SKU == l.SKU && x.UnitPrice == l.UnitPrice })
		if at < 0 {
			at, lines = len(lines), append(lines, event.Line{SKU: l.SKU, UnitPrice: l.UnitPrice})
		}
		lines[at].Quantity += l.Quantity
	}
	return lines
}

// sum is the price of the lines, in minor units.
func sum(lines []event.Line) (total int64) {
	for _, l := range lines {
		total += l.Quantity * l.UnitPrice
	}
	return total
}
