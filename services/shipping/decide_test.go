package shipping_test

import (
	"testing"

	"orderflow.example/schemas"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	event "orderflow.example/schemas/shipping"
	"orderflow.example/schemas/warehouse"
	"orderflow.example/services/shipping"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

var (
	machine = shipping.Choreography.Machine()
	home    = schemas.Address{Name: "N", Line1: "L", City: "C", Postcode: "P", Country: "GB"}
	lines   = []schemas.Allocation{
		{SKU: "A", Quantity: 2, UnitPrice: 300, Warehouse: "LONDON"},
		{SKU: "B", Quantity: 1, UnitPrice: 100, Warehouse: "LONDON"},
		{SKU: "A", Quantity: 3, UnitPrice: 250, Warehouse: "LONDON"},
	}

	confirmed   = order.Confirmed.Of(order.ConfirmedV1{CustomerID: "c", Lines: lines, ShipTo: home})
	askWithdraw = order.WithdrawalRequested.Of(order.WithdrawalRequestedV1{Reason: "changed_mind"})
	cancelled   = order.Cancelled.Of(order.CancelledV1{Reason: "capture_failed", By: "payment"})
	packed      = warehouse.Packed.Of(warehouse.PackedV1{ShipmentID: "event-1"})
	captured    = payment.Captured.Of(payment.CapturedV1{Reference: "auth", Amount: schemas.Money{Amount: 1550, Currency: "GBP"}})

	labelled   = shipping.LabelAnswer{Carrier: "royal", TrackingNumber: "T1"}
	noCarrier  = shipping.LabelAnswer{Refused: "no_carrier"}
	asked      = event.LabelRequested.Of(event.LabelRequestedV1{CustomerID: "c", ShipTo: home, Lines: lines})
	prepared   = event.Prepared.Of(event.PreparedV1{ShipmentID: "event-1", Carrier: "royal", TrackingNumber: "T1", Lines: lines})
	dispatched = event.Dispatched.Of(event.DispatchedV1{ShipmentID: "event-1", Carrier: "royal", TrackingNumber: "T1", Lines: lines})
	delivered  = event.Delivered.Of(event.DeliveredV1{ShipmentID: "event-1"})
	rejected   = event.Rejected.Of(event.RejectedV1{Reason: "no_carrier"})
	voiding    = event.LabelVoidRequested.Of(event.LabelVoidRequestedV1{ShipmentID: "event-1", Carrier: "royal",
		TrackingNumber: "T1"})
	voided  = event.LabelVoided.Of(event.LabelVoidedV1{ShipmentID: "event-1"})
	tooLate = event.WithdrawalRefused.Of(event.WithdrawalRefusedV1{Reason: "handed_over"})
)

// only is the parcel of an order that leaves in one.
func only(d *sagatest.Decision) shipping.Parcel { return d.State().(shipping.Shipment).Parcels[0] }

func withdrawn(reason string) saga.Event {
	return event.Withdrawn.Of(event.WithdrawnV1{Reason: reason})
}

func TestAConfirmedOrderHasItsLabelBoughtOnce(t *testing.T) {
	t.Parallel()
	sagatest.Given(t, machine).
		When(confirmed).Then(asked).
		When(confirmed).Then()
	sagatest.Given(t, machine, asked).
		Answered(event.LabelRequested, labelled).Then(prepared).
		Answered(event.LabelRequested, labelled).Then().
		When(confirmed).Then()
}

func TestWithoutACarrierTheShipmentIsRejected(t *testing.T) {
	t.Parallel()
	sagatest.Given(t, machine, asked).
		Answered(event.LabelRequested, noCarrier).Then(rejected).
		When(cancelled).Then()
	nowhere := order.ConfirmedV1{CustomerID: "c", Lines: lines, ShipTo: home}
	nowhere.ShipTo.Country = "AQ" // the carrier is not asked: no carrier delivers to this country
	sagatest.Given(t, machine).When(order.Confirmed.Of(nowhere)).Then(rejected).When(cancelled).Then()
	// The order may have asked before it consumed that: its request is answered all the same.
	sagatest.Given(t, machine, asked, rejected).When(askWithdraw).Then(withdrawn("changed_mind"))
}

func TestTheParcelIsHandedOverOnceItIsPackedAndPaidInAnyOrder(t *testing.T) {
	t.Parallel()
	for _, p := range [][2]saga.Event{{packed, captured}, {captured, packed}} {
		sagatest.Given(t, machine, asked, prepared).
			When(p[0]).ThenKinds(event.Readied).
			When(p[1]).Then(dispatched).
			When(p[0]).Then().
			When(p[1]).Then()
	}
	sagatest.Given(t, machine, asked, prepared).
		When(packed).Then(event.Readied.Of(event.ReadiedV1{By: "parcel"})).
		When(packed).Then(). // a repeat of one step is not both steps
		When(captured).Then(dispatched)
}

func TestWhatIsInTheParcelIsWhatLeavesIsLostAndComesBack(t *testing.T) {
	t.Parallel()
	part := lines[:2]
	short := warehouse.Packed.Of(warehouse.PackedV1{ShipmentID: "event-1", Lines: part})
	sent := event.Dispatched.Of(event.DispatchedV1{ShipmentID: "event-1", Carrier: "royal", TrackingNumber: "T1", Lines: part})
	may := confirmed.Data.(order.ConfirmedV1)
	may.Partial = true
	for _, p := range [][2]saga.Event{{short, captured}, {captured, short}} {
		d := sagatest.Given(t, machine).When(order.Confirmed.Of(may)).
			Then(event.LabelRequested.Of(event.LabelRequestedV1{CustomerID: "c", ShipTo: home, Lines: lines, Partial: true}))
		id := d.Emitted()[0].ID
		d.Answered(event.LabelRequested, labelled).Then(event.Prepared.Of(event.PreparedV1{ShipmentID: id, Carrier: "royal",
			TrackingNumber: "T1", Lines: lines, Partial: true}))
		d.When(p[0]).ThenKinds(event.Readied).When(p[1]).ThenKinds(event.Dispatched)
		if got := d.Emitted()[0].Data.(event.DispatchedV1); len(got.Lines) != 2 {
			t.Errorf("sent %+v", got)
		}
		if got := only(d); len(got.Lines) != 2 {
			t.Errorf("kept %+v", got)
		}
	}
	sagatest.Given(t, machine, asked, prepared, sent).
		Answered(event.Dispatched, shipping.DeliverAnswer{Lost: true}).
		Then(event.Lost.Of(event.LostV1{ShipmentID: "event-1", Lines: part}))
}

func TestTheCarrierSaysWhetherTheParcelArrived(t *testing.T) {
	t.Parallel()
	sagatest.Given(t, machine, asked, prepared, dispatched).
		Answered(event.Dispatched, shipping.DeliverAnswer{}).Then(delivered).
		Answered(event.Dispatched, shipping.DeliverAnswer{Lost: true}).Then()
	sagatest.Given(t, machine, asked, prepared, dispatched).
		Answered(event.Dispatched, shipping.DeliverAnswer{Lost: true}).
		Then(event.Lost.Of(event.LostV1{ShipmentID: "event-1", Lines: lines}))
}

func TestAParcelNotHandedOverIsWithdrawnAndItsLabelGivenBack(t *testing.T) {
	t.Parallel()
	sagatest.Given(t, machine, asked, prepared).
		When(packed).ThenKinds(event.Readied).
		When(askWithdraw).Then(withdrawn("changed_mind"), voiding).
		When(captured).Then().
		When(cancelled).Then().
		Answered(event.LabelVoidRequested, shipping.VoidAnswer{ShipmentID: "event-1"}).Then(voided).
		Answered(event.LabelVoidRequested, shipping.VoidAnswer{ShipmentID: "event-1"}).Then()
	sagatest.Given(t, machine, asked, prepared).
		When(cancelled).Then(withdrawn("capture_failed"), voiding).
		When(askWithdraw).Then()
}

func TestAParcelHandedOverIsNotWithdrawn(t *testing.T) {
	t.Parallel()
	lost := event.Lost.Of(event.LostV1{ShipmentID: "event-1", Lines: lines})
	for _, past := range [][]saga.Event{{dispatched}, {dispatched, delivered}, {dispatched, lost}} {
		sagatest.Given(t, machine, append([]saga.Event{asked, prepared}, past...)...).
			When(askWithdraw).Then(tooLate).
			When(askWithdraw).Then(tooLate). // each question has its answer
			When(cancelled).Then()
	}
}

func TestAWithdrawalDuringTheLabelCallGivesBackWhateverLabelComes(t *testing.T) {
	t.Parallel()
	for _, stop := range []saga.Event{askWithdraw, cancelled} {
		sagatest.Given(t, machine, asked).
			When(stop).ThenKinds(event.Withdrawn).
			Answered(event.LabelRequested, labelled).Then(voiding).
			Answered(event.LabelVoidRequested, shipping.VoidAnswer{ShipmentID: "event-1"}).Then(voided)
		sagatest.Given(t, machine, asked).
			When(stop).ThenKinds(event.Withdrawn).
			Answered(event.LabelRequested, noCarrier).Then(voided)
	}
}

func TestACancellationThatOvertakesTheOrderLeavesNothingToShip(t *testing.T) {
	t.Parallel()
	d := sagatest.Given(t, machine).When(cancelled).Then(withdrawn("capture_failed"))
	for _, late := range []saga.Event{confirmed, packed, captured, cancelled, askWithdraw} {
		d.When(late).Then()
	}
}
