package engine

import (
	"errors"
	"slices"
	"sync"
	"time"

	"orderflow.example/shared/database"
)

// committer commits the batches of all partitions of a process in one transaction, so that its cost is paid once. While one is
// under way the workers wait, as in a group commit; the first of them then begins the next, for all. After a failure, or a
// long wait, a partition commits in transactions of its own.
type committer struct {
	mu      sync.Mutex
	waiting []*turn
	busy    bool
	since   time.Time // when the transaction under way began
	last    int       // inputs to decide in the previous transaction; used by the leader alone
}

// turn is one worker's part in a common transaction.
type turn struct {
	w     *worker
	batch []input
	err   error
	lead  chan struct{} // closed when this worker begins the next transaction
	over  chan struct{} // closed when the transaction is over
}

// Under load it pays to wait for more inputs: a transaction costs as much as some tens of events, and the wait is short against
// the queues. A single input is committed at once. Only inputs to decide are counted.
const (
	busy    = 16  // inputs in the last transaction that mean load
	plenty  = 256 // inputs that are enough for the next one
	linger  = 30 * time.Millisecond
	recount = 2 * time.Millisecond // between two counts of waiting inputs
)

// patience is how long workers wait for a transaction before they commit apart.
const patience = 200 * time.Millisecond

// errApart means that the batch was taken from the queue and not committed: the worker commits it by itself.
var errApart = errors.New("engine: to be committed apart")

// commit takes a batch from the worker's queue and commits it, together with those of other workers. The worker
// waits: another worker's goroutine may do it.
func (c *committer) commit(w *worker) ([]input, error) {
	if w.apart || w.epoch == 0 {
		gather(w.last, w.queue.waiting)
		return w.take(w.e.BatchSize), errApart
	}
	t := &turn{w: w, lead: make(chan struct{}), over: make(chan struct{})}
	if wait := c.join(t); wait > 0 {
		overdue := time.NewTimer(wait)
		defer overdue.Stop()
		for leads := false; !leads; {
			select {
			case <-t.over:
				return t.batch, t.err
			case <-t.lead:
				leads = true
			case <-overdue.C:
				if c.withdraw(t) {
					return w.take(w.e.BatchSize), errApart
				}
			}
		}
	}
	c.together(t)
	return t.batch, t.err
}

// gather waits under load for more inputs, at most linger.
func gather(last int, waiting func() int) {
	if last < busy {
		return
	}
	for end := time.Now().Add(linger); waiting() < plenty && time.Now().Before(end); {
		time.Sleep(recount)
	}
}

// join queues the turn and returns how long it may wait, or zero where it is to begin.
func (c *committer) join(t *turn) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.busy {
		c.busy, c.since = true, time.Now()
		return 0
	}
	c.waiting = append(c.waiting, t)
	return max(patience-time.Since(c.since), 1)
}

// withdraw removes the turn from the queue; false if it is in a transaction already, or leads one.
func (c *committer) withdraw(t *turn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.Index(c.waiting, t)
	if i >= 0 {
		c.waiting = slices.Delete(c.waiting, i, i+1)
	}
	return i >= 0
}

// together commits the batches of this worker and of all that wait, and wakes the next leader.
func (c *committer) together(first *turn) {
	gather(c.last, func() int { return c.inputs(first) })
	c.mu.Lock()
	turns := append([]*turn{first}, c.waiting...)
	c.waiting, c.since = nil, time.Now()
	c.mu.Unlock()
	c.last = commitTurns(first.w.e, turns)
	c.mu.Lock()
	if c.busy = len(c.waiting) > 0; c.busy {
		c.since = time.Now()
		close(c.waiting[0].lead)
		c.waiting = c.waiting[1:]
	}
	c.mu.Unlock()
	for _, t := range turns {
		close(t.over)
	}
}

// inputs is how many inputs to decide the next transaction would have.
func (c *committer) inputs(first *turn) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := first.w.queue.waiting()
	for _, t := range c.waiting {
		n += t.w.queue.waiting()
	}
	return n
}

// commitTurns commits the batches of the turns and returns how many inputs were to be decided.
func commitTurns(e *Engine, turns []*turn) (inputs int) {
	var shares []*share
	var joined []*turn
	for _, t := range turns {
		t.batch = t.w.take(max(1, 2*e.BatchSize/len(turns)))
		inputs += t.w.last
		switch s := newShare(t.w, t.batch); {
		case len(t.batch) > 0 && t.batch[0].form == redrive:
			t.err = errApart
		case !s.concerns():
			s.remember()
		default:
			shares, joined = append(shares, s), append(joined, t)
		}
	}
	if len(shares) == 0 {
		return inputs
	}
	err := e.commit(shares...)
	if err != nil && len(shares) > 1 && !errors.Is(err, database.ErrCommitUnknown) {
		e.Log.Info("the common transaction failed; each partition commits apart", "partitions", len(shares), "err", err)
		err = errApart
	}
	for _, t := range joined {
		t.err = err
	}
	return inputs
}
