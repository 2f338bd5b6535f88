package eventlog

import (
	"context"
	"fmt"

	"orderflow.example/shared/kafka"
)

// Tail is the end of a topic partition.
type Tail struct {
	Sequence    int64 // the highest number there; 0 if there is no event
	First, Next int64 // the log's first offset, and the one after its last
}

// tailAtOnce is the number of offsets read at a time, from the end backwards: republished events end with the highest number.
const tailAtOnce = 1000

// End finds the last number of a topic partition.
func End(ctx context.Context, log Log, topic string, partition int) (Tail, error) {
	first, next, err := log.Offsets(ctx, topic, []int{partition})
	if err != nil {
		return Tail{}, fmt.Errorf("read topic %s: %w", topic, err)
	}
	r := Reading{Log: log, Topic: topic}
	t := Tail{First: first[partition], Next: next[partition]}
	for to := t.Next; to > t.First && t.Sequence == 0; to -= tailAtOnce {
		for offset := max(t.First, to-tailAtOnce); offset < to; {
			f, err := r.FetchAt(ctx, partition, offset)
			if err != nil {
				return t, err
			}
			if f.Next <= offset {
				break
			}
			for i := range f.Records {
				if rec := &f.Records[i]; r.Own(rec) {
					t.Sequence = max(t.Sequence, rec.Sequence)
				}
			}
			offset = f.Next
		}
	}
	return t, nil
}

var _ Log = (*kafka.Client)(nil)
