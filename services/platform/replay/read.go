package replay

import (
	"context"
	"errors"

	"orderflow.example/services/platform/eventlog"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/service"
)

// readers is how many partitions are read at once.
const readers = 4

// errEnough ends a reading early, and is no error.
var errEnough = errors.New("enough")

// mark is the last number that was read of a partition, and the offset after it.
type mark struct{ sequence, next int64 }

// read passes the records after a mark, up to a number, to fn. All must be there.
func (r *Replay) read(ctx context.Context, topic string, partition int, from mark, upto int64, fn func(*kafka.Record) error) error {
	if upto <= from.sequence {
		return nil
	}
	reading := eventlog.Reading{Log: r.Log, Topic: topic, Patience: r.Patience, Upto: map[int]int64{partition: upto},
		Last: map[int]int64{partition: from.sequence}}
	if from.next > 0 {
		reading.Next = map[int]int64{partition: from.next}
	}
	err := reading.Run(ctx, fn)
	last := reading.Last[partition]
	switch {
	case errors.Is(err, errEnough):
		return nil
	case err != nil:
		var exit *service.Exit
		if errors.As(err, &exit) || ctx.Err() != nil {
			return err
		}
		return service.Environment("replay: %s/%d after number %d: %w", topic, partition, last, err)
	case last < upto && reading.Beyond[partition] > 0:
		return service.Environment("replay: %s/%d has a hole: after number %d comes %d: fill it with `orderflow topics repair`, and replay again",
			topic, partition, last, reading.Beyond[partition])
	case last < upto:
		return service.Environment("replay: %s/%d ends with number %d, before %d: fill it with `orderflow topics repair`, and replay again",
			topic, partition, last, upto)
	}
	return nil
}
