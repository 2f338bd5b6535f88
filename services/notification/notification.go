// Package notification tells customers what becomes of their orders, once, in order, and never before it is true; and sends
// promotions to those who want them. Every message is in the customer's inbox. Where an installation has providers of channels,
// and the customer wants them, the message goes there too. A provider that is down delays nothing but its own messages.
//
// It decides what is told to whom by which channel. It is pure: wording is in internal/wording, providers in internal/mail and
// its siblings, rows in internal/store.
package notification

import (
	"slices"
	"strings"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/notification"
	"orderflow.example/shared/saga"
)

// Order is this service's state of one order.
type Order struct {
	ID         string
	CustomerID string // empty until the order is known
	Email      string
	Told       []string        // the ids of the messages in the inbox, sorted
	Held       []event.Message // what waits for what must be told first, or for the recipient, by id
	Parcels    []Parcel        // of those that were told to have left, where the order leaves in several; by shipment
}

// Parcel is which parcel of an order a shipment is.
type Parcel struct {
	ShipmentID string         `json:"shipment_id"`
	Parcel     schemas.Parcel `json:"parcel"`
}

// Blank is an order without events.
func Blank(order string) Order { return Order{ID: order} }

// Evolve folds the service's own events about the order.
func Evolve(o Order, e saga.Event) Order {
	switch d := e.Data.(type) {
	case event.RecipientNotedV1:
		o.CustomerID, o.Email = d.CustomerID, d.Email
	case event.HeldV1:
		at, _ := slices.BinarySearchFunc(o.Held, d.Message.ID, byID)
		o.Held = slices.Insert(slices.Clone(o.Held), at, d.Message)
	case event.PostedV1:
		at, _ := slices.BinarySearch(o.Told, d.Message.ID)
		o.Told = slices.Insert(slices.Clone(o.Told), at, d.Message.ID)
		if at, held := slices.BinarySearchFunc(o.Held, d.Message.ID, byID); held {
			o.Held = slices.Delete(slices.Clone(o.Held), at, at+1)
		}
		if len(o.Held) == 0 {
			o.Held = nil
		}
		if m := d.Message; m.Kind == Dispatched && m.Parcel != nil {
			at, _ := o.parcel(m)
			o.Parcels = slices.Insert(slices.Clone(o.Parcels), at, Parcel{which(m), *m.Parcel})
		}
	}
	return o
}

// parcel is where the parcel that the message is about is listed, or would be.
func (o Order) parcel(m event.Message) (at int, known bool) {
	return slices.BinarySearchFunc(o.Parcels, which(m), func(p Parcel, id string) int { return strings.Compare(p.ShipmentID, id) })
}

func byID(m event.Message, id string) int {
	switch {
	case m.ID < id:
		return -1
	case m.ID > id:
		return 1
	}
	return 0
}
