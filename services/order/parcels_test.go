package order_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"orderflow.example/schemas"
	"orderflow.example/schemas/inventory"
	event "orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/refund"
	"orderflow.example/schemas/shipping"
	"orderflow.example/schemas/warehouse"
	"orderflow.example/services/order"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

// An order of three warehouses, for 2.00, 3.00 and 4.00.
var (
	goods3 = []schemas.Allocation{{SKU: "A", Quantity: 1, UnitPrice: 200, Warehouse: "east"},
		{SKU: "B", Quantity: 1, UnitPrice: 300, Warehouse: "north"}, {SKU: "C", Quantity: 2, UnitPrice: 200, Warehouse: "west"}}
	inThree = []saga.Event{placed, inventory.Reserved.Of(inventory.ReservedV1{Lines: goods3, Total: pounds(900), Complete: true}),
		cleared, paid, shipping.Prepared.Of(shipping.PreparedV1{ShipmentID: "s1", Carrier: "Postal", Parcel: number(1)})}
)

func number(n int64) *schemas.Parcel { return &schemas.Parcel{Number: n, Of: 3} }
func shipment(n int64) string        { return fmt.Sprint("s", n) }
func contents(n int64) []schemas.Allocation {
	return goods3[n-1 : n]
}

func leaves(n int64) saga.Event {
	return shipping.Dispatched.Of(shipping.DispatchedV1{ShipmentID: shipment(n), Carrier: "Postal", TrackingNumber: "T",
		Lines: contents(n), Parcel: number(n)})
}

func arrives(n int64) saga.Event {
	return shipping.Delivered.Of(shipping.DeliveredV1{ShipmentID: shipment(n), Parcel: number(n)})
}

func isLost(n int64) saga.Event {
	return shipping.Lost.Of(shipping.LostV1{ShipmentID: shipment(n), Lines: contents(n), Parcel: number(n)})
}

func staysHere(n int64, reason string) saga.Event {
	return shipping.Withdrawn.Of(shipping.WithdrawnV1{ShipmentID: shipment(n), Reason: reason, Lines: contents(n),
		Parcel: number(n)})
}

func paysBack(n int64, reason string) saga.Event {
	return refund.Issued.Of(refund.IssuedV1{RefundID: fmt.Sprint("r", n), Reason: reason, ShipmentID: shipment(n),
		Amount: pounds(schemas.Worth(contents(n)))})
}

func TestOfThreeParcelsOneArrivesOneIsLostAndOneIsCancelledInTime(t *testing.T) {
	t.Parallel()
	d := at(t, inThree[:4]...)
	if got := d.Emitted()[0].Data.(event.ConfirmedV1); got.Parcels != 3 {
		t.Errorf("confirmed %+v", got)
	}
	d = at(t, inThree...)
	d.When(leaves(1)).ThenKinds(event.Progressed, event.StatusChanged)
	if told := status(t, d, order.Shipped, false); !strings.Contains(told.Text, "Parcel 1 of 3 is with Postal") {
		t.Errorf("told %+v", told)
	}
	d.When(leaves(1)).Then()
	d.When(arrives(1)).ThenKinds(event.Progressed, event.StatusChanged).When(arrives(1)).Then()
	d.When(leaves(2)).ThenKinds(event.Progressed, event.StatusChanged)
	// What has not left can still be cancelled.
	d.When(wantsOut).ThenKinds(event.Progressed, event.WithdrawalRequested, event.StatusChanged).When(wantsOut).Then()
	d.When(staysHere(3, "customer_request")).ThenKinds(event.ParcelCancelled, event.Shipped, event.StatusChanged)
	if got := d.Emitted()[0].Data.(event.ParcelCancelledV1); got.Total != pounds(500) || got.Reason != "customer_request" {
		t.Errorf("cancelled %+v", got)
	}
	d.When(staysHere(3, "customer_request")).Then()
	d.When(isLost(2)).ThenKinds(event.Progressed, event.StatusChanged, event.Completed, event.StatusChanged, event.StatusChanged)
	if got := d.Emitted()[2].Data.(event.CompletedV1); got.Total != pounds(200) {
		t.Errorf("completed %+v", got)
	}
	status(t, d, order.Completed, true)
	d.When(isLost(2)).Then()
	status(t, d.When(paysBack(2, "lost")), order.Completed, true)
	status(t, d.When(paysBack(3, "cancelled")), order.Completed, true)
	// All that arrived comes back: what was given back for the others does not count for it.
	d.When(cameBack("b", contents(1)...))
	status(t, d, order.Completed, true)
	status(t, d.When(paysBack(1, "returned")), order.Returned, true)
}

