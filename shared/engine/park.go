package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm"

	"orderflow.example/shared/saga"
)

// Parked is an input that could not be processed, or that waits behind such a one.
type Parked struct {
	Number   int64     `json:"number"`
	Key      string    `json:"key"`
	Form     string    `json:"form"` // event, answer, deadline or call
	Type     string    `json:"type"`
	ID       string    `json:"id"`
	Saga     string    `json:"saga"`
	Reason   string    `json:"reason,omitempty"` // empty: waits behind an earlier one
	ParkedAt time.Time `json:"parked_at"`
}

// parkedRow is everything needed to process the input again.
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
	Redrive   bool
}

// parkedCall is the form of a call that the outside party rejected. It waits for an operator and does not block its key.
const parkedCall = "call"

var formNames = map[form]string{event: "event", answer: "answer", deadline: "deadline", refusal: parkedCall, asking: parkedCall}

// Parked lists parked inputs, in the order in which they will be redriven, at most limit.
func (e *Engine) Parked(ctx context.Context, limit int) ([]Parked, error) {
	var rows []Parked
	err := e.DB.Gorm().WithContext(ctx).Raw(`SELECT number, key, form, type, id, saga, reason, parked_at FROM engine.parked
		ORDER BY number LIMIT $1`, limit).Scan(&rows).Error
	return rows, err
}

// Redrive asks the owner of the key to process its parked inputs again, in order; false if there are none.
func (e *Engine) Redrive(ctx context.Context, key string) (bool, error) {
	r := e.DB.Gorm().WithContext(ctx).Exec(`UPDATE engine.parked SET redrive = true WHERE key = $1`, key)
	return r.RowsAffected > 0, r.Error
}

// parkInput parks an input, behind others of its key if there are any. A command is refused instead.
func (b *batch) parkInput(s *share, in *input, reason string) {
	if in.form == command {
		err := ErrParked
		if reason != "" {
			err = fmt.Errorf("engine: %s: %s", in.event.Type, reason)
		}
		b.finished = append(b.finished, func() { in.reply <- result{err: err} })
		return
	}
	e := in.event
	p := parkedRow{Number: in.number, Partition: s.w.partition, Key: storable(e.Key), Form: formNames[in.form],
		Type: storable(e.Type), ID: storable(e.ID), Saga: storable(e.Saga), Cause: storable(e.Cause), At: storableTime(e.Time),
		Reason: storableText(reason), Try: in.try}
	if in.record != nil {
		p.Type = storable(in.record.Type) // of the version that its payload is
	}
	switch {
	case in.raw != nil:
		p.Data = in.raw
	case in.form == answer:
		p.Data = answerJSON(in.answer)
	case in.record != nil:
		p.Data = in.record.Data
	default:
		p.Data = answerJSON(e.Data)
	}
	if p.Data == nil {
		p.Data = []byte{}
	}
	b.park = append(b.park, p)
	b.traceParked(in, p.Reason)
	if p.Form != parkedCall {
		s.parking[p.Key] = true // later inputs of the key in this batch wait behind it
	}
	b.finished = append(b.finished, func() {
		b.e.metrics.event(p.Type, outcomeParked)
		if reason != "" {
			b.e.Log.Error("input parked: its key waits for an operator (orderflow parked list)",
				"key", p.Key, "form", p.Form, "type", p.Type, idsOf(e), "reason", p.Reason)
		}
	})
}

// longestKey bounds keys, and the ids and keys in engine.parked, in bytes: an index cannot hold what is much longer.
const longestKey = 500

// tooLong is the error about a key that is longer than longestKey.
func tooLong(key string) error {
	return fmt.Errorf("the key has %d bytes, more than the %d that tables can index", len(key), longestKey)
}

// storable is a key or an id as Postgres takes it, whatever its bytes are. A long one is cut, with a hash of the whole.
func storable(text string) string {
	clean := storableText(text)
	if len(clean) <= longestKey {
		return clean
	}
	sum := sha256.Sum256([]byte(text))
	return strings.ToValidUTF8(clean[:longestKey-20], "") + "#" + hex.EncodeToString(sum[:8])
}

