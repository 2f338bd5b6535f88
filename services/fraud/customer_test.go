package fraud_test

import (
	"fmt"
	"testing"
	"time"

	event "orderflow.example/schemas/fraud"
	"orderflow.example/schemas/order"
	"orderflow.example/services/fraud"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

var (
	counting  = fraud.Rules{Velocity: fraud.Velocity{Orders: 2, Within: time.Hour}}.Choreography().Machine()
	customers = fraud.Customers.Machine()
	requested = event.CountRequested.Of(event.CountRequestedV1{Orders: 2})
)

func measured(orders int64) saga.Event {
	return event.VelocityMeasured.Of(event.VelocityMeasuredV1{Orders: orders})
}

func TestByDefaultNothingIsCounted(t *testing.T) {
	t.Parallel()
	sagatest.Given(t, machine).When(validated("ada@shop.example", 100, 1)).ThenKinds(event.Cleared)
}

func TestWhereOrdersAreCountedTheOrderWaitsForTheCount(t *testing.T) {
	t.Parallel()
	sagatest.Given(t, counting).When(validated("ada@shop.example", 100, 1)).ThenKinds(event.CountRequested, event.OrderSeen).
		When(measured(2)).Then(cleared(0)).When(measured(3)).Then()
	sagatest.Given(t, counting, requested).When(measured(3)).
		Then(event.ReviewRequested.Of(event.ReviewRequestedV1{Score: 45, Rules: []string{"velocity"}})).
		When(approve).ThenKinds(event.Cleared)
	sagatest.Given(t, counting).When(validated("ada@mailinator.com", 2_000_000, 1)).When(measured(3)).
		Then(event.Rejected.Of(event.RejectedV1{Score: 100, Rules: []string{"amount", "throwaway_mail", "velocity"}, By: "rules"}))
	sagatest.Given(t, counting).When(validated("eve@fraud.example", 100, 1)).ThenKinds(event.Rejected).When(measured(1)).Then()
}

func TestAnOrderThatNobodyCountsGoesToReview(t *testing.T) {
	t.Parallel()
	sagatest.Given(t, counting, requested).Expired(requested).
		Then(event.ReviewRequested.Of(event.ReviewRequestedV1{Rules: []string{"velocity_unknown"}})).
		When(measured(1)).Then().Expired(requested).Then()
	sagatest.Given(t, counting, requested, cleared(0)).Expired(requested).Then()
}

func TestACancelledOrderIsNotClearedWhenItsCountComes(t *testing.T) {
	t.Parallel()
	sagatest.Given(t, counting, requested).When(cancelled).ThenKinds(event.Closed).When(measured(1)).Then().Expired(requested).Then()
	sagatest.Given(t, counting).When(cancelled).ThenKinds(event.Closed).When(validated("ada@shop.example", 100, 1)).Then()
}

func seen(order string) event.OrderSeenV1 {
	return event.OrderSeenV1{OrderID: order, Orders: 2, WithinSeconds: 3600}
}

func TestEachOrderOfACustomerCountsOnce(t *testing.T) {
	t.Parallel()
	is := func(orders int64, order string) saga.Event {
		return event.VelocityMeasured.About(order, event.VelocityMeasuredV1{Orders: orders})
	}
	sagatest.Given(t, customers).
		When(event.OrderSeen.Of(seen("a"))).Then(event.OrderCounted.Of(event.OrderCountedV1(seen("a"))), is(1, "a")).
		When(event.OrderSeen.Of(seen("a"))).Then().
		When(event.OrderSeen.Of(seen("b"))).Then(event.OrderCounted.Of(event.OrderCountedV1(seen("b"))), is(2, "b"))
}

func TestTheWindowSlidesAndWhatIsKeptIsBounded(t *testing.T) {
	t.Parallel()
	start := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	after := func(c fraud.Customer, d time.Duration, order string, orders int64) fraud.Customer {
		e := event.OrderCounted.Of(event.OrderCountedV1{OrderID: order, Orders: orders, WithinSeconds: 3600})
		e.Time = start.Add(d)
		return fraud.EvolveCustomer(c, e)
	}
	c := after(after(fraud.BlankCustomer("ada"), 0, "a", 2), 30*time.Minute, "b", 2)
	before := fmt.Sprint(c)
	for at, want := range map[time.Duration]int{time.Hour - time.Second: 3, time.Hour: 2, 90 * time.Minute: 1} {
		if got := after(c, at, "c", 2); len(got.Seen) != want {
			t.Errorf("%v later %d count, not %d: %v", at, len(got.Seen), want, got.Seen)
		}
	}
	if fmt.Sprint(c) != before {
		t.Errorf("an earlier state has changed: %v", c)
	}
	for n := range 3 * fraud.MostOrders {
		c = after(c, time.Hour, fmt.Sprint(n), int64(n))
		if len(c.Seen) > min(n, fraud.MostOrders)+1 {
			t.Fatalf("%d are kept where %d are told apart", len(c.Seen), n)
		}
	}
}

// Three customers: each is counted alone, and only orders of one who has ordered too often go to review.
func TestOrdersAreCountedForEachCustomer(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		w := sagatest.NewWorld(t, seed, counting, customers)
		for n := range 9 {
			e := validated("ada@shop.example", 100, 1)
			d := e.Data.(order.ValidatedV1)
			d.CustomerID = fmt.Sprintf("customer-%d", n%3)
			e.Data = d
			w.Tell(fmt.Sprintf("order-%d", n), e)
			w.Steps(n)
		}
		w.Settle()
		if got, want := len(sagatest.Said(w, event.Cleared)), 6; got != want {
			t.Errorf("seed %d: %d are cleared, not %d", seed, got, want)
		}
		if got, want := len(sagatest.Said(w, event.ReviewRequested)), 3; got != want {
			t.Errorf("seed %d: %d are in review, not %d", seed, got, want)
		}
	}
}
