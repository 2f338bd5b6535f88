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

// An order of goods in two warehouses: its parcels are event-1, from Leeds, and event-2, from York.
var (
	leeds = []schemas.Allocation{{SKU: "A", Quantity: 2, UnitPrice: 300, Warehouse: "LEEDS"}}
	york  = []schemas.Allocation{{SKU: "B", Quantity: 1, UnitPrice: 100, Warehouse: "YORK"},
		{SKU: "A", Quantity: 1, UnitPrice: 300, Warehouse: "YORK"}}
	apart = order.Confirmed.Of(order.ConfirmedV1{CustomerID: "c", ShipTo: home, Parcels: 2,
		Lines: []schemas.Allocation{york[0], leeds[0], york[1]}})
	first  = sent{"event-1", "T1", leeds, schemas.Parcel{Number: 1, Of: 2}}
	second = sent{"event-2", "T2", york, schemas.Parcel{Number: 2, Of: 2}}
)

// sent is one parcel of several, and the events about it.
type sent struct {
	id, number string
	lines      []schemas.Allocation
	part       schemas.Parcel
}

func (p sent) asked() saga.Event {
	return event.LabelRequested.Of(event.LabelRequestedV1{CustomerID: "c", ShipTo: home, Lines: p.lines, Parcel: &p.part})
}

func (p sent) label() shipping.LabelAnswer {
	return shipping.LabelAnswer{ShipmentID: p.id, Carrier: "royal", TrackingNumber: p.number}
}

func (p sent) refused() shipping.LabelAnswer {
	return shipping.LabelAnswer{ShipmentID: p.id, Refused: "no_carrier"}
}

func (p sent) prepared() saga.Event {
	return event.Prepared.Of(event.PreparedV1{ShipmentID: p.id, Carrier: "royal", TrackingNumber: p.number, Lines: p.lines,
		Parcel: &p.part})
}

func (p sent) packed() saga.Event {
	return warehouse.Packed.Of(warehouse.PackedV1{ShipmentID: p.id, Lines: p.lines, Parcel: &p.part})
}

func (p sent) captured() saga.Event {
	return payment.Captured.Of(payment.CapturedV1{Reference: "auth", ShipmentID: p.id, Lines: p.lines,
		Amount: schemas.Money{Amount: schemas.Worth(p.lines), Currency: "GBP"}})
}

func (p sent) dispatched() saga.Event {
	return event.Dispatched.Of(event.DispatchedV1{ShipmentID: p.id, Carrier: "royal", TrackingNumber: p.number, Lines: p.lines,
		Parcel: &p.part})
}

func (p sent) delivered() saga.Event {
	return event.Delivered.Of(event.DeliveredV1{ShipmentID: p.id, Parcel: &p.part})
}

func (p sent) lost() saga.Event {
	return event.Lost.Of(event.LostV1{ShipmentID: p.id, Lines: p.lines, Parcel: &p.part})
}

func (p sent) rejected() saga.Event {
	return event.Rejected.Of(event.RejectedV1{Reason: "no_carrier", ShipmentID: p.id})
}

func (p sent) withdrawn(reason string) saga.Event {
	return event.Withdrawn.Of(event.WithdrawnV1{Reason: reason, ShipmentID: p.id, Lines: p.lines, Parcel: &p.part})
}

func (p sent) voiding() saga.Event {
	return event.LabelVoidRequested.Of(event.LabelVoidRequestedV1{ShipmentID: p.id, Carrier: "royal", TrackingNumber: p.number})
}

func (p sent) withdraw() saga.Event {
	return order.WithdrawalRequested.Of(order.WithdrawalRequestedV1{Reason: "short_picked", ShipmentID: p.id})
}

// bothPrepared are two parcels with their labels, and the events since.
func bothPrepared(t *testing.T, since ...saga.Event) *sagatest.Decision {
	t.Helper()
	past := []saga.Event{first.asked(), second.asked(), first.prepared(), second.prepared()}
	return sagatest.Given(t, machine, append(past, since...)...)
}

func TestAnOrderLeavesInAParcelFromEachWarehouseAndEachGoesOnByItself(t *testing.T) {
	t.Parallel()
	sagatest.Given(t, machine).When(apart).Then(first.asked(), second.asked()).When(apart).Then()
	for _, p := range [][2]sent{{first, second}, {second, first}} {
		d := sagatest.Given(t, machine, first.asked(), second.asked())
		for _, one := range p {
			d.Answered(event.LabelRequested, one.label()).Then(one.prepared()).
				Answered(event.LabelRequested, one.label()).Then().
				When(one.packed()).Then(event.Readied.Of(event.ReadiedV1{By: "parcel", Lines: one.lines, ShipmentID: one.id})).
				When(one.packed()).Then().
				When(one.captured()).Then(one.dispatched()).
				When(one.captured()).Then()
		}
		d.Answered(event.Dispatched, shipping.DeliverAnswer{ShipmentID: p[0].id}).Then(p[0].delivered()).
			Answered(event.Dispatched, shipping.DeliverAnswer{ShipmentID: p[0].id, Lost: true}).Then().
			Answered(event.Dispatched, shipping.DeliverAnswer{ShipmentID: p[1].id, Lost: true}).Then(p[1].lost())
	}
}

