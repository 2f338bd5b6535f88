package shipping

import (
	"slices"

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

// prepare asks for the label of each parcel.
func prepare(s Shipment, e order.ConfirmedV1) (events []saga.Event) {
	if s.Ended != "" || len(s.Parcels) > 0 {
		return nil // a repeat, or cancelled before it was confirmed
	}
	if !schemas.DeliveredTo(e.ShipTo.Country) { // placed before its country was dropped, or not through the storefront
		return []saga.Event{event.Rejected.Of(event.RejectedV1{Reason: "no_carrier"})}
	}
	parcels := [][]schemas.Allocation{e.Lines}
	if e.Parcels > 1 {
		parcels = schemas.ByWarehouse(e.Lines)
	}
	for i, lines := range parcels {
		asked := event.LabelRequestedV1{CustomerID: e.CustomerID, ShipTo: e.ShipTo, Lines: lines, Partial: e.Partial}
		if len(parcels) > 1 {
			asked.Parcel = &schemas.Parcel{Number: int64(i) + 1, Of: int64(len(parcels))}
		}
		events = append(events, event.LabelRequested.Of(asked))
	}
	return events
}

// labelAnswered goes on with the label, or voids it at once if the parcel was withdrawn in the meantime.
func labelAnswered(s Shipment, a LabelAnswer) []saga.Event {
	p := s.Parcel(a.ShipmentID)
	switch {
	case p == nil || p.Label != LabelAsked:
		return nil
	case p.Status == Withdrawn && a.Refused != "":
		return []saga.Event{event.LabelVoided.Of(event.LabelVoidedV1{ShipmentID: p.ID})}
	case p.Status == Withdrawn:
		return []saga.Event{voidLabel(p.ID, a.Carrier, a.TrackingNumber)}
	case a.Refused != "":
		return []saga.Event{event.Rejected.Of(event.RejectedV1{Reason: a.Refused, ShipmentID: p.shipment()})}
	}
	return []saga.Event{event.Prepared.Of(event.PreparedV1{
		ShipmentID: p.ID, Carrier: a.Carrier, TrackingNumber: a.TrackingNumber, Lines: p.Lines,
		Partial: s.Partial, Parcel: p.Part,
	})}
}

func parcelPacked(s Shipment, e warehouse.PackedV1) []saga.Event {
	p := s.Parcel(e.ShipmentID)
	if p == nil {
		return nil
	}
	return ready(*p, event.ReadiedV1{By: byParcel, Lines: e.Lines})
}

// moneyTaken is about one parcel, or about all where they are paid for at once.
func moneyTaken(s Shipment, e payment.CapturedV1) (events []saga.Event) {
	for _, p := range s.Parcels {
		if e.ShipmentID == "" || e.ShipmentID == p.ID {
			events = append(events, ready(p, event.ReadiedV1{By: byMoney})...)
		}
	}
	return events
}

// ready notes one of the two steps, and hands over on the last. Packed follows from prepared and captured from packed, so
// that a parcel that is not prepared was withdrawn before, or handed over.
func ready(p Parcel, r event.ReadiedV1) []saga.Event {
	if p.Status != Prepared || r.By == byParcel && p.Packed || r.By == byMoney && p.Paid {
		return nil
	}
	r.ShipmentID = p.shipment()
	if p = p.readied(r); p.Packed && p.Paid {
		return []saga.Event{event.Dispatched.Of(event.DispatchedV1{
			ShipmentID: p.ID, Carrier: p.Carrier, TrackingNumber: p.TrackingNumber, Lines: p.Lines, Parcel: p.Part,
		})}
	}
	return []saga.Event{event.Readied.Of(r)}
}

func deliverAnswered(s Shipment, a DeliverAnswer) []saga.Event {
	p := s.Parcel(a.ShipmentID)
	if p == nil || p.Status != Dispatched {
		return nil
	}
	if a.Lost {
		return []saga.Event{event.Lost.Of(event.LostV1{ShipmentID: p.ID, Lines: p.Lines, Parcel: p.Part})}
	}
	return []saga.Event{event.Delivered.Of(event.DeliveredV1{ShipmentID: p.ID, Parcel: p.Part})}
}

// withdraw answers the order's request at once: the parcels that it is about are kept back, unless they have left.
func withdraw(s Shipment, e order.WithdrawalRequestedV1) []saga.Event {
	about := func(p Parcel) bool { return e.ShipmentID == "" || e.ShipmentID == p.ID }
	if events := keepBack(s, e.Reason, about); len(events) > 0 {
		return events
	}
	if slices.ContainsFunc(s.Parcels, func(p Parcel) bool { return about(p) && p.HandedOver() }) {
		return []saga.Event{event.WithdrawalRefused.Of(event.WithdrawalRefusedV1{Reason: "handed_over"})}
	}
	return nil
}

// letGo withdraws the parcels of a cancelled order, also if the cancellation arrives before the order. A parcel that has left
// is not called back: a confirmed order is cancelled only after shipping has withdrawn its parcels, or by a failure that
// prevents the hand-over.
func letGo(s Shipment, e order.CancelledV1) []saga.Event {
	if s.Ended == Rejected {
		return nil
	}
	return keepBack(s, e.Reason, func(p Parcel) bool { return p.Status != Rejected })
}

// keepBack withdraws those parcels, each once: the order as a whole where none has left and none is left that still may. While
// the carrier is being asked for a label, its answer is awaited before the label is voided: a label without a known number
// cannot be voided.
func keepBack(s Shipment, reason string, chosen func(Parcel) bool) (events []saga.Event) {
	var held []Parcel
	whole := s.Ended != Withdrawn
	for _, p := range s.Parcels {
		switch {
		case p.Status == Withdrawn:
		case !p.HandedOver() && chosen(p):
			held = append(held, p)
		case p.Status != Rejected:
			whole = false
		}
	}
	if whole = whole && (len(held) > 0 || len(s.Parcels) == 0); whole {
		events = append(events, event.Withdrawn.Of(event.WithdrawnV1{Reason: reason}))
	}
	for _, p := range held {
		if !whole {
			events = append(events, event.Withdrawn.Of(event.WithdrawnV1{Reason: reason, ShipmentID: p.ID, Lines: p.Lines,
				Parcel: p.Part}))
		}
		if p.Label == LabelBought {
			events = append(events, voidLabel(p.ID, p.Carrier, p.TrackingNumber))
		}
	}
	return events
}

// voidAnswered notes the end of a label, a parcel's or a return's. A return's may be used by then, its goods on their way:
// nothing is left to void. That of a withdrawn parcel cannot be used.
func voidAnswered(s Shipment, a VoidAnswer) []saga.Event {
	r, p := s.Return(a.ShipmentID), s.Parcel(a.ShipmentID)
	if (r == nil || r.Status != ReturnRevoked) && (r != nil || p == nil || p.Label != LabelRevoked) {
		return nil
	}
	if r == nil && a.Used {
		panic("shipping: the carrier has had a parcel of order " + s.Order + " that is withdrawn") // parked for operators
	}
	return []saga.Event{event.LabelVoided.Of(event.LabelVoidedV1{ShipmentID: a.ShipmentID})}
}

func voidLabel(id, carrier, trackingNumber string) saga.Event {
	return event.LabelVoidRequested.Of(event.LabelVoidRequestedV1{ShipmentID: id, Carrier: carrier, TrackingNumber: trackingNumber})
}