func TestAnOrderOfWhichNothingArrivesEndsOnceTheLostIsPaidBack(t *testing.T) {
	t.Parallel()
	for _, early := range []bool{false, true} {
		d := at(t, inThree...)
		d.When(leaves(1)).When(leaves(2)).When(wantsOut).When(staysHere(3, "customer_request")).When(isLost(1))
		if early {
			d.When(paysBack(2, "lost")).ThenKinds(event.Progressed)
		}
		d.When(paysBack(1, "lost")).ThenKinds(event.Progressed, event.StatusChanged)
		d.When(isLost(2))
		if !early {
			status(t, d, order.Shipped, false)
			d.When(paysBack(2, "lost"))
		}
		if told := status(t, d, order.Cancelled, true); told.Reason != "parcel_lost" || !strings.Contains(told.Text, "5.00 GBP") {
			t.Errorf("early %t: told %+v", early, told)
		}
	}
	owed := refund.Owed.Of(refund.OwedV1{RefundID: "r1", Amount: pounds(200)})
	d := at(t, inThree...).When(leaves(1)).When(leaves(2)).When(leaves(3)).When(isLost(1)).When(isLost(2)).When(isLost(3)).
		When(paysBack(2, "lost")).When(paysBack(3, "lost"))
	status(t, d, order.Shipped, false)
	status(t, d.When(owed), order.Cancelled, true)
}

func TestWhatPreventsOneParcelStopsWhatHasNotLeft(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]saga.Event{
		"capture_failed": payment.CaptureFailed.Of(payment.CaptureFailedV1{ShipmentID: "s2"}),
		"no_carrier":     shipping.Rejected.Of(shipping.RejectedV1{Reason: "no_carrier", ShipmentID: "s2"}),
		"short_picked": warehouse.ShortPicked.Of(warehouse.ShortPickedV1{ShipmentID: "s2",
			Missing: contents(2)}),
	} {
		for _, left := range []bool{false, true} {
			d := at(t, inThree...)
			if left {
				d.When(leaves(1))
			}
			d.When(e).ThenKinds(event.Progressed, event.WithdrawalRequested, event.StatusChanged)
			if got := d.Emitted()[1].Data.(event.WithdrawalRequestedV1); got.Reason != name || got.ShipmentID != "" {
				t.Errorf("%s: %+v", name, got)
			}
			d.When(e).Then()
			if left {
				d.When(staysHere(2, name)).ThenKinds(event.ParcelCancelled, event.StatusChanged)
				d.When(staysHere(3, name)).ThenKinds(event.ParcelCancelled, event.Shipped, event.StatusChanged)
				status(t, d.When(arrives(1)), order.Completed, true)
				continue
			}
			d.When(shipping.Withdrawn.Of(shipping.WithdrawnV1{Reason: name})).ThenKinds(event.Cancelled, event.StatusChanged)
			if got := d.Emitted()[0].Data.(event.CancelledV1); got.Reason != name {
				t.Errorf("%s: %+v", name, got)
			}
		}
	}
	// Who takes a part gets the others.
	short := warehouse.ShortPicked.Of(warehouse.ShortPickedV1{ShipmentID: "s2", Missing: contents(2)})
	d := at(t, takingPart(inThree)...).When(short).
		ThenKinds(event.Progressed, event.WithdrawalRequested, event.StatusChanged).When(short).Then()
	if got := d.State().(order.Order); got.Withdrawal != "" {
		t.Errorf("all are asked to stop: %+v", got)
	}
}

