package audit

import (
	"context"
	"fmt"
	"time"

	"orderflow.example/shared/kafka"
)

// aside is why a record on a topic is not an event of its service.
type aside int

const (
	strange  aside = iota // of another source, or without a number
	repeated              // its number was there before
	wrong                 // its number is that of another committed event, which follows
)

// rivals are the records with the same number that are further on in a topic.
type rivals struct {
	right map[int]map[int64]bool // by partition: numbers of which a wrong record comes first, then the right one
	upto  map[int]int64          // by partition: the offset up to which was looked
}

// rightOneFollows tells whether the event that was committed under a wrong record's number is further on in the log. One scan to
// its end answers for all records that are there.
func (r *reading) rightOneFollows(ctx context.Context, rec *kafka.Record) (bool, error) {
	if r.wrong == nil || !r.wrong(rec) {
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
		f, err := r.fetchAt(ctx, p, offset)
		if err != nil {
			return false, err
		}
		for i := range f.Records {
			switch rec := &f.Records[i]; {
			case !r.own(rec):
			case r.wrong(rec):
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

// fetchAt reads the records at an offset, without waiting for more.
func (r *reading) fetchAt(ctx context.Context, partition int, offset int64) (kafka.Fetched, error) {
	fetched, err := r.log.Fetch(ctx, []kafka.Position{{Topic: r.topic, Partition: partition, Offset: offset}}, 0)
	start := time.Now()
	if r.rest != nil {
		defer func() { r.rest(ctx, time.Since(start)) }()
	}
	if err == nil && len(fetched) == 1 {
		err = fetched[0].Err
	}
	if err != nil || len(fetched) != 1 {
		return kafka.Fetched{}, fmt.Errorf("read topic %s again from offset %d on: %w", r.topic, offset, err)
	}
	return fetched[0], nil
}

// leaveAside counts a record that consumers drop: exact repeats are harmless, all others are offences.
func (t *trace) leaveAside(rec *kafka.Record, why aside) {
	at := place{rec.Topic, rec.Partition}
	switch {
	case why == strange:
		t.fault(at.String(), "at offset %d stands %s %s of %q with number %d, which is no event of this service",
			rec.Offset, rec.Type, rec.ID, rec.Source, rec.Sequence)
	case why == wrong:
		t.fault(t.facts.name(rec.Key), "%s number %d is %s %s at offset %d; what was committed under this number follows later",
			at, rec.Sequence, rec.Type, rec.ID, rec.Offset)
	case t.chain.is(rec):
		t.repeats++
	default:
		t.fault(t.facts.name(rec.Key), "%s number %d stands there again at offset %d, as %s %s",
			at, rec.Sequence, rec.Offset, rec.Type, rec.ID)
	}
}
