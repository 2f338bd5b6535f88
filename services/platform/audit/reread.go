package audit

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"

	"orderflow.example/shared/kafka"
)

// recall reads own events of a service again, in the order of their numbers: from its outbox or, if they were pruned there, from
// its topic. Events in neither are left out.
func (p *picture) recall(ctx context.Context, service string, partition int, numbers []int64) ([]kafka.Record, error) {
	records, pruned, err := p.outbox(ctx, service, partition, numbers)
	if err != nil || len(records) == len(numbers) {
		return records, err
	}
	old := slices.DeleteFunc(slices.Clone(numbers), func(n int64) bool {
		return n > pruned || slices.ContainsFunc(records, func(rec kafka.Record) bool { return rec.Sequence == n })
	})
	reread, err := p.traces[service].reread(ctx, partition, old)
	all := append(reread, records...)
	slices.SortFunc(all, func(a, b kafka.Record) int { return cmp.Compare(a.Sequence, b.Sequence) })
	return all, err
}

// reread reads records of the topic again, in the order of their numbers. Those that were not read before are left out.
func (t *trace) reread(ctx context.Context, partition int, numbers []int64) (records []kafka.Record, err error) {
	offset := int64(0)
	for len(numbers) > 0 && numbers[0] <= t.reading.Last[partition] {
		from, to := t.chain.between(partition, numbers[0])
		offset = max(offset, from)
		var f kafka.Fetched
		if offset < to {
			if f, err = t.reading.FetchAt(ctx, partition, offset); err != nil {
				return nil, err
			}
		}
		if f.Next <= offset {
			return nil, fmt.Errorf("%s/%d does not hold number %d any more where it was read: it is another log than before",
				t.reading.Topic, partition, numbers[0])
		}
		for i := range f.Records {
			rec := &f.Records[i]
			if len(numbers) > 0 && rec.Sequence == numbers[0] && t.reading.Own(rec) && t.chain.is(rec) {
				rec.Data = bytes.Clone(rec.Data) // it shares a buffer with the whole fetch
				records, numbers = append(records, *rec), numbers[1:]
			}
		}
		offset = f.Next
	}
	return records, nil
}
