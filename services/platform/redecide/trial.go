package redecide

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"orderflow.example/shared/saga"
)

// trial decides one step again.
type trial struct {
	pass   *pass
	keeper *keeper
	group  []*said      // the recorded events
	given  []saga.Event // of these, the first ones, if their cause is on no topic
	at     time.Time
	decide func(m *saga.Machine, state any, stamp saga.Stamp) (saga.Step, error)
	err    error
}

// verdict is the difference between the recorded events and those that this build emits.
type verdict struct {
	fault   string       // why this build cannot decide it
	decided []saga.Event // the events that it emits
	only    int          // of these, those that were not recorded
	missing int          // recorded ones that it does not emit
	mixed   bool         // the order of one key's events differs
	fields  []Field
	cause   string // the id of the cause of the first event that differs
}

func (v verdict) differs() bool {
	return v.fault != "" || v.only > 0 || v.missing > 0 || v.mixed || len(v.fields) > 0
}

// follow takes the first events as given, and decides only the machine's reactions to them.
func (s *trial) follow(roots []*said) {
	s.given = []saga.Event{}
	for _, g := range roots {
		if g.Data != nil {
			s.given = append(s.given, g.Event)
		}
	}
	s.decide = func(m *saga.Machine, state any, stamp saga.Stamp) (saga.Step, error) {
		return m.Follow(state, s.given, stamp)
	}
}

// ages are how many of a key's last events a lookup may have missed; the last one finds nothing.
var ages = []int{0, 1, 2, 3, 1 << 30}

// best is the verdict in this state; for a decision with lookups, the first that agrees for one of the ages.
func (s *trial) best(state any) verdict {
	defer func() { s.pass.lookups.age = 0 }()
	var first verdict
	for i, age := range ages {
		s.pass.lookups.age = age
		v := s.once(state)
		if !v.differs() || len(s.keeper.machine.Knows()) == 0 {
			return v
		}
		if i == 0 {
			first = v
		}
	}
	return first
}

// once decides. Of several events that each carry the full state only the last was recorded: if this build emits more of them,
// the first ones are taken as unrecorded, and it decides once more.
func (s *trial) once(state any) verdict {
	if s.err != nil {
		return verdict{fault: "the input cannot be read: " + line(s.err)}
	}
	over := map[about]int{}
	for again := false; ; again = true {
		m := s.match(over)
		var step saga.Step
		if s.decide != nil {
			var err error
			if step, err = s.decide(s.keeper.machine.Knowing(s.pass.lookups.look), state, m.stamp); err != nil {
				return verdict{fault: line(err), missing: len(m.recorded)}
			}
		}
		said := step.Emitted[min(len(s.given), len(step.Emitted)):]
		if again || !s.surplus(said, m.recorded, over) {
			return s.hold(m, said)
		}
	}
}

func line(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	return text
}

// surplus counts, of events of which only the last of a batch is emitted, those beyond the recorded ones.
func (s *trial) surplus(decided []saga.Event, recorded []*said, over map[about]int) bool {
	for _, e := range decided {
		if s.pass.overtaken(e, s.at) {
			over[about{e.Key, e.Type}]++
		}
	}
	for _, g := range recorded {
		if a := (about{g.Key, g.Type}); over[a] > 0 {
			over[a]--
		}
	}
	for _, n := range over {
		if n > 0 {
			return true
		}
	}
	return false
}

// match pairs events with the recorded ones while they are decided: each gets the id, the time and the number of its counterpart,
// which later events of the step may carry.
type match struct {
	series   []saga.Series
	recorded []*said
	pairs    []int // by event decided: its counterpart, -1 for none
	used     []bool
	over     map[about]int
	at       time.Time
}

func (s *trial) match(over map[about]int) *match {
	m := &match{series: s.keeper.machine.Series, at: s.at, over: map[about]int{}}
	for a, n := range over {
		m.over[a] = n
	}
	for _, g := range s.group {
		if !slices.ContainsFunc(s.given, func(e saga.Event) bool { return e.ID == g.ID }) {
			m.recorded = append(m.recorded, g)
		}
	}
	m.used = make([]bool, len(m.recorded))
	return m
}

