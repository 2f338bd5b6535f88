package replay

import (
	"context"
	"math"

	"orderflow.example/services/platform/eventlog"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/service"
)

// known is an event by its number on a topic partition and its id.
type known struct {
	sequence int64
	id       string
}

// firstOn returns the first event that is still on the topic.
func (r *Replay) firstOn(ctx context.Context, topic string, partition int) (known, error) {
	at := stream{topic: topic, partition: partition}
	if k, read := r.firsts.Load(at); read {
		return k.(known), nil
	}
	k := known{sequence: math.MaxInt64}
	first, next, err := r.Log.Offsets(ctx, topic, []int{partition})
	reading := eventlog.Reading{Log: r.Log, Topic: topic}
	for offset := first[partition]; err == nil && k.sequence == math.MaxInt64 && offset < next[partition]; {
		var f kafka.Fetched
		if f, err = reading.FetchAt(ctx, partition, offset); err != nil || f.Next <= offset {
			break
		}
		for i := range f.Records {
			if rec := &f.Records[i]; reading.Own(rec) && rec.Sequence < k.sequence {
				k = known{rec.Sequence, rec.ID}
			}
		}
		offset = f.Next
	}
	if err != nil {
		return k, unread(err)
	}
	r.firsts.Store(at, k)
	return k, nil
}

// sameTopic checks that a stream is the one that the snapshot was taken of: its position ends with the same event. Where that has
// left the topic and the archive, or the snapshot does not know it, there is nothing to compare.
func (r *Replay) sameTopic(ctx context.Context, at stream, end int64) error {
	if r.Snapshot == nil {
		return nil
	}
	m, id := r.begins(at), r.Snapshot.LastID(at.topic, at.partition, at.own)
	if m.sequence > end {
		return service.Environment("replay: the snapshot %s was taken at number %d of %s/%d, which ends with %d: it is of another "+
			"installation, or the topic lost its end: fill it with `orderflow topics repair`, or replay without the snapshot",
			r.Snapshot.Name, m.sequence, at.topic, at.partition, end)
	}
	if m.sequence == 0 || id == "" {
		return nil
	}
	first, err := r.firstOn(ctx, at.topic, at.partition)
	if err != nil {
		return err
	}
	if first.sequence > m.sequence {
		if r.Archive == nil {
			return nil
		}
		if from, to := r.Archive.Holdings.Ends(at.topic, at.partition); from == 0 || from > m.sequence || to < m.sequence {
			return nil
		}
	}
	return r.read(ctx, at.topic, at.partition, mark{m.sequence - 1, max(m.next-1, 0)}, m.sequence, func(rec *kafka.Record) error {
		if rec.ID != id {
			return service.Environment("replay: number %d of %s/%d is event %s, and was %s when the snapshot %s was taken: it is of "+
				"another installation, or the topic was replaced; replay without it, or from a snapshot of this installation",
				m.sequence, at.topic, at.partition, rec.ID, id, r.Snapshot.Name)
		}
		return nil
	})
}
