package audit

import (
	"context"
	"slices"
	"time"

	"orderflow.example/services/platform/eventlog"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/audit"
	"orderflow.example/shared/service"
)

// trace is one service's own topic. Each record is read once: compared with the outbox, folded as far as the snapshots have come,
// and added to the facts. A record beyond some snapshot waits for the next look.
type trace struct {
	*snapshot // of this look
	picture   *picture
	foreign   bool // the service has no snapshot: only projections of its topic count
	reading   eventlog.Reading
	folds     []*fold
	facts     *facts
	hearers   []*trace // the services that consume this topic; the service itself may be one of them
	chain     *chain
	waiting   []*arrival
	faults    []Offence // wrong records: they stay
	repeats   int       // exact ones: a publisher that was killed, or did not hear the answer, publishes again
	spoiled   error     // from reading events back; the folds are useless
	unread    error     // an event of a projection that cannot be decoded
	horizon   string    // rows written before it have been compared

	comparedAt time.Time // when the rows were read that were compared last

	digested struct { // the record that was looked at last, by the offset after it
		partition int
		next      int64
		digest    digest
	}
}

// stand is where a service stands on a topic partition.
type stand struct {
	service string
	place
}

// arrival is a record that was read, and the snapshots that it still waits for.
type arrival struct {
	saga.Event
	at       place
	sequence int64
	decided  bool     // its service's snapshot includes it
	stocked  bool     // the service that keeps the levels of goods had applied it, or does not consume it
	left     []*trace // the services that consume it and had not applied it
}

func newTrace(p *picture, s *snapshot) *trace {
	t := &trace{snapshot: s, picture: p, facts: p.facts, chain: newChain(),
		reading: eventlog.Reading{Log: p.Kafka, Topic: s.app.Topic(), Patience: p.Patience, Rest: p.rest}}
	t.reading.Aside, t.reading.Wrong = t.leaveAside, t.wrong
	for i, b := range s.app.Bindings {
		t.folds = append(t.folds, newFold(t, i, b))
	}
	return t
}

func newForeign(p *picture, topic string) *trace {
	t := newTrace(p, newSnapshot(service.App{Name: eventlog.Writer(topic)}))
	t.foreign, t.reading.Wrong = true, nil
	return t
}

// meet finds the consumers of the topic among all.
func (t *trace) meet(all []*trace) {
	for _, other := range all {
		if slices.ContainsFunc(other.app.Bindings, func(b binding) bool {
			return slices.ContainsFunc(b.Machine.Hears(), func(name string) bool { return saga.Topic(name) == t.reading.Topic })
		}) {
			t.hearers = append(t.hearers, other)
		}
	}
}

// shows is how many topics the service has projections of.
func (t *trace) shows() (n int) {
	for _, f := range t.folds {
		n += len(f.inputs)
	}
	return n
}

// run considers the waiting records again with the snapshots of this look, and reads on.
func (t *trace) run(ctx context.Context) error {
	for partition := range t.counters {
		t.chain.matchWaiting(t.snapshot, partition)
	}
	var still []*arrival // t.waiting stays as it is meanwhile: what is rebuilt must not have what is still to come
	for _, a := range t.waiting {
		if !t.consider(ctx, a) {
			still = append(still, a)
		}
	}
	t.waiting = still
	t.digested.next = 0 // it may be another log
	if t.spoiled != nil {
		return t.spoiled
	}
	err := t.reading.Run(ctx, func(rec *kafka.Record) error { t.take(ctx, rec); return nil })
	if err == nil {
		err = t.spoiled
	}
	if err == nil {
		err = t.unread
	}
	return err
}

