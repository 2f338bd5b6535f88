package explore

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"orderflow.example/shared/saga"
)

// alike checks the model's Same: where a machine was met in a state of its own and in the one that replaces it, both
// react alike to every input.
func (s *system) alike(p *part) string {
	for _, key := range s.reactedInOrder(p) {
		l, x := p.locals.at[key.local], s.inputs.at[key.input]
		e := s.events.at[x.event]
		answers := []any{x.answer}
		switch dropped := p.isDropped(l, e); {
		case x.form == answered && dropped:
			continue
		case x.form == asked:
			answers = nil
			outs, silent := outcomes(p.own, l.aside, p.machine.QuestionOf(e.Type), e, dropped)
			for i, out := range outs {
				if !silent[i] {
					answers = append(answers, out.Answer)
				}
			}
		}
		for _, answer := range answers {
			differs := func(k *knowing) bool { return !s.leadsToTheSame(p, k, l, x, answer) }
			if l.other != nil && slices.ContainsFunc(p.knows, differs) {
				return fmt.Sprintf("the model is wrong: to %s, which takes in %s, %s is not the same as %s",
					p.name, s.name(key.input), text(l.other), text(l.state))
			}
		}
	}
	return ""
}

func (s *system) leadsToTheSame(p *part, k *knowing, l *local, x input, answer any) bool {
	e := s.events.at[x.event]
	stamp := func(out *saga.Event) { out.ID, out.Time = bare(out.Type), always }
	a, failed := k.decide(l.state, x.form, e, answer, stamp)
	b, alsoFailed := k.decide(l.other, x.form, e, answer, stamp)
	types := func(events []saga.Event) (list []string) {
		for _, e := range events {
			list = append(list, e.Type)
			if _, matters := p.counted[e.Type]; matters || len(s.hearers[e.Type]) > 0 {
				list = append(list, text(e.Data))
			}
		}
		return list
	}
	return (failed == nil) == (alsoFailed == nil) && slices.Equal(types(a.Emitted), types(b.Emitted)) &&
		(failed != nil || text(p.same(a.State)) == text(p.same(b.State)))
}

// reactedInOrder lists the states and inputs that a machine was met in.
func (s *system) reactedInOrder(p *part) []reacting {
	return slices.SortedFunc(maps.Keys(p.reacted), func(a, b reacting) int {
		return cmp.Or(cmp.Compare(a.local, b.local), cmp.Compare(a.input, b.input))
	})
}
