package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"orderflow.example/shared/database"
	"orderflow.example/shared/kafka"
)

// ControlTopic carries requests to engines: of a consumer that found a hole, to publish the missing events again; of an
// operator, to move a deadline.
const ControlTopic = "orderflow.control"

const (
	repairRequested = "orderflow.repair_requested.v1"
	moveRequested   = "orderflow.deadline_move_requested.v1"
)

// Move is an operator's request to move a deadline of a service.
type Move struct {
	Service string `json:"service"`
	Moved
}

// RequestMove asks the service to move a deadline, or to cancel it. It returns once the request is on the control topic; a
// Report shows that it was carried out. The ID must be that of the deadline now running: a later one of the same type is
// another deadline and stays. A deadline moved into the past fires at once. Of two requests the later one on the topic wins;
// At is for people.
func RequestMove(ctx context.Context, c *kafka.Client, m Move) error {
	return request(ctx, c.NewProducer(), moveRequested, "/operators", m.Key, m.At, m)
}

// controlPoll is how long one fetch of the control topic waits for records.
const controlPoll = 5 * time.Second

// control consumes the control topic, in a goroutine of its own. The processes of a service share one watermark on it, so that
// each move is made once, in the order of the topic, also one requested while no process ran. Consumers repeat their requests
// for repairs: those from before the start are skipped.
func (e *Engine) control(ctx context.Context) {
	var next, fresh int64
	var log throttle
	for pause, known := firstPause, false; ctx.Err() == nil; {
		var err error
		if !known {
			if next, fresh, err = e.controlStart(ctx); err == nil {
				known = true
			}
		}
		if err == nil {
			next, err = e.readControl(ctx, next, fresh)
		}
		switch {
		case err == nil:
			pause = firstPause
			continue
		case kafka.IsOutOfRange(err):
			known = false
		case ctx.Err() == nil:
			log.do(func(again int) {
				e.Log.Warn("cannot read the control topic; it is tried again", "suppressed", again, "err", err)
			})
		}
		sleep(ctx, pause)
		pause = min(2*pause, lastPause)
	}
}

// controlStart returns the next offset, and the offset from which requests are new. A watermark of another log is ignored.
func (e *Engine) controlStart(ctx context.Context) (next, fresh int64, err error) {
	first, end, err := e.Kafka.Offsets(ctx, ControlTopic, []int{0})
	if err != nil {
		return 0, 0, err
	}
	var at struct {
		NextOffset int64
		RecordID   string
	}
	err = e.DB.Gorm().WithContext(ctx).Raw(`SELECT next_offset, record_id FROM engine.watermark WHERE topic = $1 AND partition = 0`,
		ControlTopic).Scan(&at).Error
	if err != nil {
		return 0, 0, err
	}
	if at.NextOffset > first[0] && at.NextOffset <= end[0] {
		fetched, err := e.Kafka.Fetch(ctx, []kafka.Position{{Topic: ControlTopic, Offset: at.NextOffset - 1}}, controlPoll)
		if err != nil {
			return 0, 0, err
		}
		if got := fetched[0]; got.Err != nil {
			return 0, 0, got.Err
		} else if len(got.Records) > 0 && storable(got.Records[0].ID) == at.RecordID {
			return at.NextOffset, end[0], nil
		}
	}
	if at.NextOffset <= first[0] {
		return first[0], end[0], nil
	}
	err = e.DB.Gorm().WithContext(ctx).Exec(`UPDATE engine.watermark SET next_offset = 0, record_id = ''
		WHERE topic = $1 AND partition = 0 AND next_offset = $2 AND record_id = $3`, ControlTopic, at.NextOffset, at.RecordID).Error
	return first[0], end[0], err
}

// readControl handles the requests from next on and returns the offset after them.
func (e *Engine) readControl(ctx context.Context, next, fresh int64) (int64, error) {
	fetched, err := e.Kafka.Fetch(ctx, []kafka.Position{{Topic: ControlTopic, Offset: next}}, controlPoll)
	if err != nil || len(fetched) == 0 {
		return next, err
	}
	got := &fetched[0]
	for i := range got.Records {
		rec := &got.Records[i]
		switch rec.Type {
		case repairRequested:
			var r repair
			if rec.Offset >= fresh && json.Unmarshal(rec.Data, &r) == nil && r.Topic == e.topic() {
				if p := e.running.of(r.Partition); p != nil {
					p.publisher.repair(r.Sequence)
				}
			}
		case moveRequested:
			var m Move
			if json.Unmarshal(rec.Data, &m) == nil && m.Service == e.Service {
				if err := e.moveOnce(ctx, rec, m.Moved); err != nil {
					return rec.Offset, err
				}
			}
		}
	}
	return max(got.Next, next), got.Err
}

// moveOnce makes a move, unless another process of the service has made it. After an error it is tried again.
func (e *Engine) moveOnce(ctx context.Context, asked *kafka.Record, m Moved) error {
	log := e.Log.With("key", m.Key, "since", m.Since, "due_at", m.DueAt, "by", m.By)
	var moved, first bool
	err := database.Transact(ctx, e.DB, func(tx *gorm.DB) error {
		r := tx.Exec(
			`UPDATE engine.watermark SET next_offset = $2, record_id = $3 WHERE topic = $1 AND partition = 0 AND next_offset < $2`,
			ControlTopic, asked.Offset+1, storable(asked.ID))
		if first = r.RowsAffected > 0; r.Error != nil || !first {
			return r.Error
		}
		var err error
		moved, err = move(tx, m)
		return err
	})
	switch {
	case database.IsDataFault(err):
		log.Error("deadline not moved", "err", err)
		return nil
	case err != nil:
		return fmt.Errorf("deadline not moved yet: %w", err)
	case moved:
		log.Info("deadline moved")
	case first:
		log.Info("deadline not moved: it has fired or was settled")
	}
	return nil
}

type repair struct {
	Topic     string `json:"topic"`
	Partition int    `json:"partition"`
	Sequence  int64  `json:"sequence"`
}

// requestRepair asks a publisher to publish a missing event again. It is repeated while the hole is there.
func (e *Engine) requestRepair(r repair) {
	e.done.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), reportTimeout)
		defer cancel()
		e.controls.Lock() // one producer at a time for each partition
		defer e.controls.Unlock()
		err := request(ctx, e.producer, repairRequested, e.source(), r.Topic+"/"+strconv.Itoa(r.Partition), e.clock.now(), r)
		if err != nil {
			e.Log.Warn("repair not requested", "topic", r.Topic, "partition", r.Partition, "err", err)
		}
	})
}

func request(ctx context.Context, p *kafka.Producer, kind, source, key string, at time.Time, what any) error {
	data, err := json.Marshal(what)
	if err != nil {
		return fmt.Errorf("engine: %s: %w", kind, err)
	}
	return p.Publish(ctx, []kafka.Batch{{Topic: ControlTopic, Records: []kafka.Record{{
		ID: uuid.NewString(), Type: kind, Source: source, Key: key, Time: at, Sequence: 1, Data: data,
	}}}})[0].Err
}