func (m *match) stamp(e *saga.Event) {
	e.ID, e.Time = fmt.Sprintf("decided-again-%d", len(m.pairs)), m.at
	if a := (about{e.Key, e.Type}); m.over[a] > 0 {
		m.over[a]--
		m.pairs = append(m.pairs, -1)
		return
	}
	for i, g := range m.recorded {
		if !m.used[i] && g.Type == e.Type && g.Key == e.Key {
			m.used[i] = true
			m.pairs = append(m.pairs, i)
			e.ID, e.Time = g.ID, g.Time
			if n := m.numbered(e.Type); n != nil && g.Data != nil && reflect.DeepEqual(n.Set(e.Data, 0, e.Time),
				n.Set(g.Data, 0, e.Time)) {
				e.Data = g.Data
			}
			return
		}
	}
	m.pairs = append(m.pairs, -1)
}

func (m *match) numbered(name string) *saga.Series {
	for i := range m.series {
		if m.series[i].Of.Name() == name {
			return &m.series[i]
		}
	}
	return nil
}

// hold compares the decided events with the recorded ones.
func (s *trial) hold(m *match, decided []saga.Event) verdict {
	v := verdict{decided: decided}
	last := map[string]int{}
	for i, e := range decided {
		at := m.pairs[i]
		if at < 0 {
			if !s.pass.overtaken(e, s.at) {
				v.only, v.cause = v.only+1, cmp.Or(v.cause, e.Cause)
			}
			continue
		}
		if before, any := last[e.Key]; any && at < before {
			v.mixed = true
		}
		last[e.Key] = at
		if others := differing(s.pass.kindOf(e.Type), m.numbered(e.Type), e, m.recorded[at]); len(others) > 0 {
			v.fields, v.cause = append(v.fields, others...), cmp.Or(v.cause, e.Cause)
		}
	}
	for i, used := range m.used {
		if !used {
			v.missing, v.cause = v.missing+1, cmp.Or(v.cause, m.recorded[i].Cause)
		}
	}
	return v
}

// tries bounds how many orders of other keys' events are tried for a step, and for how many consecutive steps of a row none has
// agreed: then the row's rule has changed, and no more are tried.
const tries = 100

// race tells whether the step agrees in another order of the events that changed shared rows: without some of other keys' events
// just before it, or with some soon after it.
func (s *trial) race(heard saga.Event, in *input, lost *int) (agrees bool) {
	k := s.keeper
	if in.since < k.dropped || *lost >= tries {
		return false
	}
	defer func() {
		if *lost++; agrees {
			*lost = 0
		}
	}()
	rows := k.store.Memory()
	rows.Put(heard, in.before)
	evolve := func(e saga.Event) { rows.Put(e, k.machine.Evolve(rows.Get(e), e)) }
	since := k.journal[in.since-k.dropped:]
	sure := func(e saga.Event) bool { return e.Key == heard.Key || e.Time.Before(s.at.Add(-slack)) }
	for _, e := range since {
		if sure(e) {
			evolve(e)
		}
	}
	state, left := rows.Get(heard), tries
	agrees = !s.best(state).differs()
	for _, e := range append(slices.Clip(since), s.pass.soon(k, s.at.Add(slack))...) {
		if sure(e) || agrees || left == 0 {
			continue
		}
		evolve(e)
		if now := rows.Get(heard); !reflect.DeepEqual(now, state) {
			state, left = now, left-1
			agrees = !s.best(state).differs()
		}
	}
	return agrees
}

// soon are the machine's own events up to a time that belong to no step yet.
func (p *pass) soon(k *keeper, until time.Time) (events []saga.Event) {
	var all []*said
	for i := range p.own.streams {
		for _, e := range p.own.streams[i].queue {
			if e.at.After(until) {
				break
			}
			if !e.taken && p.speaker(e.Type) == k.number {
				all = append(all, e)
			}
		}
	}
	slices.SortFunc(all, func(a, b *said) int {
		if before(a, b) {
			return -1
		}
		return 1
	})
	for _, e := range all {
		if data, err := decode(p.kindOf(e.wrote), e); err == nil {
			one := e.Event
			one.Data = data
			events = append(events, one)
		}
	}
	return events
}
