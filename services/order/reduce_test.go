package order_test

import (
	"reflect"
	"strings"
	"testing"

	event "orderflow.example/schemas/order"
	"orderflow.example/schemas/refund"
	"orderflow.example/schemas/shipping"
	"orderflow.example/schemas/storefront"
	"orderflow.example/schemas/warehouse"
	"orderflow.example/services/order"
	"orderflow.example/shared/saga"
)

// An order that may leave without goods: its last line is missing.
var (
	found   = held[:1]
	short   = warehouse.ShortPicked.Of(warehouse.ShortPickedV1{ShipmentID: "s1", Missing: held[1:], Packed: found})
	partly  = shipping.Dispatched.Of(shipping.DispatchedV1{ShipmentID: "s1", Carrier: "Postal", TrackingNumber: "T1", Lines: found})
	reduced = event.Reduced.Of(event.ReducedV1{Lines: found, Missing: held[1:], Total: pounds(600)})
)

// takingPart is the events with an order whose customer accepts a part of it.
func takingPart(heard []saga.Event) []saga.Event {
	wants := placedOrder
	wants.FillPolicy = "fill_available"
	return append([]saga.Event{storefront.OrderPlaced.Of(wants)}, heard[1:]...)
}

func TestAnOrderThatMayLeaveInPartGoesOnWithoutWhatIsMissing(t *testing.T) {
	t.Parallel()
	if got := at(t, takingPart(toConfirmed)...).Emitted()[0].Data.(event.ConfirmedV1); !got.Partial {
		t.Errorf("confirmed %+v", got)
	}
	d := at(t, takingPart(toPreparing)...).When(short).ThenKinds(event.Reduced, event.StatusChanged)
	if told := status(t, d, order.Preparing, false); !strings.Contains(told.Text, "without 1 piece. You pay 6.00 GBP.") {
		t.Errorf("told %+v", told)
	}
	if got := d.Emitted()[0].Data; !reflect.DeepEqual(got, reduced.Data) {
		t.Errorf("emitted %+v", got)
	}
	d.When(short).Then().
		When(partly).ThenKinds(event.Shipped, event.StatusChanged).
		When(arrived).ThenKinds(event.Completed, event.StatusChanged, event.StatusChanged)
	if got := d.Emitted()[0].Data; got != (event.CompletedV1{Total: pounds(600)}) {
		t.Errorf("emitted %+v", got)
	}
	back := shipping.ReturnReceived.Of(shipping.ReturnReceivedV1{ReturnID: "r", Lines: found})
	paidFor := refund.Issued.Of(refund.IssuedV1{RefundID: "r1", Reason: "returned", Amount: pounds(600), ReturnID: "r"})
	status(t, d.When(back).When(paidFor), order.Returned, true)
}

func TestAParcelThatLeavesAheadOfTheWarehousesWordReducesItsOrder(t *testing.T) {
	t.Parallel()
	d := at(t, takingPart(toPreparing)...).
		When(partly).ThenKinds(event.Reduced, event.StatusChanged, event.Shipped, event.StatusChanged).
		When(short).Then()
	d.When(shipping.Lost.Of(shipping.LostV1{ShipmentID: "s1", Lines: found}))
	status(t, d.When(refund.Issued.Of(refund.IssuedV1{RefundID: "r1", Reason: "lost", Amount: pounds(600)})), order.Cancelled, true)
}

func TestAReducedOrderThatIsCancelledWaitsForNoMoreThanWasTaken(t *testing.T) {
	t.Parallel()
	all := refund.Issued.Of(refund.IssuedV1{RefundID: "r1", Reason: "cancelled", Amount: pounds(600)})
	stop := []saga.Event{wantsOut, stopped}
	for name, heard := range map[string][]saga.Event{
		"short before it is cancelled": append([]saga.Event{short}, append(stop, released, all)...),
		"short after it is cancelled":  append(stop[:2:2], short, all, released),
		"short last":                   append(stop[:2:2], released, all, short),
	} {
		d := at(t, append(takingPart(toPreparing), heard[:len(heard)-1]...)...)
		if o := d.State().(order.Order); o.Status != order.Cancelling {
			t.Errorf("%s: it is %s too early", name, o.Status)
		}
		told := status(t, d.When(heard[len(heard)-1]), order.Cancelled, true)
		if !strings.Contains(told.Text, "You got 6.00 GBP back") {
			t.Errorf("%s: told %+v", name, told)
		}
	}
}

func TestAnOrderWhoseGoodsAreAllMissingIsCancelledThoughItMayLeaveInPart(t *testing.T) {
	t.Parallel()
	none := warehouse.ShortPicked.Of(warehouse.ShortPickedV1{ShipmentID: "s1", Missing: held})
	at(t, takingPart(toPreparing)...).When(none).ThenKinds(event.Cancelled, event.StatusChanged)
}
