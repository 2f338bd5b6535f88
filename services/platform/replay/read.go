package replay

import (
	"context"
	"errors"

	"orderflow.example/services/platform/eventlog"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/service"
)

// readers is the number of partitions that are read at once.
const readers = 4

// errEnough ends a reading early; callers do not see it.
var errEnough = errors.New("enough")

// mark is the last number read of a partition and the offset after it; 0 where that is not known.
type mark struct{ sequence, next int64 }

// end finds where a topic partition ends, on the topic or in the archive.
func (r *Replay) end(ctx context.Context, topic string, partition int) (eventlog.Tail, error) {
	tail, err := eventlog.End(ctx, r.Log, topic, partition)
	if err == nil && r.Archive != nil {
		_, to := r.Archive.Holdings.Ends(topic, partition)
		tail.Sequence = max(tail.Sequence, to)
	}
	return tail, unread(err)
}

// unread is an error of a topic or an archive, which is none of the database's.
func unread(err error) error {
	if err == nil {
		return nil
	}
	return service.Environment("replay: %w", err)
}

// read passes the records after a mark, up to a number, to fn. A missing one is an error. Records that left the topic are read
// from the archive.
func (r *Replay) read(ctx context.Context, topic string, partition int, from mark, upto int64,
	fn func(*kafka.Record) error) error {
	if upto <= from.sequence {
		return nil
	}
	if r.Archive != nil {
		first, err := r.firstOn(ctx, topic, partition)
		if err != nil {
			return err
		}
		archived, to := r.Archive.Holdings.Ends(topic, partition)
		if first.sequence > from.sequence+1 && archived <= from.sequence+1 && to > from.sequence {
			last := min(upto, to)
			err := r.readLog(ctx, r.Archive, topic, partition, mark{from.sequence, from.sequence}, last,
				func(rec *kafka.Record) error {
					if rec.Sequence == first.sequence && rec.ID != first.id {
						return service.Environment("replay: number %d of %s/%d is event %s in the archive, and event %s on the topic: the "+
							"archive is of another installation; give the one of this", rec.Sequence, topic, partition, rec.ID, first.id)
					}
					return fn(rec)
				})
			if err != nil || last == upto {
				return done(err)
			}
			from = mark{sequence: last}
		}
	}
	return done(r.readLog(ctx, r.Log, topic, partition, from, upto, fn))
}

func done(err error) error {
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

func (r *Replay) readLog(ctx context.Context, log eventlog.Log, topic string, partition int, from mark, upto int64,
	fn func(*kafka.Record) error) error {
	reading := eventlog.Reading{Log: log, Topic: topic, Patience: r.Patience, Upto: map[int]int64{partition: upto},
		Last: map[int]int64{partition: from.sequence}}
	if from.next > 0 {
		reading.Next = map[int]int64{partition: from.next}
	}
	err := reading.Run(ctx, fn)
	last := reading.Last[partition]
	switch {
	case errors.Is(err, errEnough):
		return err
	case err != nil:
		var exit *service.Exit
		if errors.As(err, &exit) || ctx.Err() != nil {
			return err
		}
		return service.Environment("replay: %s/%d after number %d: %w", topic, partition, last, err)
	case last < upto && from.next > 0 && log == r.Log: // it may be another log than the one that the offset is of
		return r.readLog(ctx, log, topic, partition, mark{sequence: last}, upto, fn)
	case last < upto && reading.Beyond[partition] > 0:
		return service.Environment(
			"replay: %s/%d has a hole: after number %d comes %d: fill it with `orderflow topics repair`, or give the archive "+
				"that has it with --archive, and replay again", topic, partition, last, reading.Beyond[partition])
	case last < upto:
		return service.Environment(
			"replay: %s/%d ends with number %d, before %d: fill it with `orderflow topics repair`, and replay again",
			topic, partition, last, upto)
	}
	return nil
}
