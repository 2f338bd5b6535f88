package bench

import (
	"context"
	"fmt"
	"sync"
	"time"

	"orderflow.example/shared/kafka"
)

// ends observes the ends of sagas: it reads the topics of the last step and of the first one's compensations, as any
// other consumer would.
type ends struct {
	site      *site
	positions []kafka.Position

	mu      sync.Mutex
	waiting map[string]chan struct{}
}

// watch begins to read, from the current ends of the topics.
func watch(ctx context.Context, s *site) (*ends, error) {
	e := &ends{site: s, waiting: map[string]chan struct{}{}}
	partitions := make([]int, s.options.Partitions)
	for p := range partitions {
		partitions[p] = p
	}
	for _, step := range []int{1, steps} {
		_, next, err := s.client.Offsets(ctx, s.words.topic(step), partitions)
		if err != nil {
			return nil, err
		}
		for p, offset := range next {
			e.positions = append(e.positions, kafka.Position{Topic: s.words.topic(step), Partition: p, Offset: offset})
		}
	}
	return e, nil
}

// of returns a channel that is closed when the saga ends. Call it before the saga begins.
func (e *ends) of(key string) <-chan struct{} {
	ended := make(chan struct{})
	e.mu.Lock()
	e.waiting[key] = ended
	e.mu.Unlock()
	return ended
}

// run reads until ctx ends.
func (e *ends) run(ctx context.Context) error {
	for ctx.Err() == nil {
		fetched, err := e.site.client.Fetch(ctx, e.positions, time.Second)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("watch for ends: %w", err)
		}
		for i := range fetched {
			if fetched[i].Err != nil {
				return fmt.Errorf("watch for ends: %w", fetched[i].Err)
			}
			e.take(&fetched[i])
		}
	}
	return nil
}

func (e *ends) take(f *kafka.Fetched) {
	for i := range e.positions {
		if p := &e.positions[i]; p.Topic == f.Topic && p.Partition == f.Partition {
			p.Offset = f.Next
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := range f.Records {
		r := &f.Records[i]
		if r.Type != e.site.words.done[steps].Name() && r.Type != e.site.words.undone[1].Name() {
			continue
		}
		if ended := e.waiting[r.Key]; ended != nil {
			close(ended)
			delete(e.waiting, r.Key)
		}
	}
}
