package tracker

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"orderflow.example/schemas/inventory"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
)

// shop is a scene with orders in every kind of state: completed, cancelled with its payment voided, and three on their
// way. The events of each come from several topics.
func shop() *scene {
	s := newScene()
	for i, id := range []string{"completed", "cancelled", "asked", "placed", "voiding"} {
		at := float64(i) * 10
		placed, validated := s.place(at, id)
		if id == "placed" {
			continue
		}
		s.sayOf(at+.2, inventory.StockChanged, "tea", id, validated, "", nil)
		asked := s.say(at+.3, payment.AuthorizationRequested, id, validated, "", nil)
		if id == "asked" {
			continue
		}
		paid := s.say(at+1, payment.Authorized, id, asked, "answer/2", payment.AuthorizedV1{Attempt: asked, Amount: price})
		s.say(at+1.1, order.Confirmed, id, paid, "", nil)
		if id == "completed" {
			s.status(at+1.2, id, paid, "completed", true)
			continue
		}
		cancelled := s.say(at+1.3, order.Cancelled, id, placed, "", order.CancelledV1{Reason: "customer_request"})
		s.status(at+1.3, id, placed, "cancelling", false)
		wish := s.say(at+1.4, payment.VoidRequested, id, cancelled, "", nil)
		if id == "voiding" {
			continue
		}
		voided := s.say(at+1.5, payment.Voided, id, wish, "answer", payment.VoidedV1{Attempt: asked, Amount: &price})
		s.status(at+1.6, id, voided, "cancelled", true)
	}
	s.reportAll(60)
	s.report(61, "payment").Retries = []Retry{{ID: s.records[len(s.records)-1].ID, Tries: 4, Error: "HTTP 503"}}
	return s
}

// records are the records at an order's places.
func (s *scene) of(x *Index, id string) (records []Record) {
	for _, at := range x.Places(id) {
		for _, r := range s.records {
			if r.Topic == at.Topic && r.Partition == at.Partition && r.Offset == at.Offset {
				records = append(records, r)
			}
		}
	}
	return records
}

func (s *scene) tell(t *testing.T, x *Index, id string) Saga {
	t.Helper()
	told, found := x.Saga(id, s.of(x, id), s.at(100))
	if !found {
		t.Fatalf("there is no saga of %s", id)
	}
	return told
}

// everything is the answer of an index to every query, as text.
func (s *scene) everything(t *testing.T, x *Index) string {
	t.Helper()
	now := s.at(100)
	list, _, _ := x.Sagas(Filter{}, nil, 100, now)
	all := []any{list, x.Obligations(ObligationFilter{}, now), x.Deadlines("", now)}
	for _, one := range list {
		all = append(all, s.tell(t, x, one.Order))
	}
	text, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTheAnswerDoesNotDependOnTheOrderInWhichTopicsAreRead(t *testing.T) {
	t.Parallel()
	s := shop()
	want := s.everything(t, s.seen())
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		x := New(machines())
		x.whole = r.IntN(3) // and not on what is forgotten on the way
		records, reports := s.shuffled(r), slices.Clone(s.reports)
		for len(records)+len(reports) > 0 {
			switch n := r.IntN(len(records) + len(reports) + 1); {
			case n == 0:
				x.Sweep(s.at(100))
			case n <= len(records):
				x.Add(&records[0])
				if r.IntN(4) > 0 { // else it comes once more
					records = records[1:]
				}
			default:
				x.Report(reports[0])
				reports = reports[1:]
			}
		}
		if got := s.everything(t, x); got != want {
			t.Fatalf("seed %d: got\n%s\nwant\n%s", seed, got, want)
		}
	}
}

