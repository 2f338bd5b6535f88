package api

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"orderflow.example/services/storefront/internal/store"
)

// watcher polls the database for changes of the orders that requests wait for, with one query for all of them. So it notices
// changes made by other processes, and costs nothing while no request waits.
type watcher struct {
	read  func(ctx context.Context, known map[string]int) (map[string]store.Story, error)
	log   *slog.Logger
	every time.Duration

	mu      sync.Mutex
	waiting map[*wait]struct{}
	running bool
}

type wait struct {
	order string
	known int // how many entries of the timeline the client has
	news  chan store.Story
}

func newWatcher(read func(context.Context, map[string]int) (map[string]store.Story, error), log *slog.Logger,
	every time.Duration) *watcher {
	return &watcher{read: read, log: log, every: every, waiting: map[*wait]struct{}{}}
}

// next waits until the order's timeline has more than known entries; false when ctx ended first.
func (w *watcher) next(ctx context.Context, order string, known int) (store.Story, bool) {
	me := &wait{order: order, known: known, news: make(chan store.Story, 1)}
	w.mu.Lock()
	w.waiting[me] = struct{}{}
	if !w.running {
		w.running = true
		go w.poll()
	}
	w.mu.Unlock()
	select {
	case story := <-me.news:
		return story, true
	case <-ctx.Done():
		w.mu.Lock()
		delete(w.waiting, me)
		w.mu.Unlock()
		return store.Story{}, false
	}
}

func (w *watcher) poll() {
	for tick := time.NewTicker(w.every); ; <-tick.C {
		known, any := w.known()
		if !any {
			tick.Stop()
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), submitTimeout)
		stories, err := w.read(ctx, known)
		cancel()
		if err != nil {
			w.log.Warn("polling the timelines of watched orders failed; it is tried again", "error", err)
			continue
		}
		w.deliver(stories)
	}
}

// known is, by order, the fewest entries that a waiting client has. Without waiting clients the polling ends.
func (w *watcher) known() (map[string]int, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	known := make(map[string]int, len(w.waiting))
	for one := range w.waiting {
		if n, ok := known[one.order]; !ok || one.known < n {
			known[one.order] = one.known
		}
	}
	w.running = len(known) > 0
	return known, w.running
}

func (w *watcher) deliver(stories map[string]store.Story) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for one := range w.waiting {
		if story, ok := stories[one.order]; ok && len(story.Timeline) > one.known {
			one.news <- story
			delete(w.waiting, one)
		}
	}
}
