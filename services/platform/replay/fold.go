package replay

import (
	"context"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/semconv/v1.41.0"
	"golang.org/x/sync/errgroup"
	"gorm.io/gorm"

	"orderflow.example/shared/database"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/service"
)

// batchSize is the number of events per transaction; it bounds the memory of a replay.
const batchSize = 20_000

// slowBatch is the duration above which a replay's statements are logged.
const slowBatch = 30 * time.Second

// stream is one partition of a topic, read either for the fold or for projections.
type stream struct {
	topic     string
	partition int
	own       bool // folded as the service's own events; else projected
}

// Effort is the time a replay took; all but Took are sums over its workers.
type Effort struct {
	Events int64         `json:"events"`
	Took   time.Duration `json:"-"`
	Decode time.Duration `json:"-"`
	Load   time.Duration `json:"-"`
	Fold   time.Duration `json:"-"`
	Write  time.Duration `json:"-"`
}

// PerSecond is the rate in events.
func (e Effort) PerSecond() float64 {
	if e.Took <= 0 {
		return 0
	}
	return float64(e.Events) / e.Took.Seconds()
}

// filling applies events to the tables of a shadow.
type filling struct {
	s      *shadow
	left   map[string]struct{}
	shared sync.Mutex // held for states that events of several partitions change
	done   atomic.Int64
	effort struct{ decode, load, fold, write atomic.Int64 }
}

// advance brings the tables to a position: first by the service's own events, as projections may write into states that those
// create; then by the projections, where no field is written by two producers, so that the order of topics does not matter.
func (s *shadow) advance(ctx context.Context, to engine.Position, total int64) (Effort, error) {
	began := time.Now()
	f := &filling{s: s, left: to.Left}
	from, err := s.reached(ctx)
	if err != nil {
		return Effort{}, err
	}
	upto := map[stream]int64{}
	for p, last := range to.Own {
		upto[stream{s.r.App.Topic(), p, true}] = last
	}
	for _, topic := range s.r.inputs() {
		for p, m := range to.Inputs[topic] {
			upto[stream{topic, p, false}] = m.Sequence
		}
	}
	for at, last := range upto {
		if from[at].sequence > last {
			return Effort{},
				service.Environment("replay: the rebuilt tables are at number %d of %s/%d, ahead of the live tables at %d: these were "+
					"set back since; begin again with --fresh", from[at].sequence, at.topic, at.partition, last)
		}
	}
	stop := f.report(total)
	defer stop()
	err = f.all(ctx, true, from, upto)
	if err == nil {
		err = f.released(ctx)
	}
	if err == nil {
		err = f.all(ctx, false, from, upto)
	}
	e := Effort{Events: f.done.Load(), Took: time.Since(began), Decode: time.Duration(f.effort.decode.Load()),
		Load: time.Duration(f.effort.load.Load()), Fold: time.Duration(f.effort.fold.Load()),
		Write: time.Duration(f.effort.write.Load())}
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

func (f *filling) all(ctx context.Context, own bool, from map[stream]mark, upto map[stream]int64) error {
	group, ctx := errgroup.WithContext(ctx)
	for p := range f.s.r.Partitions {
		streams := map[stream]*source{}
		for at, last := range upto {
			if at.own == own && at.partition == p && last > from[at].sequence {
				streams[at] = &source{at: at, from: from[at], upto: last, chunks: make(chan chunk, 2)}
			}
		}
		group.Go(func() error { return f.follow(ctx, slices.Collect(maps.Values(streams))) })
	}
	return group.Wait()
}

func (r *Replay) event(rec *kafka.Record) (e saga.Event, err error) {
	e = engine.EventOf(rec)
	if err = rec.Malformed; err == nil {
		if k := r.kind(rec.Type); k == nil {
			err = fmt.Errorf("%s is not known to this build", rec.Type)
		} else {
			e.Type = k.Name() // an earlier version is decoded as the one that this build knows
			e.Data, err = k.Decode(rec.Data)
		}
	}
	if err != nil {
		err = service.Environment("replay: %s/%d number %d at offset %d cannot be read: %w", rec.Topic, rec.Partition,
			rec.Sequence, rec.Offset, err)
	}
	return e, err
}

// write folds a piece and saves the states together with the tables' new position, in one transaction.
func (f *filling) write(ctx context.Context, p *piece) error {
	for _, b := range f.s.r.bindings {
		if b.Machine.Spreads() || len(b.Machine.Also) > 0 {
			f.shared.Lock()
			defer f.shared.Unlock()
			break
		}
	}
	ctx, end := f.s.r.span(ctx, "fold", p.links, semconv.MessagingBatchMessageCount(len(p.events)))
	err := database.Pipeline(engine.Replaying(ctx), f.s.db, func(tx *gorm.DB) error {
		err := database.Later(tx, database.Statement{Name: "unsynced", SQL: `SET LOCAL synchronous_commit = off`})
		if err == nil { // folding may take longer than a service's decisions: recommendation learns its orders again
			err = database.Later(tx, database.Statement{Name: "patient", SQL: `SET LOCAL idle_in_transaction_session_timeout = 0`})
		}
		for i := 0; i < len(f.s.r.bindings) && err == nil; i++ {
			err = f.fold(tx, f.s.r.bindings[i], p.events)
		}
		if err == nil {
			err = leave(tx, p.left)
		}
		if err == nil {
			err = note(tx, p.to)
		}
		return err
	})
	end(err)
	f.done.Add(int64(len(p.events)))
	return environment(err)
}

func (f *filling) fold(tx *gorm.DB, b engine.Binding, events []folded) (err error) {
	mine := concerning(b.Machine, events)
	if len(mine) == 0 {
		return nil
	}
	began := time.Now()
	set, err := b.Store.Load(tx, eventsOf(mine))
	loaded := time.Now()
	f.effort.load.Add(int64(loaded.Sub(began)))
	if err != nil {
		return err
	}
	var at folded
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s: on %s %s of %s: panic: %v\n%s", b.Machine, at.Type, at.ID, at.Key, p, debug.Stack())
		}
	}()
	for _, at = range mine {
		if at.own {
			if state, kept := b.Machine.Fold(set.Get(at.Event), at.Event); kept {
				set.Put(at.Event, state)
			}
		} else {
			set.Put(at.Event, b.Machine.Show(set.Get(at.Event), at.Event))
		}
	}
	folded := time.Now()
	f.effort.fold.Add(int64(folded.Sub(loaded)))
	err = set.Save(tx)
	f.effort.write.Add(int64(time.Since(folded)))
	return err
}

// concerning picks the events that a machine folds or projects, each once for every state that it concerns.
func concerning(m *saga.Machine, events []folded) (mine []folded) {
	says := map[string]bool{}
	for _, name := range m.Says() {
		says[name] = true
	}
	for _, e := range events {
		switch {
		case e.own && says[e.Type]:
			mine = append(mine, e)
		case !e.own && shows(m, e.Type):
			about, err := m.About(e.Event)
			if err != nil {
				continue // it was parked
			}
			for _, one := range about {
				mine = append(mine, folded{one, false})
			}
		}
	}
	return mine
}

func eventsOf(list []folded) []saga.Event {
	events := make([]saga.Event, len(list))
	for i, e := range list {
		events[i] = e.Event
	}
	return events
}
