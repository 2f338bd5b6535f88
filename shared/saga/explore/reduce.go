package explore

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"

	"orderflow.example/shared/saga"
)

// kinds is a set of kinds of input: events, answers, questions and deadlines of the parts.
type kinds [3]uint64

func (k *kinds) add(o kinds) {
	for i := range k {
		k[i] |= o[i]
	}
}

func (k kinds) and(o kinds) kinds {
	for i := range k {
		k[i] &= o[i]
	}
	return k
}

func (k kinds) less(o kinds) kinds {
	for i := range k {
		k[i] &^= o[i]
	}
	return k
}

func (k kinds) none() bool { return k == kinds{} }

// Two steps of different parts commute: each takes from its own part's inbox and appends to others' queues, or adds to
// their bags. So the steps of some parts are enough, without trying those of the others first or in between, if nothing
// that the others do before one of these parts moves can make another step of these possible: a persistent set (Godefroid,
// Partial-Order Methods for the Verification of Concurrent Systems, 1996). The others can do the same steps after it. As no
// saga goes round (cycle.go), none of them is put off for ever.
//
// The possible steps of the others are derived from their rows, over all inputs in their inboxes and all that may follow:
// rather too many than too few.

// kind is one kind of input: the events that may follow when a part consumes one.
type kind struct {
	part  int
	leads kinds
}

// reach is the reduction's knowledge of the rows.
type reach struct {
	kinds  []kind
	of     map[string]kinds // by part, form and event
	caused map[string]kinds // by part and own event: the inputs that it becomes for others, and for the part itself
	mine   []kinds          // by part
}

func kindName(part int, f form, event string) string { return fmt.Sprint(part, forms[f], event) }

func (s *system) learn() {
	r := reach{of: map[string]kinds{}, caused: map[string]kinds{}, mine: make([]kinds, len(s.parts))}
	define := func(part int, f form, event string) {
		name := kindName(part, f, event)
		if _, known := r.of[name]; known {
			return
		}
		n := len(r.kinds)
		if n >= 64*len(kinds{}) {
			panic("explore: more kinds of input than a set of them holds: widen the type kinds")
		}
		var one kinds
		one[n/64] = 1 << (n % 64)
		r.of[name] = one
		r.mine[part].add(one)
		r.kinds = append(r.kinds, kind{part: part})
	}
	each := func(do func(p *part, row *saga.Row, f form)) {
		for _, p := range s.parts {
			if p.machine == nil {
				continue
			}
			for i := range p.machine.Rows {
				switch row := &p.machine.Rows[i]; row.Form {
				case saga.Calling:
					do(p, row, answered)
				case saga.Deadline:
					do(p, row, expired)
				case saga.Reaction:
					if p.machine.Takes(row.On.Name()) {
						do(p, row, heard)
					}
				}
			}
		}
	}
	each(func(p *part, row *saga.Row, f form) {
		define(p.i, f, row.On.Name())
		if to := s.asks[row.Ask]; f == answered && to != p {
			define(to.i, asked, row.On.Name())
		}
	})
	for _, root := range s.model.Roots {
		for _, t := range root.Told {
			if t.To != "" {
				define(s.outside(t.To).i, asked, t.Event.Type)
			}
		}
	}
	s.reach = r
	s.leadToTold()
	each(func(p *part, row *saga.Row, f form) {
		switch {
		case f == answered && s.asks[row.Ask] != p:
			s.lead(s.asks[row.Ask].i, asked, row.On.Name(), r.of[kindName(p.i, answered, row.On.Name())])
		case f == answered && s.mayTell(p.own):
			s.lead(p.i, answered, row.On.Name(), s.told(p.own))
		}
		for _, name := range p.maySay(row) {
			s.lead(p.i, f, row.On.Name(), s.causes(p, name))
		}
	})
}

// leadToTold lets whatever an outside party is asked lead to what it may tell. A party that no root begins with a state of its
// own, or is told anything in, tells nothing.
func (s *system) leadToTold() {
	for i := range s.reach.kinds {
		if p := s.parts[s.reach.kinds[i].part]; p.machine == nil && s.mayTell(p.own) {
			s.reach.kinds[i].leads.add(s.told(p.own))
		}
	}
}

