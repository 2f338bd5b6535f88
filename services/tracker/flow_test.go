package tracker

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
)

func edgeOf(t *testing.T, f Flow, topic, service string) Edge {
	t.Helper()
	for _, e := range f.Edges {
		if e.Topic == topic && e.Service == service {
			return e
		}
	}
	t.Fatalf("%s does not hear %s: %+v", service, topic, f.Edges)
	return Edge{}
}

func TestTheFlowIsWhatServicesHearOfEachOther(t *testing.T) {
	t.Parallel()
	var got []string
	for _, e := range New(machines()).Flow(time.Now()).Edges {
		got = append(got, e.Topic+" "+e.Service)
	}
	want := []string{"order.events inventory", "order.events payment", "order.events storefront", "payment.events order",
		"storefront.events order"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestRatesAreOfTheMinuteThatIsOverAndOfTheTypesThatAreHeard(t *testing.T) {
	t.Parallel()
	s := newScene()
	for i := range 3 { // at 0, 20 and 40 s
		s.place(float64(20*i), fmt.Sprint("o", i))
	}
	for seconds, want := range map[float64]float64{0.5: 0, 1: 1, 45: 3, 65: 2, 85: 1, 200: 0} {
		f := s.seen().Flow(s.at(seconds))
		e := edgeOf(t, f, "order.events", "inventory")
		if e.PerMinute != want || !slices.Equal(e.Events, []Rate{{order.Validated.Name(), want}}) {
			t.Errorf("after %v s: %+v, want %v of one type a minute", seconds, e, want)
		}
		if e := edgeOf(t, f, "order.events", "storefront"); e.PerMinute != want { // it hears another type of the topic
			t.Errorf("after %v s: %+v", seconds, e)
		}
	}
}

func TestHowFarAServiceIsBehindIsToldForEachTopicAndPartition(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.place(0, "o1")
	s.reportAll(1)
	e := edgeOf(t, s.seen().Flow(s.at(2)), "order.events", "payment")
	if e.LagEvents != 0 || e.LagSeconds == nil || *e.LagSeconds != 0 {
		t.Errorf("of one that has processed all: %+v", e)
	}
	s.place(10, "o2")
	s.place(12.5, "tea") // in the other partition
	s.place(14, "o3")
	e = edgeOf(t, s.seen().Flow(s.at(20)), "order.events", "payment")
	if e.LagEvents != 6 || e.LagSeconds == nil || *e.LagSeconds < 9.8 || *e.LagSeconds > 11 || e.Overdue != 3 {
		t.Errorf("of one that has not reported for long: %+v", e)
	}
	if len(e.Partitions) != 2 || e.Partitions[0].LagEvents != 4 || e.Partitions[1].LagEvents != 2 ||
		e.Partitions[0].Silent < 18 || e.Partitions[0].Owner != "" {
		t.Errorf("its partitions are %+v", e.Partitions)
	}
	s.report(20, "payment")
	e = edgeOf(t, s.seen().Flow(s.at(21)), "order.events", "payment")
	if e.LagEvents != 0 || *e.LagSeconds != 0 || e.Overdue != 0 ||
		e.Partitions[0].Owner != "payment-1" || e.Partitions[0].Silent != 0 {
		t.Errorf("once it has processed them: %+v", e)
	}
}

func TestHowFarAServiceIsThatNeverReportedIsNotKnown(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.place(0, "o1")
	s.report(1, "order")
	f := s.seen().Flow(s.at(2))
	if e := edgeOf(t, f, "order.events", "payment"); e.LagSeconds != nil || e.LagEvents != 2 || e.Partitions[0].Owner != "" {
		t.Errorf("got %+v", e)
	}
	if want := []string{"inventory", "payment", "storefront"}; !slices.Equal(f.Silent, want) {
		t.Errorf("silent are %v, want %v", f.Silent, want)
	}
	want := []Process{{Service: "order", Process: "order-1", At: s.at(1), Partitions: []int{0, 1}}}
	if !reflect.DeepEqual(f.Processes, want) {
		t.Errorf("the processes are %+v", f.Processes)
	}
	if late := s.seen().Flow(s.at(30)); len(late.Processes) != 1 || !late.Processes[0].Silent || len(late.Silent) != 4 {
		t.Errorf("long after its report: %+v %v", late.Processes, late.Silent)
	}
}

func TestWhatIsParkedIsCountedOnItsEdgeAndNotAsOverdue(t *testing.T) {
	t.Parallel()
	s := newScene()
	_, validated := s.place(0, "o1")
	s.reportAll(1)
	s.reports = s.reports[:len(s.reports)-1]
	at := s.report(1, "payment")
	at.Parked, at.ParkedCount = []Parked{{Key: "o1", Form: "event", Type: order.Validated.Name(), ID: validated,
		Reason: "status 400", ParkedAt: s.at(1)}}, 1
	if e := edgeOf(t, s.seen().Flow(s.at(9)), "order.events", "payment"); e.Parked != 1 || e.Overdue != 0 || e.LagEvents != 0 {
		t.Errorf("got %+v", e)
	}
}

func TestQuestionsToOutsidePartiesAreCounted(t *testing.T) {
	t.Parallel()
	s := newScene()
	for i, took := range []float64{1, 2, -1} {
		id := fmt.Sprint("o", i)
		_, validated := s.place(0, id)
		asked := s.say(1, payment.AuthorizationRequested, id, validated, "", nil)
		if took > 0 {
			s.say(1+took, payment.Authorized, id, asked, "answer/2", nil)
		}
	}
	s.reportAll(4)
	for _, c := range s.seen().Flow(s.at(10)).Calls {
		switch c.Question {
		case "gateway.authorize":
			if c.Service != "payment" || c.PerMinute != 3 || c.Answered != 2 || c.P95 == nil || *c.P95 < 1.75 || *c.P95 > 2.25 ||
				c.Open != 1 || c.Oldest != 9 {
				t.Errorf("got %+v", c)
			}
		case "gateway.void":
			if c.PerMinute != 0 || c.P95 != nil || c.Open != 0 {
				t.Errorf("got %+v", c)
			}
		default:
			t.Errorf("nobody asks %s", c.Question)
		}
	}
}

func TestTheFlowIsTheSameInWhateverOrderTheTopicsAreRead(t *testing.T) {
	t.Parallel()
	s := shop()
	want := s.seen().Flow(s.at(62))
	for seed := range uint64(20) {
		x := New(machines())
		for _, told := range s.reports {
			x.Report(told)
		}
		for _, r := range s.shuffled(rand.New(rand.NewPCG(seed, 0))) {
			x.Add(&r)
		}
		if got := x.Flow(s.at(62)); !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	}
}

func TestALongLagIsKnownFromFewDates(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.report(0, "inventory")
	const records = 20_000
	for i := range records {
		s.sayOf(float64(10*i), order.Confirmed, "o1", "o1", "", "", nil)
	}
	x := s.seen()
	if n := len(x.places[x.placeOf[where{"order.events", 0}]].dated); n > datedKept {
		t.Errorf("%d dates are kept", n)
	}
	if e := edgeOf(t, x.Flow(s.at(10*records)), "order.events", "inventory"); e.LagEvents != records || *e.LagSeconds != 10*records {
		t.Errorf("one that has processed nothing: %d events, %v s", e.LagEvents, *e.LagSeconds)
	}
	for _, m := range machines() {
		s.report(10*records, m.Service)
	}
	for _, told := range s.reports {
		told.Partitions[0].Applied["order.events"] = records - 100
		x.Report(told)
	}
	e := edgeOf(t, x.Flow(s.at(10*records)), "order.events", "inventory")
	if e.LagEvents != 100 || *e.LagSeconds < 1000 || *e.LagSeconds > 1010 {
		t.Errorf("one that is 100 events behind: %d events, %v s", e.LagEvents, *e.LagSeconds)
	}
	last := s.records[len(s.records)-1]
	last.Sequence, last.Time, last.ID = last.Sequence+1, s.at(10*records), "next"
	x.Add(&last)
	if n := len(x.places[x.placeOf[where{"order.events", 0}]].dated); n > 110 {
		t.Errorf("%d dates are kept of what all have processed", n)
	}
}
