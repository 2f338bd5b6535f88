package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"orderflow.example/shared/saga"
)

// calls ask the outside world what the machines want to know, a bounded number at once, each again and again with the
// same id until it is answered. Answers go back through the partition's worker, like everything else.
type calls struct {
	e     *Engine
	slots chan struct{}
}

const (
	firstRetry = 100 * time.Millisecond
	lastRetry  = 10 * time.Second
	askTimeout = 30 * time.Second
)

func newCalls(e *Engine) *calls { return &calls{e: e, slots: make(chan struct{}, e.CallWorkers)} }

// start asks again what was open when the partition was taken. An earlier try may have succeeded unseen.
func (c *calls) start(ctx context.Context, w *worker) {
	w.running = ctx
	for _, asked := range w.open {
		c.ask(w, asked, 2)
	}
	w.open = nil
}

// ask begins a question committed by this worker. The guest's are left to the partition's owner.
func (c *calls) ask(w *worker, asked saga.Event, try int) {
	if w.epoch == 0 {
		return
	}
	for _, b := range c.e.Bindings {
		if r := b.Machine.QuestionOf(asked.Type); r != nil {
			go c.untilAnswered(w, c.e.answerers[r.Ask], asked, try)
			return
		}
	}
}

func (c *calls) untilAnswered(w *worker, a Answerer, asked saga.Event, try int) {
	retry := firstRetry
	for {
		select {
		case c.slots <- struct{}{}:
		case <-w.running.Done():
			return
		}
		answer, err := c.once(w.running, a, Attempt{ID: asked.ID, Saga: asked.Saga, Number: try}, asked.Data)
		<-c.slots
		var later notYet
		pause := retry
		switch {
		case err == nil:
			c.e.metrics.called(a.Question, "answered")
			w.push(input{form: answered, event: asked, answer: answer})
			return
		case w.running.Err() != nil:
			return
		case errors.As(err, &later):
			pause, try = later.after, try+1
		default:
			c.e.metrics.called(a.Question, "unknown")
			c.e.Log.Info("no clear answer, asking again", "question", a.Question, "id", asked.ID, "try", try, "err", err)
			retry, try = min(2*retry, lastRetry), try+1
		}
		if !sleep(w.running, pause) {
			return
		}
	}
}

func (c *calls) once(ctx context.Context, a Answerer, at Attempt, asked any) (answer any, err error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s: panic: %v\n%s", a.Question, p, debug.Stack())
		}
	}()
	return a.ask(ctx, at, asked)
}
