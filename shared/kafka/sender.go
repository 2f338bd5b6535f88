package kafka

import (
	"context"
	"slices"
	"sync"
	"time"
)

const (
	// patience is how long chunks wait for the request under way before they travel in a further one.
	patience = 20 * time.Millisecond

	// maxInFlight bounds the requests to one broker at a time. Suspect partitions come on top, each with at most one.
	maxInFlight = 8
)

// sender gathers what goes to one broker into few requests, as a group commit does: while a request is under way, chunks
// queue, and when it ends they travel together. Nothing lingers when nothing is under way.
type sender struct {
	client   *Client
	broker   int32
	patience time.Duration

	mu       sync.Mutex
	queue    []*chunk
	inFlight int
	begun    int       // requests so far
	current  int       // the request that chunks wait for, counted from 1; 0 when there is none
	since    time.Time // when it began
	timer    *time.Timer
}

// send returns when every chunk has been answered or ctx has ended. Chunks that find nothing under way travel in the
// caller's own goroutine.
func (s *sender) send(ctx context.Context, chunks []*chunk) {
	s.mu.Lock()
	if len(s.queue) == 0 && s.inFlight < maxInFlight && s.wait() <= 0 {
		number := s.begin()
		s.mu.Unlock()
		s.produce(ctx, chunks)
		s.end(number)
		return
	}
	for _, c := range chunks {
		c.answered = make(chan struct{})
	}
	s.queue = append(s.queue, chunks...)
	s.advance()
	s.mu.Unlock()
	for _, c := range chunks {
		select {
		case <-c.answered:
		case <-ctx.Done():
			s.withdraw(chunks)
			return
		}
	}
}

// wait is how long the current request may still keep chunks waiting.
func (s *sender) wait() time.Duration {
	if s.current == 0 {
		return 0
	}
	return s.patience - time.Since(s.since)
}

func (s *sender) begin() (number int) {
	s.inFlight++
	s.begun++
	s.current, s.since = s.begun, time.Now()
	return s.begun
}

func (s *sender) end(number int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight--
	if s.current == number {
		s.current = 0
	}
	s.advance()
}

// advance sends what is queued, or sees to it that it does not wait too long for the current request. When as many
// requests as allowed are under way, the end of one leads here again.
func (s *sender) advance() {
	if len(s.queue) == 0 || s.inFlight == maxInFlight {
		return
	}
	if wait := s.wait(); wait > 0 {
		if s.timer == nil {
			s.timer = time.AfterFunc(wait, s.overdue)
		} else {
			s.timer.Reset(wait)
		}
		return
	}
	chunks := s.queue
	s.queue = nil
	go s.deliver(s.begin(), chunks)
}

func (s *sender) overdue() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance()
}

// deliver sends chunks of several callers. None of them may take the others along by giving up.
func (s *sender) deliver(number int, chunks []*chunk) {
	ctx, cancel := context.WithTimeout(s.client.ctx, requestTimeout)
	defer cancel()
	s.produce(ctx, chunks)
	s.end(number)
	for _, c := range chunks {
		close(c.answered)
	}
}

// withdraw takes chunks out of the queue: what its caller has given up must not be written later.
func (s *sender) withdraw(chunks []*chunk) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue = slices.DeleteFunc(s.queue, func(c *chunk) bool { return slices.Contains(chunks, c) })
}
