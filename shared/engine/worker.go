package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"orderflow.example/shared/database"
	"orderflow.example/shared/saga"
)

// ErrParked means that a command's key is parked: an earlier input about it could not be processed and waits for an operator.
var ErrParked = errors.New("engine: earlier events about this key are parked; redrive or discard them first")

// ErrStopped means that this process released the partition before the command was decided. Nothing was done; submit it again.
var ErrStopped = errors.New("engine: the work on this partition stopped")

// errFenced ends the run of a partition that another process, or a later run in this one, has taken over. Submit returns it as
// ErrStopped.
var errFenced = fmt.Errorf("%w: the partition has another owner", ErrStopped)

// noPartition is the number of a worker that owns none.
const noPartition = -1

// worker processes the queue of one partition in batches. The non-owner's worker has no partition: it commits commands about
// partitions that other processes own.
type worker struct {
	e         *Engine
	partition int
	epoch     int64 // of the lease, 0 for the non-owner's
	queue     *queue
	readers   []*reader
	calls     *openCalls // nil for the non-owner's

	parked        map[string]bool // keys whose later events are parked behind earlier ones
	parkedVersion int64           // of engine.lease; other processes raise it when they change engine.parked
	restored      bool            // the database was lost: some of the inputs to come have been decided already
	committed     map[string]position
	read          map[string]position // positions beyond it, of records that no machine takes; not yet committed
	last          int                 // inputs to decide in the previous batch
	began         atomic.Int64        // when the current transaction began, Unix nanoseconds of this machine; 0 if there is none
	limit         int                 // inputs in the next one at most; less than the batch size after a failure
	apart         bool                // after a failure it commits by itself, until a batch succeeds

	stall stall
}

// position is a position in a topic partition.
type position struct {
	sequence int64
	offset   int64  // of the next record
	id       string // of the record before it
}

func newWorker(e *Engine, partition int, epoch int64) *worker {
	return &worker{e: e, partition: partition, epoch: epoch, queue: newQueue(), limit: e.BatchSize,
		parked: map[string]bool{}, committed: map[string]position{}, read: map[string]position{}}
}

func (w *worker) submit(ctx context.Context, order saga.Event) (Outcome, error) {
	reply := make(chan result, 1)
	w.queue.push(input{form: command, event: order, reply: reply, request: w.e.requestOf(ctx)})
	select {
	case r := <-reply:
		return r.outcome, r.err
	case <-ctx.Done():
		return Outcome{}, fmt.Errorf("%w: %w", database.ErrCommitUnknown, ctx.Err())
	}
}

// Back-off after a failed batch, and how often a store may fail to convert for one input before that is parked.
const (
	firstPause  = 10 * time.Millisecond
	lastPause   = 2 * time.Second
	storeFaults = 6
)

// run processes batches until ctx ends. An error means that the worker does not know the positions of the partition, and must
// stop.
func (w *worker) run(ctx context.Context) error {
	defer w.queue.close()
	for w.await(ctx) {
		began := time.Now()
		batch, err := w.e.commits.commit(w)
		switch {
		case len(batch) == 0:
			continue
		case batch[0].form == redrive:
			err = w.release(ctx, batch[0].event.Key)
			batch = nil
		case errors.Is(err, errApart):
			batch, err = w.attempt(ctx, batch)
		default:
			batch, err = w.after(ctx, batch, began, err)
		}
		w.queue.putBack(batch)
		if err != nil {
			return err
		}
	}
	return nil
}

// settle processes one input until it is committed or parked.
func (w *worker) settle(ctx context.Context, in input) error {
	left, err := []input{in}, error(nil)
	for len(left) > 0 && err == nil && ctx.Err() == nil {
		left, err = w.attempt(ctx, left)
	}
	return err
}

// attempt commits the batch, or returns the inputs that were not committed: then the next batch is half as large, so that the
// faulty input is found in a few steps, and parked.
func (w *worker) attempt(ctx context.Context, batch []input) (left []input, fatal error) {
	began := time.Now()
	return w.after(ctx, batch, began, w.commit(batch))
}

