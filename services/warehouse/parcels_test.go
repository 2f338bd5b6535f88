package warehouse_test

import (
	"testing"

	"orderflow.example/schemas"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/shipping"
	event "orderflow.example/schemas/warehouse"
	"orderflow.example/services/warehouse"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

// An order that leaves in two parcels, ship-1 from Leeds and ship-2 from York.
var (
	york   = []schemas.Allocation{{SKU: "mug", Quantity: 1, UnitPrice: 500, Warehouse: "york"}}
	first  = sent{"ship-1", lines, schemas.Parcel{Number: 1, Of: 2}}
	second = sent{"ship-2", york, schemas.Parcel{Number: 2, Of: 2}}
)

// sent is one parcel of several, and the events about it.
type sent struct {
	id    string
	lines []schemas.Allocation
	part  schemas.Parcel
}

func (p sent) prepared() saga.Event {
	return shipping.Prepared.Of(shipping.PreparedV1{ShipmentID: p.id, Lines: p.lines, Parcel: &p.part})
}

func (p sent) requested() saga.Event {
	return event.PickRequested.Of(event.PickRequestedV1{ShipmentID: p.id, Lines: p.lines, Parcel: &p.part})
}

func (p sent) packed() saga.Event {
	return event.Packed.Of(event.PackedV1{ShipmentID: p.id, Lines: p.lines, Parcel: &p.part})
}

func (p sent) cancelled() saga.Event {
	return order.ParcelCancelled.Of(order.ParcelCancelledV1{ShipmentID: p.id, Reason: "short_picked", Lines: p.lines})
}

func (p sent) stopped(only bool) saga.Event {
	if only {
		return event.ParcelCancelled.Of(event.ParcelCancelledV1{ShipmentID: p.id})
	}
	return event.PickCancelled.Of(event.PickCancelledV1{ShipmentID: p.id})
}

func TestEachParcelIsPickedByItselfAndSaysWhatIsInIt(t *testing.T) {
	t.Parallel()
	for _, p := range [][2]sent{{first, second}, {second, first}} {
		d := sagatest.Given(t, picks).
			When(first.prepared()).Then(first.requested()).
			When(second.prepared()).Then(second.requested()).
			When(first.prepared()).Then()
		for _, one := range p {
			d.Answered(event.PickRequested, warehouse.PickAnswer{ShipmentID: one.id}).Then(one.packed()).
				Answered(event.PickRequested, warehouse.PickAnswer{ShipmentID: one.id}).Then()
		}
	}
	sagatest.Given(t, picks, first.requested(), second.requested()).
		Answered(event.PickRequested, warehouse.PickAnswer{ShipmentID: "ship-2", Missing: york}).
		Then(event.ShortPicked.Of(event.ShortPickedV1{ShipmentID: "ship-2", Missing: york})).
		Answered(event.PickRequested, warehouse.PickAnswer{ShipmentID: "ship-1"}).Then(first.packed())
	some := []schemas.Allocation{{SKU: "tea", Quantity: 1, UnitPrice: 100, Warehouse: "leeds"}}
	sagatest.Given(t, picks, first.requested(), second.requested()).
		Answered(event.PickRequested, warehouse.PickAnswer{ShipmentID: "ship-1", Missing: some, Packed: some}).
		Then(event.ShortPicked.Of(event.ShortPickedV1{ShipmentID: "ship-1", Missing: some, Packed: some}),
			event.Packed.Of(event.PackedV1{ShipmentID: "ship-1", Lines: some, Parcel: &first.part}))
}

func TestACancelledParcelIsStoppedAndTheOthersArePicked(t *testing.T) {
	t.Parallel()
	sagatest.Given(t, picks, first.requested(), second.requested()).
		When(first.cancelled()).Then(first.stopped(true)).
		When(first.cancelled()).Then().
		Answered(event.PickRequested, warehouse.PickAnswer{ShipmentID: "ship-1"}).Then().
		Answered(event.PickRequested, warehouse.PickAnswer{ShipmentID: "ship-2"}).Then(second.packed())
	sagatest.Given(t, picks, first.requested(), first.packed()).
		When(first.cancelled()).Then(first.stopped(true)).
		When(second.prepared()).Then(second.requested())
	sagatest.Given(t, picks). // it overtakes the parcel
					When(first.cancelled()).Then(first.stopped(true)).
					When(first.prepared()).Then().
					When(second.prepared()).Then(second.requested())
}

func TestACancelledOrderStopsEveryPickOnceAndNoneBeginsLater(t *testing.T) {
	t.Parallel()
	sagatest.Given(t, picks, second.requested(), first.requested(), first.packed()).
		When(cancelled).Then(first.stopped(false), second.stopped(false)).
		When(cancelled).Then().
		When(first.cancelled()).Then().
		Answered(event.PickRequested, warehouse.PickAnswer{ShipmentID: "ship-2"}).Then()
	sagatest.Given(t, picks, first.requested()).
		When(cancelled).Then(first.stopped(false)).
		When(second.prepared()).Then()
	sagatest.Given(t, picks, first.requested(), first.stopped(true), second.requested()).
		When(cancelled).Then(second.stopped(false))
	sagatest.Given(t, picks, first.stopped(true)).
		When(cancelled).Then(event.PickCancelled.Of(event.PickCancelledV1{})).
		When(second.prepared()).Then().
		When(cancelled).Then()
}
