package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/explore"
)

// notices is a service that confirms an order, or cancels it where it is not confirmed, and tells the customer of what is
// confirmed. A hasty one tells him as soon as it has heard of the order.
func (b *bed) notices(hasty bool) *saga.Machine {
	n := b.names
	confirmed, cancelled := n.promised, n.settled
	const noted, sure, off = 1, 2, 3
	is := func(s tally, what int64) bool { return slices.Contains(s.Seen, what) }
	tells := confirmed
	if hasty {
		tells = n.counted
	}
	return saga.Choreography[tally]{
		Service: n.service,
		Blank:   func(key string) tally { return tally{Key: key} },
		Evolve: func(s tally, e saga.Event) tally {
			if what := map[string]int64{n.counted.Name(): noted, confirmed.Name(): sure, cancelled.Name(): off}[e.Type]; what != 0 {
				s.Seen = append(append([]int64(nil), s.Seen...), what)
			}
			return s
		},
		Rows: []saga.Row{
			saga.On(n.sent, func(s tally, e sentV1) []saga.Event {
				switch {
				case is(s, sure), is(s, off):
					return nil
				case e.Do == "confirm":
					return []saga.Event{confirmed.Of(countedV1{e.N})}
				case e.Do == "cancel":
					return []saga.Event{cancelled.Of(countedV1{e.N})}
				case is(s, noted):
					return nil
				}
				return []saga.Event{n.counted.Of(countedV1{e.N})}
			}, n.counted, confirmed, cancelled),
			saga.On(tells, func(_ tally, e countedV1) []saga.Event { return []saga.Event{n.asked.Of(e)} }, n.asked),
			saga.Call(n.asked, n.question, func(_ tally, a countedV1) []saga.Event { return []saga.Event{n.told.Of(a)} }, n.told).
				Irrevocably().Past(confirmed).UntilAnswered(time.Hour),
		},
	}.Machine()
}

func TestOnlyWhatIsPastItsNamedPivotIsTold(t *testing.T) {
	b := newBed(t)
	m := b.notices(false)
	b.start(running(m))
	stories := map[string][]sentV1{
		"confirmed": {{N: 1}, {N: 2, Do: "confirm"}, {N: 3, Do: "cancel"}},
		"cancelled": {{N: 1}, {N: 2, Do: "cancel"}, {N: 3, Do: "confirm"}},
		"at once":   {{N: 4, Do: "confirm"}, {N: 5}},
		"open":      {{N: 6}},
	}
	want := map[string][]int64{"confirmed": {2}, "at once": {4}}
	for key, story := range stories {
		b.send(key, story...)
	}
	for key, told := range want {
		b.eventually(key+" is told", func() bool { return equal(b.published(b.names.told, key), told) })
	}
	for key := range stories {
		b.eventually(key+" is settled", func() bool { return len(b.seen(key)) > 0 })
		if asked := b.published(b.names.asked, key); !equal(asked, want[key]) {
			t.Errorf("of %s %v was told, want %v", key, asked, want[key])
		}
	}
	b.foldEqualsRows(m)
	if v := explore.Explore(b.everyOrderOf(m), explore.Options{}).Violation; v != nil {
		t.Error(v)
	}
	early := "does what cannot be taken back before " + strings.TrimSuffix(b.names.promised.Name(), ".v1")
	if v := explore.Explore(b.everyOrderOf(b.notices(true)), explore.Options{}).Violation; v == nil ||
		!strings.Contains(v.Why, early) {
		t.Errorf("a hasty one is found fault with for %v", v)
	}
}

// everyOrderOf is every order in which what the feeder sends may come.
func (b *bed) everyOrderOf(m *saga.Machine) explore.Model {
	model := explore.Model{Key: "k", Machines: []explore.Machine{{Machine: m}}, Outside: []explore.Outside{{
		Name: "the customer", Asked: []string{b.names.question.Name()}, Start: 0,
		Act: func(told any, _ string, _ saga.Event) []explore.Outcome {
			return []explore.Outcome{{Does: "reads it", State: told.(int) + 1, Answer: countedV1{1}}}
		}}}}
	orders := [][]string{{"", "confirm", "cancel"}, {"cancel", "", "confirm"}, {"confirm", "cancel", ""}, {"", "cancel", "confirm"}}
	for _, order := range orders {
		root := explore.Root{Name: strings.Join(order, ", ")}
		for i, do := range order {
			e := b.names.sent.Of(sentV1{N: int64(i), Do: do})
			e.ID = "sent " + do
			root.Told = append(root.Told, explore.Told{Event: e})
		}
		model.Roots = append(model.Roots, root)
	}
	return model
}
