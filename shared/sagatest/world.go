package sagatest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"orderflow.example/shared/saga"
)

// Keeper holds the states of one machine. engine.States are keepers; machines without one get a plain map.
type Keeper interface {
	Get(e saga.Event) any
	Put(e saga.Event, state any)
}

// World is a set of services that consume each other's events in an order drawn from a seed.
type World struct {
	t        testing.TB
	random   *rand.Rand
	machines []*saga.Machine
	keepers  map[*saga.Machine]Keeper
	lookups  map[*saga.Machine]*saga.Machine // the machine that keeps the events a machine looks up
	series   map[string]int64                // the last numbers, by service and series
	answers  map[string]func(asked saga.Event) (answer any, ok bool)
	queues   []*queue
	heard    map[*saga.Machine][]saga.Event    // from topics, in the order heard
	answered map[*saga.Machine]map[string]bool // ids of events that a lost machine consumes again and has answered
	asks     []pending
	armed    []pending
	clock    time.Time
	n        int

	Log []saga.Event // all emitted events, in the order of the decisions
}

type queue struct {
	to            *saga.Machine
	producer, key string
	events        []saga.Event
}

type pending struct {
	m       *saga.Machine
	e       saga.Event
	dropped bool // a dropped question, which may be in flight already
}

// NewWorld returns a world of machines that have consumed nothing yet.
func NewWorld(t testing.TB, seed uint64, machines ...*saga.Machine) *World {
	w := &World{t: t, random: rand.New(rand.NewPCG(seed, seed)), machines: slices.Clip(machines),
		keepers: map[*saga.Machine]Keeper{}, lookups: map[*saga.Machine]*saga.Machine{}, series: map[string]int64{},
		heard: map[*saga.Machine][]saga.Event{}, answered: map[*saga.Machine]map[string]bool{},
		answers: map[string]func(saga.Event) (any, bool){}, clock: time.Unix(0, 0).UTC()}
	for _, m := range machines {
		if l := saga.Lookups(m); l != nil {
			w.lookups[m] = l
			w.machines = append(w.machines, l)
		}
	}
	return w
}

// Keep makes k hold the states of m.
func (w *World) Keep(m *saga.Machine, k Keeper) { w.keepers[m] = k }

// Lookups is the machine that keeps the events that m looks up; nil if m looks nothing up.
func (w *World) Lookups(m *saga.Machine) *saga.Machine { return w.lookups[m] }

// Outside makes ask answer a question; it returns false for "no answer, ever".
func Outside[E, A any](w *World, q saga.Question[E, A], ask func(e saga.Event, asked E) (A, bool)) {
	w.Answer(q.Name(), func(e saga.Event) (any, bool) { return ask(e, e.Data.(E)) })
}

// Answer makes ask answer the question of this name, for callers that know only the question's declaration.
func (w *World) Answer(question string, ask func(asked saga.Event) (answer any, ok bool)) {
	w.answers[question] = ask
}

// Tell delivers a command or an event to the machines that hear it, now.
func (w *World) Tell(key string, e saga.Event) {
	w.t.Helper()
	e.Key, e.Saga = key, key
	w.stamp(&e)
	for _, m := range w.machines {
		if m.Kind(e.Type) != nil {
			w.take(m, e, func(m *saga.Machine, state any) (saga.Step, error) { return m.Hear(state, e, w.stampOf(m)) })
		}
	}
}

// Steps makes at most n steps, chosen at random among the possible ones, and returns how many it made. Deadlines do not
// fall due by themselves.
func (w *World) Steps(n int) int {
	w.t.Helper()
	for done := range n {
		choices := len(w.queues) + len(w.asks)
		if choices == 0 {
			return done
		}
		if i := w.random.IntN(choices); i < len(w.queues) {
			w.deliver(i)
		} else {
			w.ask(i - len(w.queues))
		}
	}
	return n
}

// Settle makes steps until none is possible.
func (w *World) Settle() {
	w.t.Helper()
	if w.Steps(100_000) == 100_000 {
		w.t.Fatal("the saga does not end: steps remain possible")
	}
}

// mostDeadlines bounds the deadlines that fall due: deadlines that set one another, as for each day, must end in a test.
const mostDeadlines = 10_000

// ExpireAll lets every running deadline fall due, oldest first, then settles, until none is left. The deadline that one sets for
// another key, as the end of a day does for the next, is of the next round: it is left running for the next call.
func (w *World) ExpireAll() {
	w.t.Helper()
	var next []pending
	defer func() { w.armed = append(w.armed, next...) }()
	for n := 0; len(w.armed) > 0; n++ {
		if n == mostDeadlines {
			w.t.Fatalf("deadlines set one another without end, now %s of %s", w.armed[0].e.Type, w.armed[0].e.Key)
		}
		p := w.armed[0]
		w.armed = w.armed[1:]
		w.take(p.m, p.e, func(m *saga.Machine, state any) (saga.Step, error) { return m.Expire(state, p.e, w.stampOf(m)) })
		w.armed = slices.DeleteFunc(w.armed, func(a pending) bool {
			begins := a.m == p.m && a.e.Cause == p.e.ID && a.e.Key != p.e.Key
			if begins {
				next = append(next, a)
			}
			return begins
		})
		w.Settle()
	}
}

