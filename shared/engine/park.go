package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm"

	"orderflow.example/shared/saga"
)

// Parked is an input that could not be processed, or waits behind one.
type Parked struct {
	Number   int64     `json:"number"`
	Key      string    `json:"key"`
	Form     string    `json:"form"` // event, answer or deadline
	Type     string    `json:"type"`
	ID       string    `json:"id"`
	Saga     string    `json:"saga"`
	Reason   string    `json:"reason,omitempty"` // empty: waits behind an earlier one
	ParkedAt time.Time `json:"parked_at"`
}

// parkedRow is all that is needed to try again.
type parkedRow struct {
	Number    int64
	Partition int
	Key, Form string
	Type, ID  string
	Saga      string
	Cause     string
	At        time.Time
	Data      []byte
	Reason    string
	Try       int
}

var formNames = map[form]string{heard: "event", answered: "answer", expired: "deadline"}

// Parked lists what is parked, in the order it will be redriven, at most limit.
func (e *Engine) Parked(ctx context.Context, limit int) ([]Parked, error) {
	var rows []Parked
	err := e.DB.Gorm().WithContext(ctx).Raw(`SELECT number, key, form, type, id, saga, reason, parked_at FROM engine.parked
		ORDER BY number LIMIT $1`, limit).Scan(&rows).Error
	return rows, err
}

// Redrive asks the owner of the key to process again what is parked for it, in order; false where nothing is.
func (e *Engine) Redrive(ctx context.Context, key string) (bool, error) {
	r := e.DB.Gorm().WithContext(ctx).Exec(`UPDATE engine.parked SET redrive = true WHERE key = $1`, key)
	return r.RowsAffected > 0, r.Error
}

// setAside parks an input, behind others of its key if there are. A command is refused instead.
func (b *batch) setAside(in *input, reason string) {
	if in.form == ordered {
		err := ErrParked
		if reason != "" {
			err = fmt.Errorf("engine: %s: %s", in.event.Type, reason)
		}
		b.finished = append(b.finished, func() { in.reply <- result{err: err} })
		return
	}
	e := in.event
	p := parkedRow{Number: in.number, Partition: b.w.partition, Key: e.Key, Form: formNames[in.form], Type: e.Type, ID: e.ID, Saga: e.Saga,
		Cause: e.Cause, At: e.Time, Reason: reason, Try: in.try}
	switch {
	case in.form == answered:
		p.Data = answerJSON(in.answer)
	case in.record != nil:
		p.Data = in.record.Data
	default:
		p.Data = answerJSON(e.Data)
	}
	b.park = append(b.park, p)
	b.parking[e.Key] = true // what follows in this batch waits behind it
	b.finished = append(b.finished, func() {
		b.w.e.metrics.event(e.Type, "parked")
		if reason != "" {
			b.w.e.Log.Error("parked: this saga waits for an operator, all others go on", "key", e.Key, "type", e.Type, "id", e.ID, "reason", reason)
		}
	})
}

func (b *batch) writeParked(tx *gorm.DB) error {
	if len(b.released) > 0 {
		if err := later(tx, "release parked", `DELETE FROM engine.parked WHERE number = ANY($1::bigint[])`, pgtype.FlatArray[int64](b.released)); err != nil {
			return err
		}
	}
	for _, p := range b.park {
		var err error
		if p.Number != 0 {
			err = later(tx, "park again", `UPDATE engine.parked SET reason = $2, redrive = false WHERE number = $1`, p.Number, p.Reason)
		} else {
			err = later(tx, "park", `INSERT INTO engine.parked (partition, key, form, type, id, saga, cause, at, data, reason, try)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
				p.Partition, p.Key, p.Form, p.Type, p.ID, p.Saga, p.Cause, p.At, p.Data, p.Reason, p.Try)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// redrives hands the keys that operators want tried again to the owners' workers.
func (e *Engine) redrives(ctx context.Context, workers []*worker) error {
	for _, w := range workers {
		var keys []string
		err := e.DB.Gorm().WithContext(ctx).Raw(`SELECT DISTINCT key FROM engine.parked WHERE partition = $1 AND redrive`, w.partition).Scan(&keys).Error
		if err != nil {
			return err
		}
		for _, key := range keys {
			w.push(input{form: redrive, event: saga.Event{Key: key}})
		}
	}
	return nil
}

// release processes what is parked for a key, in order, one transaction each, and stops at the first that fails again.
func (w *worker) release(ctx context.Context, key string) error {
	for ctx.Err() == nil {
		var rows []parkedRow
		err := w.e.DB.Gorm().WithContext(ctx).Raw(`SELECT number, partition, key, form, type, id, saga, cause, at, data, reason, try
			FROM engine.parked WHERE partition = $1 AND key = $2 ORDER BY number LIMIT 1`, w.partition, key).Scan(&rows).Error
		if err != nil {
			w.e.Log.Warn("redrive", "key", key, "err", err)
			return nil
		}
		if len(rows) == 0 {
			delete(w.parked, key)
			return nil
		}
		in, err := w.e.unparked(rows[0])
		if err != nil {
			in.reason = err.Error()
		}
		if err := w.process(ctx, []input{in}); err != nil {
			return err
		}
		var still int64
		err = w.e.DB.Gorm().WithContext(ctx).Raw(`SELECT count(*) FROM engine.parked WHERE number = $1`, rows[0].Number).Row().Scan(&still)
		if err != nil || still > 0 {
			w.e.Log.Warn("redrive stopped: it failed again", "key", key, "type", rows[0].Type)
			return w.e.DB.Gorm().WithContext(ctx).Exec(`UPDATE engine.parked SET redrive = false WHERE partition = $1 AND key = $2`, w.partition, key).Error
		}
	}
	return nil
}

func (e *Engine) unparked(p parkedRow) (input, error) {
	in := input{number: p.Number, event: saga.Event{ID: p.ID, Type: p.Type, Key: p.Key, Saga: p.Saga, Cause: p.Cause, Time: p.At}}
	k := e.kind(p.Type)
	if k == nil {
		return in, fmt.Errorf("%s is not known to this build of %s", p.Type, e.Service)
	}
	var err error
	switch p.Form {
	case "answer":
		in.form, in.try = answered, p.Try
		for _, b := range e.Bindings {
			if r := b.Machine.QuestionOf(p.Type); r != nil {
				in.answer, err = r.DecodeAnswer(p.Data)
			}
		}
	case "deadline":
		in.form = expired
		in.event.Data, err = k.Decode(p.Data)
	default:
		in.form = heard
		in.event.Data, err = k.Decode(p.Data)
	}
	return in, err
}