// storableText is valid UTF-8 without NUL.
func storableText(text string) string {
	if utf8.ValidString(text) && strings.IndexByte(text, 0) < 0 {
		return text
	}
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

// storableTime is a time as Postgres takes it.
func storableTime(t time.Time) time.Time {
	if y := t.Year(); y < 1 || y > 9999 {
		return time.Unix(0, 0).UTC()
	}
	return t
}

func (b *batch) writeParked(tx *gorm.DB) error {
	if len(b.released) > 0 {
		if err := later(tx, "release parked", `DELETE FROM engine.parked WHERE number = ANY($1::bigint[])`,
			pgtype.FlatArray[int64](b.released)); err != nil {
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

// takeRedrives queues the keys that operators want processed again.
func (p *partition) takeRedrives(ctx context.Context) error {
	var keys []string
	err := p.e.DB.Gorm().WithContext(ctx).Raw(`SELECT DISTINCT key FROM engine.parked WHERE partition = $1 AND redrive`,
		p.partition).Scan(&keys).Error
	for _, key := range keys {
		p.queue.pushOnce(redriveName(key), input{form: redrive, event: saga.Event{Key: key}})
	}
	return err
}

func redriveName(key string) string { return "redrive " + key }

// release processes the marked rows of a key in order, one transaction each, then those that wait behind them. The first that
// fails again ends it.
func (w *worker) release(ctx context.Context, key string) error {
	w.queue.settled(redriveName(key))
	for follows := false; ctx.Err() == nil; {
		row, err := w.parkedHead(ctx, key, follows)
		if err != nil {
			w.e.Log.Warn("redrive postponed", "key", key, "err", err) // its mark is still in the table
			return nil
		}
		if row == nil {
			return nil
		}
		in, err := w.e.unparked(*row)
		if err != nil {
			in.reason = err.Error()
		}
		if err := w.settle(ctx, in); err != nil {
			return err
		}
		failed, err := w.failedAgain(ctx, row)
		if err != nil {
			w.e.Log.Warn("redrive postponed", "key", key, "err", err)
			return nil
		}
		if failed {
			w.e.Log.Warn("redrive stopped: the input failed again", "key", key, "type", row.Type, idsOf(in.event))
			return nil
		}
		follows = follows || row.Form != parkedCall
	}
	return nil
}

// parkedHead is the next row of a key to process: marked calls first, then the head of the queue, which must be marked unless it
// follows a marked one. nil means that there is none; a key without rows is free.
func (w *worker) parkedHead(ctx context.Context, key string, follows bool) (*parkedRow, error) {
	var rows []parkedRow
	err := w.e.DB.Gorm().WithContext(ctx).
		Raw(`SELECT number, partition, key, form, type, id, saga, cause, at, data, reason, try, redrive
		FROM engine.parked WHERE partition = $1 AND key = $2 AND (form <> 'call' OR redrive)
		ORDER BY form <> 'call', number LIMIT 1`, w.partition, key).Scan(&rows).Error
	switch {
	case err != nil:
		return nil, err
	case len(rows) == 0:
		delete(w.parked, key)
		return nil, nil
	case rows[0].Form != parkedCall && !follows && !rows[0].Redrive:
		return nil, nil
	}
	return &rows[0], nil
}

// failedAgain tells whether the row was parked again; then it removes the marks of the key's other rows.
func (w *worker) failedAgain(ctx context.Context, row *parkedRow) (bool, error) {
	var still int64
	db := w.e.DB.Gorm().WithContext(ctx)
	err := db.Raw(`SELECT count(*) FROM engine.parked WHERE number = $1 AND NOT redrive`, row.Number).Row().Scan(&still)
	if err != nil || still == 0 {
		return false, err
	}
	return true, db.Exec(`UPDATE engine.parked SET redrive = false WHERE partition = $1 AND key = $2 AND form <> 'call'`,
		w.partition, row.Key).Error
}

func (e *Engine) unparked(p parkedRow) (input, error) {
	in := input{number: p.Number, raw: p.Data, event: saga.Event{ID: p.ID, Type: p.Type, Key: p.Key, Saga: p.Saga, Cause: p.Cause,
		Time: p.At}}
	if e.kind(p.Type) == nil {
		return in, fmt.Errorf("%s is not known to this build of %s", p.Type, e.Service)
	}
	var err error
	var reason string
	switch p.Form {
	case "answer":
		in.form, in.try = answer, p.Try
		for _, b := range e.Bindings {
			if r := b.Machine.QuestionOf(p.Type); r != nil {
				in.event.Type = r.On.Name()
				in.answer, err = r.DecodeAnswer(p.Data)
			}
		}
		return in, err
	case "deadline":
		in.form = deadline
	case parkedCall:
		in.form, in.try = asking, p.Try
	default:
		in.form = event
	}
	if in.event.Type, in.event.Data, reason = e.decode(p.Type, p.Data); reason != "" {
		err = fmt.Errorf("%s", reason)
	} else if in.form == asking && in.event.Type != p.Type {
		in.raw = answerJSON(in.event.Data) // it was kept as an earlier version
	}
	return in, err
}
