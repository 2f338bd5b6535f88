package shipping

import (
	"orderflow.example/schemas"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	event "orderflow.example/schemas/shipping"
	"orderflow.example/schemas/warehouse"
	"orderflow.example/shared/saga"
)

// The steps a hand-over waits for.
const (
	byParcel = "parcel"
	byMoney  = "money"
)

func prepare(s Shipment, e order.ConfirmedV1) []saga.Event {
	if s.Status != Waiting {
		return nil // a repeat, or cancelled before it was confirmed
	}
	if !schemas.DeliveredTo(e.ShipTo.Country) { // placed before its country was dropped, or not through the storefront
		return []saga.Event{event.Rejected.Of(event.RejectedV1{Reason: "no_carrier"})}
	}
	return []saga.Event{event.LabelRequested.Of(event.LabelRequestedV1{
		CustomerID: e.CustomerID, ShipTo: e.ShipTo, Lines: e.Lines, Partial: e.Partial})}
}

// labelAnswered goes on with the label, or voids it at once if the shipment was withdrawn in the meantime.
func labelAnswered(s Shipment, a LabelAnswer) []saga.Event {
	switch {
	case s.Label != LabelAsked:
		return nil
	case s.Status == Withdrawn && a.Refused != "":
		return []saga.Event{event.LabelVoided.Of(event.LabelVoidedV1{ShipmentID: s.ID})}
	case s.Status == Withdrawn:
		return []saga.Event{voidLabel(s.ID, a.Carrier, a.TrackingNumber)}
	case a.Refused != "":
		return []saga.Event{event.Rejected.Of(event.RejectedV1{Reason: a.Refused})}
	}
	return []saga.Event{event.Prepared.Of(event.PreparedV1{
		ShipmentID: s.ID, Carrier: a.Carrier, TrackingNumber: a.TrackingNumber, Lines: s.Lines,
		Partial: s.Partial,
	})}
}

func parcelPacked(s Shipment, e warehouse.PackedV1) []saga.Event {
	return readied(s, event.ReadiedV1{By: byParcel, Lines: e.Lines})
}

func moneyTaken(s Shipment, _ payment.CapturedV1) []saga.Event {
	return readied(s, event.ReadiedV1{By: byMoney})
}

// readied notes one of the two steps, and hands over on the last. Packed follows from prepared and captured from packed, so
// that a shipment that is not prepared was withdrawn before, or handed over.
func readied(s Shipment, r event.ReadiedV1) []saga.Event {
	if s.Status != Prepared || r.By == byParcel && s.Packed || r.By == byMoney && s.Paid {
		return nil
	}
	noted := event.Readied.Of(r)
	if s = Evolve(s, noted); s.Packed && s.Paid {
		return []saga.Event{event.Dispatched.Of(event.DispatchedV1{
			ShipmentID: s.ID, Carrier: s.Carrier, TrackingNumber: s.TrackingNumber, Lines: s.Lines,
		})}
	}
	return []saga.Event{noted}
}

func deliverAnswered(s Shipment, a DeliverAnswer) []saga.Event {
	if s.Status != Dispatched {
		return nil
	}
	if a.Lost {
		return []saga.Event{event.Lost.Of(event.LostV1{ShipmentID: s.ID, Lines: s.Lines})}
	}
	return []saga.Event{event.Delivered.Of(event.DeliveredV1{ShipmentID: s.ID})}
}

// withdraw answers the order's request at once: the parcel is kept back, unless it has left.
func withdraw(s Shipment, e order.WithdrawalRequestedV1) []saga.Event {
	if s.HandedOver() {
		return []saga.Event{event.WithdrawalRefused.Of(event.WithdrawalRefusedV1{Reason: "handed_over"})}
	}
	return keepBack(s, e.Reason)
}

// letGo withdraws the parcel of a cancelled order, also if the cancellation arrives before the order. A parcel that has left
// is not called back: a confirmed order is cancelled only after shipping has withdrawn the parcel, or by a failure that
// prevents the hand-over.
func letGo(s Shipment, e order.CancelledV1) []saga.Event {
	if s.HandedOver() || s.Status == Rejected {
		return nil
	}
	return keepBack(s, e.Reason)
}

// keepBack withdraws once. While the carrier is being asked for a label, its answer is awaited before the label is voided: a
// label without a known number cannot be voided.
func keepBack(s Shipment, reason string) []saga.Event {
	if s.Status == Withdrawn {
		return nil
	}
	events := []saga.Event{event.Withdrawn.Of(event.WithdrawnV1{Reason: reason})}
	if s.Label == LabelBought {
		events = append(events, voidLabel(s.ID, s.Carrier, s.TrackingNumber))
	}
	return events
}

// voidAnswered notes the end of a label, the parcel's or a return's. A return's may be used by then, its goods on their way:
// nothing is left to void. That of a withdrawn parcel cannot be used.
func voidAnswered(s Shipment, a VoidAnswer) []saga.Event {
	r := s.Return(a.ShipmentID)
	if (r == nil || r.Status != ReturnRevoked) && (a.ShipmentID != s.ID || s.Label != LabelRevoked) {
		return nil
	}
	if r == nil && a.Used {
		panic("shipping: the carrier has had the parcel of order " + s.Order + ", which is withdrawn") // parked for operators
	}
	return []saga.Event{event.LabelVoided.Of(event.LabelVoidedV1{ShipmentID: a.ShipmentID})}
}

func voidLabel(id, carrier, trackingNumber string) saga.Event {
	return event.LabelVoidRequested.Of(event.LabelVoidRequestedV1{ShipmentID: id, Carrier: carrier, TrackingNumber: trackingNumber})
}
