package redecide

import (
	"context"
	"hash/maphash"
	"time"

	"orderflow.example/shared/engine"
	"orderflow.example/shared/saga"
)

// How far times may be off.
const (
	// ahead is how far own events are read ahead, so that all of one step are at hand: between the time of its first and that
	// of what stands before its last there is one transaction at most, of half a minute.
	ahead = 40 * time.Second
	// slack is how much earlier than its time an input may have been heard: services take times from different databases.
	slack = 2 * time.Second
)

// pass reads the topics once, and decides on a share of the keys.
type pass struct {
	Config
	*language
	report *Report
	log    *frozen
	causes causes
	number int
	of     int

	sources []*source // the service's own topic is the last
	own     *source
	lookups *lookups
	byCause map[string][]*said    // own events that were read and belong to no step yet
	unsaid  map[string]*said      // the same by id
	before  map[string]string     // by id: the types of own events that lead to something later, or to what this build does not know
	coming  map[about][]time.Time // of kinds of which only the last of a batch is said: when they are
	lost    map[rowName]*int      // by row: how many steps on end agree in no order of what changed the rows that keys share
	end     map[place]int64       // the last number that led to something
}

type place struct {
	topic     string
	partition int
}

func (p *pass) run(ctx context.Context) error {
	p.byCause, p.unsaid, p.before = map[string][]*said{}, map[string]*said{}, map[string]string{}
	p.lost = map[rowName]*int{}
	p.coming, p.end = map[about][]time.Time{}, map[place]int64{}
	p.lookups = newLookups(p.App.Bindings)
	for i, topic := range topicsOf(p.Config, p.keepers) {
		if i > 0 {
			s := newSource(p.Config, p.log, topic, slack)
			s.read, s.name = p.foresee, p.name
			p.sources = append(p.sources, s)
		}
	}
	p.own = newSource(p.Config, p.log, p.App.Topic(), 0)
	p.own.read, p.own.name = p.announce, p.name
	p.sources = append(p.sources, p.own)
	for {
		next, err := p.next(ctx)
		if err != nil {
			return err
		}
		if next == nil {
			break
		}
		if next.topic != p.App.Topic() {
			p.arrive(next, nobody)
		} else if err := p.say(ctx, next); err != nil {
			return err
		}
	}
	p.close()
	p.log.progress(p.log.done, p.log.total)
	return nil
}

// say takes the next own event of its partition, with its step. What led to it may stand behind events of a later time in
// another partition, as numbers are given when a transaction ends: then those are taken first.
func (p *pass) say(ctx context.Context, e *said) error {
	p.uncome(e)
	for !e.taken {
		cause := p.unsaid[e.Cause]
		if cause == nil {
			p.step(e)
			break
		}
		for !cause.taken && len(p.own.streams[cause.partition].queue) > 0 {
			first := p.own.pop(cause.partition)
			for _, s := range p.sources[:len(p.sources)-1] {
				if err := s.until(ctx, first.at); err != nil {
					return err
				}
			}
			if err := p.say(ctx, first); err != nil {
				return err
			}
		}
	}
	return nil
}

// next is the event that was said next, and an input before an own event of the same time. All that may belong to its step
// has been read by then.
func (p *pass) next(ctx context.Context) (*said, error) {
	for {
		from, at := p.earliest()
		t := time.Time{}
		if from != nil {
			t = from.streams[at].queue[0].at
		}
		moved := false
		for _, s := range p.sources {
			upto := t
			if s == p.own {
				upto = t.Add(ahead)
			}
			if s.reaches(upto) {
				continue
			}
			if err := s.until(ctx, upto); err != nil {
				return nil, err
			}
			moved = true
		}
		if !moved {
			if from == nil {
				return nil, nil
			}
			return from.pop(at), nil
		}
	}
}

func (s *source) reaches(t time.Time) bool {
	for p := range s.streams {
		if st := &s.streams[p]; !st.done && !st.last.After(t) {
			return false
		}
	}
	return true
}

