package choreography

import (
	"reflect"
	"slices"
	"strconv"

	"orderflow.example/shared/saga"
)

// seenTwice: consuming an event again changes nothing and calls nothing. It is probed from the empty state; the exploration
// checks the same in every reachable state.
func (g *graph) seenTwice(l Language) Rule {
	rule := Rule{Name: "seen twice", Says: "what is heard once more changes nothing", Of: "reactions"}
	g.each(func(m *saga.Machine, r *saga.Row) {
		if r.Form != saga.Reaction || saga.IsCommand(r.On) || !m.Takes(r.On.Name()) {
			return
		}
		for _, look := range []saga.Look{nil, l.look} {
			p := probe{m: m.Knowing(look), l: l, state: m.Blank(probed)}
			if first, ok := p.hear(r.On); !ok || first == nil {
				continue // not possible as the first event: it would be parked
			}
			rule.Looked++
			once := p.state
			if again, ok := p.hear(r.On); !ok || len(again.Asks) > 0 || len(again.Armed) > 0 || !reflect.DeepEqual(once, p.state) {
				rule.fault(m, "hears %s twice and does something twice: it must find in its state that it has heard it", plain(r.On))
				return
			}
			if r.Knows == nil {
				return
			}
		}
	})
	return rule
}

// compensationFirst: when a compensating event is consumed before the one it undoes, nothing follows from the latter.
func (g *graph) compensationFirst(l Language) Rule {
	rule := Rule{Name: "compensation first", Says: "what is undone before it was done is not done afterwards", Of: "compensations"}
	g.each(func(m *saga.Machine, undo *saga.Row) {
		if undo.Form != saga.Reaction || !own(m, undo.Undoes) {
			return
		}
		rule.Looked++
		p := probe{m: m, l: l, state: m.Blank(probed)}
		if _, ok := p.hear(undo.On); !ok {
			rule.fault(m, "cannot process %s before what it undoes", plain(undo.On))
			return
		}
		for i := range m.Rows {
			r := &m.Rows[i]
			if r.Form != saga.Reaction || len(r.Undoes) > 0 || saga.IsCommand(r.On) || !overlap(r.Emits, undo.Undoes) {
				continue
			}
			if step, ok := p.hear(r.On); ok && len(step.Emitted) > 0 {
				rule.fault(m, "hears %s before %s and says %s all the same: it must leave word of %s in its state",
					plain(undo.On), plain(r.On), plain(m.Kind(step.Emitted[0].Type)), plain(undo.On))
			}
		}
	})
	return rule
}

// own reports whether the undone event is the machine's own.
func own(m *saga.Machine, undone []saga.Kind) bool {
	return slices.ContainsFunc(undone, func(k saga.Kind) bool { return saga.Producer(k.Name()) == m.Service })
}

// probed is the key with which decisions are probed.
const probed = "018f0000-0000-7000-8000-000000000001"

// probe is one machine that consumes examples.
type probe struct {
	m     *saga.Machine
	l     Language
	state any
	n     int
}

// hear returns false if the machine cannot process the event, or there is no example of it.
func (p *probe) hear(k saga.Kind) (*saga.Step, bool) {
	data, ok := p.l.example(k)
	if !ok {
		return nil, false
	}
	step, err := p.m.Hear(p.state, saga.Event{ID: "heard", Type: k.Name(), Key: probed, Saga: probed, Data: data},
		func(e *saga.Event) {
			p.n++
			e.ID = "said-" + strconv.Itoa(p.n)
			p.m.Number(e, func(string) int64 { return int64(p.n) })
		})
	if err != nil {
		return nil, false
	}
	p.state = step.State
	return &step, true
}

// example returns the payload of an event's example; false if there is no readable one.
func (l Language) example(k saga.Kind) (any, bool) {
	text, ok := l.Example(k)
	if !ok {
		return nil, false
	}
	data, err := k.Decode(text)
	return data, err == nil
}

// look returns the example of the event looked up, whatever the key is.
func (l Language) look(known saga.Kind, _ string) any {
	data, _ := l.example(known)
	return data
}
