package order

import (
	"fmt"
	"slices"
	"strings"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/shipping"
	"orderflow.example/schemas/warehouse"
	"orderflow.example/shared/saga"
)

// Parcel is one parcel of an order that leaves in several.
type Parcel struct {
	Shipment string `json:"shipment"`
	Fate     Fate   `json:"fate,omitempty"`
	Due      int64  `json:"due,omitempty"`    // of a lost one: what it cost, in minor units
	Pieces   int64  `json:"pieces,omitempty"` // in a lost one
	Back     int64  `json:"back,omitempty"`   // given back for it, in minor units
}

// Fate is what became of a parcel.
type Fate string

const (
	Here    Fate = ""          // it has not left
	Left    Fate = "left"      // it is with the carrier
	Arrived Fate = "delivered" // it is with the customer
	Lost    Fate = "lost"      // the carrier lost it
	Off     Fate = "cancelled" // it does not leave, and others do
)

// parcel is what is known of a parcel; Here if nothing is.
func (o Order) parcel(shipment string) Parcel {
	if i, known := o.find(shipment); known {
		return o.Parcels[i]
	}
	return Parcel{Shipment: shipment}
}

func (o Order) find(shipment string) (int, bool) {
	return slices.BinarySearchFunc(o.Parcels, shipment, func(p Parcel, id string) int { return strings.Compare(p.Shipment, id) })
}

// with changes one parcel in a copy.
func (o Order) with(shipment string, change func(*Parcel)) Order {
	i, known := o.find(shipment)
	o.Parcels = slices.Clone(o.Parcels)
	if !known {
		o.Parcels = slices.Insert(o.Parcels, i, Parcel{Shipment: shipment})
	}
	change(&o.Parcels[i])
	return o
}

// paidBack notes money given back for one of several parcels.
func (o Order) paidBack(shipment string, amount int64) Order {
	if shipment == "" {
		return o
	}
	return o.with(shipment, func(p *Parcel) { p.Back += amount })
}

func (o Order) parcelsThat(are ...Fate) (n int) {
	for _, p := range o.Parcels {
		if slices.Contains(are, p.Fate) {
			n++
		}
	}
	return n
}

// parcelsOf is how many parcels goods leave in, one from each warehouse; 0 for one.
func parcelsOf(lines []schemas.Allocation) int64 {
	if n := len(schemas.ByWarehouse(lines)); n > 1 {
		return int64(n)
	}
	return 0
}

// here is how many of several parcels may still leave.
func (o Order) here() int { return o.Of - o.parcelsThat(Left, Arrived, Lost, Off) }

// forParcels is the amount given back for parcels that were lost or cancelled, in minor units: Kept is without them. Where they
// are paid for together, money given back names no parcel: it is for the lost ones first.
func (o Order) forParcels() (sum int64) {
	for _, p := range o.Parcels {
		if p.Fate == Lost || p.Fate == Off {
			sum += p.Back
		}
	}
	return sum + min(o.unnamed(), o.dueForLost())
}

// unnamed is what was given back for no parcel by name, in minor units.
func (o Order) unnamed() int64 {
	sum := o.Refunded
	for _, p := range o.Parcels {
		sum -= p.Back
	}
	return max(0, sum)
}

// dueForLost is what lost parcels cost and was not given back by their names, in minor units.
func (o Order) dueForLost() (sum int64) {
	for _, p := range o.Parcels {
		if p.Fate == Lost {
			sum += max(0, p.Due-p.Back)
		}
	}
	return sum
}

// allLost tells whether nothing reaches the customer because the carrier lost it.
func (o Order) allLost() bool {
	if o.Of > 1 {
		return o.Status == Shipped && o.here()+o.parcelsThat(Left, Arrived) == 0 && o.parcelsThat(Lost) > 0
	}
	return o.Status == Shipped && o.has(lost, "")
}

// lossCovered tells whether an order of which all is lost need not wait for money any more.
func (o Order) lossCovered() bool {
	if o.Of <= 1 || o.isOwed() {
		return o.covered()
	}
	return o.dueForLost() <= o.unnamed()+o.Disputed
}

func (o Order) isLost(shipment string) bool {
	if o.Of > 1 {
		return o.parcel(shipment).Fate == Lost
	}
	return o.has(lost, "")
}

// parcelLeft notes that one of several parcels is with the carrier. After the last of them the order is only carried on.
func parcelLeft(o Order, e shipping.DispatchedV1) (events []saga.Event) {
	if !o.MayStop() || o.parcel(e.ShipmentID).Fate != Here {
		return nil
	}
	if o.Partial { // its event is ahead of the warehouse's
		events = reduce(o, e.ShipmentID, e.Lines)
	}
	noted := event.Progressed.Of(event.ProgressedV1{Step: left, Ref: e.ShipmentID})
	events = append(events, noted)
	if Evolve(o, noted).here() == 0 {
		events = append(events, event.Shipped.Of(event.ShippedV1{ShipmentID: e.ShipmentID}))
	}
	return append(events, say(Shipped, "",
		fmt.Sprintf("%s is with %s, tracking number %s.", nameOf(e.Parcel), e.Carrier, e.TrackingNumber),
		&event.Next{Text: e.Carrier + " brings it to you.", By: "carrier"}))
}

