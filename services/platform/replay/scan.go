package replay

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"orderflow.example/shared/engine"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/service"
)

// Scan counts the records on the topics that a service is rebuilt from.
type Scan struct {
	Service string         `json:"service"`
	Own     int64          `json:"own"`    // events of its own
	Inputs  int64          `json:"inputs"` // other services' events, for its projections
	Bytes   int64          `json:"bytes"`  // of their payloads
	Types   map[string]int `json:"types"`
	First   time.Time      `json:"first,omitzero"`
	Last    time.Time      `json:"last,omitzero"`

	own    map[int]engine.Held      // by partition: the end of its own topic, up to the limit
	inputs map[string]map[int]int64 // by topic and partition: the last number up to the limit
}

// scanning is a scan under way.
type scanning struct {
	*Replay
	mu sync.Mutex
	Scan
}

// Scan reads the topics once, before anything is written. A hole, a damaged record and an event version that this build cannot
// read are errors that name the place.
func (r *Replay) Scan(ctx context.Context) (*Scan, error) {
	s := &scanning{Replay: r, Scan: Scan{Service: r.App.Name, Types: map[string]int{}, own: map[int]engine.Held{},
		inputs: map[string]map[int]int64{}}}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readers)
	r.Progress.Stage("counting", 0)
	for p := range r.Partitions {
		group.Go(func() error { return s.partition(ctx, r.App.Topic(), p, true) })
	}
	for _, topic := range r.inputs() {
		s.Scan.inputs[topic] = map[int]int64{}
	}
	for _, topic := range r.inputs() {
		for p := range r.Partitions {
			group.Go(func() error { return s.partition(ctx, topic, p, false) })
		}
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	r.scanned = &s.Scan
	return r.scanned, nil
}

func (s *scanning) partition(ctx context.Context, topic string, partition int, own bool) error {
	r := s.Replay
	end, err := r.end(ctx, topic, partition)
	if err != nil {
		return err
	}
	at := stream{topic, partition, own}
	if err := r.sameTopic(ctx, at, end.Sequence); err != nil {
		return err
	}
	part := tally{types: map[string]int{}}
	from := r.begins(at)
	last := from.sequence
	err = r.read(ctx, topic, partition, from, end.Sequence, func(rec *kafka.Record) error {
		if r.Upto.excludes(rec, own) {
			return errEnough
		}
		last = rec.Sequence
		name, why := r.readable(rec, own)
		if why != "" {
			return service.Environment("replay: %s/%d number %d at offset %d: %s", topic, partition, rec.Sequence, rec.Offset, why)
		}
		if name != "" && r.concerns(rec) {
			part.add(rec)
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if own {
		s.own[partition] = engine.Held{Sequence: last, FirstOffset: end.First, EndNext: end.Next}
		s.Own += part.events
	} else {
		s.Scan.inputs[topic][partition] = last
		s.Inputs += part.events
	}
	s.Scan.add(part)
	return nil
}

// begins returns the position from which a stream is read: that of the snapshot.
func (r *Replay) begins(at stream) mark {
	switch {
	case r.Snapshot == nil:
		return mark{}
	case at.own:
		return mark{sequence: r.Snapshot.Position.Own[at.partition]}
	}
	m := r.Snapshot.Position.Inputs[at.topic][at.partition]
	return mark{m.Sequence, m.Offset}
}

// tally counts the records of one partition.
type tally struct {
	types         map[string]int
	events, bytes int64
	first, last   time.Time
}

func (t *tally) add(rec *kafka.Record) {
	t.types[rec.Type]++
	t.events++
	t.bytes += int64(len(rec.Data))
	if t.first.IsZero() || rec.Time.Before(t.first) {
		t.first = rec.Time
	}
	if rec.Time.After(t.last) {
		t.last = rec.Time
	}
}

func (s *Scan) add(t tally) {
	for name, n := range t.types {
		s.Types[name] += n
	}
	s.Bytes += t.bytes
	if s.First.IsZero() || !t.first.IsZero() && t.first.Before(s.First) {
		s.First = t.first
	}
	if t.last.After(s.Last) {
		s.Last = t.last
	}
}

// readable returns the event's type if it is folded or projected, and in why the reason where it cannot be read.
func (r *Replay) readable(rec *kafka.Record, own bool) (name, why string) {
	shown := r.shows(rec.Type)
	switch {
	case rec.Malformed != nil:
		return "", "the envelope cannot be read: " + rec.Malformed.Error()
	case !own && !shown:
		if other := r.otherVersion(rec.Type); other != "" {
			return "", fmt.Sprintf("this build reads %s, not %s: use a build that does, or declare the conversion", other, rec.Type)
		}
		return "", ""
	case r.kind(rec.Type) == nil:
		return "", fmt.Sprintf("%s is not known to this build of %s: use the build that published it, or a later one", rec.Type,
			r.App.Name)
	}
	return rec.Type, ""
}

// shows tells whether a machine has a projection of the event, in this version or a later one.
func (r *Replay) shows(name string) bool {
	if r.shown[name] {
		return true
	}
	k := r.kind(name)
	return k != nil && r.shown[k.Name()]
}

func shows(m *saga.Machine, name string) bool {
	return slices.ContainsFunc(m.Rows, func(row saga.Row) bool { return row.Form == saga.Projection && row.On.Name() == name })
}

// otherVersion returns the type of a projected event that differs in its version only, or "".
func (r *Replay) otherVersion(name string) string {
	bare := name[:strings.LastIndex(name, ".")+1]
	for _, b := range r.bindings {
		for _, row := range b.Machine.Rows {
			if row.Form == saga.Projection && bare != "" && strings.HasPrefix(row.On.Name(), bare+"v") {
				return row.On.Name()
			}
		}
	}
	return ""
}

func (l Limit) excludes(rec *kafka.Record, own bool) bool {
	return !l.Time.IsZero() && rec.Time.After(l.Time) || own && l.Offset > 0 && rec.Offset >= l.Offset
}

// Names lists the event types, the most frequent first.
func (s *Scan) Names() []string {
	return slices.SortedFunc(maps.Keys(s.Types), func(a, b string) int {
		if s.Types[a] != s.Types[b] {
			return s.Types[b] - s.Types[a]
		}
		return strings.Compare(a, b)
	})
}
