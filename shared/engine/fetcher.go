package engine

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"orderflow.example/shared/kafka"
)

// fetcher reads all topics of all partitions at work in this process, in one long poll, and queues each worker's records
// in sequence. A reader with an error pauses, so that one broken partition does not slow the others.
type fetcher struct {
	e   *Engine
	ctx context.Context
	log throttle

	asked atomic.Int64 // when the fetch under way began, Unix nanoseconds of this machine; 0: none is

	mu     sync.Mutex
	cancel context.CancelFunc // of the fetch under way
}

const (
	longPoll  = 500 * time.Millisecond
	shortPoll = 20 * time.Millisecond // while some partition is not fetched, because its queue is full
)

func newFetcher(e *Engine) *fetcher { return &fetcher{e: e, ctx: context.Background()} }

// interrupt makes the fetcher read the list of running partitions again.
func (f *fetcher) interrupt() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cancel != nil {
		f.cancel()
	}
}

func (f *fetcher) run(ctx context.Context) {
	f.ctx = ctx
	for pause := firstPause; ctx.Err() == nil; {
		if err := f.poll(ctx); err == nil {
			pause = firstPause
		} else if ctx.Err() == nil {
			f.failed(err)
			sleep(ctx, pause)
			pause = min(2*pause, time.Second)
		}
	}
}

func (f *fetcher) failed(err error) {
	f.log.do(func(again int) {
		f.e.Log.Warn("cannot fetch; it is tried again", "suppressed", again, "err", err)
	})
}

// silence is how long the broker has not answered, if longer than the poll's timeout.
func (f *fetcher) silence(now time.Time) time.Duration {
	if at := f.asked.Load(); at != 0 {
		if silence := now.Sub(time.Unix(0, at)); silence > 2*longPoll {
			return silence
		}
	}
	return 0
}

type place struct {
	topic     string
	partition int
}

// poll fetches once. An error means that no fetch was possible.
func (f *fetcher) poll(ctx context.Context) error {
	f.mu.Lock()
	fetching, cancel := context.WithCancel(ctx)
	defer cancel()
	f.cancel = cancel
	f.mu.Unlock()

	wait, now := longPoll, time.Now()
	requests := map[place]fetchRequest{}
	var positions []kafka.Position
	for _, p := range f.e.running.all() {
		if p.queue.full() {
			wait = min(wait, shortPoll)
			continue
		}
		for _, r := range p.readers {
			if off := r.retry.Sub(now); off > 0 {
				wait = min(wait, max(off, shortPoll))
				continue
			}
			requests[place{r.topic, p.partition}] = fetchRequest{r, r.match}
			positions = append(positions, r.position(r.match))
		}
	}
	f.asked.Store(now.UnixNano())
	fetched, err := f.e.Kafka.Fetch(fetching, positions, wait)
	f.asked.Store(0)
	if err != nil {
		if fetching.Err() != nil {
			return nil
		}
		for _, asked := range requests {
			asked.r.suspect()
			asked.r.atEnd(false)
		}
		return err
	}
	for i := range fetched {
		got := &fetched[i]
		asked, known := requests[place{got.Topic, got.Partition}]
		if !known {
			continue
		}
		if err := f.take(asked, got); err != nil && ctx.Err() == nil {
			asked.r.atEnd(false)
			asked.r.log.do(func(again int) {
				f.e.Log.Warn("cannot read a topic partition; it is tried again, the others go on", "suppressed", again, "err", err)
			})
		}
	}
	return nil
}

// topic is the service's own topic, source the CloudEvents source of its records.
func (e *Engine) topic() string  { return e.Service + ".events" }
func (e *Engine) source() string { return "/" + e.Service }