func (s *system) mayTell(o *Outside) bool {
	return slices.ContainsFunc(s.model.Roots, func(r Root) bool {
		_, begun := r.States[o.Name]
		return begun || slices.ContainsFunc(r.Told, func(t Told) bool { return t.To == o.Name })
	})
}

// told returns the inputs that what an outside party tells becomes.
func (s *system) told(o *Outside) (k kinds) {
	for _, told := range o.Tells {
		for _, to := range s.hearers[told.Name()] {
			k.add(s.reach.of[kindName(to, heard, told.Name())])
		}
	}
	return k
}

func (s *system) lead(part int, f form, event string, to kinds) {
	k := s.reach.of[kindName(part, f, event)]
	for i := range s.reach.kinds {
		if k[i/64]&(1<<(i%64)) != 0 {
			s.reach.kinds[i].leads.add(to)
		}
	}
}

// maySay lists the events that may follow from a row, with those that follow from them in the same step.
func (p *part) maySay(row *saga.Row) (names []string) {
	for _, e := range row.Emits {
		names = append(names, e.Name())
	}
	for i := 0; i < len(names); i++ {
		for _, r := range p.machine.Rows {
			if r.Form != saga.Reaction || r.On.Name() != names[i] {
				continue
			}
			for _, e := range r.Emits {
				if !slices.Contains(names, e.Name()) {
					names = append(names, e.Name())
				}
			}
		}
	}
	return names
}

// causes returns the inputs that an own event becomes for all parts.
func (s *system) causes(p *part, name string) (k kinds) {
	for _, to := range s.hearers[name] {
		k.add(s.reach.of[kindName(to, heard, name)])
	}
	if p.machine == nil {
		return k
	}
	if row := p.machine.QuestionOf(name); row != nil {
		if to := s.asks[row.Ask]; to == p {
			k.add(s.reach.of[kindName(p.i, answered, name)])
		} else {
			k.add(s.reach.of[kindName(to.i, asked, name)])
		}
	}
	if p.machine.DeadlineOf(name) != nil {
		k.add(s.reach.of[kindName(p.i, expired, name)])
	}
	return k
}

// survey notes the kinds of input in a config's inbox, and those that would make another step possible.
func (s *system) survey(p *part, c *config) {
	c.surveyed = true
	for _, in := range c.inputs() {
		x := s.inputs.at[in]
		f := x.form
		if f == asked && p.machine != nil {
			f = answered
		}
		c.inbox.add(s.reach.of[kindName(p.i, f, s.events.at[x.event].Type)])
	}
	if p.machine == nil {
		c.gates = s.reach.mine[p.i]
		return
	}
	for _, r := range p.machine.Rows {
		name := r.On.Name()
		switch {
		case r.Form == saga.Calling && s.asks[r.Ask] != p:
			c.gates.add(s.reach.of[kindName(p.i, answered, name)])
		case r.Form == saga.Reaction && p.machine.Takes(name):
			if i := slices.Index(p.channels, s.channel(name)); len(c.queues[i]) == 0 {
				c.gates.add(s.reach.of[kindName(p.i, heard, name)])
			}
		}
	}
}

// unsaid holds the inputs that follow from an event that is not emitted before one of some kinds of input arrives.
type unsaid struct{ mutes, until kinds }

func (s *system) unsaidIn(p *part, state any) (list []unsaid) {
	for _, b := range p.before(state) {
		u := unsaid{mutes: s.causes(p, b.Says.Name())}
		for _, h := range b.Hears {
			f := heard
			if p.machine == nil {
				f = asked
			}
			u.until.add(s.reach.of[kindName(p.i, f, h.Name())])
		}
		list = append(list, u)
	}
	return list
}

// before is what the part does not emit or tell yet.
func (p *part) before(state any) []Before {
	switch {
	case p.machine == nil && p.own.Before != nil:
		return p.own.Before(state)
	case p.machine != nil && p.machine.Before != nil:
		return p.machine.Before(state)
	}
	return nil
}

