package replay

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"golang.org/x/sync/errgroup"
	"gorm.io/gorm"

	"orderflow.example/shared/database"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/service"
)

// batchSize is how many events are folded in one transaction; with it the memory of a replay is bounded.
const batchSize = 20_000

// slowBatch is how long a statement of a replay may take unlogged.
const slowBatch = 30 * time.Second

// stream is one partition of a topic, read for one purpose.
type stream struct {
	topic     string
	partition int
	own       bool // folded as the service's own events; else shown
}

// Effort is what a replay took, of all that worked side by side.
type Effort struct {
	Events int64         `json:"events"`
	Took   time.Duration `json:"-"`
	Decode time.Duration `json:"-"`
	Load   time.Duration `json:"-"`
	Fold   time.Duration `json:"-"`
	Write  time.Duration `json:"-"`
}

// PerSecond is the rate.
func (e Effort) PerSecond() float64 {
	if e.Took <= 0 {
		return 0
	}
	return float64(e.Events) / e.Took.Seconds()
}

// filling brings the tables of a shadow forward.
type filling struct {
	s      *shadow
	left   map[string]struct{}
	shared sync.Mutex // of states that events of several partitions change
	done   atomic.Int64
	effort struct{ decode, load, fold, write atomic.Int64 }
}

// advance brings the tables to a position: first by the service's own events, then by what it shows. No field is written by
// both, so their order among each other does not matter.
func (s *shadow) advance(ctx context.Context, to engine.Position, total int64) (Effort, error) {
	began := time.Now()
	f := &filling{s: s, left: to.Left}
	from, err := s.reached(ctx)
	if err != nil {
		return Effort{}, err
	}
	var own, shown []stream
	upto := map[stream]int64{}
	for p, last := range to.Own {
		at := stream{s.r.App.Topic(), p, true}
		own, upto[at] = append(own, at), last
	}
	for _, topic := range s.r.inputs() {
		for p, m := range to.Inputs[topic] {
			at := stream{topic, p, false}
			shown, upto[at] = append(shown, at), m.Sequence
		}
	}
	for at, last := range upto {
		if from[at].sequence > last {
			return Effort{}, service.Environment("replay: what is rebuilt is at number %d of %s/%d, ahead of the live tables at %d: these were "+
				"set back since; begin again with --fresh", from[at].sequence, at.topic, at.partition, last)
		}
	}
	stop := f.report(total)
	defer stop()
	err = f.all(ctx, own, from, upto)
	if err == nil {
		err = f.released(ctx)
	}
	if err == nil {
		err = f.all(ctx, shown, from, upto)
	}
	e := Effort{Events: f.done.Load(), Took: time.Since(began), Decode: time.Duration(f.effort.decode.Load()),
		Load: time.Duration(f.effort.load.Load()), Fold: time.Duration(f.effort.fold.Load()), Write: time.Duration(f.effort.write.Load())}
	return e, err
}

// report shows the progress until it is stopped.
func (f *filling) report(total int64) (stop func()) {
	if total == 0 {
		return func() {}
	}
	f.s.r.Progress.Stage("replaying "+f.s.r.App.Name, int(total))
	ended := make(chan struct{})
	go func() {
		for tick := time.NewTicker(200 * time.Millisecond); ; {
			select {
			case <-tick.C:
				f.s.r.Progress.Set(int(f.done.Load()))
			case <-ended:
				tick.Stop()
				return
			}
		}
	}()
	return func() { close(ended) }
}

