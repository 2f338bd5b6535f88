package redecide

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"orderflow.example/services/platform/eventlog"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
)

// frozen is a log up to its ends at one moment: the service may go on meanwhile.
type frozen struct {
	eventlog.Log
	first, next map[string]map[int]int64
	done, total int64
	each        int64 // of total: the records that each pass reads
	progress    func(done, total int64)
}

// freeze reads the ends of the topics, the service's own first: so the causes of its events are below the other ends.
func freeze(ctx context.Context, c Config, topics []string) (*frozen, error) {
	f := &frozen{Log: c.Log, first: map[string]map[int]int64{}, next: map[string]map[int]int64{}, progress: c.Progress}
	partitions := make([]int, c.Partitions)
	for p := range partitions {
		partitions[p] = p
	}
	for i, topic := range topics {
		first, next, err := c.Log.Offsets(ctx, topic, partitions)
		if err != nil {
			return nil, fmt.Errorf("find the end of topic %s: %w", topic, err)
		}
		f.first[topic], f.next[topic] = first, next
		for p := range next {
			f.each += next[p] - first[p]
		}
		if i == 0 {
			f.total = f.each // it is read once more
		}
	}
	f.total += f.each
	return f, nil
}

func (f *frozen) expect(passes int) { f.total += int64(passes-1) * f.each }

func (f *frozen) Offsets(_ context.Context, topic string, _ []int) (first, next map[int]int64, err error) {
	return maps.Clone(f.first[topic]), maps.Clone(f.next[topic]), nil
}

func (f *frozen) Fetch(ctx context.Context, positions []kafka.Position, wait time.Duration) ([]kafka.Fetched, error) {
	beyond := func(p kafka.Position) bool { return p.Offset >= f.next[p.Topic][p.Partition] }
	positions = slices.DeleteFunc(slices.Clone(positions), beyond)
	if len(positions) == 0 {
		return nil, nil
	}
	all, err := f.Log.Fetch(ctx, positions, wait)
	for i := range all {
		one := &all[i]
		end := f.next[one.Topic][one.Partition]
		one.Records = slices.DeleteFunc(one.Records, func(r kafka.Record) bool { return r.Offset >= end })
		one.Next = min(one.Next, end)
	}
	return all, err
}

// said is a recorded event.
type said struct {
	saga.Event        // without its payload, until it is needed
	wrote      string // its type as it was recorded; Type is the version that this build knows
	raw        []byte
	malformed  error
	topic      string
	partition  int
	sequence   int64
	at         time.Time // its time, or that of an earlier event of its partition if that is later
	next       bool      // it is the next of its partition, or was
	taken      bool      // it is part of a step that was decided again
}

// source is one topic, each partition read as far as needed.
type source struct {
	log     *frozen
	reading eventlog.Reading
	streams []stream
	upto    map[int]int64
	early   time.Duration                // how much earlier than its time an event may have been published
	name    func(recorded string) string // of the version that this build knows
	read    func(*said)                  // called for each event as it is read
}

type stream struct {
	queue []*said
	last  time.Time
	done  bool
}

// chunk is the number of records read of a partition at a time.
const chunk = 2000

// patience is how long a broker that has more records may return none.
const patience = 10 * time.Second

func newSource(c Config, log *frozen, topic string, early time.Duration) *source {
	s := &source{log: log, streams: make([]stream, c.Partitions), upto: c.Upto[topic], early: early, read: func(*said) {},
		name: func(recorded string) string { return recorded }}
	s.reading = eventlog.Reading{Log: log, Topic: topic, Upto: map[int]int64{}, Patience: time.Millisecond, Last: map[int]int64{}}
	return s
}

func (s *source) partitions() (all []int) {
	for p := range s.streams {
		if !s.streams[p].done {
			all = append(all, p)
		}
	}
	return all
}

func (s *source) ended() bool { return len(s.partitions()) == 0 }

// more reads on in these partitions.
func (s *source) more(ctx context.Context, partitions []int) error {
	r := &s.reading
	clear(r.Upto)
	for _, p := range partitions {
		r.Upto[p] = r.Last[p] + chunk
		if upto, set := s.upto[p]; set {
			r.Upto[p] = min(r.Upto[p], upto)
		}
	}
	for began, before := time.Now(), maps.Clone(r.Last); ; {
		if err := r.Run(ctx, s.take); err != nil {
			return err
		}
		moved := false
		for _, p := range partitions {
			st := &s.streams[p]
			upto, set := s.upto[p]
			switch {
			case r.Beyond[p] > 0 && !(set && r.Last[p] >= upto):
				return errHole(r.Topic, p, r.Last[p]+1, r.Beyond[p])
			case set && r.Last[p] >= upto, r.Next[p] >= s.log.next[r.Topic][p]:
				st.done = true
			}
			moved = moved || st.done || r.Last[p] > before[p]
		}
		if moved {
			return nil
		}
		if time.Since(began) > patience {
			return fmt.Errorf("topic %s: the broker returned no records for %v, though there are more", r.Topic, patience)
		}
	}
}

func (s *source) take(rec *kafka.Record) error {
	st := &s.streams[rec.Partition]
	e := &said{wrote: rec.Type, raw: bytes.Clone(rec.Data), malformed: rec.Malformed,
		topic: rec.Topic, partition: rec.Partition, sequence: rec.Sequence,
		Event: saga.Event{ID: rec.ID, Type: s.name(rec.Type), Key: rec.Key, Saga: rec.Correlation,
			Cause: rec.Causation, Via: rec.Via, Time: rec.Time}}
	if e.Saga == "" {
		e.Saga = e.Key
	}
	e.at = e.Time.Add(-s.early)
	if e.at.Before(st.last) {
		e.at = st.last
	}
	st.last = e.at
	st.queue = append(st.queue, e)
	s.read(e)
	s.log.done++
	if s.log.done%1024 == 0 || s.log.done == s.log.total {
		s.log.progress(s.log.done, s.log.total)
	}
	return nil
}

// until reads on until each partition has ended or is past the time.
func (s *source) until(ctx context.Context, t time.Time) error {
	for {
		var behind []int
		for p := range s.streams {
			if st := &s.streams[p]; !st.done && !st.last.After(t) {
				behind = append(behind, p)
			}
		}
		if len(behind) == 0 {
			return nil
		}
		if err := s.more(ctx, behind); err != nil {
			return err
		}
	}
}

// head is the partition with the earliest queued event; -1 if none has one.
func (s *source) head() int {
	first := -1
	for p := range s.streams {
		if q := s.streams[p].queue; len(q) > 0 && (first < 0 || before(q[0], s.streams[first].queue[0])) {
			first = p
		}
	}
	return first
}

func (s *source) pop(p int) *said {
	st := &s.streams[p]
	e := st.queue[0]
	st.queue[0] = nil
	st.queue = st.queue[1:]
	return e
}

// before is the order in which events were emitted: by time; if that is equal by number, or across partitions by id, which one
// process assigns in order too.
func before(a, b *said) bool {
	switch {
	case !a.at.Equal(b.at):
		return a.at.Before(b.at)
	case a.topic == b.topic && a.partition == b.partition:
		return a.sequence < b.sequence
	}
	return a.ID < b.ID
}
