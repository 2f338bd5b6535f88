package choreography

import (
	"reflect"
	"slices"
	"strconv"

	"orderflow.example/shared/saga"
)

// seenTwice: hearing an event once more changes nothing and asks nothing. Probed from what is known before anything else;
// the exploration asks the same of every state that can be reached.
func (g *graph) seenTwice(l Language) Rule {
	rule := Rule{Name: "seen twice", Says: "what is heard once more changes nothing", Of: "reactions"}
	g.each(func(m *saga.Machine, r *saga.Row) {
		if r.Form != saga.Reaction || saga.IsCommand(r.On) || !m.Takes(r.On.Name()) {
			return
		}
		for _, look := range []saga.Look{nil, l.look} {
			p := probe{m: m.Knowing(look), l: l, state: m.Blank(probed)}
			if first, ok := p.hear(r.On); !ok || first == nil {
				continue // not possible as the first: it would be parked
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

// compensationFirst: when what undoes an event is heard before what leads to it, nothing follows from the latter.
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

// own tells whether what is undone is the machine's own doing.
func own(m *saga.Machine, undone []saga.Kind) bool {
	return slices.ContainsFunc(undone, func(k saga.Kind) bool { return saga.Producer(k.Name()) == m.Service })
}

// probed is the key that decisions are probed with.
const probed = "018f0000-0000-7000-8000-000000000001"

// probe is one machine hearing examples.
type probe struct {
	m     *saga.Machine
	l     Language
	state any
	n     int
}

// hear is false where the machine cannot process the event, or there is no example of it.
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

// example is the payload of an event's example; false where there is none that is read.
func (l Language) example(k saga.Kind) (any, bool) {
	text, ok := l.Example(k)
	if !ok {
		return nil, false
	}
	data, err := k.Decode(text)
	return data, err == nil
}

// look finds the example of what is looked up, whatever the key is.
func (l Language) look(known saga.Kind, _ string) any {
	data, _ := l.example(known)
	return data
}
