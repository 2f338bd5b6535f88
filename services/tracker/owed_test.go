package tracker

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"orderflow.example/schemas/inventory"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	"orderflow.example/shared/saga"
)

func TestAnEventIsOwedUntilItsHearerHasTakenItIn(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.place(0, "o1")
	s.reportAll(1)
	s.reports = s.reports[:len(s.reports)-1] // payment has not reported
	now := s.at(2)
	owed := owedBy(s.seen(), "o1", "payment", now)
	expect(t, owed, "reaction order.validated.v1")
	if o := owed["reaction order.validated.v1"]; o.Overdue || o.Cause != "" || !o.Until.Equal(s.at(3.1)) ||
		!o.Since.Equal(s.at(.1)) {
		t.Errorf("owed is %+v", o)
	}
	expect(t, owedBy(s.seen(), "o1", "inventory", now))
	late := owedBy(s.seen(), "o1", "payment", s.at(4))["reaction order.validated.v1"]
	if !late.Overdue || late.Cause != CauseConsumer ||
		!strings.Contains(late.Detail, "payment is 2 events and 4s behind on order.events/0; no process of payment has reported yet") {
		t.Errorf("owed is %+v", late)
	}
	s.report(3, "payment")
	expect(t, owedBy(s.seen(), "o1", "payment", s.at(4)))
}

func TestAPartitionThatStandsStillIsTheCauseWithItsReason(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.place(0, "o1")
	s.reportAll(1)
	s.reports = s.reports[:len(s.reports)-1]
	s.report(3, "payment", "order.events").Stopped = &Stopped{Since: s.at(2), Reason: "database: column does not exist"}
	o := owedBy(s.seen(), "o1", "payment", s.at(4))["reaction order.validated.v1"]
	if !o.Overdue || o.Cause != CauseConsumer || !strings.Contains(o.Detail, "partition 0 of payment stands still since") ||
		!strings.Contains(o.Detail, "column does not exist") {
		t.Errorf("owed is %+v", o)
	}
}

func TestAQuestionThatTheOutsideRefusedIsParked(t *testing.T) {
	t.Parallel()
	s := newScene()
	_, validated := s.place(0, "o1")
	id := s.say(1, payment.AuthorizationRequested, "o1", validated, "", nil)
	s.reportAll(2)
	at := s.report(3, "payment")
	at.Parked, at.ParkedCount = []Parked{{Key: "o1", Form: "call", Type: payment.AuthorizationRequested.Name(), ID: id,
		Reason: "status 400", ParkedAt: s.at(2)}}, 1
	o := owedBy(s.seen(), "o1", "payment", s.at(400))["call payment.authorization_requested.v1"]
	if o.Cause != CauseParked || o.Detail != "status 400" {
		t.Errorf("owed is %+v", o)
	}
}

func TestWhatAServiceSaysShowsWhatItHasTakenIn(t *testing.T) {
	t.Parallel()
	s := newScene()
	_, validated := s.place(0, "o1")
	s.say(.2, payment.AuthorizationRequested, "o1", validated, "", nil)
	for range 2 {
		expect(t, owedBy(s.seen(), "o1", "payment", s.at(1)), "call payment.authorization_requested.v1",
			"deadline payment.authorization_requested.v1")
		s.records = append(s.records[3:4:4], s.records[:3]...) // read before what it follows from
	}
}

