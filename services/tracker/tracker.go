// Package tracker follows sagas across all services. It is fed every event and every progress report of every service, and
// tells for each order what happened in which order, which service owes what until when, and what is stuck and why.
//
// It decides nothing and has no clock, topic or database: internal/watch reads the topics, internal/api answers operators.
// Its answers follow from its input alone, in whatever order the topics are read, so that it can be killed and fed again.
package tracker

import (
	"cmp"
	"reflect"
	"slices"
	"time"

	"orderflow.example/schemas/order"
	"orderflow.example/schemas/storefront"
	"orderflow.example/shared/saga"
)

// The events that make a saga known: the one that begins it, its status, and why it was turned back.
var (
	begins    = storefront.OrderPlaced
	status    = order.StatusChanged
	cancelled = order.Cancelled
	confirmed = order.Confirmed
)

// beforeFirstStatus is the state of an order without a status event.
const beforeFirstStatus = "placed"

// Grace is how long after a thing is due it becomes overdue, and how long a reaction may take.
const Grace = 3 * time.Second

// keptWhole is how many sagas that have ended and owe nothing are kept event by event; of older ones only the places of the
// events are kept.
const keptWhole = 10_000

// Index holds all sagas. It is not safe for concurrent use.
type Index struct {
	// Callbacks, if set: a saga began, the customer got a first status, a saga ended, a saga was turned back.
	Began     func()
	Answered  func(saga ID, status string, took time.Duration)
	Ended     func(saga ID, outcome string, took time.Duration)
	Cancelled func(reason string)
	Told      map[string]func(payload any) // by event type, for every event

	services map[string]int // numbers of services
	names    []string       // of services
	declared int            // so many of them have a machine
	kinds    []*kind
	kindOf   map[string]int
	places   []*place
	placeOf  map[where]int
	words    []string
	wordOf   map[string]uint16
	texts    []string // customers and SKUs; 0 is the empty one
	textOf   map[string]uint32
	personal personal

	reactions map[string][]reacts // by the event
	fails     map[string]bool     // the events by which a saga fails
	onTheWay  map[string]bool     // the events that lead to its completion
	audience  map[int][]int       // the services that hear the topic of another

	sagas  map[ID]*story
	order  []*story            // those that have begun, oldest first
	active map[*story]struct{} // those that have not ended, or may owe something
	done   []*story            // ended, owing nothing, kept whole; oldest first
	whole  int                 // how many of done may be kept

	stands   map[stand]*progress
	reported map[int]map[string]heartbeat // by service and process
	parked   map[held]Parked
	parkedOf map[ID]int  // how many of them are about an event
	moved    map[ID]Move // by the event that the deadline runs from
	asked    map[ID]Move // operators' last requests, whatever came of them
	history  history
	feed     feed
}

// where is one partition of a topic.
type where struct {
	topic     string
	partition int
}

// New returns an index of the events of these machines, which are all machines of all services.
func New(machines []*saga.Machine) *Index {
	x := &Index{
		services: map[string]int{}, kindOf: map[string]int{}, placeOf: map[where]int{}, wordOf: map[string]uint16{},
		texts: []string{""}, textOf: map[string]uint32{"": 0},
		personal: personal{map[string]bool{}, map[reflect.Type]bool{}},
		sagas:    map[ID]*story{}, active: map[*story]struct{}{}, whole: keptWhole,
		stands: map[stand]*progress{}, reported: map[int]map[string]heartbeat{}, parked: map[held]Parked{},
		parkedOf: map[ID]int{}, moved: map[ID]Move{}, asked: map[ID]Move{}, history: newHistory(),
	}
	x.word("")
	for _, m := range machines {
		x.service(m.Service)
	}
	x.declared = len(x.names)
	for _, m := range machines {
		x.declare(m)
	}
	for _, m := range machines {
		x.decisions(m)
	}
	x.way(machines)
	x.audience = x.heard()
	for _, k := range x.kinds {
		if k.payload != nil {
			x.personal.declare(k.payload)
			for _, o := range k.payload.Older() {
				x.personal.declare(o)
			}
		}
	}
	return x
}

func (x *Index) service(name string) int {
	n, known := x.services[name]
	if !known {
		n = len(x.names)
		x.services[name], x.names = n, append(x.names, name)
	}
	return n
}

