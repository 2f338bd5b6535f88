// Package interactions batches the interactions of visitors and hands them over at a bounded rate, so that they never delay an
// order. Above that rate a random sample is kept. A process that is killed loses the batch it holds.
package interactions

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	event "orderflow.example/schemas/storefront"
)

// Record has the interactions of one visitor recorded.
type Record func(ctx context.Context, visitor string, e event.InteractionsRecordedV1) error

// Count counts interactions by what became of them: one of the constants.
type Count func(outcome string, n int)

// The outcomes of interactions.
const (
	Recorded = "recorded"
	LeftOut  = "left_out" // of the sample
	Lost     = "lost"     // they could not be recorded
)

const (
	pause    = 250 * time.Millisecond // between two batches, at least
	patience = 10 * time.Second
)

// Recorder takes interactions.
type Recorder struct {
	ctx    context.Context
	record Record
	count  Count
	log    *slog.Logger
	every  time.Duration // between two batches
	most   int           // of a batch

	mu    sync.Mutex
	seen  int // since the last batch
	kept  []interaction
	going bool
}

type interaction struct {
	visitor string
	event.Interaction
}

// New records at most perSecond interactions, until ctx ends.
func New(ctx context.Context, perSecond int, record Record, count Count, log *slog.Logger) *Recorder {
	r := &Recorder{ctx: ctx, record: record, count: count, log: log}
	if perSecond > 0 {
		r.every = max(pause, time.Second/time.Duration(perSecond))
		r.most = max(1, perSecond*int(pause)/int(time.Second))
	}
	return r
}

// Keep takes an interaction, which may be left out of the sample.
func (r *Recorder) Keep(visitor string, i event.Interaction) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.most == 0 || r.ctx.Err() != nil {
		r.count(LeftOut, 1)
		return
	}
	r.seen++
	if len(r.kept) < r.most {
		r.kept = append(r.kept, interaction{visitor, i})
	} else {
		r.count(LeftOut, 1) // this one or an earlier one
		if at := rand.IntN(r.seen); at < r.most {
			r.kept[at] = interaction{visitor, i}
		}
	}
	if !r.going {
		r.going = true
		go r.run()
	}
}

// run records batches as long as any come.
func (r *Recorder) run() {
	for {
		select {
		case <-r.ctx.Done():
			return
		case <-time.After(r.every):
		}
		r.mu.Lock()
		kept := r.kept
		r.kept, r.seen, r.going = nil, 0, len(kept) > 0
		r.mu.Unlock()
		if len(kept) == 0 {
			return
		}
		r.hand(kept)
	}
}

// hand records each visitor's interactions, all at once: the engine takes them in one transaction.
func (r *Recorder) hand(kept []interaction) {
	ctx, cancel := context.WithTimeout(r.ctx, patience)
	defer cancel()
	by := map[string]event.InteractionsRecordedV1{}
	for _, i := range kept {
		e := by[i.visitor]
		e.Interactions = append(e.Interactions, i.Interaction)
		by[i.visitor] = e
	}
	var all sync.WaitGroup
	for visitor, e := range by {
		all.Go(func() {
			if err := r.record(ctx, visitor, e); err != nil {
				r.log.Warn("interactions were not recorded", "interactions", len(e.Interactions), "error", err)
				r.count(Lost, len(e.Interactions))
				return
			}
			r.count(Recorded, len(e.Interactions))
		})
	}
	all.Wait()
}
