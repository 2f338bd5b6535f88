package inventory_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/inventory"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/shipping"
	"orderflow.example/services/inventory"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

// An order of tea in Leeds and York and a mug in York, which leaves in two parcels.
var (
	inLeeds = []schemas.Allocation{alloc("tea", 2, "leeds")}
	inYork  = []schemas.Allocation{alloc("tea", 1, "york"), alloc("mug", 1, "york")}
	apart   = []saga.Event{stocked("tea", 2, "leeds"), event.Stocked.About("tea", event.StockedV1{ReceiptID: "r2", Warehouse: "york",
		Quantity: 1}), stocked("mug", 5, "york"), reserved(true, slices.Concat(inLeeds, inYork)...)}
)

func parcelGone(shipment string, number int64, lines ...schemas.Allocation) saga.Event {
	return shipping.Dispatched.Of(shipping.DispatchedV1{ShipmentID: shipment, Lines: lines,
		Parcel: &schemas.Parcel{Number: number, Of: 2}})
}

func parcelOff(shipment string, lines ...schemas.Allocation) saga.Event {
	return order.ParcelCancelled.Of(order.ParcelCancelledV1{ShipmentID: shipment, Lines: lines})
}

func TestEachParcelIsBookedOutOnceAndWhatItLeavesWithoutIsFreeAgain(t *testing.T) {
	t.Parallel()
	short := inYork[1:]
	d := sagatest.Given(t, machine, apart...).
		When(parcelGone("s2", 2, short...)).
		Then(event.Committed.Of(event.CommittedV1{Lines: short, LeftOut: inYork[:1], ShipmentID: "s2"}), changed("mug", 4, 0),
			changed("tea", 3, 2)).
		When(parcelGone("s2", 2, short...)).Then()
	if r := d.State().(inventory.State).Reservation; r.Status != inventory.Reserved || !reflect.DeepEqual(r.Lines, inLeeds) {
		t.Errorf("%+v", r)
	}
	back := shipping.ReturnReceived.Of(shipping.ReturnReceivedV1{ReturnID: "back", Lines: short})
	d.When(back).ThenKinds(event.Restocked, event.StockChanged).When(back).Then()
	d.When(parcelGone("s1", 1, inLeeds...)).
		Then(event.Committed.Of(event.CommittedV1{Lines: inLeeds, ShipmentID: "s1"}), changed("tea", 1, 0)).
		When(parcelGone("s1", 1, inLeeds...)).Then().
		When(parcelGone("s2", 2, short...)).Then()
	r := d.State().(inventory.State).Reservation
	if r.Status != inventory.Committed || !reflect.DeepEqual(r.Lines, slices.Concat(short, inLeeds)) || r.Sent != nil {
		t.Errorf("%+v", r)
	}
}

func TestAParcelThatDoesNotLeaveLetsGoOfAllItsGoodsAndTheOthersGoOn(t *testing.T) {
	t.Parallel()
	packed := inYork[1:] // the floor did not find its tea
	released := event.Released.Of(event.ReleasedV1{Lines: inYork, ShipmentID: "s2"})
	d := sagatest.Given(t, machine, apart...).
		When(parcelOff("s2", packed...)).Then(released, changed("tea", 3, 2)).
		When(parcelOff("s2", packed...)).Then()
	d.When(parcelGone("s1", 1, inLeeds...)).ThenKinds(event.Committed, event.StockChanged)
	if r := d.State().(inventory.State).Reservation; r.Status != inventory.Committed || !reflect.DeepEqual(r.Lines, inLeeds) {
		t.Errorf("%+v", r)
	}
	d = sagatest.Given(t, machine, apart...).When(parcelGone("s1", 1, inLeeds...)).ThenKinds(event.Committed, event.StockChanged)
	d.When(parcelOff("s2", inYork...)).Then(released, changed("tea", 1, 0))
	if r := d.State().(inventory.State).Reservation; r.Status != inventory.Committed || !reflect.DeepEqual(r.Lines, inLeeds) {
		t.Errorf("%+v", r)
	}
	// One parcel is cancelled, then all of the order.
	d = sagatest.Given(t, machine, apart...).When(parcelOff("s2", inYork...)).ThenKinds(event.Released, event.StockChanged)
	d.When(cancelled).Then(event.Released.Of(event.ReleasedV1{Lines: inLeeds}))
}

// Whatever becomes of the parcels, and in whatever order and how often it is heard: nothing stays reserved, and the shelves hold
// what came in without what left.
func TestParcelsInAnyOrderLeaveNothingReserved(t *testing.T) {
	t.Parallel()
	for seed := range uint64(500) {
		luck := rand.New(rand.NewPCG(seed, 15))
		d := sagatest.Given(t, machine, apart...)
		var said []saga.Event
		left := map[string]int64{"tea": 3, "mug": 5}
		for i, lines := range [][]schemas.Allocation{inLeeds, inYork} {
			shipment := []string{"s1", "s2"}[i]
			e := parcelOff(shipment, lines...)
			if luck.IntN(2) == 0 {
				if len(lines) > 1 && luck.IntN(2) == 0 {
					lines = lines[:1]
				}
				e = parcelGone(shipment, int64(i)+1, lines...)
				for _, l := range lines {
					left[l.SKU] -= l.Quantity
				}
			}
			for range 1 + luck.IntN(3) {
				said = append(said, e)
			}
		}
		luck.Shuffle(len(said), func(i, j int) { said[i], said[j] = said[j], said[i] })
		for _, e := range said {
			d.When(e)
		}
		for _, l := range d.State().(inventory.State).Levels {
			if left[l.SKU] -= l.OnHand; l.Reserved != 0 {
				t.Fatalf("seed %d: %+v", seed, l)
			}
		}
		for sku, n := range left {
			if n != 0 {
				t.Errorf("seed %d: %d of %s too few", seed, n, sku)
			}
		}
	}
}
