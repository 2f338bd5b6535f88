package repair

import (
	"context"
	"errors"
	"time"

	"orderflow.example/services/platform/eventlog"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/kafka"
)

const (
	lookEvery = 200 * time.Millisecond // at the topics, for what came
	askEvery  = 2 * time.Second        // the publishers
	stopping  = 10 * time.Second
)

// awaited is a partition that is being filled.
type awaited struct {
	*part
	first   int64 // number to be published again
	reading eventlog.Reading
}

// refill has the publishers fill the topics, and waits until they have, or until nothing has come for too long: what is not
// there then is in the report.
func (r Repair) refill(ctx context.Context, parts []*part) (err error) {
	open := r.await(parts)
	engines := map[string]*engine.Engine{}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopping)
		defer cancel()
		for _, e := range engines {
			err = errors.Join(err, e.Stop(ctx))
		}
	}()
	due, done := int64(0), int64(0)
	for _, a := range open {
		due += a.given - a.reading.Last[a.partition]
	}
	r.Progress.Stage("publishing again", int(due))
	var asked time.Time
	for moved := time.Now(); len(open) > 0 && time.Since(moved) < r.Patience; {
		if time.Since(asked) > askEvery {
			for _, a := range open {
				if err := r.ask(ctx, a, engines); err != nil {
					return err
				}
			}
			asked = time.Now()
		}
		var still []*awaited
		for _, a := range open {
			before := a.reading.Last[a.partition]
			if err := a.reading.Run(ctx, func(*kafka.Record) error { return nil }); err != nil && !kafka.IsTransient(err) {
				return err
			}
			if n := a.reading.Last[a.partition] - before; n > 0 {
				done, moved = done+n, time.Now()
				r.Progress.Set(int(done))
			}
			if a.reading.Last[a.partition] < a.given {
				still = append(still, a)
			}
		}
		if open = still; len(open) == 0 {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lookEvery):
		}
	}
	return nil
}

// await lists the partitions to which something can be published, with where it begins.
func (r Repair) await(parts []*part) (open []*awaited) {
	for _, p := range parts {
		due := p.missing.without(p.stays)
		if len(due) == 0 {
			continue
		}
		after := due[0].From - 1
		if n := len(p.stays); n > 0 {
			after = max(after, p.stays[n-1].To)
		}
		open = append(open, &awaited{part: p, first: due[0].From, reading: eventlog.Reading{Log: r.Kafka, Topic: p.topic,
			Upto: map[int]int64{p.partition: p.given}, Last: map[int]int64{p.partition: after}, Patience: lookEvery}})
	}
	return open
}

// ask asks who publishes the partition to compare it: a process of the service, or where none runs one of our own.
func (r Repair) ask(ctx context.Context, a *awaited, engines map[string]*engine.Engine) error {
	own := engines[a.app.Name]
	if own == nil {
		runs, err := engine.Runs(ctx, a.db)
		if err != nil {
			return err
		}
		if !runs {
			if own, err = r.publisher(ctx, a.part); err != nil {
				return err
			}
			engines[a.app.Name] = own
		}
	}
	if own != nil && own.PublishAgain(a.partition, a.first) {
		return nil
	}
	err := engine.RequestRepair(ctx, r.Kafka, a.topic, a.partition, a.first)
	if kafka.IsTransient(err) {
		return nil // it is asked again
	}
	return err
}

// publisher runs the publishers of a service that does not run.
func (r Repair) publisher(ctx context.Context, p *part) (*engine.Engine, error) {
	e, err := engine.New(engine.Config{Service: p.app.Name, Partitions: r.Partitions, DB: p.db, Kafka: r.Kafka, Log: r.Logger})
	if err != nil {
		return nil, err
	}
	return e, e.StartPublishing(ctx)
}
