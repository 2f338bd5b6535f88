package redecide

import (
	"context"
	"hash/maphash"
	"slices"
	"time"

	"orderflow.example/shared/engine"
	"orderflow.example/shared/saga"
)

// Bounds on the differences between times.
const (
	// ahead is how far own events are read ahead, so that all events of a step are read: from the time of its first event to that
	// of the record before its last there is one transaction at most, of half a minute.
	ahead = 40 * time.Second
	// slack is how much earlier than its time an input may have been consumed: services take times from different databases.
	slack = 2 * time.Second
)

// pass reads the topics once, and decides for a share of the keys.
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
	byCause map[string][]*said    // by cause: own events that were read and belong to no step yet
	unsaid  map[string]*said      // the same by id
	before  map[string]about      // by id: own events that a call or deadline follows, or of a type unknown to this build
	coming  map[about][]time.Time // the times of events of kinds of which only the last of a batch is emitted
	lost    map[rowName]*int      // by row: how many steps in a row agreed in no order of the changes to shared rows
	end     map[place]int64       // the last number with an effect
}

type place struct {
	topic     string
	partition int
}

func (p *pass) run(ctx context.Context) error {
	p.byCause, p.unsaid, p.before = map[string][]*said{}, map[string]*said{}, map[string]about{}
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

// say takes the next own event of its partition, with its step. Its cause, and in the partition of the step's key the events
// before the step's, may be of a later time, as numbers are assigned when a transaction ends: then those are taken first.
func (p *pass) say(ctx context.Context, e *said) error {
	p.uncome(e)
	e.next = true
	for !e.taken {
		cause := p.unsaid[e.Cause]
		if cause == nil || cause.next {
			break
		}
		if err := p.sayBefore(ctx, cause.partition, func(*said) bool { return cause.taken }); err != nil {
			return err
		}
	}
	if e.taken {
		return nil
	}
	k := p.keepers[p.sayer(e)]
	key, step := p.keyOf(p.known(k, e), e), p.group(k, e)
	for _, g := range step {
		if g.Key != key || g.partition == e.partition {
			continue
		}
		if err := p.sayBefore(ctx, g.partition, func(first *said) bool { return slices.Contains(step, first) }); err != nil {
			return err
		}
	}
	if !e.taken {
		p.step(e)
	}
	return nil
}

// sayBefore takes own events of a partition until the next one is the end.
func (p *pass) sayBefore(ctx context.Context, partition int, end func(next *said) bool) error {
	for {
		queue := p.own.streams[partition].queue
		if len(queue) == 0 || end(queue[0]) {
			return nil
		}
		first := p.own.pop(partition)
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

// next returns the next event by time, an input before an own event of the same time. All events that may belong to its step have
// been read then.
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

// announce registers an own event when it is read.
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

// mine tells whether the key is among those of this pass.
func (p *pass) mine(key string) bool {
	return p.of == 1 || maphash.String(seed, key)%uint64(p.of) == uint64(p.number)
}

// foresee registers an input with an effect as soon as it is read: as clocks differ, its step may come before it.
func (p *pass) foresee(e *said) {
	for _, k := range p.keepers {
		if p.mine(e.Key) && p.led(p.causes, k, e) {
			k.known[e.ID] = &input{said: e, led: true}
		}
	}
}

// arrive passes an event to the machines that consume it, except the one that emitted it.
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
			if k.known[e.ID] = in; in.done { // its step has the earlier time
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

// lookups are the events that decisions look up, all of each key: it is not recorded which of them had arrived.
type lookups struct {
	machine *saga.Machine
	said    map[about][]any // by key and type, in their order
	age     int             // which of them is found: 0 is the last
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

// look finds the last event of a key and type, or an earlier one according to age.
func (l *lookups) look(known saga.Kind, key string) any {
	if all := l.said[about{key, known.Name()}]; len(all) > l.age {
		return all[len(all)-1-l.age]
	}
	return nil
}
