package storefront

import (
	"slices"
	"time"

	"orderflow.example/schemas"
	"orderflow.example/schemas/invoice"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/refund"
	"orderflow.example/schemas/shipping"
	event "orderflow.example/schemas/storefront"
)

func statusChanged(o Order, e order.StatusChangedV1, at time.Time) Order {
	if !order.MayFollow(o.Status, e.Status) {
		return o
	}
	if e.Status != order.StatusPlaced { // its entry was made when it was placed
		o.Timeline = added(o.Timeline, Entry{At: visible(at), Status: e.Status, Text: e.Text})
	}
	o.Status, o.Reason, o.Final, o.Next = e.Status, e.Reason, e.Final, nil
	if e.Next != nil {
		o.Next = &Next{Text: e.Next.Text, By: e.Next.By}
	}
	if o.Final && (o.Status == order.StatusRejected || o.Status == order.StatusCancelled) && o.Payment.State == PaymentPending {
		o.Payment.State = PaymentNone
	}
	return o
}

// confirmed shows what will be sent.
func confirmed(o Order, e order.ConfirmedV1, _ time.Time) Order { return o.agreed(e.Lines, e.Total) }

// reduced shows what will be sent without the goods that were missing.
func reduced(o Order, e order.ReducedV1, _ time.Time) Order { return o.agreed(e.Lines, e.Total) }

// parcelCancelled shows what is sent without the goods of one parcel. The order's own words tell the customer.
func parcelCancelled(o Order, e order.ParcelCancelledV1, _ time.Time) Order {
	left := slices.Clone(o.Agreed.Lines)
	for _, l := range e.Lines {
		if i := slices.IndexFunc(left, func(x schemas.Line) bool { return x.SKU == l.SKU }); i >= 0 {
			left[i].Quantity -= l.Quantity
		}
	}
	left = slices.DeleteFunc(left, func(l schemas.Line) bool { return l.Quantity <= 0 })
	o.Agreed = Basket{Lines: left, Total: e.Total}
	return o
}

// agreed has one line for each SKU, whatever the warehouses it comes from.
func (o Order) agreed(goods []schemas.Allocation, total schemas.Money) Order {
	lines := make([]schemas.Line, 0, len(goods))
	at := make(map[string]int, len(goods))
	for _, l := range goods {
		if i, ok := at[l.SKU]; ok {
			lines[i].Quantity += l.Quantity
			continue
		}
		at[l.SKU] = len(lines)
		lines = append(lines, schemas.Line{SKU: l.SKU, Quantity: l.Quantity, UnitPrice: l.UnitPrice})
	}
	o.Agreed = Basket{Lines: lines, Total: total}
	return o
}

func authorized(o Order, e payment.AuthorizedV1, _ time.Time) Order {
	o.Payment.State, o.Payment.Authorized = PaymentAuthorized, e.Amount.Amount
	return o
}

// captured adds up what is taken for the parcels of an order.
func captured(o Order, e payment.CapturedV1, _ time.Time) Order {
	o.Payment.State = PaymentCaptured
	o.Payment.Captured += e.Amount.Amount
	return o
}

func declined(o Order, _ payment.DeclinedV1, _ time.Time) Order {
	o.Payment.State = PaymentDeclined
	return o
}

// voided ends the payment. A voided amount was authorised, even if no event said so; after a refusal a void of nothing
// changes nothing. Where something was taken for other parcels, the payment is captured.
func voided(o Order, e payment.VoidedV1, _ time.Time) Order {
	if e.Amount != nil {
		o.Payment.Authorized = max(o.Payment.Authorized, e.Amount.Amount+e.Captured)
	}
	switch {
	case e.Captured > 0:
		o.Payment.State = PaymentCaptured
	case o.Payment.Authorized > 0:
		o.Payment.State = PaymentVoided
	case o.Payment.State == PaymentPending:
		o.Payment.State = PaymentNone
	}
	return o
}

func refunded(o Order, e refund.IssuedV1, at time.Time) Order {
	o.Refunded += e.Amount.Amount
	o.Refunds = added(o.Refunds, Refund{ID: e.RefundID, At: visible(at), Amount: e.Amount.Amount, Reason: e.Reason,
		ReturnID: e.ReturnID, ShipmentID: e.ShipmentID})
	return o
}

// settled shows what a person gave back outside the gateway as any refund.
func settled(o Order, e refund.SettledV1, at time.Time) Order {
	return refunded(o, refund.IssuedV1{RefundID: e.SettlementID, Reason: e.Reason, Amount: e.Amount, ReturnID: e.ReturnID,
		ShipmentID: e.ShipmentID}, at)
}

// notRefunded takes a refund off the list that was given back and did not arrive. Of others the customer was shown none.
func notRefunded(o Order, e refund.FailedV1, _ time.Time) Order {
	i := slices.IndexFunc(o.Refunds, func(r Refund) bool { return r.ID == e.RefundID })
	if i < 0 {
		return o
	}
	o.Refunded -= o.Refunds[i].Amount
	o.Refunds = slices.Delete(slices.Clone(o.Refunds), i, i+1)
	return o
}

