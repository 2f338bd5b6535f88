package archive

import (
	"context"
	"fmt"
	"strings"
	"time"

	"orderflow.example/shared/engine"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/service"
)

// endangered returns a fault for events that a rebuild needs and retention is about to delete: once half of it is used up.
func (s *Survey) endangered(ctx context.Context, app service.App, p *part, begins engine.Position) (fault string, err error) {
	keeps, finite := s.Retention[p.topic]
	covered := max(s.covered(app, p, begins), p.first-1)
	if !finite || covered >= p.tail {
		return "", nil
	}
	if s.Store == nil {
		return fmt.Sprintf("%s keeps %s only, and no archive is given: services cannot be rebuilt from deleted events: set "+
			"retention.ms and retention.bytes to -1, or run orderflow topics archive regularly and give its place with "+
			"--archive", p.topic, keeps), nil
	}
	rec, err := s.find(ctx, p, covered+1)
	if err != nil || rec == nil {
		return "", err
	}
	const advice = "run orderflow topics archive --all more often, or set the topic's retention to -1"
	if age := time.Since(rec.Time); keeps.Age >= 0 && age > keeps.Age/2 {
		return fmt.Sprintf("%s partition %d: number %d is %v old and not archived, and is deleted at an age of %v; services could "+
			"not be rebuilt without it: %s", p.topic, p.partition, rec.Sequence, age.Round(time.Second), keeps.Age, advice), nil
	}
	if bytes := int64(kafka.EncodedSize(*rec)) * (p.tail - covered); keeps.Bytes >= 0 && bytes > keeps.Bytes/2 {
		return fmt.Sprintf("%s partition %d: %d events from number %d on are not archived, about %d bytes, and the topic "+
			"keeps %d: services could not be rebuilt without them: %s", p.topic, p.partition, p.tail-covered, covered+1, bytes,
			keeps.Bytes, advice), nil
	}
	return "", nil
}

// find searches a number by bisection, as numbers grow with offsets; where events were published twice it finds one nearby.
func (s *Survey) find(ctx context.Context, p *part, number int64) (found *kafka.Record, err error) {
	for from, to := p.start, p.end; from < to; {
		middle := from + (to-from)/2
		rec, err := s.at(ctx, p, middle)
		if err != nil {
			return nil, err
		}
		if rec == nil || rec.Sequence >= number {
			to = middle
			if rec != nil {
				found = rec
			}
		} else {
			from = rec.Offset + 1
		}
	}
	return found, nil
}

// String describes the retention for people.
func (r Retention) String() string {
	var parts []string
	if r.Age >= 0 {
		parts = append(parts, "events of the last "+r.Age.String())
	}
	if r.Bytes >= 0 {
		parts = append(parts, fmt.Sprintf("%d bytes", r.Bytes))
	}
	return strings.Join(parts, ", ")
}
