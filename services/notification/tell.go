package notification

import (
	"slices"
	"strings"

	"orderflow.example/schemas"
	"orderflow.example/schemas/inventory"
	event "orderflow.example/schemas/notification"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/refund"
	"orderflow.example/schemas/shipping"
	"orderflow.example/schemas/storefront"
	"orderflow.example/shared/saga"
)

// The kinds of messages about an order. Each has its templates in every locale.
const (
	Confirmed        = "confirmed"
	Cancelled        = "cancelled"
	Rejected         = "rejected"
	Dispatched       = "dispatched"
	Delivered        = "delivered"
	Lost             = "lost"
	ReturnAuthorized = "return_authorized"
	ReturnRefused    = "return_refused"
	ReturnReceived   = "return_received"
	Refunded         = "refunded"
	Settled          = "settled"         // what was owed was paid outside the gateway
	Backordered      = "backordered"     // the order waits for goods
	Owed             = "refund_owed"     // a refund cannot be made by the gateway; a person sees to it
	Reversed         = "refund_reversed" // a refund did not arrive
	Reduced          = "reduced"         // goods are missing, and the order leaves without them
	ParcelCancelled  = "parcel_cancelled"
)

// Promoted is the kind of a promotion.
const Promoted = "promotion"

// Kinds are all kinds of messages.
var Kinds = []string{Confirmed, Cancelled, Rejected, Dispatched, Delivered, Lost, ReturnAuthorized, ReturnRefused,
	ReturnReceived, Refunded, Settled, Backordered, Owed, Reversed, Reduced, ParcelCancelled, Promoted}

// telling is what the customer is told of an event.
type telling struct {
	heard   saga.Kind
	row     saga.Row
	message func(saga.Event) (m event.Message, told bool)
}

// tells tells the customer of an event, once, past that very event. The message's ID is which of its kind it is.
func tells[E any](heard saga.Type[E], message func(E) event.Message) telling {
	return telling{heard,
		saga.OnEvent(heard, func(o Order, e saga.Event, data E) []saga.Event {
			m := message(data)
			m.OrderID, m.HappenedAt = o.ID, e.Time.UTC().Format(timeForm)
			return o.tell(m)
		}, event.Posted, event.Held).Irrevocably().Past(heard),
		func(e saga.Event) (m event.Message, told bool) {
			data, told := e.Data.(E)
			if told {
				m = message(data)
			}
			return m, told
		}}
}

// tellings is everything that customers are told of.
var tellings = []telling{
	tells(inventory.Backordered, func(e inventory.BackorderedV1) event.Message {
		return event.Message{Kind: Backordered, Pieces: missing(e.Short)}
	}),
	tells(order.Confirmed, func(e order.ConfirmedV1) event.Message {
		return event.Message{Kind: Confirmed, Amount: &e.Total, Pieces: pieces(e.Lines)}
	}),
	tells(order.Reduced, func(e order.ReducedV1) event.Message {
		return event.Message{Kind: Reduced, ID: e.ShipmentID, Pieces: pieces(e.Missing), Amount: &e.Total}
	}),
	tells(order.ParcelCancelled, func(e order.ParcelCancelledV1) event.Message {
		return event.Message{Kind: ParcelCancelled, ID: e.ShipmentID, Reason: e.Reason, Pieces: pieces(e.Lines), Amount: &e.Total}
	}),
	tells(order.Cancelled, func(e order.CancelledV1) event.Message {
		return event.Message{Kind: Cancelled, Reason: e.Reason}
	}),
	tells(order.Rejected, func(e order.RejectedV1) event.Message {
		return event.Message{Kind: Rejected, Reason: e.Reason}
	}),
	tells(shipping.Dispatched, func(e shipping.DispatchedV1) event.Message {
		return event.Message{Kind: Dispatched, ID: e.ShipmentID, Pieces: pieces(e.Lines), Carrier: e.Carrier,
			TrackingNumber: e.TrackingNumber, Parcel: e.Parcel}
	}),
	tells(shipping.Delivered, func(e shipping.DeliveredV1) event.Message {
		return event.Message{Kind: Delivered, ID: e.ShipmentID}
	}),
	tells(shipping.Lost, func(e shipping.LostV1) event.Message {
		return event.Message{Kind: Lost, ID: e.ShipmentID, Pieces: pieces(e.Lines)}
	}),
	tells(shipping.ReturnAuthorized, func(e shipping.ReturnAuthorizedV1) event.Message {
		return event.Message{Kind: ReturnAuthorized, ID: e.ReturnID, Pieces: pieces(e.Lines), Carrier: e.Carrier,
			TrackingNumber: e.TrackingNumber}
	}),
	tells(shipping.ReturnRefused, func(e shipping.ReturnRefusedV1) event.Message {
		return event.Message{Kind: ReturnRefused, ID: e.ReturnID, Reason: e.Reason}
	}),
	tells(shipping.ReturnReceived, func(e shipping.ReturnReceivedV1) event.Message {
		return event.Message{Kind: ReturnReceived, ID: e.ReturnID, Pieces: pieces(e.Lines)}
	}),
	tells(refund.Issued, func(e refund.IssuedV1) event.Message {
		return event.Message{Kind: Refunded, ID: e.RefundID, Reason: e.Reason, Amount: &e.Amount, ShipmentID: e.ShipmentID}
	}),
	tells(refund.Settled, func(e refund.SettledV1) event.Message {
		return event.Message{Kind: Settled, ID: e.SettlementID, Reason: e.Reason, Amount: &e.Amount, ShipmentID: e.ShipmentID}
	}),
	tells(refund.Owed, func(e refund.OwedV1) event.Message {
		return event.Message{Kind: Owed, ID: e.RefundID, Amount: &e.Amount}
	}),
	tells(payment.RefundReversed, func(e payment.RefundReversedV1) event.Message {
		return event.Message{Kind: Reversed, ID: e.RefundID, Amount: &e.Amount}
	}),
}

