package engine_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"orderflow.example/shared/engine"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
)

// What the tests of single words of the vocabulary share: services of a few rows that hear the feeder and keep tallies.

// with makes an engine of the bed run this machine and no other.
func (b *bed) with(m *saga.Machine) func(*engine.Config) {
	return func(c *engine.Config) { c.Bindings, c.Answerers = []engine.Binding{{Machine: m, Store: store()}}, nil }
}

// counts is a choreography whose state lists the numbers it has said.
func (b *bed) counts(rows ...saga.Row) saga.Choreography[tally] {
	return saga.Choreography[tally]{Service: b.names.service, Rows: rows,
		Blank: func(key string) tally { return tally{Key: key} },
		Evolve: func(s tally, e saga.Event) tally {
			s.Seen = append(append([]int64(nil), s.Seen...), e.Data.(countedV1).N)
			return s
		}}
}

// say appends the feeder's events of any type about a key, as one batch.
func (b *bed) say(kind saga.Kind, key string, data ...any) {
	b.t.Helper()
	partition := kafka.PartitionOf(key, b.partitions)
	var records []kafka.Record
	for _, d := range data {
		records = append(records, b.numbered(kind, key, d))
	}
	b.append(partition, records...)
}

// numbered is the feeder's next record.
func (b *bed) numbered(kind saga.Kind, key string, data any) kafka.Record {
	b.t.Helper()
	partition := kafka.PartitionOf(key, b.partitions)
	b.sequence[partition]++
	text, err := json.Marshal(data)
	b.must(err)
	return kafka.Record{Key: key, ID: fmt.Sprintf("%s-%d-%d", b.names.feeder, partition, b.sequence[partition]),
		Type: kind.Name(), Source: "/" + b.names.feeder, Correlation: key, Time: time.Now().UTC(),
		Sequence: b.sequence[partition], Data: text}
}

// spoken reads a whole topic: the events of the service that one of the machines knows, in the order of each partition.
func (b *bed) spoken(service string, machines ...*saga.Machine) (events []saga.Event) {
	b.t.Helper()
	for partition := range b.partitions {
		last := int64(0)
		for _, r := range b.logOf(service, partition) {
			if r.Sequence <= last {
				continue // published again
			}
			if r.Sequence != last+1 {
				b.t.Fatalf("%s/%d: number %d follows on %d", service, partition, r.Sequence, last)
			}
			last = r.Sequence
			for _, m := range machines {
				if k := m.Kind(r.Type); k != nil {
					data, err := k.Decode(r.Data)
					b.must(err)
					events = append(events, saga.Event{ID: r.ID, Type: k.Name(), Key: r.Key, Time: r.Time, Data: data})
				}
			}
		}
	}
	return events
}

// replayed holds the rows of a machine against what the topics say: its own events where it says any, else the feeder's.
func (b *bed) replayed(m *saga.Machine, s engine.Store) {
	b.t.Helper()
	states := s.Memory()
	if len(m.Says()) > 0 {
		for _, e := range b.spoken(b.names.service, m) {
			states.Put(e, m.Evolve(states.Get(e), e))
		}
	} else {
		for _, e := range b.spoken(b.names.feeder, m) {
			about, err := m.About(e)
			b.must(err)
			for _, e := range about {
				states.Put(e, m.Show(states.Get(e), e))
			}
		}
	}
	folded := map[string]any{}
	b.must(states.Each(func(key string, state any) error { folded[key] = state; return nil }))
	live := map[string]any{}
	b.must(s.Each(b.db.Gorm(), func(key string, state any) error { live[key] = state; return nil }))
	if len(live) == 0 || !reflect.DeepEqual(live, folded) {
		b.t.Errorf("%s: the rows are\n%v\nby the topics\n%v", m, live, folded)
	}
}
