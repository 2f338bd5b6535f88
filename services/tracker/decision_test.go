package tracker

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"orderflow.example/schemas/fraud"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/shipping"
	"orderflow.example/schemas/storefront"
	"orderflow.example/shared/saga"
)

// reviewed is a shop where a person decides about each order.
func reviewed() []*saga.Machine {
	decide := saga.Command[fraud.ReviewRequestedV1]("decide_review")
	late := func(till, fraud.ReviewRequestedV1) []saga.Event { return nil }
	fraudRows := saga.Choreography[till]{Service: "fraud", Blank: func(string) till { return till{} },
		Failed: []saga.Kind{fraud.Rejected}, Rows: []saga.Row{
			on(order.Validated, fraud.ReviewRequested, fraud.Cleared, fraud.Rejected),
			on(decide, fraud.Cleared, fraud.Rejected),
			saga.After(time.Hour, fraud.ReviewRequested, late, fraud.Rejected).Settled(fraud.Cleared, fraud.Rejected),
		}}.Machine()
	return []*saga.Machine{fraudRows,
		service("storefront", on(placeOrder, storefront.OrderPlaced)),
		service("order", on(storefront.OrderPlaced, order.Validated, order.StatusChanged), on(fraud.Cleared, order.Confirmed,
			order.StatusChanged), on(fraud.Rejected, order.StatusChanged), on(shipping.Delivered, order.Completed)),
		service("shipping", on(order.Confirmed, shipping.Dispatched), on(shipping.Dispatched, shipping.Delivered, shipping.Lost)),
	}
}

func TestAReviewIsOwedByAPersonUntilItIsDecidedAndNeedsAttention(t *testing.T) {
	t.Parallel()
	s := newScene()
	_, validated := s.place(0, "o1")
	asked := s.say(1, fraud.ReviewRequested, "o1", validated, "", nil)
	told := func() (*Index, Summary) {
		x := New(reviewed())
		s.reports = nil
		for _, m := range reviewed() {
			s.report(2, m.Service)
		}
		for _, r := range s.reports {
			x.Report(r)
		}
		for _, r := range s.records {
			x.Add(&r)
		}
		return x, summaryOf(x, "o1", s.at(2))
	}
	x, one := told()
	o := owedBy(x, "o1", "fraud", s.at(2))["decision fraud.review_requested.v1"]
	if o.Event != asked || o.Overdue || !o.Until.Equal(s.at(3601)) || !one.Decision || !one.NeedsAttention() || one.Stuck != nil {
		t.Errorf("owed is %+v, and the saga is %+v", o, one)
	}
	if n := x.Overview(s.at(2)); n.Reviews != 1 || n.Attention != 1 {
		t.Errorf("the overview is %+v", n)
	}
	s.say(3, fraud.Cleared, "o1", asked, "", nil)
	if x, one = told(); one.Decision {
		t.Errorf("after the decision the saga is %+v, owed is %v", one, owedBy(x, "o1", "fraud", s.at(4)))
	}
}

func TestWhatLiesAheadLeadsToTheEndWithoutWhatFails(t *testing.T) {
	t.Parallel()
	s := newScene()
	_, validated := s.place(0, "o1")
	asked := s.say(1, fraud.ReviewRequested, "o1", validated, "", nil)
	ahead := func() (steps []string) {
		x := New(reviewed())
		for _, r := range s.records {
			x.Add(&r)
		}
		for _, m := range reviewed() {
			s.report(9, m.Service)
			x.Report(s.reports[len(s.reports)-1])
		}
		told, _ := x.Saga("o1", s.records, s.at(10))
		for _, step := range told.Ahead {
			steps = append(steps, fmt.Sprint(step.Service, " ", step.Form, " ", step.On, ": ", strings.Join(step.Emits, " ")))
		}
		return steps
	}
	want := []string{"fraud decision fraud.review_requested.v1: fraud.cleared.v1", "order on fraud.cleared.v1: order.confirmed.v1",
		"shipping on order.confirmed.v1: shipping.dispatched.v1", "shipping on shipping.dispatched.v1: shipping.delivered.v1",
		"order on shipping.delivered.v1: order.completed.v1"}
	if got := ahead(); !slices.Equal(got, want) {
		t.Errorf("ahead are %q", got)
	}
	s.say(2, fraud.Rejected, "o1", asked, "", nil)
	s.status(3, "o1", asked, "cancelled", true)
	if got := ahead(); got != nil {
		t.Errorf("after the end there are %q", got)
	}
}

func TestWhatIsPutAsideNeedsAttentionAtOnceAlsoAfterTheEnd(t *testing.T) {
	t.Parallel()
	s := shop()
	id := ""
	for _, r := range s.records {
		if r.Key == "completed" {
			id = r.ID
		}
	}
	at := &s.reports[len(s.reports)-1].Partitions[1]
	at.Parked, at.ParkedCount = []Parked{{Key: "completed", Form: "event", Type: "order.completed.v1", ID: id, Reason: "boom",
		ParkedAt: s.at(61)}}, 1
	x := s.seen()
	x.Sweep(s.at(62))
	yes := true
	if got := s.chosen(x, Filter{Attention: &yes}); !slices.Contains(got, "completed") {
		t.Errorf("attention need %v", got)
	}
	if one := summaryOf(x, "completed", s.at(62)); one.Parked != 1 {
		t.Errorf("the saga is %+v", one)
	}
}