// ToldOf are the events that customers are told of: nothing is sent before one of them.
var ToldOf = func() (list []saga.Kind) {
	for _, t := range tellings {
		list = append(list, t.heard)
	}
	return list
}()

// News is the id of the message that a customer is sent of an event; "" if of none. It must be, unless what followed may have
// overtaken the event.
func News(e saga.Event) (message string, must bool) {
	for _, t := range tellings {
		if m, told := t.message(e); told {
			return id(e.Key, m), m.Kind != Backordered && m.Kind != Reduced
		}
	}
	return "", false
}

func missing(short []inventory.Shortage) (n int64) {
	for _, s := range short {
		n += s.Requested - s.Available
	}
	return n
}

func pieces(lines []schemas.Allocation) (n int64) {
	for _, l := range lines {
		n += l.Quantity
	}
	return n
}

// first is what must be told before the message: one of these kinds, or one message of such a kind; none, if nothing. The topics
// of other services have no common order.
func first(m event.Message) []string {
	switch m.Kind {
	case Dispatched, Owed, Reduced, ParcelCancelled:
		return []string{Confirmed}
	case Delivered, Lost:
		return []string{Dispatched + ":" + which(m)}
	case Refunded, Settled:
		return reasons(m)
	case Reversed:
		return []string{Refunded + ":" + which(m)}
	}
	return nil
}

// reasons are what may have led to a refund. That of one parcel may be because only that one is cancelled.
func reasons(m event.Message) []string {
	switch m.Reason {
	case "cancelled":
		if m.ShipmentID != "" {
			return []string{Cancelled, ParcelCancelled + ":" + m.ShipmentID}
		}
		return []string{Cancelled}
	case "lost":
		return []string{strings.TrimSuffix(Lost+":"+m.ShipmentID, ":")}
	case "returned":
		return []string{ReturnReceived}
	case "granted":
		return []string{Confirmed}
	}
	return nil
}

// which is which of its kind the message is.
func which(m event.Message) string { return strings.TrimPrefix(m.ID, m.OrderID+":"+m.Kind+":") }

// overtaken tells whether the message is not true any more: what followed was told already.
func (o Order) overtaken(m event.Message) bool {
	return m.Kind == Backordered && slices.ContainsFunc([]string{Confirmed, Cancelled, Rejected}, o.told) ||
		m.Kind == Reduced && o.told(Cancelled)
}

// told tells whether the customer was told of this kind, or of one message of it.
func (o Order) told(kind string) bool {
	what := o.ID + ":" + kind
	return slices.ContainsFunc(o.Told, func(id string) bool { return id == what || strings.HasPrefix(id, what+":") })
}

// id is the message's id: its order, its kind, and which of that kind it is.
func id(order string, m event.Message) string {
	return strings.TrimSuffix(order+":"+m.Kind+":"+m.ID, ":")
}

// tell puts the message into the inbox, and those that waited for it; or holds it.
func (o Order) tell(m event.Message) (events []saga.Event) {
	m.ID = id(o.ID, m)
	if _, told := slices.BinarySearch(o.Told, m.ID); told {
		return nil
	}
	if _, held := slices.BinarySearchFunc(o.Held, m.ID, byID); held || o.overtaken(m) {
		return nil
	}
	if !o.mayTell(m) {
		return []saga.Event{event.Held.Of(event.HeldV1{Message: m})}
	}
	events = []saga.Event{o.post(m)}
	return append(events, release(Evolve(o, events[0]), m)...)
}

func (o Order) mayTell(m event.Message) bool {
	before := first(m)
	return o.CustomerID != "" && (len(before) == 0 || slices.ContainsFunc(before, o.told))
}

// post names the parcel, where the order leaves in several.
func (o Order) post(m event.Message) saga.Event {
	if m.Kind == Delivered || m.Kind == Lost {
		if at, known := o.parcel(m); known {
			m.Parcel = &o.Parcels[at].Parcel
		}
	}
	return event.Posted.Of(event.PostedV1{CustomerID: o.CustomerID, Message: m})
}

// meet notes who the customer is.
func meet(o Order, e storefront.OrderPlacedV1) []saga.Event {
	if o.CustomerID != "" {
		return nil
	}
	return []saga.Event{event.RecipientNoted.Of(event.RecipientNotedV1{CustomerID: e.CustomerID, Email: e.Email})}
}

// release puts what was held into the inbox as far as nothing must be told before it any more.
func release[E any](o Order, _ E) (events []saga.Event) {
	for {
		at := slices.IndexFunc(o.Held, o.mayTell)
		if at < 0 {
			return events
		}
		said := o.post(o.Held[at])
		events, o = append(events, said), Evolve(o, said)
	}
}