func TestACallIsOwedUntilSomethingFollowsFromItsAnswer(t *testing.T) {
	t.Parallel()
	asked := func() (*scene, string) {
		s := newScene()
		_, validated := s.place(0, "o1")
		id := s.say(1, payment.AuthorizationRequested, "o1", validated, "", nil)
		s.reportAll(2)
		return s, id
	}
	const call, deadline = "call payment.authorization_requested.v1", "deadline payment.authorization_requested.v1"

	s, _ := asked()
	owed := owedBy(s.seen(), "o1", "payment", s.at(100))
	expect(t, owed, call, deadline)
	if o := owed[call]; o.Overdue || !o.Until.Equal(s.at(121)) || o.What != "tell what gateway.authorize answered" {
		t.Errorf("owed is %+v", o)
	}

	for _, via := range []string{"answer", "answer/3", ""} { // an old record without it has no other explanation
		s, id := asked()
		s.say(3, payment.Authorized, "o1", id, via, nil)
		expect(t, owedBy(s.seen(), "o1", "payment", s.at(100)))
	}

	s, id := asked()
	s.say(121, payment.OutcomeUnknown, "o1", id, "deadline", nil)
	expect(t, owedBy(s.seen(), "o1", "payment", s.at(122)))

	s, id = asked() // answered, and no event followed: its service no longer lists it among the open questions
	at := s.report(62, "payment")
	at.NextDeadline = s.at(121)
	expect(t, owedBy(s.seen(), "o1", "payment", s.at(63)), deadline)
	for i := range listed {
		at.Retries = append(at.Retries, Retry{ID: fmt.Sprint("other ", i)})
	}
	expect(t, owedBy(s.seen(), "o1", "payment", s.at(63)), call, deadline) // the list is full: it may be left out
	at.Retries = []Retry{{ID: id, Tries: 3, Error: "connection refused", Since: s.at(1)}}
	expect(t, owedBy(s.seen(), "o1", "payment", s.at(63)), call, deadline)
	late := owedBy(s.seen(), "o1", "payment", s.at(122))[call]
	if !late.Overdue || late.Cause != CauseConsumer { // no process has reported for a minute
		t.Errorf("owed is %+v", late)
	}
	told := s.reports[len(s.reports)-1]
	told.At = s.at(121.5)
	s.reports = append(s.reports, told)
	late = owedBy(s.seen(), "o1", "payment", s.at(122))[call]
	if late.Cause != CauseOutside ||
		late.Detail != "gateway.authorize was asked 3 times without an answer; the last time: connection refused" {
		t.Errorf("owed is %+v", late)
	}
}

func TestACallThatIsDroppedIsOwedNoMore(t *testing.T) {
	t.Parallel()
	const call, deadline = "call payment.authorization_requested.v1", "deadline payment.authorization_requested.v1"
	for name, c := range map[string]struct {
		seconds float64
		by      saga.Kind
		key     string
		owed    []string
	}{
		"by what drops it":      {3, payment.VoidRequested, "o1", []string{deadline, "call payment.void_requested.v1"}},
		"by something else":     {3, payment.CaptureFailed, "o1", []string{call, deadline}},
		"for another key":       {3, payment.VoidRequested, "part 2", []string{call, deadline, "call payment.void_requested.v1"}},
		"before it was asked":   {.5, payment.VoidRequested, "o1", []string{call, deadline, "call payment.void_requested.v1"}},
		"by what its time said": {121, payment.OutcomeUnknown, "o1", []string{deadline}},
	} {
		s := newScene()
		_, validated := s.place(0, "o1")
		if c.seconds < 1 {
			s.sayOf(c.seconds, c.by, c.key, "o1", "", "", nil)
		}
		s.say(1, payment.AuthorizationRequested, "o1", validated, "", nil)
		if c.seconds > 1 {
			s.sayOf(c.seconds, c.by, c.key, "o1", "", "", nil)
		}
		s.reportAll(c.seconds + 1)
		s.reports[len(s.reports)-1].Partitions[0].NextDeadline = s.at(121)
		t.Run(name, func(t *testing.T) {
			expect(t, owedBy(s.seen(), "o1", "payment", s.at(max(c.seconds, 2))), c.owed...)
		})
	}
}

func TestADeadlineIsOwedUntilItIsSettledReplacedTakenOffOrCarriedOut(t *testing.T) {
	t.Parallel()
	const deadline = "deadline order.validated.v1"
	scenes := map[string]func(s *scene, validated string){
		"settled":  func(s *scene, v string) { s.say(5, order.Confirmed, "o1", "", "", nil) },
		"fired":    func(s *scene, v string) { s.say(1801, order.Cancelled, "o1", v, "deadline", nil) },
		"replaced": func(s *scene, v string) { s.say(1801, order.Validated, "o1", "", "", nil) },
		"fired without anything to say": func(s *scene, v string) {
			s.report(1802, "order").NextDeadline = s.at(5000)
		},
		"the last, and fired without anything to say": func(s *scene, v string) { s.report(1802, "order") },
		"taken off": func(s *scene, v string) {
			s.report(10, "order").Moved = []Move{{ID: v, Key: "o1", Since: order.Validated.Name(), By: "op", At: s.at(9)}}
		},
	}
	for name, then := range scenes {
		s := newScene()
		_, validated := s.place(0, "o1")
		then(s, validated)
		for _, o := range s.seen().Obligations(ObligationFilter{Order: "o1", Kind: KindDeadline}, s.at(1803)) {
			if o.Event == validated {
				t.Errorf("%s: owed is %+v", name, o)
			}
		}
	}

	s := newScene()
	_, validated := s.place(0, "o1")
	s.report(10, "order").NextDeadline = s.at(1800.1)
	o := owedBy(s.seen(), "o1", "order", s.at(11))[deadline]
	if o.Overdue || !o.Until.Equal(s.at(1800.1)) {
		t.Errorf("owed is %+v", o)
	}
	s.report(1802, "order").NextDeadline = s.at(1800.1) // it has not reached it
	if o = owedBy(s.seen(), "o1", "order", s.at(1802))[deadline]; o.Overdue {
		t.Errorf("overdue before %v have passed: %+v", Grace, o)
	}
	if o = owedBy(s.seen(), "o1", "order", s.at(1804))[deadline]; !o.Overdue || o.Cause != CauseConsumer ||
		o.Detail != "order has not reached it" {
		t.Errorf("owed is %+v", o)
	}

	due := s.at(3600)
	s.report(1803, "order").Moved = []Move{{ID: validated, Key: "o1", Since: order.Validated.Name(), DueAt: &due,
		By: "op", At: s.at(1802)}}
	s.reports[len(s.reports)-1].Partitions[0].NextDeadline = due
	if o = owedBy(s.seen(), "o1", "order", s.at(1804))[deadline]; o.Overdue || !o.Until.Equal(due) {
		t.Errorf("owed is %+v", o)
	}
}

