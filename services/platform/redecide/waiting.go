package redecide

import (
	"fmt"
	"time"

	"orderflow.example/shared/saga"
)

// settle ends the wait for an input with an effect, and for those without effect before it on its topic.
func (p *pass) settle(k *keeper, in *input) {
	in.done = true
	at := place{in.topic, in.partition}
	p.end[at] = max(p.end[at], in.sequence)
	if !in.arrived {
		return
	}
	delete(k.known, in.ID)
	p.keep(k, in.Key, func(other *input) bool {
		if other == in {
			return false
		}
		if !other.led && other.topic == in.topic && other.sequence < in.sequence {
			p.unanswered(k, other)
			return false
		}
		return true
	})
}

func (p *pass) keep(k *keeper, key string, left func(*input) bool) {
	all := k.waiting[key]
	still := all[:0]
	for _, in := range all {
		if left(in) {
			still = append(still, in)
		}
	}
	if len(still) == 0 {
		delete(k.waiting, key)
		return
	}
	k.waiting[key] = still
}

// silent removes the key's inputs without effect to which this build does not react now. Inputs after one on their topic whose
// step is still to come have not been consumed yet.
func (p *pass) silent(k *keeper, key string, at time.Time) {
	if len(k.waiting[key]) == 0 {
		return
	}
	blocked := map[string]bool{}
	p.keep(k, key, func(in *input) bool {
		if in.led || blocked[in.topic] {
			blocked[in.topic] = blocked[in.topic] || in.led
			return true
		}
		heard, err := in.event(k)
		if err != nil {
			return false // it was parked, and would be again
		}
		s := &trial{pass: p, keeper: k, at: at,
			decide: func(m *saga.Machine, state any, stamp saga.Stamp) (saga.Step, error) {
				return m.Hear(state, heard, stamp)
			}}
		v := s.best(k.get(heard))
		if in.first == nil {
			in.first = &v
		}
		if !v.differs() {
			p.report.quiet(p.reported(heard))
		}
		return v.differs()
	})
}

// unanswered reports an input without effect to which this build reacts at every moment.
func (p *pass) unanswered(k *keeper, in *input) {
	switch {
	case !p.reported(in.Event):
	case in.first == nil:
		p.report.quiet(true)
	case p.Parked[in.ID]:
		p.report.give("inputs that are parked, or were discarded")
	default:
		p.report.Decided++
		row := rowOf(k, saga.Reaction, in.Type)
		p.report.differ(row, p.difference(in.Key, in, in.Time, *in.first, nil, !k.byKey))
	}
}

// close judges the inputs that still wait at the end of the topics.
func (p *pass) close() {
	for _, k := range p.keepers {
		for _, all := range k.waiting {
			for _, in := range all {
				at := place{in.topic, in.partition}
				switch {
				case in.led:
					p.report.give("inputs that by the clocks were consumed before they were published")
				case in.sequence <= max(p.end[at], p.Applied[in.topic][in.partition]):
					p.unanswered(k, in)
				case p.reported(in.Event):
					p.report.give(fmt.Sprintf("inputs that may not have been consumed yet: %s, by %s", in.Type, k.machine))
				}
			}
		}
	}
}
