package repair

import (
	"context"
	"fmt"
	"slices"
	"time"

	"orderflow.example/services/platform/archive"
	"orderflow.example/services/platform/eventlog"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/kafka"
)

// fill puts events from the archive back into the outbox.
func (r Repair) fill(ctx context.Context, p *part) error {
	if len(p.fill) == 0 {
		return nil
	}
	log, err := archive.OpenLog(ctx, r.Archive)
	if err != nil {
		return err
	}
	const atOnce = 1000
	for _, s := range p.fill {
		err := engine.FillPruned(ctx, p.db, p.partition, s.From, func(upto int64, pass func([]kafka.Record) error) error {
			some := make([]kafka.Record, 0, atOnce)
			reading := eventlog.Reading{Log: log, Topic: p.topic, Upto: map[int]int64{p.partition: upto},
				Last: map[int]int64{p.partition: s.From - 1}, Next: map[int]int64{p.partition: s.From - 1}, Patience: time.Second}
			err := reading.Run(ctx, func(rec *kafka.Record) error {
				if some = append(some, *rec); len(some) < atOnce {
					return nil
				}
				defer func() { some = some[:0] }()
				return pass(some)
			})
			if err == nil && len(some) > 0 {
				err = pass(some)
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("put numbers %v of %s partition %d from the archive into the outbox: %w", s, p.topic, p.partition, err)
		}
	}
	return nil
}

// create creates the missing topics, with the settings they must have.
func (r Repair) create(ctx context.Context, missing []string, parts []*part, report *Report) error {
	for _, p := range parts {
		if p.recreate && !slices.Contains(report.Recreated, p.topic) {
			report.Recreated = append(report.Recreated, p.topic)
		}
	}
	if len(report.Recreated) > 0 {
		if err := r.Kafka.DeleteTopics(ctx, report.Recreated...); err != nil {
			return err
		}
	}
	var specs []kafka.TopicSpec
	for _, s := range r.Specs {
		if slices.Contains(missing, s.Name) || slices.Contains(report.Recreated, s.Name) {
			specs = append(specs, s)
		}
	}
	if len(specs) == 0 {
		return nil
	}
	created, err := r.Kafka.CreateTopics(ctx, specs)
	for _, name := range created {
		if !slices.Contains(report.Recreated, name) {
			report.Created = append(report.Created, name)
		}
	}
	return err
}

// conclude reads a partition's topic again, and adds the result to the report.
func (r Repair) conclude(ctx context.Context, p *part, report *Report) error {
	held := spans{{1, p.given}}.with().and(p.topicHas).count()
	if p.recreate {
		held = 0
	}
	had := p.missing
	now := spans{{1, p.given}}.with()
	if len(had) > 0 {
		has, err := numbersOn(ctx, r.Kafka, p.topic, p.partition)
		if err != nil {
			return err
		}
		now = now.and(has)
	}
	stays := had.without(now)
	got := had.without(stays)
	done := Partition{Topic: p.topic, Partition: p.partition, Given: p.given, Held: held, FromArchive: got.and(p.fill).count(),
		FromOutbox: got.without(p.fill).count(), Stays: stays, Note: p.note}
	report.Parts = append(report.Parts, done)
	if p.ahead {
		report.Faults = append(report.Faults, fmt.Sprintf("%s partition %d: %s", p.topic, p.partition, p.note))
	}
	return nil
}
