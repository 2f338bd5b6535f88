package audit

import (
	"context"
	"fmt"
	"time"

	"orderflow.example/shared/kafka"
)

// Log reads topics: a *kafka.Client.
type Log interface {
	Fetch(ctx context.Context, positions []kafka.Position, wait time.Duration) ([]kafka.Fetched, error)
	Offsets(ctx context.Context, topic string, partitions []int) (first, next map[int]int64, err error)
}

const longPoll = 250 * time.Millisecond

// reading is the reading of one topic up to certain numbers. It can be run again with higher ones.
type reading struct {
	log      Log
	topic    string
	upto     map[int]int64 // by partition: the last number wanted
	patience time.Duration // how long to wait for a number that is not there
	rest     func(ctx context.Context, worked time.Duration)
	wrong    func(rec *kafka.Record) bool       // tells of a record that another event was committed under its number; may be nil
	aside    func(rec *kafka.Record, why aside) // told once of each record that is not passed on; may be nil

	last   map[int]int64 // by partition: the last number read
	next   map[int]int64 // by partition: the offset to go on from; absent means from the beginning of the log
	end    map[int]int64 // by partition: the offset at which the log ended at first
	beyond map[int]int64 // by partition: the first number found where another was due; 0 if none
	over   map[int]int64 // by partition: the offset of the first record that was beyond what was wanted
	told   map[int]int64 // by partition: the offset after the last record that was passed on or left aside
	rivals rivals
}

// run passes the records numbered 1 to upto of each partition to fn, in order, each once. A record is passed on only
// when its number is the next: repeats are dropped, and beyond a hole nothing is read until the missing record is there, as in
// the engine. Records of other sources have no number, and a wrong record gives way to the right one further on. last shows how
// far the run came.
func (r *reading) run(ctx context.Context, fn func(rec *kafka.Record)) error {
	if r.last == nil {
		r.last, r.next, r.told = map[int]int64{}, map[int]int64{}, map[int]int64{}
	}
	r.beyond, r.over, r.rivals = map[int]int64{}, map[int]int64{}, rivals{}
	var partitions []int
	for p, n := range r.upto {
		if n > 0 {
			partitions = append(partitions, p)
		}
	}
	if len(partitions) == 0 {
		return nil
	}
	first, end, err := r.log.Offsets(ctx, r.topic, partitions)
	if err != nil {
		return err
	}
	r.end = end
	for _, p := range partitions {
		if next, known := r.next[p]; !known || next > end[p] || next < first[p] { // or it is another log by now
			r.next[p] = first[p]
		}
	}
	defer r.leave()
	progress := time.Now()
	for {
		var positions []kafka.Position
		for _, p := range partitions {
			if r.unread(p) {
				positions = append(positions, kafka.Position{Topic: r.topic, Partition: p, Offset: r.next[p]})
			}
		}
		if len(positions) == 0 {
			return nil
		}
		moved, err := r.fetch(ctx, positions, fn)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case moved:
			progress = time.Now()
		case time.Since(progress) >= r.patience:
			return err
		case err != nil:
			select {
			case <-ctx.Done():
			case <-time.After(min(longPoll, r.patience)):
			}
		}
	}
}

// unread tells whether numbers are missing, or the log has records that were not read.
func (r *reading) unread(partition int) bool {
	_, over := r.over[partition]
	return r.last[partition] < r.upto[partition] || r.next[partition] < r.end[partition] && !over
}

// leave sets where the next run continues: at the first record that was not wanted yet or, after a hole, at the beginning, to
// search the whole log for the missing record.
func (r *reading) leave() {
	for p, offset := range r.over {
		r.next[p] = offset
	}
	for p, n := range r.beyond {
		if n > 0 {
			delete(r.next, p)
		}
	}
}

// fetch reads more records, and tells whether there were any.
func (r *reading) fetch(ctx context.Context, positions []kafka.Position, fn func(rec *kafka.Record)) (moved bool, err error) {
	fetched, err := r.log.Fetch(ctx, positions, min(longPoll, r.patience))
	if err != nil {
		return false, fmt.Errorf("read topic %s: %w", r.topic, err)
	}
	if r.rest != nil {
		start := time.Now()
		defer func() { r.rest(ctx, time.Since(start)) }()
	}
	for i := range fetched {
		f := &fetched[i]
		before := r.last[f.Partition]
		for j := range f.Records {
			if err := r.pass(ctx, &f.Records[j], fn); err != nil {
				return moved, err
			}
		}
		if f.Next > r.next[f.Partition] {
			moved = moved || f.Next <= r.end[f.Partition]
			r.next[f.Partition] = f.Next
		}
		moved = moved || r.last[f.Partition] > before
		if f.Err != nil {
			err = fmt.Errorf("read topic %s: %w", r.topic, f.Err)
		}
	}
	return moved, err
}

func (r *reading) pass(ctx context.Context, rec *kafka.Record, fn func(rec *kafka.Record)) error {
	p := rec.Partition
	switch {
	case !r.own(rec):
		r.drop(rec, strange)
		return nil
	case rec.Sequence <= r.last[p]:
		r.drop(rec, repeated)
		return nil
	case rec.Sequence > r.upto[p]:
		if _, known := r.over[p]; !known {
			r.over[p] = rec.Offset
		}
		return nil
	}
	if follows, err := r.rightOneFollows(ctx, rec); err != nil {
		return err
	} else if follows {
		r.drop(rec, wrong)
		return nil
	}
	switch {
	case rec.Sequence == r.last[p]+1:
		r.last[p], r.beyond[p] = rec.Sequence, 0
		r.told[p] = max(r.told[p], rec.Offset+1)
		fn(rec)
	case r.beyond[p] == 0:
		r.beyond[p] = rec.Sequence
	}
	return nil
}

// own tells whether the record is a numbered one of the topic's service.
func (r *reading) own(rec *kafka.Record) bool {
	return rec.Source == "/"+writer(r.topic) && rec.Sequence > 0
}

// drop reports a record as aside, once, however often it is read.
func (r *reading) drop(rec *kafka.Record, why aside) {
	if _, again := r.over[rec.Partition]; again || rec.Offset < r.told[rec.Partition] {
		return // the next run will read it again, or an earlier one did
	}
	r.told[rec.Partition] = rec.Offset + 1
	if r.aside != nil {
		r.aside(rec, why)
	}
}