func TestADeadlineThatWasMovedAndFiredWithoutEffectIsGone(t *testing.T) {
	t.Parallel()
	s := newScene()
	_, validated := s.place(0, "o1")
	s.reportAll(1)
	early := s.report(8, "order")
	early.NextDeadline = s.at(600) // another one, due sooner than this one was
	open := func(asked Move, at float64) bool {
		x := s.seen()
		x.Asked(asked)
		_, runs, known := x.Deadline(validated, s.at(at))
		if !known || runs != (len(x.Deadlines("", s.at(at))) > 0) {
			t.Errorf("known %v, runs %v, listed %+v", known, runs, x.Deadlines("", s.at(at)))
		}
		return runs
	}
	past, later := s.at(2), s.at(5000)
	for name, due := range map[string]*time.Time{"into the past": &past, "to later, when it had fired": &later,
		"never, when it had fired": nil} {
		asked := Move{ID: validated, Key: "o1", Since: order.Validated.Name(), DueAt: due, By: "op", At: s.at(7)}
		if !open(asked, 9) {
			t.Errorf("moved %s: gone before its service can have reported it", name)
		}
		asked.At = s.at(2)
		if open(asked, 9) {
			t.Errorf("moved %s: it is gone and listed", name)
		}
		early.Moved, early.NextDeadline = []Move{asked}, s.at(2)
		if !open(asked, 1) {
			t.Errorf("moved %s: open and not listed", name)
		}
		early.Moved, early.NextDeadline = nil, s.at(600)
	}
}

func TestADeadlineTakenOffIsListedAndOwedByNobody(t *testing.T) {
	t.Parallel()
	s := newScene()
	_, validated := s.place(0, "o1")
	s.reportAll(1)
	s.report(10, "order").Moved = []Move{{ID: validated, Key: "o1", Since: order.Validated.Name(), By: "op", At: s.at(9)}}
	x := s.seen()
	expect(t, owedBy(x, "o1", "order", s.at(2000)))
	d, runs, known := x.Deadline(validated, s.at(2000))
	if !runs || !known || d.DueAt != nil || d.By != "op" || !d.At.Equal(s.at(9)) || d.Key != "o1" ||
		d.Since != order.Validated.Name() {
		t.Errorf("got %+v, runs %v, known %v", d, runs, known)
	}
	s.status(20, "o1", "", "completed", true)
	s.reportAll(21)
	x = s.seen()
	x.whole = 0
	x.Sweep(s.at(2000))
	if all := x.Deadlines("", s.at(2000)); len(all) != 1 || all[0].DueAt != nil {
		t.Errorf("the order has ended, and its deadlines are %+v", all)
	}
	s.say(2001, order.Confirmed, "o1", "", "", nil)
	if _, runs, known = s.seen().Deadline(validated, s.at(2002)); runs || !known {
		t.Errorf("settled: runs %v, known %v", runs, known)
	}
	if _, runs, known = x.Deadline("01950000-1111-7000-8000-000000000000", s.at(2000)); runs || known {
		t.Error("a deadline that never was is known")
	}
}

