package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"orderflow.example/services/platform/eventlog"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/service"
)

// Survey finds out from which position each service can be rebuilt, and which events are about to be lost.
//
// A service can be rebuilt if every number of its own topic, and of the topics of its projections, is on the topic or in the
// archive: from number 1, or from the position of its newest snapshot. A topic with a retention deletes events that are not
// covered yet: they are reported once half of the retention is used up, while they can still be archived.
type Survey struct {
	Log        eventlog.Log
	Store      Store // nil for no archive
	Apps       []service.App
	Partitions int
	Retention  map[string]Retention // of topics with a retention; the others keep everything

	held  Holdings
	parts map[kafka.Position]*part // by topic and partition
}

// Retention is a topic's retention by age and size; -1 is unlimited.
type Retention struct {
	Age   time.Duration
	Bytes int64
}

// Reach is the position from which a service can be rebuilt, and the faults found.
type Reach struct {
	Service  string   `json:"service"`
	From     string   `json:"from"`               // for people: "its topics, …"; empty if it cannot be rebuilt
	Snapshot string   `json:"snapshot,omitempty"` // that the rebuild begins with
	Faults   []string `json:"faults,omitempty"`
}

// part is the extent of a topic partition.
type part struct {
	topic      string
	partition  int
	first      int64 // number of the first event on the topic, 0 if there is none
	tail       int64
	start, end int64 // offsets
}

