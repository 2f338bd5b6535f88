package repair

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"orderflow.example/services/platform/archive"
	"orderflow.example/services/platform/progress"
	"orderflow.example/shared/database"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/service"
)

// Repair is the topics to be repaired, and the sources of lost events.
type Repair struct {
	Kafka      *kafka.Client
	Apps       []service.App
	Databases  map[string]*database.DB // by service; a service's topic cannot be filled without its database
	Specs      []kafka.TopicSpec       // the topics that must exist
	Partitions int
	Archive    archive.Store // nil for none
	Recreate   []string      // topics that may be deleted and filled whole, as records cannot be put in front of others
	Patience   time.Duration // how long nothing may be published before Run gives up; 0 means a minute
	Progress   progress.Progress
	Logger     *slog.Logger // nil is silent
}

// Report is the result of a repair.
type Report struct {
	Created   []string    `json:"created"`   // topics that were missing
	Recreated []string    `json:"recreated"` // topics that were deleted and created again
	Parts     []Partition `json:"partitions"`
	Faults    []string    `json:"faults,omitempty"`
}

// Partition is the result for one partition of a service's topic.
type Partition struct {
	Topic       string `json:"topic"`
	Partition   int    `json:"partition"`
	Given       int64  `json:"numbered"`      // the last number that the service had assigned
	Held        int64  `json:"held"`          // how many of these were on the topic before
	FromOutbox  int64  `json:"from_outbox"`   // events published again
	FromArchive int64  `json:"from_archive"`  // pruned events published again
	Stays       []Span `json:"still_missing"` // numbers
	Note        string `json:"note,omitempty"`
}

// Missing lists the numbers that stay missing.
func (p Partition) Missing() string {
	if len(p.Stays) == 0 {
		return "none"
	}
	return spans(p.Stays).String()
}

// Holds tells whether every topic is complete now.
func (r *Report) Holds() bool {
	return len(r.Faults) == 0 && !slices.ContainsFunc(r.Parts, func(p Partition) bool { return len(p.Stays) > 0 })
}

// Run repairs the topics. It can be killed at any moment, and run again.
func (r Repair) Run(ctx context.Context) (*Report, error) {
	r.Patience = cmp.Or(r.Patience, time.Minute)
	if r.Progress == nil {
		r.Progress = progress.Silent{}
	}
	report := &Report{}
	missing, err := r.missingTopics(ctx)
	if err != nil {
		return nil, err
	}
	parts, err := r.plan(ctx, missing, report)
	if err != nil {
		return nil, err
	}
	for _, p := range parts {
		if err := r.fill(ctx, p); err != nil {
			return nil, err
		}
	}
	// Only now: from here on publishers fill the topics, and they begin with the lowest number that the outbox holds.
	if err := r.create(ctx, missing, parts, report); err != nil {
		return nil, err
	}
	if err := r.refill(ctx, parts); err != nil {
		return nil, err
	}
	for _, p := range parts {
		if err := r.conclude(ctx, p, report); err != nil {
			return nil, err
		}
	}
	return report, nil
}

// missingTopics are the topics that do not exist. Another number of partitions is an error: keys would be in other partitions.
func (r Repair) missingTopics(ctx context.Context) (missing []string, err error) {
	shapes := make([]kafka.TopicSpec, len(r.Specs))
	for i, s := range r.Specs {
		shapes[i] = kafka.TopicSpec{Name: s.Name, Partitions: s.Partitions}
	}
	differences, err := r.Kafka.CheckTopics(ctx, shapes)
	if err != nil {
		return nil, err
	}
	for _, d := range differences {
		if name, absent := strings.CutSuffix(d, ": is missing"); absent {
			missing = append(missing, name)
		} else {
			return nil,
				fmt.Errorf("%s; set --partitions to what the topics have, or delete that topic, and run orderflow topics repair again", d)
		}
	}
	return missing, nil
}

// plan decides the actions for each partition.
func (r Repair) plan(ctx context.Context, missing []string, report *Report) (parts []*part, err error) {
	held := archive.Holdings{}
	if r.Archive != nil {
		if held, err = archive.Hold(ctx, r.Archive); err != nil {
			return nil, err
		}
	}
	forgetful, err := r.forgetful(ctx, missing)
	if err != nil {
		return nil, err
	}
	for _, app := range r.Apps {
		if len(app.Bindings) == 0 {
			continue
		}
		db := r.Databases[app.Name]
		if db == nil {
			report.Faults = append(report.Faults,
				fmt.Sprintf("%s has no database: its topic is not filled; bring the database back with `orderflow replay %[1]s --apply`",
					app.Name))
			continue
		}
		for n := range r.Partitions {
			p := &part{app: app, topic: app.Topic(), partition: n, db: db}
			if err := p.look(ctx, r.Kafka, !slices.Contains(missing, p.topic), held); err != nil {
				return nil, err
			}
			p.decide(slices.Contains(r.Recreate, p.topic), slices.Contains(forgetful, p.topic))
			parts = append(parts, p)
		}
	}
	return parts, r.makeAnew(parts, missing)
}

// forgetful are the topics with a retention by age or size.
func (r Repair) forgetful(ctx context.Context, missing []string) (topics []string, err error) {
	var there []string
	for _, app := range r.Apps {
		if len(app.Bindings) > 0 && !slices.Contains(missing, app.Topic()) {
			there = append(there, app.Topic())
		}
	}
	settings, err := r.Kafka.TopicSettings(ctx, there, "retention.ms", "retention.bytes")
	for topic, of := range settings {
		for _, text := range of {
			if n, bad := strconv.ParseInt(text, 10, 64); bad == nil && n >= 0 {
				topics = append(topics, topic)
			}
		}
	}
	return topics, err
}

// makeAnew plans all partitions of the topics that are to be deleted; if one of them could not be filled whole, none is deleted.
func (r Repair) makeAnew(parts []*part, missing []string) error {
	for _, topic := range r.Recreate {
		var of []*part
		for _, p := range parts {
			if p.topic == topic {
				of = append(of, p)
			}
		}
		if len(of) == 0 {
			return service.Usage("topics repair: --recreate: %s is not the topic of a service here that has a database", topic)
		}
		if slices.Contains(missing, topic) || !slices.ContainsFunc(of, func(p *part) bool { return len(p.missing) > 0 }) {
			continue // the topic does not exist, or is complete
		}
		for _, p := range of {
			if lost := p.whole(); len(lost) > 0 {
				return service.Failed("topics repair: %s is not deleted: outbox and archive do not hold numbers %s of partition %d",
					topic, lost, p.partition)
			}
			if p.ahead {
				return service.Failed("topics repair: %s is not deleted: %s", topic, p.note)
			}
		}
		for _, p := range of {
			p.makeAnew()
		}
	}
	return nil
}
