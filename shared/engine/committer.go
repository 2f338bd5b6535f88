package engine

import (
	"errors"
	"slices"
	"sync"
	"time"

	"orderflow.example/shared/database"
)

// committer makes one transaction of what the partitions of a process have to do at the same time: what a transaction costs is
// paid once, not by each. While one is under way the others wait, as in a group commit; the first of them then begins the
// next, for all. Where that fails, or takes long, each partition goes on in transactions of its own.
type committer struct {
	mu      sync.Mutex
	waiting []*turn
	busy    bool
	since   time.Time // when the transaction under way began
	last    int       // inputs in the transaction before that concern somebody; of who leads alone
}

// turn is one worker's part in a common transaction.
type turn struct {
	w     *worker
	batch []input
	err   error
	lead  chan struct{} // closed when it is this worker that begins the next transaction
	over  chan struct{} // closed when the transaction is over
}

// Under load a transaction is worth waiting for: each costs as much as some tens of events do, and the wait is short against
// the queues that load makes. What comes alone goes at once. Inputs are counted that concern somebody.
const (
	busy    = 16  // inputs in the last transaction, from which on there is load
	plenty  = 256 // inputs that are enough for the next one
	linger  = 30 * time.Millisecond
	recount = 2 * time.Millisecond // between two counts of what waits
)

// patience is how long a transaction may take before those who wait for it go on without.
const patience = 200 * time.Millisecond

// errApart says that the batch was taken but nothing was done: the worker commits it by itself.
var errApart = errors.New("engine: to be committed apart")

// commit takes a batch from the worker's queue and commits it, with those of others where there are. The worker stands still
// meanwhile: another's goroutine may do it.
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

// gather waits under load until there are plenty of inputs, but not for long.
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

// withdraw takes the turn out again; false where it is in a transaction already, or is to begin one.
func (c *committer) withdraw(t *turn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.Index(c.waiting, t)
	if i >= 0 {
		c.waiting = slices.Delete(c.waiting, i, i+1)
	}
	return i >= 0
}

// together commits what this worker and all who wait have to do, and lets the next begin.
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

// inputs is how many the next transaction would have.
func (c *committer) inputs(first *turn) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := first.w.queue.waiting()
	for _, t := range c.waiting {
		n += t.w.queue.waiting()
	}
	return n
}

// commitTurns commits what the turns' workers have to do, and returns how many inputs that concern somebody those were.
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
		e.Log.Info("partitions failed together; each is tried apart", "partitions", len(shares), "err", err)
		err = errApart
	}
	for _, t := range joined {
		t.err = err
	}
	return inputs
}
