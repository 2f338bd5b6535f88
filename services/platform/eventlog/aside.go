package eventlog

import (
	"context"
	"fmt"
	"time"

	"orderflow.example/shared/kafka"
)

// Why is the reason why a record on a topic is not an event of its service.
type Why int

const (
	Strange  Why = iota // of another source, or without a number
	Repeated            // its number was there before
	Wrong               // its number is that of another committed event, which follows
)

// rivals are the records with the same number that are further on in a topic.
type rivals struct {
	right map[int]map[int64]bool // by partition: numbers of which a wrong record comes first, then the right one
	upto  map[int]int64          // by partition: the offset up to which was searched
}

// rightOneFollows tells whether the event that was committed under a wrong record's number is further on in the log. One scan to
// its end answers for all records that are there.
func (r *Reading) rightOneFollows(ctx context.Context, rec *kafka.Record) (bool, error) {
	if r.Wrong == nil || !r.Wrong(rec) {
		return false, nil
	}
	p := rec.Partition
	if r.rivals.right == nil {
		r.rivals = rivals{map[int]map[int64]bool{}, map[int]int64{}}
	}
	if rec.Offset < r.rivals.upto[p] {
		return r.rivals.right[p][rec.Sequence], nil
	}
	wrongs, rights := map[int64]bool{}, map[int64]bool{}
	offset := rec.Offset
	for {
		f, err := r.FetchAt(ctx, p, offset)
		if err != nil {
			return false, err
		}
		for i := range f.Records {
			switch rec := &f.Records[i]; {
			case !r.Own(rec):
			case r.Wrong(rec):
				wrongs[rec.Sequence] = true
			case wrongs[rec.Sequence]:
				rights[rec.Sequence] = true
			}
		}
		if f.Next <= offset {
			break
		}
		offset = f.Next
	}
	r.rivals.right[p], r.rivals.upto[p] = rights, offset
	return rights[rec.Sequence], nil
}

// FetchAt reads the records at an offset, without waiting for more.
func (r *Reading) FetchAt(ctx context.Context, partition int, offset int64) (kafka.Fetched, error) {
	fetched, err := r.Log.Fetch(ctx, []kafka.Position{{Topic: r.Topic, Partition: partition, Offset: offset}}, 0)
	start := time.Now()
	if r.Rest != nil {
		defer func() { r.Rest(ctx, time.Since(start)) }()
	}
	if err == nil && len(fetched) == 1 {
		err = fetched[0].Err
	}
	if err != nil || len(fetched) != 1 {
		return kafka.Fetched{}, fmt.Errorf("read topic %s again from offset %d on: %w", r.Topic, offset, err)
	}
	return fetched[0], nil
}
