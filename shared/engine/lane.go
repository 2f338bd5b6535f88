package engine

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"orderflow.example/shared/measure"
)

// lane runs the calls of one question, of all partitions: it bounds the tries at once and per second, so that one dead endpoint
// does not block the others. First tries go first, and retries never take more than half of the places, so that calls that
// hang do not block those that would be answered.
type lane struct {
	e        *Engine
	answerer Answerer
	limiter  *rate.Limiter

	mu      sync.Mutex
	fresh   []*call // to be asked for the first time
	again   []*call
	asking  int // tries under way
	retries int // of them, those that are not the first
	paced   bool
}

const (
	asksAtOnce = 64
	asksRate   = 1000 // a second
	laneQueue  = 1000 // calls that wait in memory; all others are rows
	askTimeout = 30 * time.Second
)

func newLane(e *Engine, a Answerer) *lane {
	a.atOnce, a.rate = or(a.atOnce, asksAtOnce), or(a.rate, asksRate)
	return &lane{e: e, answerer: a, limiter: rate.NewLimiter(rate.Limit(a.rate), a.atOnce)}
}

// room is how many more calls may wait in memory.
func (l *lane) room() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return max(0, laneQueue-len(l.fresh)-len(l.again))
}

func (l *lane) push(c *call) {
	l.mu.Lock()
	if c.try == 1 {
		l.fresh = append(l.fresh, c)
	} else {
		l.again = append(l.again, c)
	}
	l.mu.Unlock()
	l.dispatch()
}

// dispatch starts tries while there are places and the rate allows it.
func (l *lane) dispatch() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for !l.paced && l.asking < l.answerer.atOnce {
		var c *call
		switch {
		case len(l.fresh) > 0:
			c, l.fresh = l.fresh[0], l.fresh[1:]
		case len(l.again) > 0 && l.retries < max(1, l.answerer.atOnce/2):
			c, l.again = l.again[0], l.again[1:]
		default:
			return
		}
		if c.ctx.Err() != nil {
			continue // dropped meanwhile
		}
		l.asking++
		first := c.try == 1
		if !first {
			l.retries++
		}
		if wait := l.limiter.Reserve().Delay(); wait > 0 {
			l.paced = true // this try starts when the rate allows it, and the others after it
			time.AfterFunc(wait, func() {
				l.mu.Lock()
				l.paced = false
				l.mu.Unlock()
				go l.try(c, first)
				l.dispatch()
			})
			return
		}
		go l.try(c, first)
	}
}

func (l *lane) try(c *call, first bool) {
	answer, err := l.once(c)
	l.mu.Lock()
	l.asking--
	if !first {
		l.retries--
	}
	l.mu.Unlock()
	l.dispatch()
	c.of.tried(c, answer, err)
}

func (l *lane) once(c *call) (answer any, err error) {
	began := time.Now()
	ctx, span := l.e.beginTry(c, began)
	defer func() {
		exemplar := l.e.endTry(c, span, began, err)
		measure.Observe(l.e.metrics.callSeconds.WithLabelValues(l.answerer.Question), time.Since(began).Seconds(), exemplar)
	}()
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s: panic: %v\n%s", l.answerer.Question, p, debug.Stack())
		}
	}()
	return l.answerer.ask(ctx, Attempt{ID: c.event.ID, Saga: c.event.Saga, Number: c.try, Restored: c.restored}, c.event.Data)
}
