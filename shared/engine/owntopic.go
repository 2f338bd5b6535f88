package engine

import (
	"context"
	"fmt"
	"time"

	"orderflow.example/shared/kafka"
)

// held reads the service's own topic and returns the first number that it does not hold and its next offset. It goes on
// from what is known to be there if that still stands, else from the start of the log.
func (p *publisher) held(ctx context.Context, partition int, next, offset, missing int64) (int64, int64, error) {
	topic := p.e.topic()
	first, end, err := p.e.Kafka.Offsets(ctx, topic, []int{partition})
	if err != nil {
		return 0, 0, err
	}
	start, stop := first[partition], end[partition]
	if missing == 0 && offset > start && offset <= stop {
		last, err := p.read(ctx, partition, offset-1, offset, nil)
		if err != nil {
			return 0, 0, err
		}
		if last == next-1 {
			_, err = p.read(ctx, partition, offset, stop, &next)
			return next, stop, err
		}
	}
	if start == stop {
		lowest, err := p.lowest(ctx, partition)
		if err == nil && next > lowest {
			p.e.Log.Warn("the topic is empty: publishing again", "partition", partition, "from", lowest)
		}
		return lowest, stop, err
	}
	from := int64(0)
	_, err = p.read(ctx, partition, start, stop, &from)
	if from < next {
		p.e.Log.Warn("the topic does not hold all that was published: publishing again", "partition", partition, "from", from, "published", next-1)
	}
	return from, stop, err
}

// read goes through the offsets [from, to) and returns the number of the last record. Where expected is given it is
// moved past every number that follows on it; 0 takes the first number found for the beginning.
func (p *publisher) read(ctx context.Context, partition int, from, to int64, expected *int64) (last int64, err error) {
	for from < to {
		fetched, err := p.e.Kafka.Fetch(ctx, []kafka.Position{{Topic: p.e.topic(), Partition: partition, Offset: from}}, time.Second)
		if err == nil && len(fetched) == 1 {
			err = fetched[0].Err
		}
		if err != nil {
			return 0, fmt.Errorf("read own topic: %w", err)
		}
		for _, rec := range fetched[0].Records {
			if rec.Offset >= to {
				break
			}
			last = rec.Sequence
			if expected != nil && rec.Sequence > 0 && (*expected == 0 || *expected == rec.Sequence) {
				*expected = rec.Sequence + 1
			}
		}
		if from = max(fetched[0].Next, from); ctx.Err() != nil {
			return 0, ctx.Err()
		}
	}
	return last, nil
}

func (p *publisher) lowest(ctx context.Context, partition int) (int64, error) {
	var lowest int64
	err := p.e.DB.Gorm().WithContext(ctx).Raw(`
		SELECT coalesce(min(o.sequence), max(c.sequence) + 1) FROM engine.counter c LEFT JOIN engine.outbox o USING (partition)
		WHERE partition = $1`, partition).Row().Scan(&lowest)
	return lowest, err
}

func (p *publisher) outbox(ctx context.Context, partition int, from int64) ([]kafka.Record, error) {
	var rows []outboxRow
	err := p.e.DB.Gorm().WithContext(ctx).Raw(`SELECT sequence, id, type, key, saga, cause, via, at, data FROM engine.outbox
		WHERE partition = $1 AND sequence >= $2 ORDER BY sequence LIMIT $3`, partition, from, publishAtOnce).Scan(&rows).Error
	if err != nil {
		return nil, err
	}
	records := make([]kafka.Record, len(rows))
	for i, r := range rows {
		if r.Sequence != from+int64(i) {
			return nil, fmt.Errorf("the outbox of %s does not hold number %d of partition %d any more: it cannot be published again",
				p.e.Service, from+int64(i), partition)
		}
		records[i] = p.e.record(r.outgoing())
		records[i].Sequence = r.Sequence
	}
	return records, nil
}
