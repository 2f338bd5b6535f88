package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"orderflow.example/shared/database"
	"orderflow.example/shared/kafka"
)

// ControlTopic carries what engines are asked to do beside their work: by a consumer that found a hole, to look for what
// is missing; by an operator, to move a deadline.
const ControlTopic = "orderflow.control"

const (
	repairRequested = "orderflow.repair_requested.v1"
	moveRequested   = "orderflow.deadline_move_requested.v1"
)

// Move is what an operator wants done with a deadline of a service.
type Move struct {
	Service string `json:"service"`
	Moved
}

// RequestMove asks the service to move a deadline, or to take it off. It returns once the request is on the control
// topic; that it was carried out is seen in a Standing. The ID must be that of the deadline now running: a later one of
// the same type is another one, and is left alone. Due in the past, it fires at once. Of two requests the later At holds.
func RequestMove(ctx context.Context, c *kafka.Client, m Move) error {
	return request(ctx, c.NewProducer(), moveRequested, "/operators", m.Key, m)
}

// What was asked while no process of the service listened is asked again at its start: so many records back it reads.
// Moves may be repeated; whoever misses a record asks for its repair again and again anyhow.
const (
	askedBefore = 1000
	repairFresh = 10 * time.Second
)

// control takes up what a record of the control topic asks of this service.
func (e *Engine) control(ctx context.Context, asked *kafka.Record) {
	switch asked.Type {
	case repairRequested:
		var r repair
		if json.Unmarshal(asked.Data, &r) == nil && r.Topic == e.topic() && time.Since(asked.Time) < repairFresh {
			e.publisher.repair(r.Partition, r.Sequence)
		}
	case moveRequested:
		var m Move
		if json.Unmarshal(asked.Data, &m) == nil && m.Service == e.Service {
			select {
			case e.moves <- m.Moved:
			case <-ctx.Done():
			}
		}
	}
}

// carryOut makes the moves asked for, apart from the feed, which must not wait for a batch that holds a deadline. Every
// process of the service does, so that no change of owners loses one; the first of them moves it, the others find it moved.
func (e *Engine) carryOut(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-e.moves:
			for !e.movedBy(ctx, m) && sleep(ctx, firstRetry) {
			}
		}
	}
}

// movedBy carries a move out; false means that it is to be tried again.
func (e *Engine) movedBy(ctx context.Context, m Moved) bool {
	log := e.Log.With("key", m.Key, "since", m.Since, "due_at", m.DueAt, "by", m.By)
	switch moved, err := e.move(ctx, m); {
	case database.IsConnection(err):
		log.Warn("deadline not moved yet", "err", err)
		return false
	case err != nil:
		log.Error("deadline not moved", "err", err)
	case moved:
		log.Info("deadline moved")
	}
	return true
}

type repair struct {
	Topic     string `json:"topic"`
	Partition int    `json:"partition"`
	Sequence  int64  `json:"sequence"`
}

func (e *Engine) requestRepair(ctx context.Context, r repair) error {
	return request(ctx, e.publisher.producer, repairRequested, "/"+e.Service, r.Topic+"/"+strconv.Itoa(r.Partition), r)
}

func request(ctx context.Context, p *kafka.Producer, kind, source, key string, what any) error {
	data, err := json.Marshal(what)
	if err != nil {
		return fmt.Errorf("engine: %s: %w", kind, err)
	}
	return p.Publish(ctx, []kafka.Batch{{Topic: ControlTopic, Records: []kafka.Record{{
		ID: uuid.NewString(), Type: kind, Source: source, Key: key, Time: time.Now().UTC(), Sequence: 1, Data: data,
	}}}})[0].Err
}
