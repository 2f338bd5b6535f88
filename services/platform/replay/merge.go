package replay

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/errgroup"

	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
)

// folded is an event, and whether it is the service's own and folded; else it is projected.
type folded struct {
	saga.Event
	own bool
}

// source is one stream of a partition, read ahead.
type source struct {
	at     stream
	from   mark
	upto   int64
	chunks chan chunk
	head   chunk // the chunk to be folded next; seen is 0 if none was received
}

// chunk is some records of a stream, and its position after them.
type chunk struct {
	events []folded
	left   []kafka.Record // parked: projected once they are released
	links  []trace.SpanContext
	to     mark
	seen   int // records, also those that are neither folded nor projected
}

// chunkSize is the number of records in a chunk.
const chunkSize = 500

// piece is the events of one transaction.
type piece struct {
	to     map[stream]mark
	events []folded
	left   []kafka.Record
	links  []trace.SpanContext // of those events that were traced, at most mostLinks
	seen   int
}

// follow reads the streams of one partition concurrently and folds their events roughly in the order of their times, chunk by
// chunk: so most events of a state are in one transaction, and its row is written once or twice.
func (f *filling) follow(ctx context.Context, sources []*source) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, s := range sources {
		group.Go(func() error {
			defer close(s.chunks)
			return f.readAhead(ctx, s)
		})
	}
	group.Go(func() error {
		p := &piece{to: map[stream]mark{}}
		for {
			s := earliest(ctx, sources)
			if s == nil {
				break
			}
			c := s.head
			s.head = chunk{}
			p.to[s.at], p.seen = c.to, p.seen+c.seen
			p.events, p.left = append(p.events, c.events...), append(p.left, c.left...)
			p.links = append(p.links, c.links[:min(len(c.links), mostLinks-len(p.links))]...)
			if len(p.events) < batchSize && p.seen < 10*batchSize {
				continue
			}
			if err := f.write(ctx, p); err != nil {
				return err
			}
			p = &piece{to: map[stream]mark{}, events: p.events[:0]}
		}
		if ctx.Err() != nil || p.seen == 0 {
			return ctx.Err()
		}
		return f.write(ctx, p)
	})
	return group.Wait()
}

// earliest returns the source whose next chunk is the earliest; nil where all have ended.
func earliest(ctx context.Context, sources []*source) (first *source) {
	for _, s := range sources {
		for s.head.seen == 0 {
			var open bool
			select {
			case s.head, open = <-s.chunks:
			case <-ctx.Done():
				return nil
			}
			if !open {
				break
			}
		}
		if s.head.seen > 0 && (first == nil || s.head.before(first.head)) {
			first = s
		}
	}
	return first
}

// before compares the times of the first events; a chunk without events comes first.
func (c chunk) before(other chunk) bool {
	if len(c.events) == 0 || len(other.events) == 0 {
		return len(c.events) == 0
	}
	return c.events[0].Time.Before(other.events[0].Time)
}

func (f *filling) readAhead(ctx context.Context, s *source) error {
	c := chunk{}
	send := func() error {
		select {
		case s.chunks <- c:
			c = chunk{}
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	err := f.s.r.read(ctx, s.at.topic, s.at.partition, s.from, s.upto, func(rec *kafka.Record) error {
		c.to, c.seen = mark{rec.Sequence, rec.Offset + 1}, c.seen+1
		if err := f.take(&c, s.at, rec); err != nil || c.seen < chunkSize {
			return err
		}
		return send()
	})
	if err == nil && c.seen > 0 {
		err = send()
	}
	return err
}

// take adds the record to the chunk, if it is to be folded or projected.
func (f *filling) take(c *chunk, at stream, rec *kafka.Record) error {
	r := f.s.r
	if _, left := f.left[rec.ID]; left && !at.own {
		c.left = append(c.left, *rec)
		return nil
	}
	if !at.own && !r.shows(rec.Type) || !r.concerns(rec) {
		return nil
	}
	began := time.Now()
	e, err := r.event(rec)
	f.effort.decode.Add(int64(time.Since(began)))
	if err != nil {
		return err
	}
	c.events = append(c.events, folded{e, at.own})
	c.links = f.s.r.linked(c.links, rec)
	return nil
}
