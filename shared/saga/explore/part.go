package explore

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// part is a machine, or an outside party that several machines ask. A party that one machine alone asks belongs to that
// machine's part: nobody else sees its state before it answers, so acting and answering are one step.
type part struct {
	i        int
	name     string
	machine  *Machine        // nil for an outside party
	knows    []*knowing      // the machine with each result of its lookups
	own      *Outside        // the outside party itself, or the one that belongs to the machine
	key      string          // its key
	channels []string        // the producers of the events it hears: the queues of its inbox
	counted  map[string]int  // own events whose ids are told apart
	notes    map[string]bool // events that it may hear only to note
	watches  pivots          // the pivots that some of its rows need behind them

	locals  table[*local]
	configs table[*config]
	reacted map[reacting][]reaction
	with    map[uint64]int32 // the config that a config becomes when a parcel arrives
}

// local is the state of a part.
type local struct {
	state any
	other any     // another state that the model takes for the same; nil where none was met
	aside any     // the state of the outside party that belongs to it
	count []uint8 // the number of emitted events of each counted type
	drops []uint8 // how many of the first of them asked a question that is dropped; nil where none is
	past  pivots  // pivots it emitted, and the watched ones behind the events it has heard
	text  string

	unsaid []unsaid // events it does not emit yet
}

// config is the state of a part and the inputs that wait for it.
type config struct {
	local  int32
	queues [][]int32 // by channel, in order
	bag    []int32   // in any order; sorted

	steps    []step
	noting   int32 // the one that is only noted; -1 where none is
	expanded bool
	inbox    kinds // the kinds of input in it
	gates    kinds // the kinds whose arrival would make another step possible
	surveyed bool
	outline  int32 // what the reduction asks of it; 0: not numbered yet
}

// step is one possible step of a part.
type step struct {
	input  int32
	choice int32 // the outcome, where the outside has a choice
	next   int32
	did    *reaction
}

// send is the parcel that one other part gets from a step.
type send struct {
	to     int
	parcel int32
}

// parcel is inputs on their way to one part: into one of its queues, or its bag (channel -1).
type parcel struct {
	channel int
	inputs  []int32
}

func (s *system) local(p *part, l local) int32 {
	l.text = text(l.state) + tail(l)
	n := p.locals.number(l.text, func() *local {
		l.unsaid = s.unsaidIn(p, l.state)
		return &l
	})
	if known := p.locals.at[n]; known.other == nil {
		known.other = l.other
	}
	return n
}

// tail describes a part's state apart from its machine's.
func tail(l local) (s string) {
	if l.aside != nil {
		s += " outside " + text(l.aside)
	}
	if len(l.count) > 0 {
		s += " numbered " + text(l.count)
	}
	if l.drops != nil {
		s += " dropped " + text(l.drops)
	}
	if l.past != 0 {
		s += fmt.Sprintf(" past %b", l.past)
	}
	return s
}

func (p *part) config(c config) int32 {
	key := binary.AppendVarint(nil, int64(c.local))
	for _, q := range c.queues {
		key = binary.AppendVarint(key, int64(len(q)))
		for _, in := range q {
			key = binary.AppendVarint(key, int64(in))
		}
	}
	for _, in := range c.bag {
		key = binary.AppendVarint(key, int64(in))
	}
	return p.configs.number(string(key), func() *config { return &c })
}

func (c *config) inputs() []int32 { return append(slices.Concat(c.queues...), c.bag...) }

// arrive returns the config after a parcel was put into its inbox.
func (s *system) arrive(p *part, at, number int32) int32 {
	key := uint64(at)<<32 | uint64(number)
	if next, known := p.with[key]; known {
		return next
	}
	was, parcel := p.configs.at[at], s.parcels.at[number]
	c := config{local: was.local, queues: slices.Clone(was.queues), bag: was.bag}
	if parcel.channel < 0 {
		c.bag = slices.Concat(was.bag, parcel.inputs)
		slices.Sort(c.bag)
	} else {
		c.queues[parcel.channel] = slices.Concat(was.queues[parcel.channel], parcel.inputs)
	}
	next := s.sketch(p, c)
	p.with[key] = next
	return next
}

// sketch numbers a config and notes what the reduction needs of it.
func (s *system) sketch(p *part, c config) int32 {
	n := p.config(c)
	if made := p.configs.at[n]; !made.surveyed {
		s.survey(p, made)
	}
	return n
}

// expand lists the next possible steps of a part.
func (s *system) expand(p *part, at int32) []step {
	c := p.configs.at[at]
	if c.expanded {
		return c.steps
	}
	c.expanded, c.noting = true, -1
	for i, q := range c.queues {
		if len(q) > 0 {
			left := slices.Clone(c.queues)
			left[i] = q[1:]
			s.take(p, c, q[0], config{queues: left, bag: c.bag})
		}
	}
	for i, in := range c.bag {
		if i > 0 && c.bag[i-1] == in {
			continue
		}
		s.take(p, c, in, config{queues: c.queues, bag: slices.Delete(slices.Clone(c.bag), i, i+1)})
	}
	return c.steps
}

// take adds the steps in which one input is consumed.
func (s *system) take(p *part, c *config, in int32, rest config) {
	reactions := s.reactions(p, c.local, in)
	for i := range reactions {
		r := &reactions[i]
		st := step{input: in, choice: int32(i), did: r}
		if r.wrong == "" {
			st.next = s.sketch(p, config{local: r.next, queues: rest.queues, bag: s.keep(rest.bag, r)})
		}
		if s.isNote(p, in) && r.onlyNotes() && len(reactions) == 1 {
			c.noting = int32(len(c.steps))
		}
		c.steps = append(c.steps, st)
	}
}

// keep returns the bag after a reaction: settled deadlines are removed, and of each kind only the latest is kept.
func (s *system) keep(bag []int32, r *reaction) []int32 {
	off := slices.Clone(r.settled)
	for _, in := range r.keeps {
		if x := s.inputs.at[in]; x.form == expired {
			off = append(off, s.events.at[x.event].Type)
		}
	}
	bag = slices.DeleteFunc(slices.Clone(bag), func(in int32) bool {
		x := s.inputs.at[in]
		return x.form == expired && slices.Contains(off, s.events.at[x.event].Type)
	})
	bag = append(bag, r.keeps...)
	slices.Sort(bag)
	return bag
}

// parcel numbers inputs in flight to a part.
func (s *system) parcel(to *part, channel int, inputs ...int32) send {
	n := s.parcels.number(fmt.Sprint(channel, inputs), func() parcel { return parcel{channel, inputs} })
	return send{to.i, n}
}