func TestTheMoneyOrTheGoodsOfOneParcelDoNotLetAnotherLeave(t *testing.T) {
	t.Parallel()
	bothPrepared(t).
		When(first.packed()).ThenKinds(event.Readied).
		When(second.captured()).Then(event.Readied.Of(event.ReadiedV1{By: "money", ShipmentID: second.id})).
		When(second.packed()).Then(second.dispatched()).
		When(first.captured()).Then(first.dispatched())
}

// A card that is charged only once pays for all parcels at once.
func TestMoneyThatNamesNoParcelIsThatOfAllThatMayLeave(t *testing.T) {
	t.Parallel()
	bothPrepared(t).
		When(first.packed()).ThenKinds(event.Readied).
		When(second.packed()).ThenKinds(event.Readied).
		When(captured).Then(first.dispatched(), second.dispatched()).
		When(captured).Then()
	bothPrepared(t, second.withdrawn(""), second.voiding()).
		When(first.packed()).ThenKinds(event.Readied).
		When(captured).Then(first.dispatched())
}

func TestALabelRefusedForOneParcelEndsThatOneAlone(t *testing.T) {
	t.Parallel()
	sagatest.Given(t, machine, first.asked(), second.asked()).
		Answered(event.LabelRequested, second.refused()).Then(second.rejected()).
		Answered(event.LabelRequested, first.label()).Then(first.prepared()).
		When(second.withdraw()).Then(second.withdrawn("short_picked")).
		When(second.withdraw()).Then().
		When(first.packed()).ThenKinds(event.Readied).
		When(first.captured()).Then(first.dispatched())
	sagatest.Given(t, machine, first.asked(), second.asked(), second.rejected()). // all or nothing
											When(askWithdraw).Then(withdrawn("changed_mind")).
											Answered(event.LabelRequested, first.label()).Then(first.voiding())
	nowhere := apart.Data.(order.ConfirmedV1)
	nowhere.ShipTo.Country = "AQ"
	sagatest.Given(t, machine).When(order.Confirmed.Of(nowhere)).Then(rejected)
}

func TestParcelsAreWithdrawnTogetherWhereNoneHasLeft(t *testing.T) {
	t.Parallel()
	bothPrepared(t).
		When(askWithdraw).Then(withdrawn("changed_mind"), first.voiding(), second.voiding()).
		When(askWithdraw).Then().
		When(first.withdraw()).Then().
		When(cancelled).Then().
		When(first.packed()).Then().
		When(first.captured()).Then().
		Answered(event.LabelVoidRequested, shipping.VoidAnswer{ShipmentID: second.id}).
		Then(event.LabelVoided.Of(event.LabelVoidedV1{ShipmentID: second.id})).
		Answered(event.LabelVoidRequested, shipping.VoidAnswer{ShipmentID: second.id}).Then().
		Answered(event.LabelVoidRequested, shipping.VoidAnswer{ShipmentID: first.id}).
		Then(event.LabelVoided.Of(event.LabelVoidedV1{ShipmentID: first.id}))
	bothPrepared(t).When(cancelled).Then(withdrawn("capture_failed"), first.voiding(), second.voiding())
	bothPrepared(t, first.withdrawn(""), first.voiding()). // the last of several
								When(second.withdraw()).Then(withdrawn("short_picked"), second.voiding())
}

func TestOfParcelsOfWhichOneHasLeftTheOthersAreWithdrawnByThemselves(t *testing.T) {
	t.Parallel()
	for _, since := range [][]saga.Event{{first.dispatched()}, {first.dispatched(), first.delivered()},
		{first.dispatched(), first.lost()}} {
		for _, stop := range []saga.Event{askWithdraw, second.withdraw(), cancelled} {
			bothPrepared(t, since...).
				When(stop).ThenKinds(event.Withdrawn, event.LabelVoidRequested).
				When(stop).ThenKinds(refusal(stop)...).
				When(second.captured()).Then()
		}
	}
	bothPrepared(t, first.dispatched()).
		When(askWithdraw).Then(second.withdrawn("changed_mind"), second.voiding()).
		When(askWithdraw).Then(tooLate).
		When(first.withdraw()).Then(tooLate).
		When(second.withdraw()).Then()
	bothPrepared(t, first.dispatched(), second.dispatched()).
		When(askWithdraw).Then(tooLate).
		When(cancelled).Then()
}

// refusal is the answer to what asks again for parcels of which one has left and the other is withdrawn.
func refusal(again saga.Event) []saga.Kind {
	if again.Type == askWithdraw.Type && again.Data.(order.WithdrawalRequestedV1).ShipmentID == "" {
		return []saga.Kind{event.WithdrawalRefused}
	}
	return nil
}

