package shipping_test

import (
	"testing"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/shipping"
	"orderflow.example/schemas/storefront"
	"orderflow.example/services/shipping"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

func sendBack(id string, wanted ...storefront.ReturnLine) saga.Event {
	return storefront.ReturnRequested.Of(storefront.ReturnRequestedV1{ReturnID: id, Lines: wanted, Reason: "too_small"})
}

func a(n int64) storefront.ReturnLine { return storefront.ReturnLine{SKU: "A", Quantity: n} }
func b(n int64) storefront.ReturnLine { return storefront.ReturnLine{SKU: "B", Quantity: n} }

func returnLabel(id string, goods ...schemas.Allocation) saga.Event {
	return event.ReturnLabelRequested.Of(event.ReturnLabelRequestedV1{ReturnID: id, Carrier: "royal", Lines: goods})
}

func authorized(id string, goods ...schemas.Allocation) saga.Event {
	return event.ReturnAuthorized.Of(event.ReturnAuthorizedV1{ReturnID: id, Carrier: "royal",
		TrackingNumber: "back-" + id, Lines: goods})
}

func received(id string, goods ...schemas.Allocation) saga.Event {
	return event.ReturnReceived.Of(event.ReturnReceivedV1{ReturnID: id, Lines: goods})
}

func refused(id, reason string) saga.Event {
	return event.ReturnRefused.Of(event.ReturnRefusedV1{ReturnID: id, Reason: reason})
}

// atHome is a delivered parcel, and the events since.
func atHome(t *testing.T, since ...saga.Event) *sagatest.Decision {
	t.Helper()
	return sagatest.Given(t, machine, append([]saga.Event{asked, prepared, dispatched, delivered}, since...)...)
}

func part(i int, quantity int64) schemas.Allocation {
	l := lines[i]
	l.Quantity = quantity
	return l
}

func TestGoodsDeliveredCanBeSentBackAtThePriceAndToTheShelfTheyCameFrom(t *testing.T) {
	t.Parallel()
	atHome(t).
		When(sendBack("r1", a(4), b(1))).Then(returnLabel("r1", part(0, 2), part(2, 2), part(1, 1))).
		When(sendBack("r1", a(4), b(1))).Then().
		Answered(event.ReturnLabelRequested, shipping.ReturnLabelAnswer{ReturnID: "r1", Carrier: "royal", TrackingNumber: "back-r1"}).
		Then(authorized("r1", part(0, 2), part(2, 2), part(1, 1))).
		Answered(event.ReturnAuthorized, shipping.ReturnAnswer{ReturnID: "r1", Back: true}).
		Then(received("r1", part(0, 2), part(2, 2), part(1, 1))).
		Answered(event.ReturnAuthorized, shipping.ReturnAnswer{ReturnID: "r1", Back: true}).Then()
}

func TestNothingIsReturnedBeforeItIsDelivered(t *testing.T) {
	t.Parallel()
	lost := event.Lost.Of(event.LostV1{ShipmentID: "event-1", Lines: lines})
	for _, past := range [][]saga.Event{nil, {asked}, {asked, prepared}, {asked, prepared, dispatched},
		{asked, prepared, dispatched, lost}, {withdrawn("")}} {
		sagatest.Given(t, machine, past...).
			When(sendBack("r1", a(1))).Then(refused("r1", "not_delivered")).
			When(sendBack("r1", a(1))).Then()
	}
}

func TestNoMoreIsReturnedThanWasSentHoweverManyReturnsThereAre(t *testing.T) {
	t.Parallel()
	for _, wanted := range [][]storefront.ReturnLine{
		{a(6)}, {b(2)}, {{SKU: "C", Quantity: 1}}, {a(3), a(3)}, {a(1), b(2)}, {a(0)}, {a(-1)}, {},
	} {
		atHome(t).When(sendBack("r1", wanted...)).Then(refused("r1", "not_shipped"))
	}
	atHome(t).
		When(sendBack("r1", a(3))).Then(returnLabel("r1", part(0, 2), part(2, 1))). // under way
		When(sendBack("r2", a(3))).Then(refused("r2", "not_shipped")).
		When(sendBack("r3", a(2))).Then(returnLabel("r3", part(2, 2))).
		When(sendBack("r4", a(1))).Then(refused("r4", "not_shipped")).
		When(sendBack("r5", b(1))).Then(returnLabel("r5", part(1, 1)))
	atHome(t, returnLabel("r1", part(1, 1)), authorized("r1", part(1, 1)), received("r1", part(1, 1))). // back
														When(sendBack("r2", b(1))).Then(refused("r2", "not_shipped"))
}

func TestARefusedReturnLeavesItsGoodsFreeForAnother(t *testing.T) {
	t.Parallel()
	atHome(t, returnLabel("r1", part(1, 1))).
		Answered(event.ReturnLabelRequested, shipping.ReturnLabelAnswer{ReturnID: "r1", Refused: "no_carrier"}).
		Then(refused("r1", "no_carrier")).
		When(sendBack("r2", b(1))).Then(returnLabel("r2", part(1, 1)))
}

func TestSeveralReturnsAtOnceDoNotMeddleWithEachOther(t *testing.T) {
	t.Parallel()
	atHome(t, returnLabel("r1", part(0, 2)), returnLabel("r2", part(1, 1))).
		Answered(event.ReturnLabelRequested, shipping.ReturnLabelAnswer{ReturnID: "r2", Carrier: "royal", TrackingNumber: "back-r2"}).
		Then(authorized("r2", part(1, 1))).
		Answered(event.ReturnAuthorized, shipping.ReturnAnswer{ReturnID: "r1", Back: true}).Then(). // not authorized yet
		Answered(event.ReturnLabelRequested, shipping.ReturnLabelAnswer{ReturnID: "r1", Carrier: "royal", TrackingNumber: "back-r1"}).
		Then(authorized("r1", part(0, 2))).
		Answered(event.ReturnAuthorized, shipping.ReturnAnswer{ReturnID: "r2"}).Then(refused("r2", "not_received")).
		Answered(event.ReturnAuthorized, shipping.ReturnAnswer{ReturnID: "r1", Back: true}).Then(received("r1", part(0, 2)))
}

func TestAReturnThatDoesNotComeInTimeEndsAndItsLabelIsGivenBack(t *testing.T) {
	t.Parallel()
	one, two := authorized("r1", part(0, 2)), authorized("r2", part(1, 1))
	d := atHome(t, returnLabel("r1", part(0, 2)), one, returnLabel("r2", part(1, 1)), two, received("r2", part(1, 1)))
	d.Expired(two).Then(refused("r1", "not_received"), // r2 came; the one deadline is r1's as well
		event.LabelVoidRequested.Of(event.LabelVoidRequestedV1{ShipmentID: "r1", Carrier: "royal", TrackingNumber: "back-r1"}))
	d.Expired(two).Then()
	d.Answered(event.ReturnAuthorized, shipping.ReturnAnswer{ReturnID: "r1", Back: true}).Then()
	d.When(sendBack("r3", a(5))).Then(returnLabel("r3", lines[0], lines[2])) // the goods are the customer's to send again
	d.Answered(event.LabelVoidRequested, shipping.VoidAnswer{ShipmentID: "r1"}).
		Then(event.LabelVoided.Of(event.LabelVoidedV1{ShipmentID: "r1"}))
	s := d.State().(shipping.Shipment)
	if only(d).Label != shipping.LabelBought || s.Return("r1").Status != shipping.ReturnRefused {
		t.Errorf("the parcel's label is %q, want it untouched; the return is %q, want refused", only(d).Label, s.Return("r1").Status)
	}
}

func TestAReturnGivenUpWhoseGoodsAreOnTheirWayKeepsNothingOpen(t *testing.T) {
	t.Parallel()
	one := authorized("r1", part(0, 2))
	d := atHome(t, returnLabel("r1", part(0, 2)), one).Expired(one).ThenKinds(event.ReturnRefused, event.LabelVoidRequested)
	d.Answered(event.LabelVoidRequested, shipping.VoidAnswer{ShipmentID: "r1", Used: true}).
		Then(event.LabelVoided.Of(event.LabelVoidedV1{ShipmentID: "r1"}))
	d.Answered(event.ReturnAuthorized, shipping.ReturnAnswer{ReturnID: "r1", Back: true}).Then()
}

func TestThePastIsNotRewrittenByWhatFollows(t *testing.T) {
	t.Parallel()
	d := atHome(t, returnLabel("r1", part(0, 2)))
	before := d.State().(shipping.Shipment)
	d.Answered(event.ReturnLabelRequested, shipping.ReturnLabelAnswer{ReturnID: "r1", Carrier: "royal", TrackingNumber: "back-r1"})
	if s := before.Return("r1").Status; s != shipping.ReturnAsked {
		t.Errorf("an earlier state has changed to %q, want %q", s, shipping.ReturnAsked)
	}
	if lines[0].Quantity != 2 {
		t.Error("the dispatched lines were changed in place")
	}
}