func TestAStoryTellsEveryEventAfterItsCauseWithTheRowItCameFrom(t *testing.T) {
	t.Parallel()
	s := shop()
	told := s.tell(t, s.seen(), "cancelled")
	var got []string
	for _, e := range told.Events {
		got = append(got, fmt.Sprintf("%d %s by %d: %s %s %s %d %v", e.N, e.Type, e.CausedBy, e.Reaction.Form, e.Reaction.On,
			e.Reaction.Question, e.Reaction.Tries, e.Compensates))
	}
	want := []string{
		"1 storefront.order_placed.v1 by 0: command place_order  0 []",
		"2 order.validated.v1 by 1: on storefront.order_placed.v1  0 []",
		"3 order.status_changed.v1 by 1: on storefront.order_placed.v1  0 []",
		"4 inventory.stock_changed.v1 by 2: on order.validated.v1  0 []",
		"5 payment.authorization_requested.v1 by 2: on order.validated.v1  0 []",
		"6 payment.authorized.v1 by 5: answer payment.authorization_requested.v1 gateway.authorize 2 []",
		"7 order.confirmed.v1 by 6: on payment.authorized.v1  0 []",
		"8 order.cancelled.v1 by 1: on storefront.order_placed.v1  0 []",
		"9 order.status_changed.v1 by 1: on storefront.order_placed.v1  0 []",
		"10 payment.void_requested.v1 by 8: on order.cancelled.v1  0 [payment.authorized.v1]",
		"11 payment.voided.v1 by 10: answer payment.void_requested.v1 gateway.void 1 []",
		"12 order.status_changed.v1 by 11: on payment.voided.v1  0 []",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if len(told.Compensations) != 1 || told.Compensations[0].N != 10 || told.Compensations[0].Because != order.Cancelled.Name() {
		t.Errorf("compensations are %+v", told.Compensations)
	}
	if told.State != "cancelled" || told.EndedAt == nil || !told.EndedAt.Equal(s.at(11.6)) || !told.BeganAt.Equal(s.at(10)) ||
		told.Stuck != nil || told.Owed != 0 {
		t.Errorf("told %+v", told.Summary)
	}
}

func TestAStoryTellsWhatIsAskedAndHowOften(t *testing.T) {
	t.Parallel()
	s := shop()
	calls := s.tell(t, s.seen(), "voiding").Calls
	if len(calls) != 2 {
		t.Fatalf("got %+v", calls)
	}
	paid, voided := calls[0], calls[1]
	if paid.Question != "gateway.authorize" || paid.Tries != 2 || paid.Outcome != payment.Authorized.Name() ||
		!paid.AnsweredAt.Equal(s.at(41)) || paid.Overdue {
		t.Errorf("got %+v", paid)
	}
	if voided.Question != "gateway.void" || voided.Tries != 4 || voided.LastError != "HTTP 503" || voided.AnsweredAt != nil ||
		voided.Outcome != "" {
		t.Errorf("got %+v", voided)
	}
}

func TestACauseStandsBeforeItsEffectsWhateverTheClocksSay(t *testing.T) {
	t.Parallel()
	s := newScene()
	placed := s.say(5, order.Validated, "o1", "", "", nil)
	next := s.say(3, payment.AuthorizationRequested, "o1", placed, "", nil) // by a clock that is late
	s.say(4, payment.Authorized, "o1", next, "answer", nil)
	s.say(1, payment.VoidRequested, "o1", "", "", nil) // later on its topic
	for seed := range uint64(50) {
		records := slices.Clone(s.records)
		r := rand.New(rand.NewPCG(seed, 1))
		r.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
		records = append(records, records[r.IntN(len(records))]) // and one is there twice
		var types []string
		for _, rec := range inCausalOrder(records) {
			types = append(types, rec.Type)
		}
		if want := []string{order.Validated.Name(), payment.AuthorizationRequested.Name(), payment.Authorized.Name(),
			payment.VoidRequested.Name()}; !slices.Equal(types, want) {
			t.Fatalf("got %v", types)
		}
	}
	ring := []Record{{ID: "a", Cause: "b", Topic: "x"}, {ID: "b", Cause: "a", Topic: "y"}}
	if got := inCausalOrder(ring); len(got) != 2 {
		t.Errorf("a cycle of causes hides events: %v", got)
	}
}

func TestAStoryShowsWhatEachEventChangedAndNothingPersonal(t *testing.T) {
	t.Parallel()
	s := shop()
	told := s.tell(t, s.seen(), "completed")
	validated := told.Events[1]
	if len(validated.Changes) != 2 {
		t.Errorf("changes are %+v", validated.Changes)
	}
	if got := validated.Changes["Said"]; got.Before != nil || !reflect.DeepEqual(got.After, []any{order.Validated.Name()}) {
		t.Errorf("changes are %+v", got)
	}
	if got := validated.Changes["ShipTo"]; got.After != withheld {
		t.Errorf("an address is shown: %+v", got)
	}
	text, err := json.Marshal(told)
	if err != nil {
		t.Fatal(err)
	}
	for _, personal := range []string{"Ada", "Long Road", "LS1", "ada@", "tok_ok", "ship_to", "email", "payment_token"} {
		if strings.Contains(string(text), personal) {
			t.Errorf("the story contains %q", personal)
		}
	}
	if data := validated.Data.(map[string]any); data["customer_id"] != "c1" {
		t.Errorf("data is %v", data)
	}
}

func TestAnEventThatNobodyDeclaresIsToldWithoutItsContent(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.place(0, "o1")
	x := s.seen()
	stray := Record{Topic: "gift.events", Sequence: 1, ID: "g1", Type: "gift.wrapped.v1", Key: "o1", Saga: "o1", Time: s.at(1),
		Data: []byte(`{"note":"to Ada"}`)}
	x.Add(&stray)
	s.records = append(s.records, stray)
	told := s.tell(t, x, "o1")
	if last := told.Events[len(told.Events)-1]; last.Type != stray.Type || last.Service != "gift" || last.Data != nil {
		t.Errorf("got %+v", last)
	}
}

func TestWhatEndedIsKeptInAFewBytesAndToldAsBefore(t *testing.T) {
	t.Parallel()
	s := shop()
	x := s.seen()
	before := s.everything(t, x)
	x.whole = 0
	x.Sweep(s.at(100))
	kept := x.sagas[IDOf("completed")]
	if kept.entries != nil || len(kept.packed) == 0 || len(kept.packed) > 40 {
		t.Errorf("%d events are kept whole, the others in %d bytes", len(kept.entries), len(kept.packed))
	}
	if x.sagas[IDOf("asked")].entries == nil {
		t.Error("an open saga is not kept whole")
	}
	if after := s.everything(t, x); after != before {
		t.Errorf("got\n%s\nwant\n%s", after, before)
	}
	late := s.say(200, payment.VoidRequested, "completed", "", "", nil)
	r := s.records[len(s.records)-1]
	x.Add(&r)
	expect(t, owedBy(x, "completed", "payment", s.at(201)), "call "+payment.VoidRequested.Name())
	if told := s.tell(t, x, "completed"); told.Events[len(told.Events)-1].ID != late || told.EndedAt == nil {
		t.Errorf("told %+v", told.Events)
	}
}

func TestWhatEndedAndOwesAgainIsKeptWhole(t *testing.T) {
	t.Parallel()
	s := shop()
	x := s.seen()
	x.Sweep(s.at(100))
	s.say(101, payment.VoidRequested, "completed", "", "", nil)
	s.reportAll(102)
	x.Add(&s.records[len(s.records)-1])
	for _, told := range s.reports {
		x.Report(told)
	}
	x.whole = 0
	x.Sweep(s.at(103))
	expect(t, owedBy(x, "completed", "payment", s.at(104)), "call "+payment.VoidRequested.Name())
}

func TestASagaHasEndedWhenItFirstWasInAFinalState(t *testing.T) {
	t.Parallel()
	s := shop()
	s.status(300, "completed", "", "returned", true)
	told := s.tell(t, s.seen(), "completed")
	if told.State != "returned" || !told.EndedAt.Equal(s.at(1.2)) {
		t.Errorf("told %+v", told.Summary)
	}
	s.status(301, "completed", "", "shipped", false)
	if told = s.tell(t, s.seen(), "completed"); told.State != "shipped" || told.EndedAt != nil {
		t.Errorf("told %+v", told.Summary)
	}
}

func TestWhatWasNeverDoneIsNotUndone(t *testing.T) {
	t.Parallel()
	s := newScene()
	placed, _ := s.place(0, "o1")
	cancelled := s.say(1, order.Cancelled, "o1", placed, "", nil)
	s.say(2, payment.VoidRequested, "o1", cancelled, "", nil)
	told := s.tell(t, s.seen(), "o1")
	if len(told.Compensations) != 0 || told.Events[4].Compensates != nil {
		t.Errorf("compensations are %+v", told.Compensations)
	}
}

func TestSagasAreListedNewestFirstAndFiltered(t *testing.T) {
	t.Parallel()
	s := shop()
	x := s.seen()
	now := s.at(100)
	page := func(f Filter) (orders []string) {
		var after *Mark
		for {
			list, next, more := x.Sagas(f, after, 2, now)
			for _, one := range list {
				orders = append(orders, one.Order)
			}
			if !more {
				return orders
			}
			after = next
		}
	}
	yes, no := true, false
	for _, c := range []struct {
		f    Filter
		want []string
	}{
		{Filter{}, []string{"voiding", "placed", "asked", "cancelled", "completed"}},
		{Filter{State: "placed"}, []string{"placed", "asked"}},
		{Filter{Prefix: "c"}, []string{"cancelled", "completed"}},
		{Filter{Stuck: &no}, []string{"placed", "asked", "cancelled", "completed", "voiding"}},
		{Filter{State: "lost"}, nil},
		{Filter{Open: &yes}, []string{"voiding", "placed", "asked"}},
		{Filter{Open: &no}, []string{"cancelled", "completed"}},
	} {
		got := page(c.f)
		if c.f.Stuck != nil {
			slices.Sort(got)
			slices.Sort(c.want)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%+v: got %v, want %v", c.f, got, c.want)
		}
	}
	now = s.at(4000)
	if got := page(Filter{Stuck: &yes}); !slices.Equal(got, []string{"voiding", "placed", "asked"}) {
		t.Errorf("stuck are %v", got)
	}
	if got := x.Obligations(ObligationFilter{Overdue: &yes, Service: "payment", Kind: KindCall, Cause: CauseConsumer},
		now); len(got) != 2 || got[0].Order != "asked" || got[1].Order != "voiding" {
		t.Errorf("owed are %+v", got)
	}
}

func TestFiguresCountWhatIsOpenAndOverdue(t *testing.T) {
	t.Parallel()
	s := shop()
	x := New(machines())
	var ended []string
	x.Ended = func(_ ID, outcome string, took time.Duration) { ended = append(ended, outcome+" "+took.String()) }
	var reasons []string
	x.Cancelled = func(reason string) { reasons = append(reasons, reason) }
	for _, r := range s.records {
		x.Add(&r)
	}
	for _, told := range s.reports {
		x.Report(told)
	}
	f := x.Sweep(s.at(62))
	if want := map[string]int{"placed": 2, "cancelling": 1}; f.Sagas != 5 || !reflect.DeepEqual(f.Open, want) {
		t.Errorf("figures are %+v", f)
	}
	if want := map[string]int{"storefront": 0, "order": 0, "inventory": 0, "payment": 0}; !reflect.DeepEqual(f.Overdue, want) {
		t.Errorf("overdue are %v", f.Overdue)
	}
	if got := x.Sweep(s.at(4000)).Overdue; got["payment"] != 3 || got["order"] != 2 {
		t.Errorf("overdue are %v", got)
	}
	if !slices.Equal(ended, []string{"completed 1.2s", "cancelled 1.6s"}) ||
		!slices.Equal(reasons, []string{"customer_request", "customer_request"}) {
		t.Errorf("ended %v, cancelled %v", ended, reasons)
	}
}

func TestIDsAreWrittenAsTheyWereRead(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"01a20f9d-51bd-779b-91c0-1cec2d7dd455", "00000000-0000-0000-0000-000000000001"} {
		if got := IDOf(text).String(); got != text {
			t.Errorf("%s became %s", text, got)
		}
	}
	seen := map[ID]string{{}: "nothing"}
	for _, text := range []string{"o1", "O1", "01A20F9D-51BD-779B-91C0-1CEC2D7DD455", "01a20f9d-51bd-779b-91c0-1cec2d7dd455",
		"01a20f9d051bd-779b-91c0-1cec2d7dd455", "01a20f9g-51bd-779b-91c0-1cec2d7dd455"} {
		if other, twice := seen[IDOf(text)]; twice {
			t.Errorf("%s and %s are one", text, other)
		}
		seen[IDOf(text)] = text
	}
}

func TestNumbersThatAreMissingAreKnownUntilTheyTurnUp(t *testing.T) {
	t.Parallel()
	p := &place{}
	for _, n := range []int64{1, 2, 10, 5} {
		if !p.take(n) || p.take(n) {
			t.Fatalf("%d is taken wrongly", n)
		}
	}
	for _, c := range [][3]int64{{0, 10, 3}, {3, 10, 4}, {4, 10, 6}, {9, 10, 0}, {0, 3, 0}, {0, 4, 3}} {
		if got := p.hole(c[0], c[1]); got != c[2] {
			t.Errorf("the hole above %d, below %d is %d, want %d", c[0], c[1], got, c[2])
		}
	}
	for _, n := range []int64{3, 4, 6, 9, 7, 8} {
		if !p.take(n) {
			t.Fatalf("%d is not taken", n)
		}
	}
	if len(p.missing) != 0 || p.take(0) || p.take(-1) {
		t.Errorf("missing are %v", p.missing)
	}
}
