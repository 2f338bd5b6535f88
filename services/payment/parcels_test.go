package payment_test

import (
	"testing"

	"orderflow.example/schemas"
	"orderflow.example/schemas/inventory"
	"orderflow.example/schemas/order"
	event "orderflow.example/schemas/payment"
	"orderflow.example/schemas/warehouse"
	"orderflow.example/services/payment"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

// Two parcels: s1 from LEEDS, for 300, and s2 from YORK, for 400.
var (
	fromLeeds = []schemas.Allocation{{SKU: "A", Quantity: 2, UnitPrice: 150, Warehouse: "LEEDS"}}
	fromYork  = []schemas.Allocation{{SKU: "B", Quantity: 4, UnitPrice: 100, Warehouse: "YORK"}}
	halfYork  = []schemas.Allocation{{SKU: "B", Quantity: 2, UnitPrice: 100, Warehouse: "YORK"}}

	requestedTwice = event.AuthorizationRequested.Of(event.AuthorizationRequestedV1{Amount: pounds(700), PaymentToken: "tok_ok",
		Captures: 2})
	authorizedOnce = event.Authorized.Of(event.AuthorizedV1{Attempt: "event-1", Reference: "auth_1", Amount: pounds(700),
		Once: true})
)

func packs(shipment string, number int64, lines []schemas.Allocation) saga.Event {
	return warehouse.Packed.Of(warehouse.PackedV1{ShipmentID: shipment, Lines: lines,
		Parcel: &schemas.Parcel{Number: number, Of: 2}})
}

func parcelCancelled(shipment string) saga.Event {
	return order.ParcelCancelled.Of(order.ParcelCancelledV1{ShipmentID: shipment})
}

func asks(shipment string, amount int64, lines []schemas.Allocation) saga.Event {
	return event.CaptureRequested.Of(event.CaptureRequestedV1{Attempt: "event-1", Reference: "auth_1", Amount: pounds(amount),
		Lines: lines, ShipmentID: shipment})
}

func took(shipment string, amount int64, lines []schemas.Allocation) saga.Event {
	return event.Captured.Of(event.CapturedV1{Reference: "auth_1", Amount: pounds(amount), Lines: lines, ShipmentID: shipment})
}

func fails(shipment string) saga.Event {
	return event.CaptureFailed.Of(event.CaptureFailedV1{Reference: "auth_1", Reason: "expired", ShipmentID: shipment})
}

func withdraws(shipment string) saga.Event {
	return event.Withdrawn.Of(event.WithdrawnV1{ShipmentID: shipment})
}

func voids(amount int64) saga.Event {
	return event.VoidRequested.Of(event.VoidRequestedV1{Attempt: "event-1", Amount: pounds(amount)})
}

func answer(shipment, refused string) payment.CaptureAnswer {
	return payment.CaptureAnswer{ShipmentID: shipment, Refused: refused}
}

func TestGoodsInTwoWarehousesAreAuthorisedToBeCapturedTwice(t *testing.T) {
	t.Parallel()
	apart := inventory.Reserved.Of(inventory.ReservedV1{Total: pounds(700), Lines: append(append(fromYork[:1:1], fromLeeds...),
		fromYork...)})
	sagatest.Given(t, machine).When(validated).ThenKinds(event.Readied).
		When(apart).Then(event.Readied.Of(event.ReadiedV1{By: "goods", Amount: new(pounds(700)), Captures: 2})).
		When(cleared).Then(requestedTwice)
	sagatest.Given(t, machine).When(apart).ThenKinds(event.Readied).When(cleared).ThenKinds(event.Readied).
		When(validated).Then(requestedTwice).
		Answered(event.AuthorizationRequested, payment.AuthorizeAnswer{Reference: "auth_1", Once: true}).ThenKinds(event.Authorized)
	together := inventory.Reserved.Of(inventory.ReservedV1{Total: pounds(700), Lines: append(fromYork[:1:1], halfYork...)})
	sagatest.Given(t, machine).When(validated).ThenKinds(event.Readied).When(cleared).ThenKinds(event.Readied).
		When(together).Then(requested)
}

func TestEachParcelIsCapturedAndTheRestVoidedOnceNoneIsLeft(t *testing.T) {
	t.Parallel()
	d := sagatest.Given(t, machine, requestedTwice, authorized).
		When(packs("s2", 2, halfYork)).Then(asks("s2", 200, halfYork)).
		When(packs("s2", 2, halfYork)).Then().
		When(packs("s1", 1, fromLeeds)).Then(asks("s1", 300, fromLeeds)).
		Answered(event.CaptureRequested, answer("s1", "")).Then(took("s1", 300, fromLeeds)).
		Answered(event.CaptureRequested, answer("s1", "")).Then().
		When(packs("s1", 1, fromLeeds)).Then().
		Answered(event.CaptureRequested, answer("s2", "")).Then(took("s2", 200, halfYork), voids(200)).
		When(cancelled).Then().
		Answered(event.VoidRequested, payment.VoidAnswer{Amount: 200}).
		Then(event.Voided.Of(event.VoidedV1{Attempt: "event-1", Amount: new(pounds(200)), Captured: 500})).
		When(cancelled).Then()
	if p := d.State().(payment.Payment); p.Captured != 500 || p.Voided != 200 {
		t.Errorf("%+v", p)
	}
	whole := sagatest.Given(t, machine, requestedTwice, authorized, asks("s1", 300, fromLeeds), asks("s2", 400, fromYork)).
		Answered(event.CaptureRequested, answer("s1", "")).Then(took("s1", 300, fromLeeds)).
		Answered(event.CaptureRequested, answer("s2", "")).Then(took("s2", 400, fromYork)).
		When(cancelled).Then().When(parcelCancelled("s1")).Then()
	if p := whole.State().(payment.Payment); p.Status != payment.Captured || p.Captured != 700 {
		t.Errorf("%+v", p)
	}
}

func TestNothingIsTakenForAParcelThatDoesNotLeave(t *testing.T) {
	t.Parallel()
	sagatest.Given(t, machine, requestedTwice, authorized).
		When(parcelCancelled("s1")).Then(withdraws("s1")).
		When(parcelCancelled("s1")).Then().
		When(packs("s1", 1, fromLeeds)).Then().
		When(packs("s2", 2, fromYork)).Then(asks("s2", 400, fromYork)).
		Answered(event.CaptureRequested, answer("s2", "")).Then(took("s2", 400, fromYork), voids(300))
	both := sagatest.Given(t, machine, requestedTwice, authorized, asks("s1", 300, fromLeeds), asks("s2", 400, fromYork)).
		When(parcelCancelled("s1")).Then(withdraws("s1")).
		When(parcelCancelled("s1")).Then().
		When(parcelCancelled("s2")).Then(withdraws("s2")).
		Answered(event.CaptureRequested, answer("s1", "expired")).Then(fails("s1")).
		When(packs("s1", 1, fromLeeds)).Then().
		Answered(event.CaptureRequested, answer("s2", "")).Then(took("s2", 400, fromYork), voids(300)) // which is refunded
	if p := both.State().(payment.Payment); p.Captured != 400 {
		t.Errorf("%+v", p)
	}
	sagatest.Given(t, machine, requestedTwice, authorized, asks("s1", 300, fromLeeds)).
		Answered(event.CaptureRequested, answer("s1", "expired")).Then(fails("s1")).
		When(parcelCancelled("s2")).Then(withdraws("s2")).
		When(parcelCancelled("s1")).Then(withdraws("s1"), voids(700)).
		When(cancelled).Then()
}

func TestACancellationWaitsForTheCapturesUnderWayAndVoidsTheRest(t *testing.T) {
	t.Parallel()
	sagatest.Given(t, machine, requestedTwice, authorized, asks("s1", 300, fromLeeds), asks("s2", 400, fromYork)).
		When(cancelled).Then(withdrawn).
		When(cancelled).Then().
		When(parcelCancelled("s1")).Then().
		Answered(event.CaptureRequested, answer("s2", "expired")).Then(fails("s2")).
		Answered(event.CaptureRequested, answer("s1", "")).Then(took("s1", 300, fromLeeds), voids(400))
	sagatest.Given(t, machine, requestedTwice, authorized, asks("s1", 300, fromLeeds), took("s1", 300, fromLeeds)).
		When(cancelled).Then(voids(400)).
		When(packs("s2", 2, fromYork)).Then()
	sagatest.Given(t, machine, requestedTwice, authorized, asks("s1", 300, fromLeeds), withdrawn).
		When(packs("s2", 2, fromYork)).Then()
}

func TestWhatCanBeCapturedOnceIsCapturedForAllParcelsTogether(t *testing.T) {
	t.Parallel()
	ready := func(shipment string, lines []schemas.Allocation) saga.Event {
		return event.Readied.Of(event.ReadiedV1{By: "parcel", ShipmentID: shipment, Lines: lines, Captures: 2})
	}
	both := append(fromLeeds[:1:1], fromYork...)
	for name, history := range map[string][]saga.Event{
		"a card that does not allow more":               {requestedTwice, authorizedOnce},
		"authorised by a release that knew of one only": {requested, authorized},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given := func() *sagatest.Decision { return sagatest.Given(t, machine, history...) }
			given().When(packs("s2", 2, fromYork)).Then(ready("s2", fromYork)).
				When(packs("s2", 2, fromYork)).Then().
				When(packs("s1", 1, fromLeeds)).Then(ready("s1", fromLeeds), asks("", 700, both)).
				When(packs("s1", 1, fromLeeds)).Then().
				When(parcelCancelled("s1")).Then(). // it is too late; what was taken for it is refunded
				Answered(event.CaptureRequested, answer("", "")).Then(took("", 700, both)).
				When(cancelled).Then()
			given().When(packs("s2", 2, halfYork)).Then(ready("s2", halfYork)).
				When(parcelCancelled("s1")).Then(withdraws("s1"), asks("", 200, halfYork)).
				Answered(event.CaptureRequested, answer("", "expired")).Then(fails("")).
				When(cancelled).Then(voids(700))
			given().When(packs("s2", 2, fromYork)).Then(ready("s2", fromYork)).
				When(parcelCancelled("s2")).Then(withdraws("s2")).
				When(parcelCancelled("s1")).Then(withdraws("s1"), voids(700))
			given().When(packs("s2", 2, fromYork)).Then(ready("s2", fromYork)).
				When(cancelled).Then(voids(700)).When(packs("s1", 1, fromLeeds)).Then()
		})
	}
}

