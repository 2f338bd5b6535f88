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

// resume asks what was open when the partition was taken. An earlier try may have succeeded unseen.
func (c *calls) resume(w *worker) {
	go func() {
		for {
			err := c.again(w, `SELECT id, partition, type, key, saga, at, asked FROM engine.call WHERE partition = $1 ORDER BY at`, w.partition)
			if err == nil || w.running.Err() != nil {
				return
			}
			c.e.Log.Warn("open calls", "partition", w.partition, "err", err)
			if !sleep(w.running, time.Second) {
				return
			}
		}
	}()
}

// adopt begins the questions that others committed about partitions owned here.
func (c *calls) adopt(ctx context.Context, workers []*worker) error {
	for _, w := range workers {
		err := c.again(w, `UPDATE engine.call SET stray = false WHERE id IN (
			SELECT id FROM engine.call WHERE partition = $1 AND stray FOR UPDATE SKIP LOCKED) RETURNING id, partition, type, key, saga, at, asked`, w.partition)
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *calls) again(w *worker, sql string, partition int) error {
	var open []struct {
		ID, Type, Key, Saga string
		At                  time.Time
		Asked               []byte
	}
	if err := c.e.DB.Gorm().WithContext(w.running).Raw(sql, partition).Scan(&open).Error; err != nil {
		return err
	}
	for _, o := range open {
		k := c.e.kind(o.Type)
		if k == nil {
			return fmt.Errorf("an open call was asked by %s, which this build of %s does not know", o.Type, c.e.Service)
		}
		data, err := k.Decode(o.Asked)
		if err != nil {
			return err
		}
		c.ask(w, saga.Event{ID: o.ID, Type: o.Type, Key: o.Key, Saga: o.Saga, Time: o.At, Data: data}, 2)
	}
	return nil
}

// ask begins a question, unless it is being asked.
func (c *calls) ask(w *worker, asked saga.Event, try int) {
	w.mu.Lock()
	known := w.asking[asked.ID]
	w.asking[asked.ID] = true
	w.mu.Unlock()
	if known {
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
	if try > 1 {
		w.keepTrying(a, asked, try, nil)
	}
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
			if try > 1 {
				w.tried(asked.ID)
			}
			w.push(input{form: answered, event: asked, answer: answer, try: try})
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
		w.keepTrying(a, asked, try, err)
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