func TestWhatIsCommittedAndNotOnTheTopicIsOwed(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.place(0, "o1")
	s.reportAll(1)
	s.reports[len(s.reports)-1].Partitions[0].Committed = 1 // payment has committed an event that is not on its topic
	x := s.seen()
	expect(t, owedBy(x, "o1", "payment", s.at(1.5)))
	s.reports = append(s.reports, s.reports[len(s.reports)-1])
	s.reports[len(s.reports)-1].At = s.at(6)
	owed := owedBy(s.seen(), "o1", "payment", s.at(7))
	expect(t, owed, "publication order.validated.v1")
	if o := owed["publication order.validated.v1"]; !o.Overdue || o.Cause != CausePublisher || !o.Since.Equal(s.at(1)) ||
		o.Detail != "payment has committed 1 events that are not on its topic, for 6s" {
		t.Errorf("owed is %+v", o)
	}
	if stuck := summaryOf(s.seen(), "o1", s.at(7)).Stuck; stuck == nil || stuck.Cause != CausePublisher ||
		stuck.Service != "payment" {
		t.Errorf("stuck: %+v", stuck)
	}
}

func TestParkedIsToldFromBehind(t *testing.T) {
	t.Parallel()
	s := newScene()
	_, validated := s.place(0, "o1")
	s.reportAll(1)
	at := &s.reports[len(s.reports)-1].Partitions[0]
	at.ParkedCount, at.Parked = 1, []Parked{{Key: "o1", Form: "event", Type: order.Validated.Name(), ID: validated,
		Reason: "panic: nil map", ParkedAt: s.at(1)}}
	o := owedBy(s.seen(), "o1", "payment", s.at(4))["reaction order.validated.v1"]
	if !o.Overdue || o.Cause != CauseParked || o.Detail != "panic: nil map" {
		t.Errorf("owed is %+v", o)
	}
	s.report(5, "payment") // redriven
	expect(t, owedBy(s.seen(), "o1", "payment", s.at(6)))
}

func TestAHoleOnATopicIsToldFromAServiceThatIsSlow(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.place(0, "o1")
	s.report(1, "payment", "order.events")
	lost := s.records[1] // number 1 of order.events, which is there to be read again later
	s.records = append(s.records[:1:1], s.records[2:]...)
	o := owedBy(s.seen(), "o1", "storefront", s.at(4))["reaction order.status_changed.v1"]
	if o.Cause != CauseNeverProduced || o.Detail != "number 1 of order.events/0 is missing on the topic; what comes after it waits" {
		t.Errorf("owed is %+v", o)
	}
	s.records = append(s.records, lost)
	if o = owedBy(s.seen(), "o1", "storefront", s.at(4))["reaction order.status_changed.v1"]; o.Cause != CauseConsumer {
		t.Errorf("owed is %+v", o)
	}
}

func TestASagaThatNobodyOwesAnythingIsStuck(t *testing.T) {
	t.Parallel()
	s := newScene()
	_, validated := s.place(0, "o1")
	s.say(1, order.Confirmed, "o1", validated, "", nil)
	s.reportAll(2)
	x := s.seen()
	stuck := func(now time.Time) *Stuck { return summaryOf(x, "o1", now).Stuck }
	if got := stuck(s.at(3)); got != nil {
		t.Errorf("stuck after two seconds: %+v", got)
	}
	if got := stuck(s.at(5)); got == nil || got.Cause != CauseNeverProduced || !got.Since.Equal(s.at(1)) ||
		!strings.HasSuffix(got.Detail, "on its way is order.confirmed.v1") {
		t.Errorf("stuck: %+v", got)
	}
	s.status(6, "o1", "", "completed", true)
	s.reportAll(7)
	x = s.seen()
	if got := stuck(s.at(60)); got != nil {
		t.Errorf("a saga that has ended is stuck: %+v", got)
	}
}

func TestEventsAboutAProductOfItsOwnAreNoSagaAndThoseOfAnOrderAre(t *testing.T) {
	t.Parallel()
	s := newScene()
	_, validated := s.place(0, "o1")
	s.sayOf(1, inventory.StockChanged, "tea", "o1", validated, "", nil)
	s.sayOf(1, inventory.StockChanged, "tea", "tea", "", "", nil)
	x := s.seen()
	if len(x.sagas) != 1 || len(x.Places("o1")) != 4 || x.Places("tea") != nil {
		t.Errorf("%d sagas, %d events of the order", len(x.sagas), len(x.Places("o1")))
	}
}

