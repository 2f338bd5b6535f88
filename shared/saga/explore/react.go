package explore

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"orderflow.example/shared/saga"
)

// mostOfAKind bounds the events of one type that asks or sets a deadline: more of them mean a saga without end.
const mostOfAKind = 12

// reacting is the input of a reaction.
type reacting struct{ local, input int32 }

// reaction is the result of a part consuming an input.
type reaction struct {
	next    int32
	says    []int32  // events, in order
	sends   []send   // to other parts
	keeps   []int32  // inputs for its own bag
	settled []string // types of own events whose deadlines are off
	does    string   // the act of the outside party
	knows   string   // the results of the machine's lookups
	wrong   string   // the violation, empty for none
}

// reactions computes each reaction once, for each state and input of a part.
func (s *system) reactions(p *part, at, in int32) []reaction {
	key := reacting{at, in}
	if known, done := p.reacted[key]; done {
		return known
	}
	l, x := p.locals.at[at], s.inputs.at[in]
	e := s.events.at[x.event]
	var list []reaction
	switch {
	case p.machine == nil:
		list = s.act(p, l, x, e)
	case x.form == asked:
		list = s.answerAtOnce(p, l, x, e)
	case x.form == answered && p.isDropped(l, e):
		list = []reaction{{next: at}}
	default:
		list = s.runs(p, *l, x, x.answer)
	}
	p.reacted[key] = list
	return list
}

// isDropped tells whether the own event's question is dropped.
func (p *part) isDropped(l *local, own saga.Event) bool {
	if l.drops == nil {
		return false
	}
	_, number, _ := strings.Cut(own.ID, "#")
	n, err := strconv.Atoi(number)
	return err == nil && n <= int(l.drops[p.counted[own.Type]])
}

// outcomes are the possible outcomes of a question, among them silence, which silent marks. A dropped question has
// silence as its only outcome.
func outcomes(o *Outside, aside any, row *saga.Row, e saga.Event, dropped bool) (list []Outcome, silent []bool) {
	acts := o.Act(aside, row.Ask, e)
	if !dropped {
		list, silent = slices.Clone(acts), make([]bool, len(acts))
	}
	if row.Due > 0 && !dropped {
		return list, silent
	}
	list, silent = append(list, Outcome{Does: neverAnswers, State: aside}), append(silent, true)
	for _, out := range acts {
		if text(out.State) != text(aside) {
			out.Does += answerLost
			list, silent = append(list, out), append(silent, true)
		}
	}
	return list, silent
}

// The text where the outside's answer does not arrive.
const (
	neverAnswers = "never answers"
	answerLost   = ", the answer is lost"
)

// act is the step of an outside party that several machines ask: its answer is then in flight.
func (s *system) act(p *part, l *local, x input, e saga.Event) (list []reaction) {
	asker := s.parts[x.from]
	row := asker.machine.QuestionOf(e.Type)
	var outs []Outcome
	silent := []bool(nil)
	if row != nil {
		outs, silent = outcomes(p.own, l.state, row, e, false)
	} else {
		outs = p.own.Act(l.state, "", e) // nobody asked
		silent = slices.Repeat([]bool{true}, len(outs))
	}
	for i, out := range outs {
		r := reaction{next: s.local(p, local{state: out.State}), does: out.Does,
			wrong: cmp.Or(p.own.wrong(out.State), p.kept(l.state, out.State, asked, e, out.Tells))}
		s.notify(p, &r, out.Tells)
		if !silent[i] {
			answer := s.input(input{form: answered, event: x.event, answer: out.Answer, words: p.name + " " + out.Does})
			r.sends = append(r.sends, s.parcel(asker, -1, answer))
		}
		list = append(list, r)
	}
	return list
}

// notify delivers what the outside party of a part tells beside its answers.
func (s *system) notify(p *part, r *reaction, tells []saga.Event) {
	for _, told := range tells {
		told.Key, told.ID = s.model.Key, cmp.Or(told.ID, bare(told.Type))
		in := s.input(input{form: heard, event: s.event(told), words: p.own.Name})
		for _, to := range s.hearers[told.Type] {
			if to == p.i {
				r.keeps = append(r.keeps, in)
			} else {
				r.sends = append(r.sends, s.parcel(s.parts[to], -1, in))
			}
		}
	}
}

// answerAtOnce is the reaction where only the machine sees the outside's act. Where the question may be dropped before
// its answer is heard, or something is told beside it, the answer comes in a later step.
func (s *system) answerAtOnce(p *part, l *local, x input, e saga.Event) (list []reaction) {
	row, dropped := p.machine.QuestionOf(e.Type), p.isDropped(l, e)
	outs, silent := outcomes(p.own, l.aside, row, e, dropped)
	for i, out := range outs {
		after := *l
		after.aside = out.State
		follows := []reaction{{next: s.local(p, after)}}
		switch r := &follows[0]; {
		case silent[i]:
			s.notify(p, r, out.Tells)
		case len(row.Unless)+len(out.Tells) > 0:
			words := p.own.Name + " " + out.Does
			r.keeps = []int32{s.input(input{form: answered, event: x.event, answer: out.Answer, words: words})}
			s.notify(p, r, out.Tells)
		default:
			follows = s.runs(p, after, x, out.Answer)
		}
		for _, r := range follows {
			r.does, r.wrong = out.Does, cmp.Or(p.own.wrong(out.State), r.wrong)
			list = append(list, r)
		}
	}
	return list
}

