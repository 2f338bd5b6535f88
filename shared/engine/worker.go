package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"orderflow.example/shared/database"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
)

// ErrParked means that a command's key is parked: something about it could not be processed and waits for an operator.
var ErrParked = errors.New("engine: earlier events about this key are parked; redrive or discard them first")

// ErrStopped means that this process gave up the partition before the command was decided. Nothing happened; submit it
// again.
var ErrStopped = errors.New("engine: the work on this partition stopped")

// errFenced ends a worker whose partition another process has taken over. To whoever submitted a command it is ErrStopped.
var errFenced = fmt.Errorf("%w: the partition has another owner", ErrStopped)

const guestPartition = -1

// worker takes what is waiting for one partition of one service as a batch, again and again.
// Without a lease it is the guest: it only commits commands, about partitions others own.
type worker struct {
	e         *Engine
	partition int
	epoch     int64 // of the lease, 0 for the guest
	readers   []*reader
	asking    map[string]bool // ids of the questions being asked
	parked    map[string]bool
	committed map[string]mark // by topic
	read      map[string]mark // what was read beyond it and concerned nobody, not yet committed
	last      int             // inputs in the batch before

	mu    sync.Mutex
	queue []input

	trying map[string]Trying // by id, what was asked more than once
	closed bool
	signal chan struct{}

	cancel  context.CancelFunc
	running context.Context // ends with the ownership
	stopped sync.WaitGroup
}

// mark is how far a topic partition has been read.
type mark struct {
	sequence int64
	offset   int64 // of the next record
	id       string
}

type form int

const (
	heard    form = iota // a record of another service
	ordered              // a command
	answered             // the outside world's answer
	expired              // a deadline
	redrive              // release what is parked for a key
	flush                // commit what was only read
)

// input is one thing to process.
type input struct {
	form   form
	record *kafka.Record // heard
	event  saga.Event    // ordered: the command; answered: what asked; expired: since when; redrive: its key
	answer any           // answered
	try    int           // answered: the number of the try that was
	number int64         // of the parked row this came from, 0 if none
	reason string        // why it is to be parked
	reply  chan result   // ordered
}

type result struct {
	outcome Outcome
	err     error
}

func newWorker(e *Engine, partition int, epoch int64) *worker {
	return &worker{e: e, partition: partition, epoch: epoch, parked: map[string]bool{}, committed: map[string]mark{},
		read: map[string]mark{}, asking: map[string]bool{}, trying: map[string]Trying{}, signal: make(chan struct{}, 1)}
}

func (w *worker) push(in ...input) {
	if len(in) == 0 {
		return
	}
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		refuse(in, ErrStopped)
		return
	}
	if w.queue == nil {
		w.queue = in
	} else {
		w.queue = append(w.queue, in...)
	}
	w.mu.Unlock()
	w.nudge()
}

func (w *worker) nudge() {
	select {
	case w.signal <- struct{}{}:
	default:
	}
}

func (w *worker) wake() { w.push(input{form: flush}) }

func (w *worker) waiting() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.queue)
}

func (w *worker) submit(ctx context.Context, command saga.Event) (Outcome, error) {
	reply := make(chan result, 1)
	w.push(input{form: ordered, event: command, reply: reply})
	select {
	case r := <-reply:
		return r.outcome, r.err
	case <-ctx.Done():
		return Outcome{}, fmt.Errorf("%w: %w", database.ErrCommitUnknown, ctx.Err())
	}
}

func (w *worker) run(ctx context.Context) {
	for {
		batch := w.gather(ctx)
		if batch == nil {
			break
		}
		if err := w.process(ctx, batch); err != nil && w.epoch > 0 {
			go w.e.disown(w.partition, err.Error())
			<-ctx.Done()
			break
		}
	}
	w.mu.Lock()
	w.closed = true
	rest := w.queue
	w.queue = nil
	w.mu.Unlock()
	refuse(rest, ErrStopped)
}

func refuse(batch []input, err error) {
	for _, in := range batch {
		if in.reply != nil {
			in.reply <- result{err: err}
		}
	}
}

// Under load a batch is worth waiting for: each costs as much as some tens of events do, and the wait is short against
// the queues that load makes. What comes alone goes at once.
const (
	busy   = 16 // inputs in the last batch, from which on there is load
	plenty = 64 // inputs that are enough for the next one
	linger = 5 * time.Millisecond
)

// gather waits for something to do, then takes all that is there, up to the batch size. A redrive comes alone.
func (w *worker) gather(ctx context.Context) []input {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-w.signal:
		}
		if w.last >= busy && w.waiting() < plenty {
			sleep(ctx, linger)
		}
		w.mu.Lock()
		n := min(len(w.queue), w.e.BatchSize)
		for i := range n {
			if w.queue[i].form == redrive {
				n = max(i, 1)
				break
			}
		}
		batch := w.queue[:n:n]
		if w.queue = w.queue[n:]; len(w.queue) == 0 {
			w.queue = nil
		} else {
			w.nudge()
		}
		w.mu.Unlock()
		if w.last = n; n > 0 {
			return batch
		}
	}
}

// process makes a batch happen: at once if it can, event by event if it cannot, and parks what cannot happen at all.
// An error means that this worker cannot know where the partition stands, and must not go on with it. A database that is
// down parks nothing.
func (w *worker) process(ctx context.Context, batch []input) error {
	if batch[0].form == redrive {
		return w.release(ctx, batch[0].event.Key)
	}
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		err := w.commit(batch)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, errFenced):
			refuse(batch, err)
			return err
		case errors.Is(err, database.ErrCommitUnknown), database.IsConnection(err):
			// Whether it happened stands in the tables. The partition is taken anew, which begins by reading them.
			w.e.Log.Warn("batch not committed; taking the partition anew", "partition", w.partition, "inputs", len(batch), "err", err)
			refuse(batch, err)
			return err
		case database.IsDeadlock(err), database.IsSerialization(err):
			if !sleep(ctx, pause) {
				refuse(batch, ErrStopped)
				return nil
			}
		case len(batch) > 1:
			w.e.Log.Info("batch fails as a whole, going event by event", "partition", w.partition, "inputs", len(batch), "err", err)
			for i := range batch {
				if err := w.process(ctx, batch[i:i+1:i+1]); err != nil || ctx.Err() != nil {
					refuse(batch[i+1:], ErrStopped)
					return err
				}
			}
			return nil
		case batch[0].form == ordered:
			refuse(batch, err)
			return nil
		case batch[0].reason != "":
			w.e.Log.Error("cannot even park", "partition", w.partition, "err", err)
			if !sleep(ctx, pause) {
				return nil
			}
		default:
			batch[0].reason = err.Error()
		}
	}
}

// commit runs the batch as one transaction and then tells everybody. Where nothing would be written it only remembers
// how far it read.
func (w *worker) commit(batch []input) error {
	b := newBatch(w, batch)
	if !b.concerns() {
		b.remember()
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := database.Pipeline(ctx, w.e.DB, b.transact); err != nil {
		return err
	}
	b.committed()
	return nil
}
