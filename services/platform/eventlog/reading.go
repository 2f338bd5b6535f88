package eventlog

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"orderflow.example/shared/kafka"
)

// Log is the source of a topic's records: a *kafka.Client, or an archive.
type Log interface {
	Fetch(ctx context.Context, positions []kafka.Position, wait time.Duration) ([]kafka.Fetched, error)
	Offsets(ctx context.Context, topic string, partitions []int) (first, next map[int]int64, err error)
}

const longPoll = 250 * time.Millisecond

// Reading reads one topic up to certain numbers. It can be run again with higher ones.
type Reading struct {
	Log      Log
	Topic    string
	Upto     map[int]int64                                   // by partition: the last number wanted
	Patience time.Duration                                   // how long to wait for a missing number
	Rest     func(ctx context.Context, worked time.Duration) // called after each fetch's work, to throttle; may be nil
	// tells whether another event was committed under the record's number; may be nil
	Wrong func(rec *kafka.Record) bool
	Aside func(rec *kafka.Record, why Why) // called once for each record that is not passed on; may be nil

	Last   map[int]int64 // by partition: the last number read; if set beforehand, reading continues after it
	Next   map[int]int64 // by partition: the offset to continue from; absent means from the beginning of the log
	Beyond map[int]int64 // by partition: the first number after a hole; 0 if there is none

	end    map[int]int64 // by partition: the offset at which the log ended at first
	over   map[int]int64 // by partition: the offset of the first record beyond Upto
	told   map[int]int64 // by partition: the offset after the last record that was passed on or dropped
	rivals rivals
}

// Run passes the records numbered 1 to Upto of each partition to fn, in order, each once. A record is passed on only if its
// number is the next: repeats are dropped, and records after a hole wait until the missing one is read, as in the engine.
// Records of other sources are dropped, and a wrong record if the right one is further on. If a number does not appear within
// Patience, Run returns, and Last is short of Upto. An error of fn ends the reading.
func (r *Reading) Run(ctx context.Context, fn func(rec *kafka.Record) error) error {
	if r.Last == nil {
		r.Last = map[int]int64{}
	}
	if r.Next == nil {
		r.Next = map[int]int64{}
	}
	if r.told == nil {
		r.told = map[int]int64{}
	}
	r.Beyond, r.over, r.rivals = map[int]int64{}, map[int]int64{}, rivals{}
	var partitions []int
	for p, n := range r.Upto {
		if n > 0 {
			partitions = append(partitions, p)
		}
	}
	if len(partitions) == 0 {
		return nil
	}
	first, end, err := r.Log.Offsets(ctx, r.Topic, partitions)
	if err != nil {
		return err
	}
	r.end = end
	for _, p := range partitions {
		if next, known := r.Next[p]; !known || next > end[p] || next < first[p] { // else the topic was replaced
			r.Next[p] = first[p]
		}
	}
	defer r.leave()
	progress := time.Now()
	for {
		var positions []kafka.Position
		for _, p := range partitions {
			if r.unread(p) {
				positions = append(positions, kafka.Position{Topic: r.Topic, Partition: p, Offset: r.Next[p]})
			}
		}
		if len(positions) == 0 {
			return nil
		}
		moved, err := r.fetch(ctx, positions, fn)
		var refused refusal
		switch {
		case errors.As(err, &refused):
			return refused.error
		case ctx.Err() != nil:
			return ctx.Err()
		case moved:
			progress = time.Now()
		case time.Since(progress) >= r.Patience:
			return err
		case err != nil:
			select {
			case <-ctx.Done():
			case <-time.After(min(longPoll, r.Patience)):
			}
		}
	}
}

// unread tells whether numbers are missing, or the log has records that were not read yet.
func (r *Reading) unread(partition int) bool {
	_, over := r.over[partition]
	return r.Last[partition] < r.Upto[partition] || r.Next[partition] < r.end[partition] && !over
}

// leave sets the offsets of the next run: the first record beyond Upto, or after a hole the beginning of the log, to search all
// of it for the missing number.
func (r *Reading) leave() {
	for p, offset := range r.over {
		r.Next[p] = offset
	}
	for p, n := range r.Beyond {
		if n > 0 {
			delete(r.Next, p)
		}
	}
}

// fetch reads once at each position, and tells whether that made progress.
func (r *Reading) fetch(ctx context.Context, positions []kafka.Position,
	fn func(rec *kafka.Record) error) (moved bool, err error) {
	fetched, err := r.Log.Fetch(ctx, positions, min(longPoll, r.Patience))
	if err != nil {
		return false, fmt.Errorf("read topic %s: %w", r.Topic, err)
	}
	if r.Rest != nil {
		start := time.Now()
		defer func() { r.Rest(ctx, time.Since(start)) }()
	}
	for i := range fetched {
		f := &fetched[i]
		before := r.Last[f.Partition]
		for j := range f.Records {
			if err := r.pass(ctx, &f.Records[j], fn); err != nil {
				return moved, err
			}
		}
		if f.Next > r.Next[f.Partition] {
			moved = moved || f.Next <= r.end[f.Partition]
			r.Next[f.Partition] = f.Next
		}
		moved = moved || r.Last[f.Partition] > before
		if f.Err != nil {
			err = fmt.Errorf("read topic %s: %w", r.Topic, f.Err)
		}
	}
	return moved, err
}

// refusal is an error of the callback: unlike one of the log, it is not retried.
type refusal struct{ error }

func (r *Reading) pass(ctx context.Context, rec *kafka.Record, fn func(rec *kafka.Record) error) error {
	p := rec.Partition
	switch {
	case !r.Own(rec):
		r.drop(rec, Strange)
		return nil
	case rec.Sequence <= r.Last[p]:
		r.drop(rec, Repeated)
		return nil
	case rec.Sequence > r.Upto[p]:
		if _, known := r.over[p]; !known {
			r.over[p] = rec.Offset
		}
		return nil
	}
	if follows, err := r.rightOneFollows(ctx, rec); err != nil {
		return err
	} else if follows {
		r.drop(rec, Wrong)
		return nil
	}
	switch {
	case rec.Sequence == r.Last[p]+1:
		r.Last[p], r.Beyond[p] = rec.Sequence, 0
		r.told[p] = max(r.told[p], rec.Offset+1)
		if err := fn(rec); err != nil {
			return refusal{err}
		}
		return nil
	case r.Beyond[p] == 0:
		r.Beyond[p] = rec.Sequence
	}
	return nil
}

// Own tells whether the service that writes the topic has written and numbered the record.
func (r *Reading) Own(rec *kafka.Record) bool {
	return rec.Source == "/"+Writer(r.Topic) && rec.Sequence > 0
}

// drop reports a record that is not passed on, once, however often it is read.
func (r *Reading) drop(rec *kafka.Record, why Why) {
	if _, again := r.over[rec.Partition]; again || rec.Offset < r.told[rec.Partition] {
		return // the next run will read it again, or an earlier one did
	}
	r.told[rec.Partition] = rec.Offset + 1
	if r.Aside != nil {
		r.Aside(rec, why)
	}
}

// Writer is the name of the service that writes the topic.
func Writer(topic string) string { return strings.TrimSuffix(topic, ".events") }
