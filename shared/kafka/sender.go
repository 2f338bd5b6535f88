package kafka

import (
	"context"
	"slices"
	"sync"
	"time"
)

const (
	// patience is how long chunks wait for the current request before they are sent in another one.
	patience = 20 * time.Millisecond

	// maxInFlight bounds the requests to one broker at a time. Suspect partitions come on top, each with at most one.
	maxInFlight = 8
)

// sender combines the chunks for one broker into few requests, as a group commit does: chunks queue during a request, and
// are sent together when it ends. There is no linger: a chunk that finds no request is sent at once.
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

// send returns when every chunk has been answered or ctx has ended. Chunks that find no request in flight are sent in the
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

// wait returns how long the chunks may still wait for the current request.
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

// advance sends the queued chunks, or sets a timer so that they do not wait too long for the current request. When as
// many requests as allowed are in flight, it is called again at the end of one.
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

// deliver sends chunks of several callers. The request goes on when one of them gives up.
func (s *sender) deliver(number int, chunks []*chunk) {
	ctx, cancel := context.WithTimeout(s.client.ctx, requestTimeout)
	defer cancel()
	s.produce(ctx, chunks)
	s.end(number)
	for _, c := range chunks {
		close(c.answered)
	}
}

// withdraw removes chunks from the queue: a chunk that its caller has given up must not be written later.
func (s *sender) withdraw(chunks []*chunk) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue = slices.DeleteFunc(s.queue, func(c *chunk) bool { return slices.Contains(chunks, c) })
}
