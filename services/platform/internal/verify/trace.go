package verify

import (
	"context"
	"slices"

	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
)

// trace is one service's own topic, read once: compared with the outbox, folded as far as the snapshot had come, and
// told to the facts.
type trace struct {
	*snapshot
	reading reading
	folds   []*fold
	facts   *facts
	hearers []*snapshot // the services that hear something from this topic

	topic *tally
	found map[stand]int64 // the numbers of the records that the hearers' watermarks name
}

// stand is where a service stands on a topic partition.
type stand struct {
	service string
	place
}

func newTrace(p *picture, s *snapshot, reading reading, topic *tally) *trace {
	t := &trace{snapshot: s, reading: reading, facts: p.facts, topic: topic, found: map[stand]int64{}}
	for _, b := range s.app.Bindings {
		t.folds = append(t.folds, newFold(b))
	}
	for _, other := range p.services {
		if other != s && slices.ContainsFunc(other.app.Bindings, func(b binding) bool {
			return slices.ContainsFunc(b.Machine.Hears(), func(name string) bool { return saga.Topic(name) == s.app.Topic() })
		}) {
			t.hearers = append(t.hearers, other)
		}
	}
	return t
}

func (t *trace) run(ctx context.Context) error { return t.reading.run(ctx, t.take) }

func (t *trace) take(rec *kafka.Record) {
	t.facts.progress(1)
	at := place{rec.Topic, rec.Partition}
	t.compare(at, rec)
	for _, other := range t.hearers {
		if other.watermarks[at].id == rec.ID {
			t.found[stand{other.app.Name, at}] = rec.Sequence
		}
	}
	e, err := t.event(rec)
	if err != nil {
		t.topic.broken(rec.Key, "%s number %d cannot be read: %v", at, rec.Sequence, err)
		return
	}
	decided := rec.Sequence <= t.counters[rec.Partition]
	if decided {
		for _, f := range t.folds {
			f.own(e)
		}
	}
	var waiting []string
	for _, other := range t.hearers {
		if hears(other, e.Type) && !other.applied(at, rec.Sequence, rec.ID) {
			waiting = append(waiting, other.app.Name)
			if !other.parkedID[rec.ID] {
				t.facts.behind(other.app.Name, at, rec.Sequence)
			}
		}
	}
	t.facts.add(e, decided, waiting)
}

// compare holds the record to what was committed.
func (t *trace) compare(at place, rec *kafka.Record) {
	if n := len(t.counters); n > 0 && kafka.PartitionOf(rec.Key, n) != rec.Partition {
		t.topic.broken(rec.Key, "%s number %d: events about it belong in partition %d", at, rec.Sequence, kafka.PartitionOf(rec.Key, n))
	}
	rows, i := t.outbox[rec.Partition], rec.Sequence-t.first[rec.Partition]
	if rec.Sequence > t.counters[rec.Partition] || !t.dense[rec.Partition] || i < 0 || i >= int64(len(rows)) {
		return // decided later, or told of with the outbox
	}
	if rows[i] != digestOf(rec) {
		t.topic.broken(rec.Key, "%s number %d is %s %s on the topic; the outbox has another event, or another content, under this number", at, rec.Sequence, rec.Type, rec.ID)
	}
}

// event reads a record as the service that wrote it would.
func (t *trace) event(rec *kafka.Record) (saga.Event, error) {
	var kind saga.Kind
	for _, b := range t.app.Bindings {
		if k := b.Machine.Kind(rec.Type); k != nil {
			kind = k
		}
	}
	return eventOf(rec, kind)
}

func hears(s *snapshot, name string) bool {
	return slices.ContainsFunc(s.app.Bindings, func(b binding) bool { return b.Machine.Kind(name) != nil })
}