func parcelArrived(o Order, e shipping.DeliveredV1) []saga.Event {
	if o.parcel(e.ShipmentID).Fate != Left {
		return nil
	}
	return o.afterParcel(event.Progressed.Of(event.ProgressedV1{Step: arrived, Ref: e.ShipmentID}),
		nameOf(e.Parcel)+" has been delivered.", nil)
}

func oneLost(o Order, e shipping.LostV1) []saga.Event {
	if o.parcel(e.ShipmentID).Fate != Left {
		return nil
	}
	worth := schemas.Worth(e.Lines)
	return o.afterParcel(
		event.Progressed.Of(event.ProgressedV1{Step: lost, Ref: e.ShipmentID, Lines: e.Lines, Amount: worth}),
		"The carrier lost "+lower(nameOf(e.Parcel))+". We are sorry.",
		&event.Next{Text: "You get " + amount(o.money(worth)) + " back.", By: "shop"})
}

// parcelOff notes that one of several parcels does not leave, and the order goes on without it.
func parcelOff(o Order, e shipping.WithdrawnV1) []saga.Event {
	if !o.MayStop() || o.parcel(e.ShipmentID).Fate != Here {
		return nil
	}
	lines := schemas.Among(o.Lines, e.Lines)
	text := nameOf(e.Parcel) + " does not leave."
	if why := because[e.Reason]; why != "" {
		text = nameOf(e.Parcel) + " does not leave: " + why + "."
	}
	events := o.afterParcel(event.ParcelCancelled.Of(event.ParcelCancelledV1{ShipmentID: e.ShipmentID, Parcel: e.Parcel,
		Reason: e.Reason, Lines: lines, Total: o.money(o.Total.Amount - schemas.Worth(lines))}),
		text, &event.Next{Text: "You do not pay for it.", By: "shop"})
	if n := Evolve(o, events[0]); n.here() == 0 && n.parcelsThat(Left, Arrived, Lost) > 0 {
		return slices.Insert(events, 1, event.Shipped.Of(event.ShippedV1{ShipmentID: n.lastLeft()}))
	}
	return events
}

// lastLeft is a parcel that has left.
func (o Order) lastLeft() string {
	for _, p := range slices.Backward(o.Parcels) {
		if p.Fate != Here && p.Fate != Off {
			return p.Shipment
		}
	}
	return ""
}

// afterParcel tells what became of a parcel, and ends the order if that was the last that anything could become of.
func (o Order) afterParcel(noted saga.Event, text string, next *event.Next) []saga.Event {
	events := []saga.Event{noted, say(o.Status, "", text, next)}
	n := Evolve(o, noted)
	switch {
	case n.here()+n.parcelsThat(Left) > 0:
	case n.parcelsThat(Arrived) > 0:
		events = append(events,
			event.Completed.Of(event.CompletedV1{Total: n.Kept()}),
			say(Delivered, "", "All that was on its way to you has been delivered.", nil),
			say(Completed, "", "Your order is complete.", nil))
		if n.allReturned() {
			events = append(events, say(Returned, "", returnedText, nil))
		}
	case n.allLost() && n.lossCovered():
		events = append(events, lostAndRefunded(n))
	}
	return events
}

// parcelShort has a parcel of which nothing was found kept back; without the customer's consent to a part, all that have not
// left.
func parcelShort(o Order, e warehouse.ShortPickedV1) []saga.Event {
	const text = "Goods of your order are missing in the warehouse."
	events := o.stopRest(leftOut, e.ShipmentID, shortPicked, text)
	if !o.Partial || len(events) < 2 {
		return events
	}
	return []saga.Event{events[0],
		event.WithdrawalRequested.Of(event.WithdrawalRequestedV1{Reason: shortPicked, ShipmentID: e.ShipmentID}),
		say(o.Status, "", text, &event.Next{Text: "What is there goes on its way without them.", By: "shop"}),
	}
}

// captureRefused keeps back what has not left, if one of several parcels cannot be paid.
func captureRefused(o Order, e payment.CaptureFailedV1) []saga.Event {
	if o.Of <= 1 || e.ShipmentID == "" {
		return cancel(o, captureFailed, "payment")
	}
	return o.stopRest(notTaken, e.ShipmentID, captureFailed, "We try to stop what has not left: "+because[captureFailed]+".")
}

// labelRefused keeps back what has not left, if no carrier takes one of several parcels.
func labelRefused(o Order, e shipping.RejectedV1) []saga.Event {
	if o.Of <= 1 || e.ShipmentID == "" {
		return cancel(o, noCarrier, "shipping")
	}
	return o.stopRest(noLabel, e.ShipmentID, noCarrier, "We try to stop what has not left: "+because[noCarrier]+".")
}

// stopRest notes what prevents a parcel, and asks to keep back what has not left. If shipping was asked already, its answer
// serves here as well.
func (o Order) stopRest(step, shipment, reason, text string) []saga.Event {
	if !o.MayStop() || o.parcel(shipment).Fate != Here || o.has(step, shipment) {
		return nil
	}
	noted := event.Progressed.Of(event.ProgressedV1{Step: step, Ref: shipment})
	if o.Withdrawal != "" {
		return []saga.Event{noted}
	}
	return append([]saga.Event{noted}, askToStop(o, reason, text)...)
}

// nameOf is how customers know one of several parcels.
func nameOf(p *schemas.Parcel) string {
	if p == nil {
		return "A parcel"
	}
	return fmt.Sprintf("Parcel %d of %d", p.Number, p.Of)
}

func lower(name string) string { return strings.ToLower(name[:1]) + name[1:] }
