package redecide

import (
	"cmp"
	"slices"

	"orderflow.example/shared/saga"
)

// step decides again all events that one machine emitted because of one input; e is the first of them.
func (p *pass) step(e *said) {
	k := p.keepers[p.sayer(e)]
	in := p.known(k, e)
	group := p.group(k, e)
	roots := slices.DeleteFunc(slices.Clone(group), func(g *said) bool { return g.Cause != e.Cause || g.Via != e.Via })
	for _, g := range group {
		g.taken = true
		p.forget(g)
		g.Data, _ = decode(p.kindOf(g.wrote), g)
		if p.causes.had(later, g.ID) || p.causes.had(nobody, g.ID) {
			p.before[g.ID] = about{g.Key, g.Type}
		}
	}
	if p.mine(p.keyOf(in, e)) {
		p.judge(k, in, e, group, roots)
	}
	for _, g := range group {
		if g.Data == nil {
			continue
		}
		for _, other := range p.keepers {
			if (p.speaker(g.Type) == other.number || other == k) && p.mine(g.Key) {
				other.fold(g.Event)
			}
		}
	}
	if in != nil {
		p.settle(k, in)
	}
	for _, g := range group {
		p.silent(k, g.Key, e.at)
		p.arrive(g, k.number)
	}
}

// keyOf is the key whose machine took the step: events may be about others.
func (p *pass) keyOf(in *input, e *said) string {
	if in != nil {
		return in.Key
	}
	return cmp.Or(p.before[e.Cause].key, e.Key)
}

// sayer is the number of the machine that emitted the event.
func (p *pass) sayer(e *said) int {
	if n := p.speaker(e.Type); n != nobody {
		return n
	}
	on := p.before[e.Cause].kind
	for _, k := range p.keepers {
		if in := k.known[e.Cause]; in != nil && e.Via == "" {
			on = in.Type
		}
	}
	return p.reactor(on)
}

// known finds the input that led to the event, if it is a recorded event.
func (p *pass) known(k *keeper, e *said) *input {
	if e.Via != "" || e.Cause == "" {
		return nil
	}
	return k.known[e.Cause]
}

// group is the events of a step in their order: those of the same cause, and the machine's reactions to them.
func (p *pass) group(k *keeper, first *said) []*said {
	group := []*said{first}
	mine := func(e *said, on string) bool {
		n := p.speaker(e.Type)
		return !e.taken && e != first && (n == k.number || n == nobody && (on == "" || p.reactor(on) == k.number))
	}
	if first.Cause != "" {
		for _, e := range p.byCause[first.Cause] {
			if mine(e, "") && e.Via == first.Via {
				group = append(group, e)
			}
		}
	}
	for i := 0; i < len(group); i++ {
		for _, e := range p.byCause[group[i].ID] {
			if mine(e, group[i].Type) && e.Via == "" {
				group = append(group, e)
			}
		}
	}
	slices.SortStableFunc(group, func(a, b *said) int {
		if a.partition == b.partition {
			return cmp.Compare(a.sequence, b.sequence)
		}
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.ID, b.ID))
	})
	return group
}

func (p *pass) forget(e *said) {
	delete(p.unsaid, e.ID)
	if e.Cause == "" {
		return
	}
	left := slices.DeleteFunc(p.byCause[e.Cause], func(x *said) bool { return x == e })
	if len(left) == 0 {
		delete(p.byCause, e.Cause)
		return
	}
	p.byCause[e.Cause] = left
}

// judge decides the step again as far as its cause is recorded.
func (p *pass) judge(k *keeper, in *input, e *said, group, roots []*said) {
	s := &trial{pass: p, keeper: k, group: group, at: e.at}
	var heard saga.Event
	row := rowOf(k, saga.Reaction, "")
	switch earlier := p.before[e.Cause].kind; {
	case in != nil:
		row.On = in.Type
		heard, s.err = in.event(k)
		s.decide = func(m *saga.Machine, state any, stamp saga.Stamp) (saga.Step, error) {
			return m.Hear(state, heard, stamp)
		}
	case e.Via == saga.ViaDeadline:
		row.Form, row.On = saga.Deadline.String(), earlier
		if k.machine.DeadlineOf(earlier) == nil {
			break // this build sets none
		}
		since, armed := k.armed[e.Cause]
		if !armed {
			p.given(e, "deadlines that were set before the topic begins, or that this build cancels")
			return
		}
		heard = since
		s.decide = func(m *saga.Machine, state any, stamp saga.Stamp) (saga.Step, error) {
			return m.Expire(state, since, stamp)
		}
		defer k.disarm(about{since.Key, since.Type})
	case e.Via != "":
		row.Form, row.On = saga.Calling.String(), earlier
		if !declares(k.machine.QuestionOf(earlier), roots) {
			break // this build does not decide that any more on any answer
		}
		p.given(e, "answers from outside")
		s.follow(roots)
	case e.Cause != "" && !k.orders[e.Type], e.Cause == "" && len(k.orders) == 0:
		row.On = "(something that this build does not hear)"
	default:
		p.given(e, "commands")
		row.On = "(a command)"
		s.follow(roots)
	}
	if s.given != nil && !slices.ContainsFunc(roots, func(g *said) bool { return k.reacts[g.Type] }) {
		return // nothing follows from it
	}
	heard.Key = p.keyOf(in, e)
	p.compare(k, s, heard, row, in, group)
}

func declares(r *saga.Row, roots []*said) bool {
	return r != nil && !slices.ContainsFunc(roots, func(g *said) bool {
		return !slices.ContainsFunc(r.Emits, func(k saga.Kind) bool { return k.Name() == g.Type })
	})
}

// compare compares this build's events with the recorded ones.
func (p *pass) compare(k *keeper, s *trial, heard saga.Event, row rowName, in *input, group []*said) {
	if len(s.given) > 0 {
		heard = s.given[0]
	}
	v := s.best(k.get(heard))
	raced := false
	if v.differs() && !k.byKey && in != nil && in.before != nil {
		if p.lost[row] == nil {
			p.lost[row] = new(int)
		}
		raced = s.race(heard, in, p.lost[row])
	}
	if !p.reported(group[0].Event) {
		return
	}
	p.report.Decided++
	switch {
	case !v.differs():
		p.report.Equal++
	case raced:
		p.report.Raced++
	default:
		if i := slices.IndexFunc(group, func(g *said) bool { return g.ID == v.cause }); i >= 0 {
			row.Form, row.On = saga.Reaction.String(), group[i].Type // it reacted to its own event
		}
		p.report.differ(row, p.difference(p.keyOf(in, group[0]), in, group[0].Time, v, s, !k.byKey))
	}
}

func (p *pass) given(e *said, why string) {
	if p.reported(e.Event) {
		p.report.give(why)
	}
}

// reported tells whether the event is within the report's times and order.
func (p *pass) reported(e saga.Event) bool {
	return (p.From.IsZero() || !e.Time.Before(p.From)) && (p.To.IsZero() || e.Time.Before(p.To)) &&
		(p.Order == "" || e.Key == p.Order || e.Saga == p.Order)
}
