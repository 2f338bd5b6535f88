package tracker

import (
	"encoding/binary"
	"time"

	"orderflow.example/shared/saga"
)

// story is what is kept of one saga, or of a correlation of which it is not known yet whether it is one.
type story struct {
	id       ID
	name     string // where the id is no UUID
	began    int64  // Unix nanoseconds; 0: nothing told so yet
	last     int64  // of its last event
	ended    int64  // 0: it has not
	answered int64  // when the customer was first told of it
	answer   uint16 // the status told then
	told     int64  // number of the last status told
	status   uint16
	reason   uint16
	active   bool

	entries []entry
	dues    map[ID]time.Time // of events that carry the time of their deadline
	keys    []string         // what its events are about beside itself
	packed  []byte           // the places of earlier events
}

func newStory(id ID, text string) *story {
	s := &story{id: id}
	if id.String() != text {
		s.name = text
	}
	return s
}

// text is the saga's id as it was told.
func (s *story) text() string {
	if s.name != "" {
		return s.name
	}
	return s.id.String()
}

func (s *story) keyed(key string) uint16 {
	if key == s.text() {
		return 0
	}
	for i, k := range s.keys {
		if k == key {
			return uint16(i + 1)
		}
	}
	s.keys = append(s.keys, key)
	return uint16(len(s.keys))
}

func (s *story) key(e *entry) string {
	if e.key == 0 {
		return s.text()
	}
	return s.keys[e.key-1]
}

// arm notes when the deadline falls due that runs from an event, where the event itself tells.
func (s *story) arm(e entry, k *kind, name string, data []byte) {
	if k.deadline == nil || !k.deadline.TellsWhen() {
		return
	}
	payload, err := saga.As(k.payload, name).Decode(data)
	due := time.Time{}
	if err == nil {
		due, err = k.deadline.FallsDue(saga.Event{Type: k.name, Time: time.Unix(0, e.at), Data: payload})
	}
	if err != nil {
		return // said by another build: it counts as due when it was said
	}
	if s.dues == nil {
		s.dues = map[ID]time.Time{}
	}
	s.dues[e.id] = due
}

// due is when the deadline falls due that runs from an event, as it was set.
func (s *story) due(e *entry, k *kind) time.Time {
	if at, tells := s.dues[e.id]; tells {
		return at
	}
	return time.Unix(0, e.at).Add(k.deadline.After)
}

// pack keeps only where the events stand. A saga that has ended and owes nothing loses nothing by it: what comes later
// is judged by itself.
func (s *story) pack() {
	for i := range s.entries {
		s.packed = binary.AppendUvarint(s.packed, uint64(s.entries[i].place))
		s.packed = binary.AppendUvarint(s.packed, uint64(s.entries[i].offset))
	}
	s.packed = append(make([]byte, 0, len(s.packed)), s.packed...)
	s.entries, s.dues, s.keys = nil, nil, nil
}

// Place is where a record stands.
type Place struct {
	Topic     string
	Partition int
	Offset    int64
}

// Places are where the events of an order stand; nil where no such saga is known.
func (x *Index) Places(order string) []Place {
	s := x.sagas[IDOf(order)]
	if s == nil || s.began == 0 {
		return nil
	}
	places := make([]Place, 0, len(s.entries))
	add := func(place int, offset int64) {
		p := x.places[place]
		places = append(places, Place{Topic: p.topic, Partition: p.partition, Offset: offset})
	}
	for rest := s.packed; len(rest) > 0; {
		place, n := binary.Uvarint(rest)
		offset, m := binary.Uvarint(rest[n:])
		add(int(place), int64(offset))
		rest = rest[n+m:]
	}
	for i := range s.entries {
		add(int(s.entries[i].place), s.entries[i].offset)
	}
	return places
}