func (x *Index) word(text string) uint16 {
	n, known := x.wordOf[text]
	if !known {
		if len(x.words) > 1<<15 {
			return 0
		}
		n = uint16(len(x.words))
		x.wordOf[text], x.words = n, append(x.words, text)
	}
	return n
}

// text is the number of a text; 0 if it is not known and not to be learnt.
func (x *Index) text(text string, learn bool) uint32 {
	n, known := x.textOf[text]
	if !known && learn {
		n = uint32(len(x.texts))
		x.textOf[text], x.texts = n, append(x.texts, text)
	}
	return n
}

// Add adds a record. Records of one topic partition come in their order there; a repeat is recognised by its number.
func (x *Index) Add(r *Record) {
	at := x.place(r.Topic, r.Partition)
	p := x.places[at]
	if !p.take(r.Sequence) {
		return
	}
	n := x.kind(r.Type)
	k := x.kinds[n]
	k.recent.note(r.Time.UnixNano(), -1)
	x.date(p, r.Sequence, r.Time)
	if r.Saga == "" {
		r.Saga = r.Key
	}
	if r.Saga == r.Key && k.about != "" && k.about != begins.KeyedBy() {
		return // about a product alone: no saga
	}
	id := IDOf(r.Saga)
	s := x.sagas[id]
	if s == nil {
		s = newStory(id, r.Saga)
		x.sagas[id] = s
	}
	e := entry{id: IDOf(r.ID), cause: IDOf(r.Cause), sequence: r.Sequence, offset: r.Offset, at: r.Time.UnixNano(),
		kind: uint16(n), place: uint16(at), key: s.keyed(r.Key), via: viaOf(r.Via)}
	x.infer(s, e)
	x.timeAnswer(s, e)
	s.entries = append(s.entries, e)
	s.last = max(s.last, e.at)
	s.arm(e, k, r.Type, r.Data)
	x.history.at(e.at, func(f *figures) { f.events++ })
	x.understand(s, k, r, e)
	if s.began != 0 {
		x.feed.note(s)
	}
	if s.began != 0 && !s.active {
		s.active = true
		x.active[s] = struct{}{}
	}
}

// list inserts a saga that has begun among the others, by when it began.
func (x *Index) list(s *story) {
	i := len(x.order)
	for i > 0 && s.before(x.order[i-1]) {
		i--
	}
	x.order = slices.Insert(x.order, i, s)
}

func (s *story) before(other *story) bool {
	return cmp.Or(cmp.Compare(s.began, other.began), slices.Compare(s.id[:], other.id[:])) < 0
}

// Figures are counts over all sagas.
type Figures struct {
	Sagas   int
	Open    map[string]int // sagas that have not ended, by status
	Overdue map[string]int // obligations overdue, by service
	Stuck   map[string]int // sagas that do not go on, by cause
}

// Sweep checks every saga that may owe something. Those that have ended and owe nothing are not checked again until another
// event of theirs is read, and in time only the places of their events are kept.
func (x *Index) Sweep(now time.Time) Figures {
	f := Figures{Sagas: len(x.order), Open: map[string]int{}, Overdue: map[string]int{}, Stuck: map[string]int{}}
	for _, name := range x.names {
		f.Overdue[name] = 0
	}
	for s := range x.active {
		owed := x.owed(s, now)
		for _, o := range owed {
			if o.Overdue {
				f.Overdue[o.Service]++
			}
		}
		switch {
		case s.ended == 0:
			f.Open[x.state(s)]++
			if stuck := x.stuck(s, owed, now); stuck != nil {
				f.Stuck[stuck.Cause]++
			}
		case len(owed) == 0 && len(x.deadlines(s, now)) == 0 && x.setAside(s) == 0:
			delete(x.active, s)
			s.active = false
			x.done = append(x.done, s)
		}
	}
	for len(x.done) > x.whole {
		if s := x.done[0]; !s.active {
			s.pack()
		}
		x.done = x.done[1:]
	}
	return f
}

func (x *Index) state(s *story) string {
	if s.status == 0 {
		return beforeFirstStatus
	}
	return x.words[s.status]
}
