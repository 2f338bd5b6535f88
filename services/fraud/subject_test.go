package fraud_test

import (
	"fmt"
	"testing"
	"time"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/fraud"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/refund"
	"orderflow.example/services/fraud"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

var subjects = fraud.Subjects.Machine()

func seen(order string) event.OrderSeenV1 {
	return event.OrderSeenV1{OrderID: order, Windows: []int64{60, 3600}}
}

func at(d time.Duration, e saga.Event) saga.Event {
	e.Time = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC).Add(d)
	return e
}

func TestEachOrderOfASubjectCountsOnce(t *testing.T) {
	t.Parallel()
	is := func(orders int64, order string) saga.Event {
		return event.VelocityMeasured.About(order, event.VelocityMeasuredV1{Subject: "card",
			History: event.HistoryV1{Windows: []int64{60, 3600}, Orders: []int64{orders, orders}, Earlier: orders - 1}})
	}
	s := fraud.BlankSubject("card:x")
	for n, o := range []string{"a", "a", "b"} {
		step, err := subjects.Hear(s, event.OrderSeen.Of(seen(o)), func(e *saga.Event) { *e = at(0, *e) })
		s = step.State.(fraud.Subject)
		want := int64(n/2 + 1)
		if n == 1 {
			if err != nil || len(step.Emitted) != 0 {
				t.Errorf("the same order again: %+v, %v", step.Emitted, err)
			}
			continue
		}
		if err != nil || len(step.Emitted) != 2 || fmt.Sprint(step.Emitted[1].Data) != fmt.Sprint(is(want, o).Data) ||
			step.Emitted[1].Key != o {
			t.Errorf("order %s: %+v, %v", o, step.Emitted, err)
		}
	}
}

func TestTheWindowsSlideAndWhatIsKeptIsBounded(t *testing.T) {
	t.Parallel()
	s := fraud.BlankSubject("card:x")
	counts := func(d time.Duration, order string) []int64 {
		step, err := subjects.Hear(s, event.OrderSeen.Of(seen(order)), func(e *saga.Event) { *e = at(d, *e) })
		if err != nil {
			t.Fatal(err)
		}
		s = step.State.(fraud.Subject)
		return step.Emitted[1].Data.(event.VelocityMeasuredV1).History.Orders
	}
	for i, c := range []struct {
		at   time.Duration
		want string
	}{{0, "[1 1]"}, {59 * time.Second, "[2 2]"}, {60 * time.Second, "[2 3]"}, {time.Hour, "[1 3]"}, {2 * time.Hour, "[1 1]"}} {
		if got := fmt.Sprint(counts(c.at, fmt.Sprint(i))); got != c.want {
			t.Errorf("after %v %s orders count, not %s", c.at, got, c.want)
		}
	}
	earlier := s
	text := fmt.Sprint(earlier)
	defer func() {
		if fmt.Sprint(earlier) != text {
			t.Errorf("an earlier state has changed: %v", earlier)
		}
	}()
	for n := range fraud.MostOrders + 10 {
		counts(3*time.Hour, fmt.Sprint("n", n))
	}
	if len(s.Seen) != fraud.MostOrders || s.Orders != fraud.MostOrders+10+5 {
		t.Errorf("%d are kept of %d", len(s.Seen), s.Orders)
	}
}

func TestAChargebackListsTheSubjectUntilItIsForgotten(t *testing.T) {
	t.Parallel()
	report := event.OutcomeReportedV1{OrderID: "o1", Outcome: "chargeback", Ref: "d1"}
	first := event.Listed.Of(event.ListedV1{Entry: 1, OrderID: "o1"})
	second := event.Listed.Of(event.ListedV1{Entry: 2, OrderID: "o1"})
	learned := event.OutcomeLearned.Of(event.OutcomeLearnedV1(report))
	next := report
	next.Ref = "d2"
	sagatest.Given(t, subjects).When(event.OutcomeReported.Of(report)).Then(learned, first).
		When(event.OutcomeReported.Of(report)).Then().
		When(event.OutcomeReported.Of(next)).Then(event.OutcomeLearned.Of(event.OutcomeLearnedV1(next)), second).
		Expired(first).Then(). // it was listed again since
		Expired(second).Then(event.Delisted.Of(event.DelistedV1{Entry: 2})).
		Expired(second).Then()
	report.Outcome = "refund"
	sagatest.Given(t, subjects).When(event.OutcomeReported.Of(report)).ThenKinds(event.OutcomeLearned)
}