// Run surveys all services.
func (s *Survey) Run(ctx context.Context) ([]Reach, error) {
	s.parts = map[kafka.Position]*part{}
	if s.Store != nil {
		var err error
		if s.held, err = Hold(ctx, s.Store); err != nil {
			return nil, err
		}
	}
	var all []Reach
	for _, app := range s.Apps {
		if len(app.Bindings) == 0 {
			continue
		}
		r, err := s.reach(ctx, app)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

func (s *Survey) reach(ctx context.Context, app service.App) (Reach, error) {
	r := Reach{Service: app.Name}
	parts, err := s.needs(ctx, app)
	if err != nil {
		return r, err
	}
	begins := engine.Position{}
	lost, err := s.lost(ctx, app, parts, begins)
	if err != nil {
		return r, err
	}
	archived := slices.ContainsFunc(parts, func(p *part) bool { return p.first > 1 })
	if r.From = "its topics, from the first event on"; archived {
		r.From = "the archive and its topics, from the first event on"
	}
	if len(lost) > 0 || s.forgets(parts) {
		snapshot, faults, err := s.newest(ctx, app)
		if err != nil {
			return r, err
		}
		r.Faults = faults
		if snapshot != nil {
			still, err := s.lost(ctx, app, parts, snapshot.Position)
			if err != nil {
				return r, err
			}
			begins = snapshot.Position
			if len(lost) > 0 && len(still) == 0 {
				r.Snapshot, r.From = snapshot.Name, "the snapshot of "+snapshot.At.Format(time.RFC3339)+" and what follows it"
			}
			lost = still
		}
	}
	if len(lost) > 0 {
		r.From = ""
		r.Faults = append(r.Faults, lost...)
	}
	for _, p := range parts {
		fault, err := s.endangered(ctx, app, p, begins)
		if err != nil {
			return r, err
		}
		if fault != "" {
			r.Faults = append(r.Faults, fault)
		}
	}
	return r, nil
}

func (s *Survey) forgets(parts []*part) bool {
	return slices.ContainsFunc(parts, func(p *part) bool { _, finite := s.Retention[p.topic]; return finite })
}

// needs lists the topic partitions that a service is rebuilt from.
func (s *Survey) needs(ctx context.Context, app service.App) (parts []*part, err error) {
	topics := map[string]bool{app.Topic(): true}
	for _, b := range engine.WithLookups(app.Bindings) {
		for _, r := range b.Machine.Rows {
			if r.Form == saga.Projection {
				topics[saga.Topic(r.On.Name())] = true
			}
		}
	}
	for _, topic := range slices.Sorted(maps.Keys(topics)) {
		for n := range s.Partitions {
			at := kafka.Position{Topic: topic, Partition: n}
			if s.parts[at] == nil {
				if s.parts[at], err = s.look(ctx, topic, n); err != nil {
					return nil, err
				}
			}
			parts = append(parts, s.parts[at])
		}
	}
	return parts, nil
}

func (s *Survey) look(ctx context.Context, topic string, partition int) (*part, error) {
	p := &part{topic: topic, partition: partition}
	tail, err := eventlog.End(ctx, s.Log, topic, partition)
	if kafka.IsUnknownTopic(err) {
		return p, nil // topics check reports it as missing
	}
	if p.start, p.end, p.tail = tail.First, tail.Next, tail.Sequence; err != nil || p.tail == 0 {
		return p, err
	}
	rec, err := s.at(ctx, p, p.start)
	if rec != nil {
		p.first = rec.Sequence
	}
	return p, err
}

// at returns the first event of a topic partition from an offset on; nil if there is none.
func (s *Survey) at(ctx context.Context, p *part, offset int64) (*kafka.Record, error) {
	r := eventlog.Reading{Log: s.Log, Topic: p.topic}
	for offset < p.end {
		f, err := r.FetchAt(ctx, p.partition, offset)
		if err != nil {
			return nil, err
		}
		for i := range f.Records {
			if r.Own(&f.Records[i]) {
				return &f.Records[i], nil
			}
		}
		if f.Next <= offset {
			break
		}
		offset = f.Next
	}
	return nil, nil
}

// lost lists the numbers that are missing for a rebuild from a position.
func (s *Survey) lost(ctx context.Context, app service.App, parts []*part, begins engine.Position) (faults []string, err error) {
	for _, p := range parts {
		covered := s.covered(app, p, begins)
		if p.first > covered+1 {
			// A lost beginning that was published again has higher offsets.
			if p.first, err = s.lowest(ctx, p, covered+1); err != nil {
				return nil, err
			}
		}
		switch {
		case p.first > covered+1:
			faults = append(faults, fmt.Sprintf("%s partition %d: numbers %d to %d are neither on the topic nor archived, "+
				"nor before a snapshot: "+
				"run orderflow topics repair; if the outbox does not hold them any more, take a "+
				"snapshot", p.topic, p.partition, covered+1, p.first-1))
		case p.tail < covered:
			faults = append(faults, fmt.Sprintf("%s partition %d: the topic ends with number %d, and there was number %d: "+
				"run orderflow topics repair",
				p.topic, p.partition, p.tail, covered))
		}
	}
	return faults, nil
}

// covered is the last number up to which a rebuild does not need the topic.
func (s *Survey) covered(app service.App, p *part, begins engine.Position) int64 {
	n := begins.Inputs[p.topic][p.partition].Sequence
	if p.topic == app.Topic() {
		n = begins.Own[p.partition]
	}
	return s.held.From(p.topic, p.partition, n)
}

// lowest finds the lowest number on a topic partition that is not below the given one.
func (s *Survey) lowest(ctx context.Context, p *part, atLeast int64) (lowest int64, err error) {
	r := eventlog.Reading{Log: s.Log, Topic: p.topic}
	lowest = p.first
	for offset := p.start; offset < p.end && lowest > atLeast; {
		f, err := r.FetchAt(ctx, p.partition, offset)
		if err != nil {
			return 0, err
		}
		for i := range f.Records {
			if rec := &f.Records[i]; r.Own(rec) && rec.Sequence >= atLeast {
				lowest = min(lowest, rec.Sequence)
			}
		}
		if f.Next <= offset {
			break
		}
		offset = f.Next
	}
	return lowest, nil
}

// newest finds the newest usable snapshot of a service, nil if there is none, and the faults of newer ones.
func (s *Survey) newest(ctx context.Context, app service.App) (*Snapshot, []string, error) {
	if s.Store == nil {
		return nil, nil, nil
	}
	names, err := Snapshots(ctx, s.Store, app.Name)
	if err != nil {
		return nil, nil, err
	}
	var faults []string
	for _, name := range slices.Backward(names) {
		found, err := OpenSnapshot(ctx, s.Store, name)
		if err == nil {
			if err = found.Fits(versionsOf(app)); err == nil {
				return found, faults, nil
			}
			err = fmt.Errorf("%s: %w", name, err)
		} else if !errors.Is(err, ErrDamaged) && ctx.Err() != nil {
			return nil, nil, err
		}
		faults = append(faults, err.Error())
	}
	return nil, faults, nil
}

// versionsOf are the versions of the schemas in this build.
func versionsOf(app service.App) map[string]int64 {
	newest := func(files fs.FS) (version int64) {
		if files == nil {
			return 0
		}
		names, err := fs.Glob(files, "*.sql")
		for _, name := range names {
			digits, _, _ := strings.Cut(name, "_")
			if n, bad := strconv.ParseInt(digits, 10, 64); err == nil && bad == nil {
				version = max(version, n)
			}
		}
		return version
	}
	return map[string]int64{"engine_version": newest(engine.Migrations), "service_version": newest(app.Migrations)}
}