// persistent chooses the parts whose steps are tried in this state: the set with the fewest steps of those that the other
// parts cannot disturb. Of equals it is the one of the latest part: outside parties are last, and what follows from them merges.
func (s *system) persistent(at []int32) uint64 {
	key := make([]byte, 0, 2*len(s.parts))
	for i, p := range s.parts {
		s.expand(p, at[i])
		key = binary.AppendUvarint(key, uint64(s.outline(p, at[i])))
	}
	sets, known := s.sets[string(key)]
	if !known {
		sets = s.undisturbed(at)
		s.sets[string(key)] = sets
	}
	best, fewest := uint64(0), 0
	for _, set := range sets {
		n := 0
		for i, p := range s.parts {
			if set&(1<<i) != 0 {
				n += len(p.configs.at[at[i]].steps)
			}
		}
		if best == 0 || n <= fewest {
			best, fewest = set, n
		}
	}
	return best
}

// outline numbers what undisturbed asks of a config.
func (s *system) outline(p *part, at int32) int32 {
	c := p.configs.at[at]
	if c.outline == 0 {
		text := fmt.Sprint(p.i, c.inbox, c.gates, len(c.steps) > 0, p.locals.at[c.local].unsaid)
		c.outline = 1 + s.outlines.number(text, func() struct{} { return struct{}{} })
	}
	return c.outline
}

// undisturbed lists sets of parts, one for each part with steps: the least that has it and that no step of the other parts can
// disturb before one of the set moves.
func (s *system) undisturbed(at []int32) (sets []uint64) {
	for i, p := range s.parts {
		if len(p.configs.at[at[i]].steps) == 0 {
			continue
		}
		set := uint64(1) << i
		for more := set; more != 0; set |= more {
			more = s.disturbing(set, at)
		}
		if !slices.Contains(sets, set) {
			sets = append(sets, set)
		}
	}
	return sets
}

// disturbing are the parts outside the set of which a step can make another step of one in it possible, before one in it moves.
func (s *system) disturbing(set uint64, at []int32) (disturb uint64) {
	var there, gates kinds
	for i, p := range s.parts {
		if set&(1<<i) == 0 {
			there.add(p.configs.at[at[i]].inbox)
		} else {
			gates.add(p.configs.at[at[i]].gates)
		}
	}
	for before := (kinds{}); there != before; {
		before = there
		for i, p := range s.parts {
			if set&(1<<i) != 0 {
				continue
			}
			muted := kinds{}
			for _, u := range p.locals.at[p.configs.at[at[i]].local].unsaid {
				if u.until.and(there).none() {
					muted.add(u.mutes)
				}
			}
			live := there.and(s.reach.mine[i])
			for w := range live {
				for rest := live[w]; rest != 0; rest &= rest - 1 {
					leads := s.reach.kinds[64*w+bits.TrailingZeros64(rest)].leads.less(muted)
					if there.add(leads); !leads.and(gates).none() {
						disturb |= 1 << i
					}
				}
			}
		}
	}
	return disturb
}

// kept returns the violation if the part broke its Before, "" if not.
func (p *part) kept(before, after any, f form, on saga.Event, said []saga.Event) string {
	then := p.before(after)
	for _, b := range p.before(before) {
		if (f == heard || f == asked) && b.waits(on.Type) {
			continue
		}
		says := slices.ContainsFunc(said, func(e saga.Event) bool { return e.Type == b.Says.Name() })
		still := slices.ContainsFunc(then, func(a Before) bool {
			return a.Says.Name() == b.Says.Name() && !slices.ContainsFunc(a.Hears, func(k saga.Kind) bool { return !b.waits(k.Name()) })
		})
		if says || !still {
			return fmt.Sprintf("the model is wrong: it promises that %s does not say %s yet (on %s)", p.name,
				own(saga.Producer(b.Says.Name()), b.Says.Name()), bare(on.Type))
		}
	}
	return ""
}

func (b Before) waits(name string) bool {
	return slices.ContainsFunc(b.Hears, func(k saga.Kind) bool { return k.Name() == name })
}