func (o *Outside) wrong(state any) string {
	if o.Check == nil {
		return ""
	}
	return o.Check(state)
}

var always = time.Unix(0, 0).UTC()

// run lets the machine consume one event, answer or deadline.
func (s *system) run(p *part, k *knowing, l local, x input, answer any) reaction {
	e := s.events.at[x.event]
	after := local{aside: l.aside, count: slices.Clone(l.count), drops: l.drops, past: l.past | x.past&(p.watches|s.carried)}
	tooMany := ""
	got, err := k.decide(l.state, x.form, e, answer, func(out *saga.Event) {
		out.ID, out.Time = bare(out.Type), always
		about := ""
		if p.machine.Apart != nil {
			about = p.machine.Apart(*out)
		}
		if about != "" {
			out.ID += " " + about
		}
		if i, numbered := p.counted[out.Type]; numbered {
			if after.count[i]++; after.count[i] > mostOfAKind {
				tooMany = fmt.Sprintf("%s says %s more than %d times", p.name, own(p.machine.Service, out.Type), mostOfAKind)
			}
			if about == "" {
				out.ID = fmt.Sprintf("%s#%d", out.ID, after.count[i])
			}
			k.Number(out, func(string) int64 { return int64(after.count[i]) })
		}
	})
	if err != nil {
		return reaction{wrong: "parked: " + strings.TrimSpace(strings.SplitN(err.Error(), "\n", 2)[0])}
	}
	after.state = p.same(got.State)
	if text(after.state) != text(got.State) {
		after.other = got.State
	}
	p.drop(&after, got)
	r := reaction{settled: got.Settled, wrong: cmp.Or(tooMany, s.tooEarly(p, e, got, after.past|x.past))}
	s.follow(p, &r, got, &after, x.past)
	r.next = s.local(p, after)
	if r.wrong == "" && p.machine.Check != nil {
		r.wrong = p.machine.Check(l.state, got)
	}
	r.wrong = cmp.Or(r.wrong, p.kept(l.state, after.state, x.form, e, got.Emitted))
	return r
}

func (k *knowing) decide(state any, f form, e saga.Event, answer any, stamp saga.Stamp) (saga.Step, error) {
	switch f {
	case answered, asked:
		return k.Answer(state, e, answer, stamp)
	case expired:
		return k.Expire(state, e, stamp)
	}
	return k.Hear(state, e, stamp)
}

// drop marks the dropped questions: all of their kind except those asked after the drop.
func (p *part) drop(l *local, got saga.Step) {
	for _, name := range got.Dropped {
		i := p.counted[name]
		n := l.count[i]
		for _, e := range got.Asks {
			if e.Type == name {
				n--
			}
		}
		if n > 0 {
			if l.drops = slices.Clone(l.drops); l.drops == nil {
				l.drops = make([]uint8, len(l.count))
			}
			l.drops[i] = n
		}
	}
}

func (p *part) same(state any) any {
	if p.machine.Same == nil {
		return state
	}
	return p.machine.Same(state)
}

// follow delivers the emitted events to the parts that hear, answer or await them.
func (s *system) follow(p *part, r *reaction, got saga.Step, after *local, past pivots) {
	for _, e := range got.Emitted {
		after.past |= s.pivots[e.Type]
		s.said[e.Type] = true
	}
	heardBy := make([][]int32, len(s.parts))
	for _, e := range got.Emitted {
		if !slices.ContainsFunc(s.parts, func(p *part) bool { return p.key == e.Key }) {
			continue
		}
		n := s.event(e)
		r.says = append(r.says, n)
		for _, to := range s.hearers[e.Type] {
			if s.parts[to].key == e.Key {
				heardBy[to] = append(heardBy[to], s.input(input{form: heard, event: n, past: past | after.past}))
			}
		}
	}
	for to, inputs := range heardBy {
		if len(inputs) > 0 {
			c := slices.Index(s.parts[to].channels, p.name)
			r.sends = append(r.sends, s.parcel(s.parts[to], c, inputs...))
		}
	}
	for _, e := range got.Asks {
		if e.Key != s.model.Key {
			continue
		}
		question := s.input(input{form: asked, event: s.event(e), from: p.i})
		if to := s.asks[p.machine.QuestionOf(e.Type).Ask]; to == p {
			r.keeps = append(r.keeps, question)
		} else {
			r.sends = append(r.sends, s.parcel(to, -1, question))
		}
	}
	for _, e := range got.Armed {
		if e.Key != s.model.Key {
			continue // of another saga
		}
		r.keeps = append(r.keeps, s.input(input{form: expired, event: s.event(e)}))
	}
}
