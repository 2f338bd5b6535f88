package explore

import (
	"fmt"
	"slices"
)

// A machine may consume some events only to note them: nobody consumes the events that it then emits, and its state is
// the same whenever it consumes them. Such a step is taken at once, alone. The model lists the candidates
// (Machine.Notes), and commute checks them: it lets each note be consumed later, after each of the steps that were taken
// after it, and compares. The inputs consumed on the way are checked like any other step. Where a note turns out to be
// more than that, the exploration is done again without.

// onlyNotes tells whether a reaction reaches no other part.
func (r *reaction) onlyNotes() bool {
	return r.wrong == "" && len(r.sends) == 0 && len(r.keeps) == 0 && len(r.settled) == 0
}

// isNote tells whether an input is one that the machine may only note.
func (s *system) isNote(p *part, in int32) bool {
	x := s.inputs.at[in]
	return p.machine != nil && x.form == heard && p.notes[s.events.at[x.event].Type]
}

// postponed is a note, the machine's state after consuming it, and the state it would have without it.
type postponed struct{ note, with, without int32 }

// commuting is the check of one machine.
type commuting struct {
	*system
	p     *part
	takes [][]int32 // by state: the inputs consumed then
	met   map[reacting]bool
	late  [][]postponed // by the state with the note
	known map[postponed]bool
	wrong string
}

// commute tells which of a machine's notes are more than notes; "" if none.
func (s *system) commute(p *part) string {
	c := &commuting{system: s, p: p, met: map[reacting]bool{}, known: map[postponed]bool{}}
	for _, key := range s.reactedInOrder(p) {
		c.meet(key.local, key.input)
	}
	return c.wrong
}

// meet visits one input that the machine may consume.
func (c *commuting) meet(at, in int32) {
	if key := (reacting{at, in}); c.wrong != "" || c.met[key] {
		return
	} else {
		c.met[key] = true
	}
	list := c.reactions(c.p, at, in)
	for len(c.takes) < len(c.p.locals.at) {
		c.takes, c.late = append(c.takes, nil), append(c.late, nil)
	}
	c.takes[at] = append(c.takes[at], in)
	for _, r := range list {
		if r.wrong != "" {
			c.wrong = r.wrong
			return
		}
	}
	for _, l := range c.late[at] {
		c.compare(l, in)
	}
	if c.isNote(c.p, in) && list[0].onlyNotes() && len(list) == 1 {
		c.postpone(postponed{note: in, with: list[0].next, without: at})
	}
}

func (c *commuting) postpone(l postponed) {
	if c.wrong != "" || c.known[l] {
		return
	}
	c.known[l] = true
	c.late[l.with] = append(c.late[l.with], l)
	for _, in := range slices.Clone(c.takes[l.with]) {
		c.compare(l, in)
	}
}

// compare consumes an input before the note that was consumed first.
func (c *commuting) compare(l postponed, in int32) {
	if c.wrong != "" || c.sameQueue(l.note, in) {
		return
	}
	after := c.reactions(c.p, l.with, in)
	c.meet(l.without, in)
	for i, r := range c.reactions(c.p, l.without, in) {
		if c.wrong != "" {
			return
		}
		c.meet(r.next, l.note)
		then := c.reactions(c.p, r.next, l.note)[0]
		if i >= len(after) || !slices.Equal(r.sends, after[i].sends) || !slices.Equal(r.keeps, after[i].keeps) ||
			!slices.Equal(r.settled, after[i].settled) || !then.onlyNotes() || then.next != after[i].next {
			c.wrong = fmt.Sprintf("%s does not only note %s: it matters whether it hears %s first",
				c.p.name, c.name(l.note), c.name(in))
			return
		}
		c.postpone(postponed{note: l.note, with: after[i].next, without: r.next})
	}
}

func (s *system) name(in int32) string { return bare(s.typeOf(in)) }

func (s *system) typeOf(in int32) string { return s.events.at[s.inputs.at[in].event].Type }

// sameQueue tells whether two inputs keep the order in which they were emitted.
func (s *system) sameQueue(a, b int32) bool {
	return s.inputs.at[b].form == heard && s.channel(s.typeOf(a)) == s.channel(s.typeOf(b))
}