// all follows the streams, those of one partition one after the other: the same keys are in that partition of every topic, and
// two transactions that both make a key's row would each overwrite what the other showed in it.
func (f *filling) all(ctx context.Context, streams []stream, from map[stream]mark, upto map[stream]int64) error {
	partitions := map[int][]stream{}
	for _, at := range streams {
		partitions[at.partition] = append(partitions[at.partition], at)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readers)
	for _, streams := range partitions {
		group.Go(func() error {
			for _, at := range streams {
				if err := f.follow(ctx, at, from[at], upto[at]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// piece is what is folded in one transaction.
type piece struct {
	at     stream
	to     mark
	events []saga.Event
	left   []kafka.Record // shown later
}

func (f *filling) follow(ctx context.Context, at stream, from mark, upto int64) error {
	p := piece{at: at, to: from}
	seen := 0
	err := f.s.r.read(ctx, at.topic, at.partition, from, upto, func(rec *kafka.Record) error {
		p.to = mark{rec.Sequence, rec.Offset + 1}
		seen++
		if err := f.take(&p, rec); err != nil {
			return err
		}
		if len(p.events) < batchSize && seen < 10*batchSize {
			return nil
		}
		err := f.write(ctx, p)
		p, seen = piece{at: at, to: p.to}, 0
		return err
	})
	if err == nil && p.to != from {
		err = f.write(ctx, p)
	}
	return err
}

// take adds the record to the piece, if it is one that is folded or shown.
func (f *filling) take(p *piece, rec *kafka.Record) error {
	r := f.s.r
	if _, left := f.left[rec.ID]; left && !p.at.own {
		p.left = append(p.left, *rec)
		return nil
	}
	if !p.at.own && !r.shows(rec.Type) || !r.concerns(rec) {
		return nil
	}
	began := time.Now()
	e, err := r.event(rec)
	f.effort.decode.Add(int64(time.Since(began)))
	if err != nil {
		return err
	}
	p.events = append(p.events, e)
	f.done.Add(1)
	return nil
}

func (r *Replay) event(rec *kafka.Record) (e saga.Event, err error) {
	e = engine.EventOf(rec)
	if err = rec.Malformed; err == nil {
		if k := r.kind(rec.Type); k == nil {
			err = fmt.Errorf("%s is not known to this build", rec.Type)
		} else {
			e.Data, err = k.Decode(rec.Data)
		}
	}
	if err != nil {
		err = service.Environment("replay: %s/%d number %d at offset %d cannot be read: %w", rec.Topic, rec.Partition, rec.Sequence, rec.Offset, err)
	}
	return e, err
}

// write folds a piece and saves the states, with how far that takes the tables, in one transaction.
func (f *filling) write(ctx context.Context, p piece) error {
	ctx = engine.Replaying(ctx)
	for _, b := range f.s.r.bindings {
		if b.Machine.Spreads() || len(b.Machine.Also) > 0 {
			f.shared.Lock()
			defer f.shared.Unlock()
			break
		}
	}
	return environment(database.Pipeline(ctx, f.s.db, func(tx *gorm.DB) error {
		err := database.Later(tx, database.Statement{Name: "unsynced", SQL: `SET LOCAL synchronous_commit = off`})
		for i := 0; i < len(f.s.r.bindings) && err == nil; i++ {
			err = f.fold(tx, f.s.r.bindings[i], p)
		}
		if err == nil {
			err = leave(tx, p.left)
		}
		if err == nil {
			err = note(tx, p.at, p.to)
		}
		return err
	}))
}

func (f *filling) fold(tx *gorm.DB, b engine.Binding, p piece) (err error) {
	mine := concerning(b.Machine, p)
	if len(mine) == 0 {
		return nil
	}
	began := time.Now()
	set, err := b.Store.Load(tx, mine)
	loaded := time.Now()
	f.effort.load.Add(int64(loaded.Sub(began)))
	if err != nil {
		return err
	}
	var at saga.Event
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s: on %s %s of %s: panic: %v\n%s", b.Machine, at.Type, at.ID, at.Key, p, debug.Stack())
		}
	}()
	for _, at = range mine {
		if p.at.own {
			set.Put(at, b.Machine.Evolve(set.Get(at), at))
		} else {
			set.Put(at, b.Machine.Show(set.Get(at), at))
		}
	}
	folded := time.Now()
	f.effort.fold.Add(int64(folded.Sub(loaded)))
	err = set.Save(tx)
	f.effort.write.Add(int64(time.Since(folded)))
	return err
}

// concerning picks the events that a machine folds or shows, each once for every state that it concerns.
func concerning(m *saga.Machine, p piece) (mine []saga.Event) {
	says := map[string]bool{}
	for _, name := range m.Says() {
		says[name] = true
	}
	for _, e := range p.events {
		switch {
		case p.at.own && says[e.Type]:
			mine = append(mine, e)
		case !p.at.own && shows(m, e.Type):
			if about, err := m.About(e); err == nil { // else it was parked
				mine = append(mine, about...)
			}
		}
	}
	return mine
}

// leave notes events that the service has not applied, because they are parked.
func leave(tx *gorm.DB, records []kafka.Record) error {
	if len(records) == 0 {
		return nil
	}
	n := len(records)
	ids, topics := make(pgtype.FlatArray[string], n), make(pgtype.FlatArray[string], n)
	partitions, numbers, offsets := make(pgtype.FlatArray[int32], n), make(pgtype.FlatArray[int64], n), make(pgtype.FlatArray[int64], n)
	for i, rec := range records {
		ids[i], topics[i], partitions[i], numbers[i], offsets[i] = rec.ID, rec.Topic, int32(rec.Partition), rec.Sequence, rec.Offset
	}
	return database.Later(tx, database.Statement{Name: "leave parked events", SQL: `INSERT INTO replay_left
		SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::bigint[]) ON CONFLICT DO NOTHING`,
		Args: []any{ids, topics, partitions, numbers, offsets}})
}

// released shows the events that were left and have been applied since, before whatever came after them.
func (f *filling) released(ctx context.Context) error {
	rows, err := f.s.db.Pool().QueryContext(ctx, `SELECT id, topic, partition, sequence, at_offset FROM replay_left ORDER BY topic, partition, sequence`)
	if err != nil {
		return environment(err)
	}
	defer rows.Close()
	var found []kafka.Record
	for rows.Next() {
		var rec kafka.Record
		if err := rows.Scan(&rec.ID, &rec.Topic, &rec.Partition, &rec.Sequence, &rec.Offset); err != nil {
			return environment(err)
		}
		if _, left := f.left[rec.ID]; !left {
			found = append(found, rec)
		}
	}
	if err := rows.Err(); err != nil {
		return environment(err)
	}
	for _, was := range found {
		if err := f.release(ctx, was); err != nil {
			return err
		}
	}
	return nil
}

func (f *filling) release(ctx context.Context, was kafka.Record) error {
	at := stream{was.Topic, was.Partition, false}
	var p piece
	err := f.s.r.read(ctx, at.topic, at.partition, mark{was.Sequence - 1, was.Offset}, was.Sequence, func(rec *kafka.Record) error {
		if rec.ID != was.ID {
			return service.Environment("replay: %s/%d number %d is %s now, and was %s: it is another log than before; begin again with --fresh",
				at.topic, at.partition, was.Sequence, rec.ID, was.ID)
		}
		return f.take(&p, rec)
	})
	if err != nil {
		return err
	}
	return environment(database.Transact(engine.Replaying(ctx), f.s.db, func(tx *gorm.DB) error {
		for _, b := range f.s.r.bindings {
			if err := f.fold(tx, b, p); err != nil {
				return err
			}
		}
		return tx.Exec(`DELETE FROM replay_left WHERE id = $1`, was.ID).Error
	}))
}
