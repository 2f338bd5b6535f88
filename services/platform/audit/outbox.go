package audit

import (
	"context"
	"fmt"
	"strings"

	"orderflow.example/shared/kafka"
)

// checkOutbox compares the outbox with the counter: it must hold every number given, except pruned ones.
func (t *trace) checkOutbox(at place, into *tally) {
	p, rows := at.partition, int64(len(t.outbox[at.partition]))
	counter, pruned := t.counters[p], t.pruned[p]
	seen, lowest := max(t.chain.part(p).from, pruned), int64(0) // what was read begins after seen
	if counter > pruned {
		lowest = pruned + 1
	}
	switch {
	case !t.dense[p] && rows > 0, rows > 0 && t.first[p] != seen+1, seen+rows != counter:
		into.broken(at.String(), "the counter has given %d numbers and %d were pruned; the outbox holds %d events, from number %d on",
			counter, pruned, seen-pruned+rows, t.lowest[p]).numbers(counter-pruned, seen-pruned+rows, "")
	case t.lowest[p] != lowest: // of what was compared before
		into.broken(at.String(), "the lowest number in the outbox is %d; %d were pruned of %d", t.lowest[p], pruned, counter).
			numbers(lowest, t.lowest[p], "")
	}
}

// readOutbox reads own events of a service from its outbox, in the order of their numbers, and returns the last pruned
// number.
type readOutbox func(ctx context.Context, service string, partition int, numbers []int64) (
	records []kafka.Record, pruned int64, err error)

func (p *picture) readOutbox(ctx context.Context, service string, partition int, numbers []int64) (
	records []kafka.Record, pruned int64, err error) {
	db := p.Databases[service].Gorm().WithContext(ctx)
	list := strings.Trim(strings.ReplaceAll(fmt.Sprint(numbers), " ", ","), "[]")
	query := fmt.Sprintf(`SELECT id, type, key, saga, cause, via, at, data, sequence FROM engine.outbox
		WHERE partition = %d AND sequence IN (%s) ORDER BY sequence`, partition, list)
	err = each(db, query, func(scan func(...any) error) error {
		rec := kafka.Record{Topic: service + ".events", Partition: partition}
		err := scan(&rec.ID, &rec.Type, &rec.Key, &rec.Correlation, &rec.Causation, &rec.Via, &rec.Time, &rec.Data, &rec.Sequence)
		records = append(records, rec)
		return err
	})
	if err == nil { // only now: what was deleted before is noted by then
		err = db.Raw(`SELECT coalesce(max(pruned), 0) FROM engine.published WHERE partition = $1`, partition).Row().Scan(&pruned)
	}
	if err != nil {
		err = fmt.Errorf("read the outbox of %s: %w", service, err)
	}
	return records, pruned, err
}
