package archive

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"orderflow.example/shared/kafka"
)

// Log reads archived topics the way they are read from Kafka: it is an eventlog.Log. The record with number n has offset n-1.
// Segments that are written after it was opened are not seen.
//
// Each partition is read ahead: a segment in compressed form and a few blocks of records, whatever the size of the archive. A
// segment's checksum is compared before any of its records is passed on. An error about damage names the file and is permanent:
// a retry does not help. Partitions can be read concurrently, each by one reader.
type Log struct {
	Holdings Holdings
	store    Store
	ctx      context.Context

	mu      sync.Mutex
	cursors map[kafka.Position]*cursor // by topic and partition
}

// ahead is the number of blocks decoded in advance.
const ahead = 2

// OpenLog lists the segments of the store. Reading ahead ends with ctx.
func OpenLog(ctx context.Context, store Store) (*Log, error) {
	held, err := Hold(ctx, store)
	if err != nil {
		return nil, err
	}
	return &Log{Holdings: held, store: store, ctx: ctx, cursors: map[kafka.Position]*cursor{}}, nil
}

// Offsets returns, by partition, the offset of the first archived record and the one after the last.
func (l *Log) Offsets(_ context.Context, topic string, partitions []int) (first, next map[int]int64, err error) {
	first, next = map[int]int64{}, map[int]int64{}
	for _, p := range partitions {
		from, to := l.Holdings.Ends(topic, p)
		first[p], next[p] = max(from-1, 0), to
	}
	return first, next, nil
}

// Fetch returns a block of records for each position. If there are none, it waits before it returns, as Kafka does.
func (l *Log) Fetch(ctx context.Context, positions []kafka.Position, wait time.Duration) ([]kafka.Fetched, error) {
	fetched := make([]kafka.Fetched, 0, len(positions))
	found := false
	for _, at := range positions {
		f := kafka.Fetched{Topic: at.Topic, Partition: at.Partition, Next: at.Offset}
		from, to := l.Holdings.Ends(at.Topic, at.Partition)
		f.LogStart, f.HighWatermark = max(from-1, 0), to
		switch {
		case at.Offset < f.LogStart || at.Offset > to:
			f.Err = fmt.Errorf("archive: %s partition %d at offset %d: %w", at.Topic, at.Partition, at.Offset, kafka.OffsetOutOfRange)
		case at.Offset < to:
			if f.Records, f.Err = l.read(ctx, at); ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if n := len(f.Records); n > 0 {
				f.Next = f.Records[n-1].Offset + 1
				found = true
			}
		}
		fetched = append(fetched, f)
	}
	if !found && wait > 0 {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(wait):
		}
	}
	return fetched, nil
}

// read returns the records from the position to the end of its block.
func (l *Log) read(ctx context.Context, at kafka.Position) ([]kafka.Record, error) {
	place := kafka.Position{Topic: at.Topic, Partition: at.Partition}
	l.mu.Lock()
	c := l.cursors[place]
	if c == nil || c.next != at.Offset {
		if c != nil {
			c.stop()
		}
		c = l.follow(at)
		l.cursors[place] = c
	}
	l.mu.Unlock()
	select {
	case b, open := <-c.blocks:
		if !open {
			return nil, context.Cause(l.ctx)
		}
		if b.err != nil {
			c.next = -1 // the next call begins anew
			return nil, b.err
		}
		c.next = b.records[len(b.records)-1].Offset + 1
		return b.records, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// cursor reads one partition ahead.
type cursor struct {
	next   int64 // offset that the next block begins at
	blocks chan block
	stop   context.CancelFunc
}

type block struct {
	records []kafka.Record
	err     error
}

func (l *Log) follow(at kafka.Position) *cursor {
	ctx, stop := context.WithCancel(l.ctx)
	c := &cursor{next: at.Offset, blocks: make(chan block, ahead), stop: stop}
	pass := func(b block) bool {
		select {
		case c.blocks <- b:
			return b.err == nil
		case <-ctx.Done():
			return false
		}
	}
	go func() {
		defer close(c.blocks)
		_, end := l.Holdings.Ends(at.Topic, at.Partition)
		before := ""
		for number := at.Offset + 1; number <= end; {
			s, ok := l.Holdings.holding(at.Topic, at.Partition, number)
			if !ok {
				pass(block{err: fmt.Errorf("archive: there is no segment with number %d of %s partition %d, and the next begins with %d: "+
					"bring the file back, or run orderflow topics archive again while the topic still holds it",
					number, at.Topic, at.Partition, l.Holdings.following(at.Topic, at.Partition, number))})
				return
			}
			segment, err := load(ctx, l.store, s)
			if err == nil {
				err = segment.follows(before, number)
			}
			if err != nil {
				pass(block{err: err})
				return
			}
			for i := range segment.blocks {
				records, err := segment.from(i, number)
				if len(records) == 0 && err == nil {
					continue
				}
				if !pass(block{records, err}) {
					return
				}
				number = records[len(records)-1].Sequence + 1
			}
			if number != s.Last+1 {
				pass(block{err: fmt.Errorf("archive: %s: %w", s.Name(), damaged(fmt.Sprintf("it ends with number %d", number-1)))})
				return
			}
			before = segment.header.LastID
		}
	}()
	return c
}

// follows returns an error unless the segment was archived after the event that was read before; "" is none.
func (l *loaded) follows(before string, number int64) error {
	if before == "" || l.header.Before == "" || number != l.First || l.header.Before == before {
		return nil
	}
	return fmt.Errorf("archive: %s follows event %s, and the segment before it ends with event %s: one of them is of another "+
		"installation, or of another time of this one; bring the right file back", l.Name(), l.header.Before, before)
}

// from returns a block's records from the given number on, and an error where they are not consecutive.
func (l *loaded) from(block int, number int64) ([]kafka.Record, error) {
	records, err := l.records(block)
	if err != nil || len(records) == 0 || records[len(records)-1].Sequence < number {
		return nil, err
	}
	records = records[max(0, slices.IndexFunc(records, func(r kafka.Record) bool { return r.Sequence >= number })):]
	for i := range records {
		if records[i].Sequence != number+int64(i) {
			return nil, fmt.Errorf("archive: %s: %w", l.Name(), damaged(fmt.Sprintf("number %d is not where it belongs", number+int64(i))))
		}
	}
	return records, nil
}
