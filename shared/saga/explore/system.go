package explore

import (
	"cmp"
	"slices"

	"orderflow.example/shared/saga"
)

// system is a prepared model: all recurring values are numbered, so that a whole state is a few numbers.
type system struct {
	model   Model
	parts   []*part
	hearers map[string][]int  // the machines that hear an event
	sayers  map[string]string // by event: the machine that emits it
	asks    map[string]*part  // the party that answers a question
	reach   reach
	said    map[string]bool // events, in any state reached
	pivots  map[string]pivots
	carried pivots // watched by a part that does something irrevocable: all parts remember them

	events  table[saga.Event]
	inputs  table[input]
	parcels table[parcel]

	sets     map[string][]uint64 // of parts, by the outlines of their configs
	outlines table[struct{}]
}

func newSystem(m Model) *system {
	s := &system{model: m, hearers: map[string][]int{}, sayers: map[string]string{}, asks: map[string]*part{},
		said: map[string]bool{}, pivots: map[string]pivots{}, sets: map[string][]uint64{}}
	s.namePivots()
	for _, machine := range m.Machines {
		for _, name := range machine.Says() {
			s.sayers[name] = machine.String()
		}
	}
	for i := range m.Machines {
		s.add(m.Machines[i].String(), &m.Machines[i])
	}
	for i := range m.Outside {
		o := &m.Outside[i]
		askers := s.askers(o)
		p := (*part)(nil)
		switch {
		case len(askers) == 0:
			panic("explore: no machine asks " + o.Name)
		case len(askers) == 1 && askers[0].own == nil:
			p = askers[0]
		default:
			p = s.add(o.Name, nil)
		}
		p.own = o
		for _, q := range o.Asked {
			s.asks[q] = p
		}
	}
	for _, p := range s.parts {
		s.check(p)
	}
	s.learn()
	return s
}

func (s *system) add(name string, m *Machine) *part {
	p := &part{i: len(s.parts), name: name, machine: m, reacted: map[reacting][]reaction{}, with: map[uint64]int32{},
		counted: map[string]int{}, notes: map[string]bool{}}
	s.parts = append(s.parts, p)
	if m == nil {
		return p
	}
	p.key = cmp.Or(m.Key, s.model.Key)
	p.knows = m.knowings()
	for _, one := range m.Series {
		p.counted[one.Of.Name()] = len(p.counted) // its number may matter
	}
	for _, k := range m.Notes {
		p.notes[k.Name()] = true
	}
	for _, r := range m.Rows {
		name := r.On.Name()
		if _, known := p.counted[name]; !known && (r.Form == saga.Calling || r.Form == saga.Deadline) {
			p.counted[name] = len(p.counted) // it asks, or sets a deadline: its id may matter
		}
		p.watches |= s.needed(&r)
		if r.Form != saga.Reaction || !m.Takes(name) {
			continue
		}
		from := s.channel(name)
		if !slices.Contains(s.hearers[name], p.i) {
			s.hearers[name] = append(s.hearers[name], p.i)
		}
		if !slices.Contains(p.channels, from) {
			p.channels = append(p.channels, from)
		}
	}
	return p
}

// channel names the queue of an event: events of one machine keep their order. The events of several machines of a
// service are on one topic, but in no fixed order among the machines.
func (s *system) channel(event string) string { return cmp.Or(s.sayers[event], saga.Producer(event)) }

// askers are the parts that ask an outside party anything.
func (s *system) askers(o *Outside) (list []*part) {
	for _, p := range s.parts {
		if p.machine != nil && slices.ContainsFunc(p.machine.Rows, func(r saga.Row) bool { return slices.Contains(o.Asked, r.Ask) }) {
			list = append(list, p)
		}
	}
	return list
}

func (s *system) check(p *part) {
	if p.machine == nil {
		return
	}
	for _, r := range p.machine.Rows {
		switch {
		case r.Form != saga.Calling:
		case s.asks[r.Ask] == nil:
			panic("explore: no outside party answers " + r.Ask)
		case r.Due > 0 && len(r.Unless) > 0 && s.asks[r.Ask] != p:
			// a party that several machines ask is not told here that a question asked until answered is dropped and may be
			// forgotten
			panic("explore: " + r.Ask + " is asked until it is answered, may be dropped, and others ask there as well")
		}
	}
}

// begin returns the state in which a root starts.
func (s *system) begin(root Root) []int32 {
	at := make([]int32, len(s.parts))
	for i, p := range s.parts {
		l := local{count: make([]uint8, len(p.counted))}
		given := func(name string, otherwise any) any {
			if v, known := root.States[name]; known {
				return v
			}
			return otherwise
		}
		if p.machine == nil {
			l.state = given(p.own.Name, p.own.Start)
		} else {
			l.state = p.same(given(p.name, p.machine.Blank(p.key)))
			if p.own != nil {
				l.aside = given(p.own.Name, p.own.Start)
			}
		}
		at[i] = s.sketch(p, config{local: s.local(p, l), queues: make([][]int32, len(p.channels))})
	}
	for _, t := range root.Told {
		t.Event.Key = cmp.Or(t.Event.Key, s.model.Key)
		if t.Event.ID == "" {
			t.Event.ID = bare(t.Event.Type)
		}
		if t.To != "" {
			p := s.outside(t.To)
			sent := s.parcel(p, -1, s.input(input{form: asked, event: s.event(t.Event), words: t.Who}))
			at[p.i] = s.arrive(p, at[p.i], sent.parcel)
			continue
		}
		in := s.input(input{form: heard, event: s.event(t.Event), words: t.Who, past: s.pivots[t.Event.Type]})
		for _, to := range s.hearers[t.Event.Type] {
			if p := s.parts[to]; p.isAbout(t.Event) {
				sent := s.parcel(p, slices.Index(p.channels, s.channel(t.Event.Type)), in)
				at[to] = s.arrive(p, at[to], sent.parcel)
			}
		}
	}
	return at
}

// isAbout tells whether the event is about the machine's key, or about another kind of key whose states it keeps with that one's.
func (p *part) isAbout(e saga.Event) bool {
	return p.key == e.Key || slices.ContainsFunc(p.machine.Rows, func(r saga.Row) bool {
		kind := r.On.KeyedBy()
		return r.On.Name() == e.Type && kind != p.machine.Machine.Key && p.machine.KeptUnder(kind)
	})
}

// outside is the part of an outside party that several machines ask.
func (s *system) outside(name string) *part {
	for _, p := range s.parts {
		if p.machine == nil && p.own.Name == name {
			return p
		}
	}
	panic("explore: " + name + " cannot be told anything: several machines must ask it")
}

// after returns the state after a step, written into next.
func (s *system) after(at []int32, p *part, st *step, next []int32) {
	copy(next, at)
	next[p.i] = st.next
	for _, sent := range st.did.sends {
		next[sent.to] = s.arrive(s.parts[sent.to], next[sent.to], sent.parcel)
	}
}