func TestACancelledOrderOfWhichAParcelWasPaidWaitsForThatMoney(t *testing.T) {
	t.Parallel()
	all := shipping.Withdrawn.Of(shipping.WithdrawnV1{Reason: "customer_request"})
	d := at(t, inThree...).When(wantsOut).When(all).ThenKinds(event.Cancelled, event.StatusChanged)
	d.When(released).ThenKinds(event.Progressed).
		When(payment.Voided.Of(payment.VoidedV1{Amount: new(pounds(700)), Captured: 200})).ThenKinds(event.Progressed)
	status(t, d.When(paysBack(1, "cancelled")), order.Cancelled, true)
}

func TestAnOrderLeavesAParcelWithoutWhatIsMissing(t *testing.T) {
	t.Parallel()
	one := []schemas.Allocation{{SKU: "C", Quantity: 1, UnitPrice: 200, Warehouse: "west"}}
	short := warehouse.ShortPicked.Of(warehouse.ShortPickedV1{ShipmentID: "s3", Missing: one, Packed: one})
	d := at(t, takingPart(inThree)...).When(short).ThenKinds(event.Reduced, event.StatusChanged).When(short).Then()
	if got := d.Emitted(); len(got) != 0 || d.State().(order.Order).Total != pounds(700) {
		t.Errorf("%+v", d.State())
	}
	d.When(leaves(1)).When(leaves(2)).When(shipping.Dispatched.Of(shipping.DispatchedV1{ShipmentID: "s3", Lines: one,
		Parcel: number(3)})).ThenKinds(event.Progressed, event.Shipped, event.StatusChanged)
}

// Whatever becomes of three parcels, in whatever order and how often it is heard: the order ends once, never goes back, and its
// total is what arrived.
func TestAnOrderInParcelsEndsByWhatBecameOfThemWhateverComesFirst(t *testing.T) {
	t.Parallel()
	ends := map[string]int{}
	for seed := range uint64(2000) {
		luck := rand.New(rand.NewPCG(seed, 15))
		var each [][]saga.Event
		arrived, lost, off := int64(0), 0, 0
		for n := range int64(3) {
			n++
			switch fate := luck.IntN(3); {
			case fate == 0:
				each, arrived = append(each, []saga.Event{leaves(n), arrives(n)}), arrived+schemas.Worth(contents(n))
			case fate == 1 || off == 2:
				each, lost = append(each, []saga.Event{leaves(n), isLost(n)}), lost+1
				each = append(each, []saga.Event{paysBack(n, "lost")})
			default:
				each, off = append(each, []saga.Event{staysHere(n, "customer_request")}), off+1
				each = append(each, []saga.Event{paysBack(n, "cancelled")})
			}
		}
		d := at(t, inThree...).When(wantsOut)
		done := 0
		var last event.StatusChangedV1
		hear := func(e saga.Event) {
			d.When(e)
			for _, told := range sagaStatuses(d) {
				if last.Final && !told.Final {
					t.Fatalf("seed %d: %s after %s", seed, told.Status, last.Status)
				}
				if last = told; told.Final {
					done++
				}
			}
		}
		for len(each) > 0 {
			i := luck.IntN(len(each))
			for range 1 + luck.IntN(2) {
				hear(each[i][0])
			}
			if each[i] = each[i][1:]; len(each[i]) == 0 {
				each = append(each[:i], each[i+1:]...)
			}
		}
		o := d.State().(order.Order)
		want := order.Completed
		if arrived == 0 {
			want = order.Cancelled
		}
		if o.Status != want || done == 0 || arrived > 0 && o.Kept().Amount != arrived {
			t.Fatalf("seed %d: %d arrived, %d lost, %d cancelled: %+v", seed, arrived, lost, off, o)
		}
		ends[string(o.Status)+" "+o.Reason]++
	}
	if ends["completed "] == 0 || ends["cancelled parcel_lost"] == 0 || len(ends) != 2 {
		t.Error(ends)
	}
}

func sagaStatuses(d *sagatest.Decision) (told []event.StatusChangedV1) {
	for _, e := range d.Emitted() {
		if s, is := e.Data.(event.StatusChangedV1); is {
			told = append(told, s)
		}
	}
	return told
}
