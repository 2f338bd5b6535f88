// Package watch reads all topics from their beginning into an index of sagas. The index is in memory: after a restart
// everything is read again. A watcher owns nothing, and writes nothing but requests of operators to move deadlines; any
// number of watchers may run.
package watch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"orderflow.example/services/tracker"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/model"
	"orderflow.example/shared/tracing"
)

// Config names the topics to follow, and the clients to read them.
type Config struct {
	Kafka      *kafka.Client
	Lookup     *kafka.Client // reads single records; one that fetches little at once
	Machines   []*saga.Machine
	Money      []model.Money // what moves it
	Topics     []string
	Partitions int // of each of them
	Log        *slog.Logger
	Registerer prometheus.Registerer
	Traces     *tracing.Service // tells which sagas are traced; nil: none
}

// Watcher follows the topics.
type Watcher struct {
	Config
	metrics *metrics

	mu       sync.RWMutex
	index    *tracker.Index
	acts     acts
	progress Progress

	cancel context.CancelFunc
	done   sync.WaitGroup
}

// Progress is how much was read of the events that were on the topics at the start.
type Progress struct {
	Read  int64
	Total int64
	Done  bool
}

// String is for people.
func (p Progress) String() string {
	return fmt.Sprintf("%d of %d events have been read", p.Read, max(p.Total, p.Read))
}

// Behind is the error of a query before all events that were on the topics at the start are read.
type Behind struct{ Progress }

func (b Behind) Error() string { return b.Progress.String() }

const (
	longPoll   = 500 * time.Millisecond
	retryAfter = 200 * time.Millisecond
	sweepEvery = 2 * time.Second

	// pollInterval is the pause between two fetches: the tracker's answers are about seconds.
	pollInterval = 50 * time.Millisecond
)

// New prepares a watcher; Start makes it follow.
func New(c Config) *Watcher {
	w := &Watcher{Config: c, metrics: newMetrics(c.Registerer, c.Machines, c.Money)}
	w.begin()
	return w
}

// begin forgets everything.
func (w *Watcher) begin() {
	w.index, w.acts = tracker.New(w.Machines), acts{}
	w.progress = Progress{}
	w.metrics.tell(w.index, func() bool { return w.progress.Done }, w.Money, w.Traces)
}

// Start begins to follow. It does not wait until everything is read.
func (w *Watcher) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel = cancel
	w.done.Go(func() { w.follow(ctx) })
	w.done.Go(func() { w.sweep(ctx) })
}

// Stop ends the following.
func (w *Watcher) Stop(context.Context) error {
	w.cancel()
	w.done.Wait()
	return nil
}

// Read calls fn with the index at one moment. The error is Behind until the first reading is done.
func (w *Watcher) Read(fn func(x *tracker.Index, now time.Time)) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if !w.progress.Done {
		return Behind{w.progress}
	}
	fn(w.index, time.Now())
	return nil
}

// follow reads the topics, and reads them again from their beginning if one does not hold the records read before.
func (w *Watcher) follow(ctx context.Context) {
	r := newReading(w)
	for ctx.Err() == nil {
		err := r.poll(ctx)
		switch {
		case ctx.Err() != nil:
		case err == nil && w.progress.Done:
			pause(ctx, pollInterval)
		case errors.Is(err, errOtherLog):
			w.Log.Warn("a topic was replaced or truncated; reading all topics again", "err", err)
			w.mu.Lock()
			w.begin()
			w.mu.Unlock()
			r = newReading(w)
		case err != nil:
			w.Log.Warn("reading the topics failed; it is tried again", "err", err)
			r.suspect()
			pause(ctx, retryAfter)
		}
	}
}

// sweep updates the gauges, and has the index pack sagas that have ended.
func (w *Watcher) sweep(ctx context.Context) {
	for rest := sweepEvery; pause(ctx, rest); {
		w.mu.Lock()
		start := time.Now()
		figures := w.index.Sweep(start)
		known := w.progress.Done
		w.mu.Unlock()
		rest = max(sweepEvery, 10*time.Since(start)) // with very many open sagas the reading must not wait for this
		if known {
			w.metrics.show(figures)
		}
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// reportOf converts a report for the index.
func reportOf(s engine.Report) tracker.Report {
	out := tracker.Report{Service: s.Service, Process: s.Process, At: s.At, Every: time.Duration(s.Every * float64(time.Second)),
		Leaving: s.Leaving}
	for _, p := range s.Partitions {
		at := tracker.Progress{Partition: p.Partition, Epoch: p.Epoch, Applied: p.Applied, Committed: p.Committed,
			ParkedCount: p.ParkedCount}
		if p.NextDeadline != nil {
			at.NextDeadline = *p.NextDeadline
		}
		if p.Stopped != nil {
			at.Stopped = &tracker.Stopped{Since: p.Stopped.Since, Reason: p.Stopped.Reason}
		}
		for _, one := range p.Parked {
			at.Parked = append(at.Parked, tracker.Parked{Key: one.Key, Form: one.Form, Type: one.Type, ID: one.ID, Reason: one.Reason,
				ParkedAt: one.ParkedAt})
		}
		for _, t := range p.Retries {
			at.Retries = append(at.Retries, tracker.Retry{ID: t.ID, Tries: t.Try, Error: t.Error, Since: t.Since})
		}
		for _, m := range p.Moved {
			at.Moved = append(at.Moved, moveOf(m))
		}
		out.Partitions = append(out.Partitions, at)
	}
	return out
}

func moveOf(m engine.Moved) tracker.Move {
	return tracker.Move{ID: m.ID, Key: m.Key, Since: m.Since, DueAt: m.DueAt, By: m.By, At: m.At}
}