func chargedBack(o Order, e payment.ChargedBackV1, _ time.Time) Order {
	o.Payment.ChargedBack += e.Amount.Amount
	return o
}

func chargebackReversed(o Order, e payment.ChargebackReversedV1, _ time.Time) Order {
	o.Payment.ChargedBack -= e.Amount.Amount
	return o
}

func invoiced(o Order, e invoice.IssuedV1, _ time.Time) Order {
	o.Invoices = added(o.Invoices, Invoice{Number: e.Document.Number, ShipmentID: e.ShipmentID})
	return o
}

func credited(o Order, e invoice.CreditNoteIssuedV1, _ time.Time) Order {
	o.CreditNotes = added(o.CreditNotes, CreditNote{Number: e.Document.Number, RefundID: e.RefundID, ShipmentID: e.ShipmentID})
	return o
}

func prepared(o Order, e shipping.PreparedV1, _ time.Time) Order {
	return o.withShipment(Shipment{ID: e.ShipmentID, Carrier: e.Carrier, TrackingNumber: e.TrackingNumber, State: ShipmentPrepared,
		Parcel: e.Parcel, Lines: contents(e.Parcel, e.Lines)})
}

func dispatched(o Order, e shipping.DispatchedV1, _ time.Time) Order {
	return o.withShipment(Shipment{ID: e.ShipmentID, Carrier: e.Carrier, TrackingNumber: e.TrackingNumber,
		State: ShipmentDispatched, Parcel: e.Parcel, Lines: contents(e.Parcel, e.Lines)})
}

// contents is what is in one of several parcels.
func contents(p *schemas.Parcel, goods []schemas.Allocation) (lines []event.ReturnLine) {
	if p == nil {
		return nil
	}
	for _, l := range goods {
		if i := slices.IndexFunc(lines, func(x event.ReturnLine) bool { return x.SKU == l.SKU }); i >= 0 {
			lines[i].Quantity += l.Quantity
			continue
		}
		lines = append(lines, event.ReturnLine{SKU: l.SKU, Quantity: l.Quantity})
	}
	return lines
}

// withShipment keeps parcels in the order of their numbers, whichever has its label first.
func (o Order) withShipment(s Shipment) Order {
	if i := slices.IndexFunc(o.Shipments, func(x Shipment) bool { return x.ID == s.ID }); i >= 0 {
		o.Shipments = slices.Clone(o.Shipments)
		o.Shipments[i] = s
		return o
	}
	o.Shipments = added(o.Shipments, s)
	slices.SortStableFunc(o.Shipments, func(a, b Shipment) int {
		if a.Parcel == nil || b.Parcel == nil {
			return 0
		}
		return int(a.Parcel.Number - b.Parcel.Number)
	})
	return o
}

// withdrawn takes back the parcel, or every one that has not left.
func withdrawn(o Order, e shipping.WithdrawnV1, _ time.Time) Order {
	return o.moved(func(s Shipment) bool {
		return s.State == ShipmentPrepared && (e.ShipmentID == "" || e.ShipmentID == s.ID)
	}, ShipmentWithdrawn)
}

func delivered(o Order, e shipping.DeliveredV1, _ time.Time) Order {
	return o.moved(func(s Shipment) bool { return s.ID == e.ShipmentID }, ShipmentDelivered)
}

func lost(o Order, e shipping.LostV1, _ time.Time) Order {
	return o.moved(func(s Shipment) bool { return s.ID == e.ShipmentID }, ShipmentLost)
}

func (o Order) moved(which func(Shipment) bool, state string) Order {
	o.Shipments = slices.Clone(o.Shipments)
	for i, s := range o.Shipments {
		if which(s) {
			o.Shipments[i].State = state
		}
	}
	return o
}

func returnAuthorized(o Order, e shipping.ReturnAuthorizedV1, _ time.Time) Order {
	return o.withReturn(e.ReturnID, func(r *Return) {
		r.State, r.Carrier, r.TrackingNumber = ReturnAuthorized, e.Carrier, e.TrackingNumber
	})
}

func returnRefused(o Order, e shipping.ReturnRefusedV1, _ time.Time) Order {
	return o.withReturn(e.ReturnID, func(r *Return) { r.State, r.Refusal = ReturnRefused, e.Reason })
}

func returnReceived(o Order, e shipping.ReturnReceivedV1, _ time.Time) Order {
	return o.withReturn(e.ReturnID, func(r *Return) { r.State = ReturnReceived })
}

func (o Order) withReturn(id string, change func(*Return)) Order {
	o.Returns = slices.Clone(o.Returns)
	for i := range o.Returns {
		if o.Returns[i].ID == id {
			change(&o.Returns[i])
		}
	}
	return o
}
