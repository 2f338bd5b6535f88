package audit

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"orderflow.example/services/platform/eventlog"
)

func newReplay() *tally {
	return newTally("replay", "live rows equal the fold of the topics", "rows")
}

func newTopics() *tally {
	return newTally("topics", "each committed event is on its topic, in its place, unchanged", "events")
}

func newWatermarks() *tally {
	return newTally("watermarks", "each service has applied exactly what its watermark says", "watermarks")
}

// checkTopic compares counter, outbox and checkpoint of a service with what its topic holds, and tells whether the
// topic holds all that was committed.
func (p *picture) checkTopic(t *trace, into *tally) (complete bool) {
	complete = true
	partitions := p.Partitions
	if partitions == 0 {
		partitions = len(t.counters)
	}
	if len(t.counters) != partitions {
		into.broken(t.app.Topic(), "%s numbers %d partitions, not %d", t.app.Name, len(t.counters), partitions)
	}
	for _, partition := range slices.Sorted(maps.Keys(t.counters)) {
		at, counter := place{t.app.Topic(), partition}, t.counters[partition]
		into.check.Checked += int(counter)
		t.checkOutbox(at, into)
		for _, n := range t.chain.different(partition) {
			x := t.chain.part(partition).differ[n]
			into.broken(x.key, "%s number %d is %s %s on the topic; the outbox has another event, or another content, under this number",
				at, n, x.kind, x.id)
		}
		if last, end := t.reading.Last[partition], t.reading.Upto[partition]; last < end {
			what := fmt.Sprintf("the topic ends at number %d", last)
			if beyond := t.reading.Beyond[partition]; beyond > 0 {
				what = fmt.Sprintf("after number %d the topic goes on with %d", last, beyond)
			}
			if pruned := t.pruned[partition]; pruned > last {
				what += fmt.Sprintf(" and the outbox begins after %d", pruned)
			}
			complete = false
			p.incomplete = fmt.Sprintf("%s: %s, though %d are committed", at, what, end)
			if !p.again || last < t.published[partition].sequence { // unpublished events may still be on their way
				into.broken(at.String(), "%s, though %d are committed", what, end).numbers(end, last, "")
			}
		}
		saved, pruned := t.published[partition], t.pruned[partition]
		if pruned > saved.sequence {
			into.broken(at.String(), "numbers up to %d were deleted from the outbox; only %d are noted as published", pruned,
				saved.sequence).
				numbers(saved.sequence, pruned, "")
		}
		if saved.sequence > counter {
			into.broken(at.String(), "number %d is noted as published; only %d were given", saved.sequence, counter).
				numbers(counter, saved.sequence, "")
		}
	}
	into.offences = append(into.offences, t.faults...)
	return complete
}

// checkWatermarks compares each consumer's watermark with the record that it names: number and id are written together, so one
// that was changed by hand does not match the other.
func (p *picture) checkWatermarks(ctx context.Context, t *trace, into *tally) error {
	for _, hearer := range t.hearers {
		for partition := range t.counters {
			at := place{t.app.Topic(), partition}
			w, known := hearer.watermarks[at]
			if !known {
				continue
			}
			into.check.Checked++
			id := fmt.Sprintf("%s at %s", hearer.app.Name, at)
			applied, found := int64(0), false
			if w.id != "" {
				applied, found = t.chain.numberOf(partition, w.id, w.sequence)
			}
			switch {
			case w.id != "" && !found:
				into.broken(id, "the watermark %d names record %s, which the topic does not hold", w.sequence, w.id)
			case applied != w.sequence:
				between, err := p.between(ctx, at, min(applied, w.sequence), max(applied, w.sequence))
				if err != nil {
					return err
				}
				into.broken(id, "the watermark says %d, but the last event applied is number %d: %s would be %s",
					w.sequence, applied, between, map[bool]string{true: "skipped", false: "applied twice"}[w.sequence > applied]).
					numbers(applied, w.sequence, "")
			}
		}
	}
	return nil
}

// between names the events numbered above from, up to to.
func (p *picture) between(ctx context.Context, at place, from, to int64) (string, error) {
	const most = 5
	var numbers []int64
	for n := from + 1; n <= min(to, from+most, p.ends[eventlog.Writer(at.topic)][at.partition]); n++ {
		numbers = append(numbers, n)
	}
	if len(numbers) == 0 {
		return fmt.Sprintf("the next %d events", to-from), nil
	}
	records, err := p.recall(ctx, eventlog.Writer(at.topic), at.partition, numbers)
	if err != nil {
		return "", err
	}
	var list []string
	for _, rec := range records {
		list = append(list, fmt.Sprintf("%s of %s", rec.Type, rec.Key))
	}
	text := strings.Join(list, ", ")
	if more := to - from - int64(len(list)); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text, nil
}

// writer is the service that writes the topic.
// standing waits until every service has applied the events on their way to it, as long as it makes progress.
func (p *picture) standing(ctx context.Context) (Check, error) {
	into := newTally("progress", "each service takes in what it hears", "services")
	into.check.Checked = len(p.services)
	behind := map[string]map[place]int64{}
	for s, sequence := range p.facts.lag {
		if behind[s.service] == nil {
			behind[s.service] = map[place]int64{}
		}
		behind[s.service][s.place] = sequence
	}
	if len(behind) > 0 {
		p.Log.Info("waiting for services to apply the events on their way", "services", len(behind), "patience", p.Patience)
	}
	seen, moved := map[string]int64{}, time.Now()
	for len(behind) > 0 {
		for name, goals := range behind {
			now, err := p.stands(ctx, name)
			if err != nil {
				return Check{}, fmt.Errorf("read the database of %s: %w", name, err)
			}
			var total int64
			for at, sequence := range now {
				if total += sequence; sequence >= goals[at] {
					delete(goals, at)
				}
			}
			if total != seen[name] {
				seen[name], moved = total, time.Now()
			}
			if len(goals) == 0 {
				delete(behind, name)
			}
		}
		if len(behind) > 0 && time.Since(moved) >= p.Patience {
			break
		}
		select {
		case <-ctx.Done():
			return Check{}, ctx.Err()
		case <-time.After(min(50*time.Millisecond, p.Patience)):
		}
	}
	for name, goals := range behind {
		for at, goal := range goals {
			into.broken(fmt.Sprintf("%s at %s", name, at), "it has stopped before number %d, which it consumes", goal)
		}
	}
	return into.done(), nil
}

// standsAt reads the present watermarks of a service.
func (p *picture) standsAt(ctx context.Context, service string) (map[place]int64, error) {
	now := map[place]int64{}
	db := p.Databases[service].Gorm().WithContext(ctx)
	err := each(db, `SELECT topic, partition, sequence FROM engine.watermark`, func(scan func(...any) error) error {
		var at place
		var sequence int64
		err := scan(&at.topic, &at.partition, &sequence)
		now[at] = sequence
		return err
	})
	return now, err
}