func (p *pass) earliest() (from *source, partition int) {
	for _, s := range p.sources {
		at := s.head()
		if at >= 0 && (from == nil || s.streams[at].queue[0].at.Before(from.streams[partition].queue[0].at)) {
			from, partition = s, at
		}
	}
	return from, partition
}

// announce notes an own event that is to come.
func (p *pass) announce(e *said) {
	p.unsaid[e.ID] = e
	if e.Cause != "" {
		p.byCause[e.Cause] = append(p.byCause[e.Cause], e)
	}
	if kind := p.kindOf(e.Type); kind != nil && kind.Latest() {
		a := about{e.Key, e.Type}
		p.coming[a] = append(p.coming[a], e.at)
	}
}

func (p *pass) uncome(e *said) {
	a := about{e.Key, e.Type}
	if times := p.coming[a]; len(times) > 1 {
		p.coming[a] = times[1:]
	} else if len(times) == 1 {
		delete(p.coming, a)
	}
}

// overtaken tells whether an event of which only the last of a batch is said may have given way to a later one.
func (p *pass) overtaken(e saga.Event, at time.Time) bool {
	kind := p.kindOf(e.Type)
	if kind == nil || !kind.Latest() {
		return false
	}
	for _, t := range p.coming[about{e.Key, e.Type}] {
		if !t.Before(at) && t.Sub(at) <= ahead {
			return true
		}
	}
	return false
}

// mine tells whether the key is among those of this pass.
func (p *pass) mine(key string) bool {
	return p.of == 1 || maphash.String(seed, key)%uint64(p.of) == uint64(p.number)
}

// foresee notes an input that led to something when it is read, which is before it was said: clocks differ.
func (p *pass) foresee(e *said) {
	for _, k := range p.keepers {
		if p.mine(e.Key) && p.led(p.causes, k, e) {
			k.known[e.ID] = &input{said: e, led: true}
		}
	}
}

// arrive makes an event known to those that hear it, but for the machine that said it.
func (p *pass) arrive(e *said, speaker int) {
	p.lookups.hear(e)
	for _, k := range p.keepers {
		if k.number == speaker || !p.mine(e.Key) {
			continue
		}
		led := p.led(p.causes, k, e)
		if !led && !k.hears(e.Type) {
			continue
		}
		in := k.known[e.ID]
		if in == nil {
			in = &input{said: e, led: led}
		}
		if in.led {
			if k.known[e.ID] = in; in.done { // by the clocks its step came before it
				delete(k.known, e.ID)
				continue
			}
			in.arrived = true
			if !k.byKey {
				if event, err := in.event(k); err == nil {
					in.since, in.before = k.dropped+len(k.journal), k.get(event)
				}
			}
		}
		k.waiting[e.Key] = append(k.waiting[e.Key], in)
		if !in.led {
			p.silent(k, e.Key, e.Time)
		}
	}
}

// lookups are what others said of keys that decisions look up: all of it, for what had arrived is not recorded.
type lookups struct {
	machine *saga.Machine
	said    map[about][]any // by key and type, in the order said
	age     int             // which of them is found: 0 the last
}

func newLookups(bindings []engine.Binding) *lookups {
	machines := make([]*saga.Machine, len(bindings))
	for i, b := range bindings {
		machines[i] = b.Machine
	}
	return &lookups{machine: saga.Lookups(machines...), said: map[about][]any{}}
}

func (l *lookups) hear(e *said) {
	if l.machine == nil || l.machine.Kind(e.wrote) == nil {
		return
	}
	kind := l.machine.Kind(e.wrote)
	if data, err := decode(kind, e); err == nil {
		a := about{e.Key, kind.Name()}
		l.said[a] = append(l.said[a], data)
	}
}

// look finds what was said last, or as many before that as the age says.
func (l *lookups) look(known saga.Kind, key string) any {
	if all := l.said[about{key, known.Name()}]; len(all) > l.age {
		return all[len(all)-1-l.age]
	}
	return nil
}