func TestTheSubjectsOfAnOrderLearnOnceOfItsChargeback(t *testing.T) {
	t.Parallel()
	clear := event.Cleared.Of(event.ClearedV1{Subjects: []string{"customer:1", "address:a", "mail_domain:shop.example"},
		By: "rules"})
	dispute := payment.ChargedBack.Of(payment.ChargedBackV1{DisputeID: "d1", Card: "x"})
	to := func(subject string) saga.Event {
		return event.OutcomeReported.About(subject, event.OutcomeReportedV1{OrderID: sagatest.Order, Outcome: "chargeback", Ref: "d1"})
	}
	sagatest.Given(t, machine, clear).When(dispute).
		Then(event.OutcomeNoted.Of(event.OutcomeNotedV1{Outcome: "chargeback", Ref: "d1",
			Told: []string{"customer:1", "address:a", "card:x"}}), to("customer:1"), to("address:a"), to("card:x")).
		When(dispute).Then()
	issued := refund.Issued.Of(refund.IssuedV1{RefundID: "r1"})
	sagatest.Given(t, machine, clear).When(issued).Then() // no rule uses the history
	sagatest.Given(t, counting, clear).When(issued).ThenKinds(event.OutcomeNoted, event.OutcomeReported).When(issued).Then()
}

func TestRefundsOfSeveralParcelsForOneReasonCountAsOne(t *testing.T) {
	t.Parallel()
	clear := event.Cleared.Of(event.ClearedV1{Subjects: []string{"customer:1"}, By: "rules"})
	refunded := func(id, shipment, reason, back string) saga.Event {
		return refund.Issued.Of(refund.IssuedV1{RefundID: id, ShipmentID: shipment, Reason: reason, ReturnID: back})
	}
	for name, c := range map[string]struct {
		refunds []saga.Event
		want    int
	}{
		"the order is cancelled":   {[]saga.Event{refunded("r1", "s1", "cancelled", ""), refunded("r2", "s2", "cancelled", "")}, 1},
		"one return of two":        {[]saga.Event{refunded("r1", "s1", "returned", "b1"), refunded("r2", "s2", "returned", "b1")}, 1},
		"two returns":              {[]saga.Event{refunded("r1", "s1", "returned", "b1"), refunded("r2", "s1", "returned", "b2")}, 2},
		"both are lost":            {[]saga.Event{refunded("r1", "s1", "lost", ""), refunded("r2", "s2", "lost", "")}, 2},
		"an order of one parcel":   {[]saga.Event{refunded("r1", "", "returned", "b1"), refunded("r2", "", "returned", "b1")}, 2},
		"one is lost, then others": {[]saga.Event{refunded("r1", "s1", "lost", ""), refunded("r2", "s2", "cancelled", "")}, 2},
	} {
		d := sagatest.Given(t, counting, clear)
		n := 0
		for _, e := range c.refunds {
			n += len(d.When(e).Emitted()) / 2
		}
		if n != c.want {
			t.Errorf("%s: %d count, not %d", name, n, c.want)
		}
	}
}

// Three customers: each is counted alone, and only orders of one who has ordered too often go to review.
func TestOrdersAreCountedForEachCustomer(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		w := sagatest.NewWorld(t, seed, counting, subjects)
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

// The address of a chargeback is known again in another spelling, and a stolen card under another name.
func TestAfterAChargebackTheNextOrderOfThatAddressGoesToReview(t *testing.T) {
	t.Parallel()
	w := sagatest.NewWorld(t, 1, machine, subjects)
	buy := func(id, line1, customer string) {
		e := validated("ada@shop.example", 100, 1)
		d := e.Data.(order.ValidatedV1)
		d.CustomerID, d.ShipTo = customer, schemas.Address{Line1: line1, City: "Leeds", Postcode: "LS1 4AP", Country: "GB"}
		e.Data = d
		w.Tell(id, e)
		w.Settle()
	}
	buy("o1", "12 Canal Row", "c1")
	w.Tell("o1", payment.ChargedBack.Of(payment.ChargedBackV1{DisputeID: "d1"}))
	w.Settle()
	buy("o2", "12 CANAL-ROW.", "c2")
	buy("o3", "13 Canal Row", "c1")
	reviews := sagatest.Said(w, event.ReviewRequested)
	if len(reviews) != 1 || len(reviews[0].Rules) != 1 || reviews[0].Rules[0] != "address_charged_back" ||
		len(sagatest.Said(w, event.Cleared)) != 2 {
		t.Errorf("in review are %+v, cleared %d", reviews, len(sagatest.Said(w, event.Cleared)))
	}
}
