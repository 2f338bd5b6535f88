package tracker

import (
	"encoding/binary"
	"time"

	"orderflow.example/schemas/storefront"
	"orderflow.example/shared/saga"
)

// story is what is kept of one saga, or of a correlation that may turn out to be one.
type story struct {
	id        ID
	name      string // if the id is no UUID
	began     int64  // Unix nanoseconds; 0: its first event was not read yet
	last      int64  // of its last event
	ended     int64  // 0: it has not
	confirmed int64  // 0: it is not
	answered  int64  // when the customer was first told of it
	answer    uint16 // the status told then
	told      int64  // number of the last status told
	status    uint16
	reason    uint16
	active    bool
	currency  uint16
	customer  uint32
	total     int64    // in minor units of the currency
	skus      []uint32 // of its lines

	entries []entry
	dues    map[ID]time.Time // of events that carry the time of their deadline
	keys    []string         // keys of its events other than its id
	packed  []byte           // the places of earlier events
}

func newStory(id ID, text string) *story {
	s := &story{id: id}
	if id.String() != text {
		s.name = text
	}
	return s
}

// basket notes who ordered what.
func (x *Index) basket(s *story, placed storefront.OrderPlacedV1) {
	s.customer = x.text(placed.CustomerID, true)
	s.total, s.currency = placed.Total.Amount, x.word(placed.Total.Currency)
	s.skus = make([]uint32, len(placed.Lines))
	for i, line := range placed.Lines {
		s.skus[i] = x.text(line.SKU, true)
	}
}

// text is the saga's id as it was read.
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

// arm notes when the deadline that runs from an event falls due, if the event carries the time.
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
		return // written by another build: it counts as due at the time of the event
	}
	if s.dues == nil {
		s.dues = map[ID]time.Time{}
	}
	s.dues[e.id] = due
}

// due is when the deadline that runs from an event falls due, as it was set.
func (s *story) due(e *entry, k *kind) time.Time {
	if at, tells := s.dues[e.id]; tells {
		return at
	}
	return time.Unix(0, e.at).Add(k.deadline.After)
}

// pack keeps only the places of the events. A saga that has ended and owes nothing needs no more: later events are judged by
// themselves.
func (s *story) pack() {
	for i := range s.entries {
		s.packed = binary.AppendUvarint(s.packed, uint64(s.entries[i].place))
		s.packed = binary.AppendUvarint(s.packed, uint64(s.entries[i].offset))
	}
	s.packed = append(make([]byte, 0, len(s.packed)), s.packed...)
	s.entries, s.dues, s.keys = nil, nil, nil
}

// Place is where a record is.
type Place struct {
	Topic     string
	Partition int
	Offset    int64
}

// Places lists where the events of an order are; nil if no such saga is known.
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