func TestANotificationOfACaptureFindsItsParcel(t *testing.T) {
	t.Parallel()
	of := func(kind payment.Notice, amount int64, ids ...string) payment.Notification {
		return payment.Notification{Kind: kind, Reference: "auth_1", Amount: pounds(amount), Captures: ids, Reason: "expired"}
	}
	equal := append(halfYork[:0:0], schemas.Allocation{SKU: "B", Quantity: 3, UnitPrice: 100, Warehouse: "YORK"})
	first, second := asks("s1", 300, fromLeeds), asks("s2", 300, equal)
	first.ID, second.ID = "c1", "c2"
	given := func() *sagatest.Decision {
		return sagatest.Given(t, machine, requestedTwice, authorized, first, second)
	}
	said := payment.RecordNotification.Of
	given().When(said(of(payment.NoticeCaptured, 300, "c2"))).Then(took("s2", 300, equal)).
		When(said(of(payment.NoticeCaptured, 300, "c2"))).Then().
		Answered(event.CaptureRequested, answer("s2", "")).Then().
		When(said(of(payment.NoticeCaptureFailed, 0, "c1"))).Then(fails("s1")).
		Answered(event.CaptureRequested, answer("s1", "expired")).Then()
	given().When(said(of(payment.NoticeCaptured, 600, "c1", "c2"))).
		Then(took("s1", 300, fromLeeds), took("s2", 300, equal), voids(100)) // all that were captured so far, as Stripe tells it
	given().When(said(of(payment.NoticeCaptured, 300, "c1"))).Then(took("s1", 300, fromLeeds)).
		When(said(of(payment.NoticeCaptured, 600, "c1", "c2"))).Then(took("s2", 300, equal), voids(100)).
		When(said(of(payment.NoticeCaptured, 300, "c1"))).Then()
	for name, c := range map[string]struct {
		n   payment.Notification
		why string
	}{
		"another amount":          {of(payment.NoticeCaptured, 301, "c1"), payment.IgnoredOtherAmount},
		"the amount of one":       {of(payment.NoticeCaptured, 300, "c1", "c2"), payment.IgnoredOtherAmount},
		"a capture not asked for": {of(payment.NoticeCaptured, 300, "c3"), payment.IgnoredOtherReference},
		"one not asked for":       {of(payment.NoticeCaptured, 600, "c1", "c3"), payment.IgnoredOtherReference},
		"no capture":              {of(payment.NoticeCaptured, 300), payment.IgnoredNoted},
		"none that failed":        {of(payment.NoticeCaptureFailed, 0), payment.IgnoredNoted},
	} {
		d := given().When(said(c.n)).Then()
		if why := payment.Ignored(d.State().(payment.Payment), c.n); why != c.why {
			t.Errorf("%s: ignored for %q, want %q", name, why, c.why)
		}
	}
}