// State is a service's state of a key.
func (w *World) State(service, key string) any {
	for _, m := range w.machines {
		if m.String() == service {
			return w.keeper(m).Get(saga.Event{Key: key})
		}
	}
	w.t.Fatalf("no machine %q in this world", service)
	return nil
}

// Said lists the payloads of all events of a type, in the order of the decisions.
func Said[E any](w *World, t saga.Type[E]) []E {
	var said []E
	for _, e := range w.Log {
		if e.Type == t.Name() {
			said = append(said, e.Data.(E))
		}
	}
	return said
}

func (w *World) deliver(i int) {
	q := w.queues[i]
	e := q.events[0]
	if q.events = q.events[1:]; len(q.events) == 0 {
		w.queues = slices.Delete(w.queues, i, i+1)
	}
	e, err := q.to.Current(e)
	if err != nil {
		w.t.Fatal(err)
	}
	w.heard[q.to] = append(w.heard[q.to], e)
	again := w.answered[q.to][e.ID]
	delete(w.answered[q.to], e.ID)
	w.take(q.to, e, func(m *saga.Machine, state any) (saga.Step, error) {
		if again {
			return saga.Step{State: m.Show(state, e)}, nil
		}
		return m.Hear(state, e, w.stampOf(m))
	})
}

func (w *World) ask(i int) {
	p := w.asks[i]
	w.asks = slices.Delete(w.asks, i, i+1)
	name := p.m.QuestionOf(p.e.Type).Ask
	outside := w.answers[name]
	if outside == nil {
		w.t.Fatalf("no outside party answers %s: call Outside or Answer", name)
	}
	if p.dropped && w.random.IntN(2) == 0 {
		return // the question did not arrive
	}
	if answer, ok := outside(p.e); ok && !p.dropped {
		w.take(p.m, p.e, func(m *saga.Machine, state any) (saga.Step, error) { return m.Answer(state, p.e, answer, w.stampOf(m)) })
	}
}

func (w *World) take(m *saga.Machine, in saga.Event, run func(m *saga.Machine, state any) (saga.Step, error)) {
	w.t.Helper()
	about, err := m.About(in)
	if err != nil {
		w.t.Fatal(err)
	}
	k := w.keeper(m)
	var step saga.Step
	for _, e := range about { // more than one only where nothing follows
		before := k.Get(e)
		check := kept(w.t, m, before)
		if step, err = run(w.knowing(m), before); err != nil {
			w.t.Fatal(err)
		}
		check()
		k.Put(e, step.State)
	}
	keepsContract(w.t, m, step.Emitted)
	for i, p := range w.asks {
		if p.m == m && p.e.Key == in.Key && slices.Contains(step.Dropped, p.e.Type) {
			w.asks[i].dropped = true
		}
	}
	w.armed = slices.DeleteFunc(w.armed, func(p pending) bool {
		return p.m == m && p.e.Key == in.Key && slices.Contains(step.Settled, p.e.Type)
	})
	for _, e := range step.Armed { // one of a kind for each key: a new one replaces the old
		w.armed = slices.DeleteFunc(w.armed, func(p pending) bool { return p.m == m && p.e.Key == e.Key && p.e.Type == e.Type })
		w.armed = append(w.armed, pending{m: m, e: e})
	}
	for _, e := range step.Asks {
		w.asks = append(w.asks, pending{m: m, e: e})
	}
	for _, e := range step.Emitted {
		w.Log = append(w.Log, e)
		for _, to := range w.machines {
			if to.Takes(e.Type) {
				w.enqueue(to, m.Service, e)
			}
		}
	}
}

func (w *World) enqueue(to *saga.Machine, producer string, e saga.Event) {
	for _, q := range w.queues {
		if q.to == to && q.producer == producer && q.key == e.Key {
			q.events = append(q.events, e)
			return
		}
	}
	w.queues = append(w.queues, &queue{to: to, producer: producer, key: e.Key, events: []saga.Event{e}})
}

func (w *World) keeper(m *saga.Machine) Keeper {
	if w.keepers[m] == nil {
		w.keepers[m] = plain{m, map[string]any{}}
	}
	return w.keepers[m]
}

// knowing returns the machine with the events it has heard by now of those it looks up.
func (w *World) knowing(m *saga.Machine) *saga.Machine {
	return m.Knowing(func(known saga.Kind, key string) any {
		data, err := w.keeper(w.lookups[m]).Get(saga.Event{Key: key}).(saga.Said).Of(known)
		if err != nil {
			w.t.Fatal(err)
		}
		return data
	})
}

// stampOf returns the stamp of an event that a machine emits.
func (w *World) stampOf(m *saga.Machine) saga.Stamp {
	return func(e *saga.Event) {
		w.stamp(e)
		m.Number(e, func(series string) int64 {
			w.series[m.Service+" "+series]++
			return w.series[m.Service+" "+series]
		})
	}
}

func (w *World) stamp(e *saga.Event) {
	w.n++
	e.ID = fmt.Sprintf("event-%d", w.n)
	w.clock = w.clock.Add(time.Millisecond)
	e.Time = w.clock
}

type plain struct {
	m      *saga.Machine
	states map[string]any
}

func (p plain) Get(e saga.Event) any {
	if s, ok := p.states[e.Key]; ok {
		return s
	}
	return p.m.Blank(e.Key)
}

func (p plain) Put(e saga.Event, state any) { p.states[e.Key] = state }