func (t *trace) take(ctx context.Context, rec *kafka.Record) {
	t.facts.progress(1)
	at := place{rec.Topic, rec.Partition}
	rec.Key = t.facts.name(rec.Key)
	t.chain.add(rec)
	if !t.foreign {
		if n := len(t.counters); n > 0 && kafka.PartitionOf(rec.Key, n) != rec.Partition {
			t.fault(rec.Key, "%s number %d: events about it belong in partition %d", at, rec.Sequence, kafka.PartitionOf(rec.Key, n))
		}
		t.chain.match(t.snapshot, rec, t.digest(rec))
	}
	a := &arrival{at: at, sequence: rec.Sequence}
	for _, other := range t.hearers {
		if hears(other.snapshot, rec.Type) {
			a.left = append(a.left, other)
		}
	}
	if t.foreign && len(a.left) == 0 {
		return
	}
	var err error
	if a.Event, err = t.event(rec); err != nil {
		if t.foreign {
			t.unread = err
		} else {
			t.fault(rec.Key, "%s number %d cannot be read: %v", at, rec.Sequence, err)
		}
		return
	}
	if !t.foreign {
		t.facts.hear(a.Event, t.counts(a.Event))
		t.facts.note(a.Event)
	}
	if !t.consider(ctx, a) {
		t.waiting = append(t.waiting, a)
	}
}

// wrong tells whether another event, or this one with another content, was committed under the record's number.
func (t *trace) wrong(rec *kafka.Record) bool {
	agrees, known := t.agrees(rec.Partition, rec.Sequence, t.digest(rec))
	return known && !agrees
}

// digest caches the digest of the last record.
func (t *trace) digest(rec *kafka.Record) digest {
	if t.digested.partition != rec.Partition || t.digested.next != rec.Offset+1 {
		t.digested.digest, t.digested.partition, t.digested.next = digestOf(rec), rec.Partition, rec.Offset+1
	}
	return t.digested.digest
}

func (t *trace) fault(id, format string, args ...any) {
	t.faults = append(t.faults, offence(id, format, args...))
}

// consider passes the event on to the services whose snapshots include it, once to each, and tells whether none is left.
func (t *trace) consider(ctx context.Context, a *arrival) (settled bool) {
	if !t.foreign && !a.decided && a.sequence <= t.counters[a.at.partition] {
		for _, f := range t.folds {
			f.own(ctx, a.Event)
		}
		t.facts.decide(a.Event, t.counts(a.Event))
		a.decided = true
	}
	stocked := true
	left := a.left[:0]
	for _, other := range a.left {
		if other.applied(a.at, a.sequence, a.ID) {
			for _, f := range other.folds {
				f.show(ctx, a.Event)
			}
			continue
		}
		left = append(left, other)
		stocked = stocked && other.app.Model.Role != audit.Reserves
		if !t.foreign {
			t.facts.wait(a, other)
		}
	}
	a.left = left
	if stocked && !a.stocked && !t.foreign {
		t.facts.stock(a.Event, t.counts(a.Event))
		a.stocked = true
	}
	return len(a.left) == 0 && (a.decided || t.foreign)
}

// counts is the meaning of an event of the service.
func (t *trace) counts(e saga.Event) audit.Fact {
	if t.app.Model.Event == nil {
		return nil
	}
	return t.app.Model.Event(e)
}

// means is the meaning of a state of the service for money and goods.
func (t *trace) means(state any) []audit.Fact {
	if t.app.Model.State == nil {
		return nil
	}
	return t.app.Model.State(state)
}

// event decodes a record as the service that wrote it would or, without a snapshot of that, as a consumer.
func (t *trace) event(rec *kafka.Record) (saga.Event, error) {
	var kind saga.Kind
	readers := []*trace{t}
	if t.foreign {
		readers = t.hearers
	}
	for _, from := range readers {
		for _, b := range from.app.Bindings {
			if k := b.Machine.Kind(rec.Type); k != nil && kind == nil {
				kind = k
			}
		}
	}
	return eventOf(rec, kind)
}

func hears(s *snapshot, name string) bool {
	return slices.ContainsFunc(s.app.Bindings, func(b binding) bool { return b.Machine.Takes(name) })
}