// after handles the outcome of a batch.
func (w *worker) after(ctx context.Context, batch []input, began time.Time, err error) (left []input, fatal error) {
	defer func() { w.apart = err != nil || w.limit < w.e.BatchSize }()
	switch {
	case err == nil:
		w.limit = min(2*w.limit, w.e.BatchSize)
		return nil, nil
	case errors.Is(err, errFenced), errors.Is(err, database.ErrCommitUnknown):
		// The tables show whether it was committed. The partition is restarted, which begins by reading them.
		refuse(batch, err)
		if w.epoch == 0 {
			return nil, nil
		}
		return nil, err
	case len(batch) == 1 && w.atFault(&batch[0], err):
		if batch[0].form == command {
			refuse(batch, err)
			return nil, nil
		}
		batch[0].reason = err.Error()
	case isFault(err) && len(batch) > 1:
		w.e.Log.Info("a batch failed; it is retried in halves", "partition", w.partition, "inputs", len(batch), "err", err)
		w.limit = len(batch) / 2
	case database.IsDeadlock(err), database.IsSerialization(err):
		sleep(ctx, firstPause)
	default:
		// A fault of the installation. Commands are refused, queued ones too; the other inputs wait until it is mended.
		w.limit = max(1, len(batch)/2)
		batch = w.queue.refuseCommands(batch, fmt.Errorf("%w: nothing was done: %w", ErrStopped, err))
		sleep(ctx, w.stall.because(w.e, w.partition, began, err))
	}
	return batch, nil
}

// isFault tells whether an error can be the fault of an event. Faults of deciding and encoding are caught before any statement.
func isFault(err error) bool { return database.IsDataFault(err) || isStoreFault(err) }

// isStoreFault tells whether a store could not convert a row or a state: of the event's key, or of every key where the
// store is of another build.
func isStoreFault(err error) bool {
	return errors.As(err, new(storePanic)) || database.IsConversion(err)
}

// atFault tells whether the error is the fault of this input, which is alone in its batch. A store that cannot convert gets some
// tries: a rollout of another build may be under way.
func (w *worker) atFault(in *input, err error) bool {
	if in.reason != "" {
		return false // a parked row is always storable: the table itself is at fault
	}
	if isStoreFault(err) {
		in.faults++
		return in.faults > storeFaults || in.form == command
	}
	return database.IsDataFault(err)
}

// await waits for inputs; false when ctx has ended.
func (w *worker) await(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-w.queue.signal:
		return true
	}
}

// take takes the queued inputs, up to the limit.
func (w *worker) take(most int) []input {
	batch := w.queue.take(min(w.limit, most))
	w.last = 0
	for i := range batch {
		if batch[i].concerns() {
			w.last++
		}
	}
	return batch
}

// commit runs the batch in a transaction of its own. If nothing would be written, it only notes the positions.
func (w *worker) commit(inputs []input) error {
	s := newShare(w, inputs)
	if !s.concerns() {
		s.remember()
		return nil
	}
	return w.e.commit(s)
}

// stall is why a partition is stopped by a fault of the installation, for the progress report, the metric and the log.
type stall struct {
	mu     sync.Mutex
	since  time.Time
	reason string
	pause  time.Duration
	log    throttle
}

// because notes the error of work that began at this time, and returns how long to wait before the next try.
func (s *stall) because(e *Engine, partition int, began time.Time, err error) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.since.IsZero() {
		s.since, s.pause = e.clock.now().Add(-time.Since(began)), firstPause
	}
	s.reason = line(err.Error())
	s.pause = min(2*s.pause, lastPause)
	s.log.do(func(again int) {
		e.Log.Error("partition stopped by a fault of the installation; it is tried again and nothing is parked",
			"partition", partition, "since", s.since, "suppressed", again, "err", err)
	})
	return s.pause
}

// on is since when and why the partition is stopped; the zero time if it works.
func (s *stall) on() (since time.Time, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.since, s.reason
}

// over notes that the partition works again.
func (s *stall) over(e *Engine, partition int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.since.IsZero() {
		return
	}
	e.Log.Info("partition works again", "partition", partition, "stopped_since", s.since, "reason", s.reason)
	s.since, s.reason, s.pause, s.log = time.Time{}, "", 0, throttle{}
}

// throttle logs a message at once, and then at most every ten seconds, with the number of those suppressed.
type throttle struct {
	at      time.Time
	swallow int
}

func (t *throttle) do(say func(again int)) {
	if time.Since(t.at) < 10*time.Second {
		t.swallow++
		return
	}
	say(t.swallow)
	t.at, t.swallow = time.Now(), 0
}
