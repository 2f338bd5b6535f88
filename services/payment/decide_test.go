package payment_test

import (
	"testing"

	"orderflow.example/schemas"
	"orderflow.example/schemas/fraud"
	"orderflow.example/schemas/inventory"
	"orderflow.example/schemas/order"
	event "orderflow.example/schemas/payment"
	"orderflow.example/schemas/warehouse"
	"orderflow.example/services/payment"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

var (
	machine = payment.Choreography.Machine()
	pounds  = func(pence int64) schemas.Money { return schemas.Money{Amount: pence, Currency: "GBP"} }

	validated = order.Validated.Of(order.ValidatedV1{PaymentToken: "tok_ok", Total: pounds(999)})
	reserved  = inventory.Reserved.Of(inventory.ReservedV1{Total: pounds(700)})
	cleared   = fraud.Cleared.Of(fraud.ClearedV1{})
	cancelled = order.Cancelled.Of(order.CancelledV1{})
	packed    = warehouse.Packed.Of(warehouse.PackedV1{})

	requested  = event.AuthorizationRequested.Of(event.AuthorizationRequestedV1{Amount: pounds(700), PaymentToken: "tok_ok"})
	authorized = event.Authorized.Of(event.AuthorizedV1{Attempt: "event-1", Reference: "auth_1", Amount: pounds(700)})
	capturing  = event.CaptureRequested.Of(event.CaptureRequestedV1{Attempt: "event-1", Reference: "auth_1", Amount: pounds(700)})
	voiding    = event.VoidRequested.Of(event.VoidRequestedV1{Attempt: "event-1", Amount: pounds(700)})
	withdrawn  = event.Withdrawn.Of(event.WithdrawnV1{})
)

func TestAuthorizationIsAskedOnceGoodsTrustAndOrderAreThereInAnyOrder(t *testing.T) {
	t.Parallel()
	heard := []saga.Event{validated, reserved, cleared}
	for _, p := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		d := sagatest.Given(t, machine)
		d.When(heard[p[0]]).ThenKinds(event.Readied)
		d.When(heard[p[1]]).ThenKinds(event.Readied)
		d.When(heard[p[2]]).Then(requested)
		d.When(heard[p[2]]).Then() // a repeat
	}
}

func TestACancellationThatOvertakesTheOrderLeavesNothingToAsk(t *testing.T) {
	t.Parallel()
	d := sagatest.Given(t, machine).When(cancelled).ThenKinds(event.Voided)
	for _, late := range []saga.Event{validated, reserved, cleared, packed, cancelled} {
		d.When(late).Then()
	}
}

func TestTheGatewaysRefusalIsAnEvent(t *testing.T) {
	t.Parallel()
	sagatest.Given(t, machine, requested).
		Answered(event.AuthorizationRequested, payment.AuthorizeAnswer{Refused: "card_declined"}).
		Then(event.Declined.Of(event.DeclinedV1{Attempt: "event-1", Reason: "card_declined"})).
		When(cancelled).ThenKinds(event.Voided)
}

func TestACancellationDuringTheCallWaitsForItsAnswerThenUndoesIt(t *testing.T) {
	t.Parallel()
	sagatest.Given(t, machine, requested).
		When(cancelled).Then(withdrawn).
		When(cancelled).Then().
		Answered(event.AuthorizationRequested, payment.AuthorizeAnswer{Reference: "auth_1"}).Then(authorized, voiding).
		Answered(event.VoidRequested, payment.VoidAnswer{Amount: 700}).
		Then(event.Voided.Of(event.VoidedV1{Attempt: "event-1", Amount: new(pounds(700))}))
	sagatest.Given(t, machine, requested, withdrawn).
		Answered(event.AuthorizationRequested, payment.AuthorizeAnswer{Refused: "card_declined"}).
		ThenKinds(event.Declined, event.Voided)
	sagatest.Given(t, machine, requested, authorized, capturing).
		When(cancelled).Then(withdrawn).
		Answered(event.CaptureRequested, payment.CaptureAnswer{Refused: "expired"}).ThenKinds(event.CaptureFailed, event.VoidRequested)
}

func TestAnUnansweredAuthorizationIsUnknownAndUndoneByItsAttempt(t *testing.T) {
	t.Parallel()
	d := sagatest.Given(t, machine, requested).Expired(requested).ThenKinds(event.OutcomeUnknown)
	d.Answered(event.AuthorizationRequested, payment.AuthorizeAnswer{Reference: "auth_1"}).Then() // too late to count
	d.When(cancelled).Then(voiding)
	sagatest.Given(t, machine, requested, withdrawn).Expired(requested).ThenKinds(event.OutcomeUnknown, event.VoidRequested)
	sagatest.Given(t, machine, requested, authorized).Expired(requested).Then()
}

func TestWhatIsSetAsideIsTakenOnceWhenTheParcelIsPacked(t *testing.T) {
	t.Parallel()
	sagatest.Given(t, machine, requested, authorized).
		When(packed).Then(capturing).
		When(packed).Then().
		Answered(event.CaptureRequested, payment.CaptureAnswer{}).
		Then(event.Captured.Of(event.CapturedV1{Reference: "auth_1", Amount: pounds(700)})).
		When(cancelled).Then() // the refund service refunds it
}

func TestOnlyWhatIsInTheParcelIsTaken(t *testing.T) {
	t.Parallel()
	part := []schemas.Allocation{{SKU: "A", Quantity: 2, UnitPrice: 150, Warehouse: "LEEDS"}}
	short := warehouse.Packed.Of(warehouse.PackedV1{Lines: part})
	asks := event.CaptureRequested.Of(event.CaptureRequestedV1{Attempt: "event-1", Reference: "auth_1", Amount: pounds(300),
		Lines: part})
	took := event.Captured.Of(event.CapturedV1{Reference: "auth_1", Amount: pounds(300), Lines: part})
	d := sagatest.Given(t, machine, requested, authorized).
		When(short).Then(asks).
		When(short).Then().
		Answered(event.CaptureRequested, payment.CaptureAnswer{}).Then(took).
		When(cancelled).Then()
	if p := d.State().(payment.Payment); p.Captured != 300 || p.Voided != 0 {
		t.Errorf("%+v", p)
	}
	notified := func(pence int64) saga.Event {
		return payment.RecordNotification.Of(payment.Notification{Kind: payment.NoticeCaptured, Reference: "auth_1",
			Amount: pounds(pence)})
	}
	sagatest.Given(t, machine, requested, authorized, asks).When(notified(700)).Then().When(notified(300)).Then(took)
}

func TestWhatIsSetAsideIsLetGoWhenTheOrderIsCancelled(t *testing.T) {
	t.Parallel()
	sagatest.Given(t, machine, requested, authorized).When(cancelled).Then(voiding).When(cancelled).Then().When(packed).Then()
	sagatest.Given(t, machine, requested, authorized, capturing).
		Answered(event.CaptureRequested, payment.CaptureAnswer{Refused: "expired"}).ThenKinds(event.CaptureFailed).
		When(cancelled).Then(voiding)
}
