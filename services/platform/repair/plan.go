package repair

import (
	"context"
	"fmt"

	"orderflow.example/services/platform/archive"
	"orderflow.example/services/platform/eventlog"
	"orderflow.example/shared/database"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/service"
)

// part is one partition of a service's topic: the numbers that exist, and the plan for the missing ones.
type part struct {
	app       service.App
	topic     string
	partition int
	db        *database.DB

	given    int64 // the last number assigned
	topicHas spans
	outbox   spans
	archived spans

	missing  spans // not on the topic
	fill     spans // to be put back into the outbox from the archive
	recreate bool  // the topic is deleted and created again first
	stays    spans // missing, and cannot be published
	note     string
	ahead    bool // the topic is ahead of the database
}

// look reads the numbers on the topic, in the outbox and in the archive.
func (p *part) look(ctx context.Context, log *kafka.Client, exists bool, held archive.Holdings) error {
	if err := p.readOutbox(ctx); err != nil {
		return err
	}
	p.topicHas = nil
	if exists {
		var err error
		if p.topicHas, err = numbersOn(ctx, log, p.topic, p.partition); err != nil {
			return err
		}
	}
	p.archived = nil
	for _, s := range held[p.topic][p.partition] {
		p.archived = p.archived.with(Span{s.First, s.Last})
	}
	return nil
}

func (p *part) readOutbox(ctx context.Context) error {
	db := p.db.Gorm().WithContext(ctx)
	var given []int64
	if err := db.Raw(`SELECT sequence FROM engine.counter WHERE partition = $1`, p.partition).Scan(&given).Error; err != nil {
		return fmt.Errorf("read the outbox of %s: %w", p.app.Name, err)
	}
	if p.given = 0; len(given) == 1 {
		p.given = given[0]
	}
	var list []struct{ First, Last int64 }
	err := db.Raw(`SELECT min(sequence) AS first, max(sequence) AS last FROM (
			SELECT sequence, sequence - row_number() OVER (ORDER BY sequence) AS island FROM engine.outbox WHERE partition = $1) AS o
		GROUP BY island ORDER BY 1`, p.partition).Scan(&list).Error
	if err != nil {
		return fmt.Errorf("read the outbox of %s: %w", p.app.Name, err)
	}
	p.outbox = nil
	for _, s := range list {
		p.outbox = append(p.outbox, Span{s.First, s.Last})
	}
	return nil
}

// numbersOn reads the numbers of the events on a topic partition.
func numbersOn(ctx context.Context, log eventlog.Log, topic string, partition int) (found spans, err error) {
	first, end, err := log.Offsets(ctx, topic, []int{partition})
	if err != nil {
		return nil, err
	}
	r := eventlog.Reading{Log: log, Topic: topic}
	for offset := first[partition]; offset < end[partition]; {
		f, err := r.FetchAt(ctx, partition, offset)
		if err != nil {
			return nil, err
		}
		for i := range f.Records {
			if rec := &f.Records[i]; r.Own(rec) {
				found.add(rec.Sequence)
			}
		}
		if f.Next <= offset {
			return nil, fmt.Errorf("topic %s partition %d cannot be read at offset %d", topic, partition, offset)
		}
		offset = f.Next
	}
	return found, nil
}

// decide makes the plan; forgets tells whether the topic has a retention, so that archived events may be deleted.
func (p *part) decide(recreate, forgets bool) {
	all := spans{{1, p.given}}.with()
	p.missing, p.fill, p.stays, p.recreate, p.note = all.without(p.topicHas), nil, nil, false, ""
	if len(p.topicHas) > 0 && p.topicHas[len(p.topicHas)-1].To > p.given {
		p.note = fmt.Sprintf("the topic goes up to number %d and the database to %d: start %s, which brings its database level",
			p.topicHas[len(p.topicHas)-1].To, p.given, p.app.Name)
		p.missing, p.ahead = nil, true
		return
	}
	if len(p.missing) == 0 {
		return
	}
	first := p.missing[0].From
	needed := spans{{first, p.given}}.without(p.outbox) // a publisher continues without a gap
	lost := needed.without(p.archived)
	behind := len(p.topicHas) > 0 && p.topicHas[len(p.topicHas)-1].To > first // the topic has records after the missing ones
	front := first == 1 && len(p.missing) == 1 && behind
	switch {
	case len(needed) == 0:
	case forgets && front && len(p.missing.without(p.archived)) == 0:
		p.note = fmt.Sprintf("numbers %s are archived, and the topic is set to forget", p.missing)
		p.missing = nil
	case len(lost) > 0:
		from := p.given + 1
		if n := len(p.outbox); n > 0 && p.outbox[n-1].To == p.given {
			from = p.outbox[n-1].From
		}
		p.stays = p.missing.without(spans{{from, p.given}}.with())
		p.note = fmt.Sprintf("numbers %s are neither in the outbox nor archived", lost)
		if some := p.stays.and(p.archived); len(some) > 0 {
			p.note += fmt.Sprintf("; %s are archived, and are not published before what is lost", some)
		}
	case behind && !recreate:
		p.stays = p.missing.without(p.outbox)
		if len(p.stays) == 0 {
			p.stays = p.missing
		}
		p.note = fmt.Sprintf(
			"numbers %s are archived, and records cannot be put in front of existing ones: run again with --recreate %s, "+
				"which deletes the topic and fills it whole", p.stays, p.topic)
	default:
		p.fill = needed
	}
}

// whole returns the numbers that are neither in the outbox nor archived: with none, the topic can be created again.
func (p *part) whole() (lost spans) {
	return spans{{1, p.given}}.with().without(p.outbox).without(p.archived)
}

// makeAnew plans to fill a topic that is deleted first.
func (p *part) makeAnew() {
	p.missing = spans{{1, p.given}}.with()
	p.fill, p.stays, p.recreate, p.note = p.missing.without(p.outbox), nil, true, ""
}