func TestOneParcelIsWithdrawnWhileTheOtherStaysOpen(t *testing.T) {
	t.Parallel()
	bothPrepared(t).
		When(first.withdraw()).Then(first.withdrawn("short_picked"), first.voiding()).
		When(first.withdraw()).Then().
		When(first.captured()).Then().
		When(second.packed()).ThenKinds(event.Readied).
		When(second.captured()).Then(second.dispatched())
	bothPrepared(t, first.withdrawn(""), first.voiding()).
		When(askWithdraw).Then(withdrawn("changed_mind"), second.voiding())
}

func TestAParcelWithdrawnWhileItsLabelIsAskedForGivesBackWhateverLabelComes(t *testing.T) {
	t.Parallel()
	past := []saga.Event{first.asked(), second.asked(), second.prepared()}
	sagatest.Given(t, machine, past...).
		When(first.withdraw()).Then(first.withdrawn("short_picked")).
		Answered(event.LabelRequested, first.label()).Then(first.voiding())
	sagatest.Given(t, machine, past...).
		When(first.withdraw()).Then(first.withdrawn("short_picked")).
		Answered(event.LabelRequested, first.refused()).Then(event.LabelVoided.Of(event.LabelVoidedV1{ShipmentID: first.id}))
	sagatest.Given(t, machine, past...).
		When(cancelled).Then(withdrawn("capture_failed"), second.voiding()).
		Answered(event.LabelRequested, first.label()).Then(first.voiding())
}

func TestACancellationThatOvertakesAnOrderOfSeveralParcelsLeavesNothingToShip(t *testing.T) {
	t.Parallel()
	d := sagatest.Given(t, machine).When(cancelled).Then(withdrawn("capture_failed"))
	for _, late := range []saga.Event{apart, first.packed(), first.captured(), cancelled, askWithdraw, first.withdraw()} {
		d.When(late).Then()
	}
}

func TestAScanFindsItsParcelByItsNumber(t *testing.T) {
	t.Parallel()
	d := bothPrepared(t, second.dispatched())
	d.When(record(scan(shipping.ScanDelivered, first.number))).Then().
		When(record(scan(shipping.ScanLost, second.number))).Then(second.lost()).
		When(record(scan(shipping.ScanDelivered, second.number))).Then()
	s := d.State().(shipping.Shipment)
	for number, want := range map[string]string{first.number: shipping.IgnoredEarly, second.number: shipping.IgnoredSettled,
		"T3": shipping.IgnoredUnknownParcel} {
		if got := shipping.Ignored(s, scan(shipping.ScanDelivered, number)); got != want {
			t.Errorf("%s: %q, want %q", number, got, want)
		}
	}
}

func TestGoodsComeBackFromTheParcelsThatWereDelivered(t *testing.T) {
	t.Parallel()
	gone := []saga.Event{first.dispatched(), second.dispatched(), first.delivered()}
	bothPrepared(t, gone...).
		When(sendBack("r1", b(1))).Then(refused("r1", "not_delivered")). // it is on its way
		When(sendBack("r2", a(3))).Then(refused("r2", "not_delivered")).
		When(sendBack("r3", a(4))).Then(refused("r3", "not_shipped")).
		When(sendBack("r4", a(2))).Then(returnLabel("r4", leeds[0]))
	bothPrepared(t, append(gone, second.lost())...).
		When(sendBack("r1", b(1))).Then(refused("r1", "not_shipped")).
		When(sendBack("r2", a(2))).Then(returnLabel("r2", leeds[0]))
	bothPrepared(t, append(gone, second.delivered())...).
		When(sendBack("r1", a(3), b(1))).Then(returnLabel("r1", leeds[0], york[1], york[0]))
}

// The label of a parcel that is withdrawn is voided while a return of another parcel is on its way: its answer counts.
func TestAReturnIsAwaitedWhateverBecomesOfAnotherParcel(t *testing.T) {
	t.Parallel()
	bothPrepared(t, first.dispatched(), first.delivered(), returnLabel("r1", leeds[0]), authorized("r1", leeds[0])).
		When(askWithdraw).ThenKinds(event.Withdrawn, event.LabelVoidRequested).
		Answered(event.ReturnAuthorized, shipping.ReturnAnswer{ReturnID: "r1", Back: true}).Then(received("r1", leeds[0]))
}

func TestTheLabelTellsWhichParcelItIs(t *testing.T) {
	t.Parallel()
	s := bothPrepared(t).State().(shipping.Shipment)
	for _, p := range []sent{first, second} {
		got := s.Print(p.id, home)
		if got == nil || got.Part == nil || *got.Part != p.part || got.TrackingNumber != p.number || got.Pieces != 2 {
			t.Errorf("%s: %+v", p.id, got)
		}
	}
}