func TestTheCausesAreToldApart(t *testing.T) {
	t.Parallel()
	parked := &Parked{Reason: "refused"}
	try := &Retry{Tries: 7, Error: "HTTP 503"}
	for name, c := range map[string]struct {
		e             evidence
		cause, detail string
	}{
		"parked goes before everything": {evidence{kind: KindReaction, parked: parked, missing: "number 3 of a/0",
			silence: time.Minute}, CauseParked, "refused"},
		"waits behind a parked one": {evidence{kind: KindCall, parked: &Parked{}}, CauseParked,
			"waits behind an earlier event that is parked"},
		"a hole": {evidence{kind: KindReaction, missing: "number 3 of a/0", events: 4}, CauseNeverProduced,
			"number 3 of a/0 is missing on the topic; what comes after it waits"},
		"slow": {evidence{kind: KindReaction, service: "payment", topic: "order.events/2", events: 4,
			age: 12 * time.Second, running: true},
			CauseConsumer, "payment is 4 events and 12s behind on order.events/2"},
		"gone": {evidence{kind: KindReaction, service: "payment", topic: "order.events/2", events: 4, age: 12 * time.Second,
			silence: 13 * time.Second},
			CauseConsumer, "payment is 4 events and 12s behind on order.events/2; no process of payment has reported for 13s"},
		"one process of several is gone": {evidence{kind: KindDeadline, service: "payment", partition: 2,
			silence: 13 * time.Second, running: true},
			CauseConsumer, "no process has worked on partition 2 of payment for 13s"},
		"a call of a service that is gone": {evidence{kind: KindCall, service: "payment", silence: 13 * time.Second,
			try: try, unpublished: 3},
			CauseConsumer, "no process of payment has reported for 13s"},
		"a call whose answer may be committed": {evidence{kind: KindCall, service: "payment", unpublished: 3, since: 5 * time.Second,
			running: true, try: try},
			CausePublisher, "payment has committed 3 events that are not on its topic, for 5s"},
		"a call refused": {evidence{kind: KindCall, question: "gateway.void", try: try, running: true}, CauseOutside,
			"gateway.void was asked 7 times without an answer; the last time: HTTP 503"},
		"a call unanswered": {evidence{kind: KindCall, question: "gateway.void", running: true}, CauseOutside,
			"nothing has answered gateway.void"},
		"a deadline": {evidence{kind: KindDeadline, service: "order", running: true}, CauseConsumer, "order has not reached it"},
		"unpublished and gone": {evidence{kind: KindPublication, service: "order", unpublished: 2, since: time.Second, silence: -1},
			CausePublisher, "order has committed 2 events that are not on its topic, for 1s; no process of order has reported yet"},
	} {
		if cause, detail := why(c.e); cause != c.cause || detail != c.detail {
			t.Errorf("%s: %s: %s", name, cause, detail)
		}
	}
}

func TestAProcessThatLeavesIsGoneAtOnceAndASilentOneAfterThreeReports(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.place(0, "o1")
	s.report(1, "payment", "order.events")
	x := s.seen()
	payment := x.services["payment"]
	if x.silence(payment, 0, s.at(9.9)) != 0 || x.silence(payment, 0, s.at(10.1)) != 9100*time.Millisecond ||
		x.running(payment, s.at(10.1)) {
		t.Error("a silent process counts wrongly")
	}
	x.Report(Report{Service: "payment", Process: "payment-1", At: s.at(2), Every: 3 * time.Second, Leaving: true})
	if x.silence(payment, 0, s.at(3)) != time.Second || x.running(payment, s.at(3)) {
		t.Error("a process that has left still counts")
	}
	next := Report{Service: "payment", Process: "payment-2", At: s.at(3), Every: 3 * time.Second,
		Partitions: []Progress{{Partition: 0, Epoch: 2}}}
	x.Report(next)
	old := next
	old.Process, old.At, old.Partitions = "payment-1", s.at(4),
		[]Progress{{Partition: 0, Epoch: 1, Applied: map[string]int64{"order.events": 99}}}
	x.Report(old)
	if x.silence(payment, 0, s.at(4)) != 0 || x.reached(payment, x.places[x.place("order.events", 0)]) != 0 {
		t.Error("a former owner's report counts")
	}
	old.At, old.Process = s.at(20), "payment-3"
	x.Report(old)
	if x.silence(payment, 0, s.at(21)) != 0 || x.reached(payment, x.places[x.place("order.events", 0)]) != 99 {
		t.Error("after a new database no report counts")
	}
}
