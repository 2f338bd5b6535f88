package repair

import (
	"context"
	"errors"
	"sync"
	"time"

	"orderflow.example/services/platform/eventlog"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/kafka"
)

const (
	lookEvery = 200 * time.Millisecond // how long a reading of a topic waits for records
	askEvery  = 2 * time.Second        // between requests to the publishers
	stopping  = 10 * time.Second
)

// awaited is a topic that is being filled.
type awaited struct {
	parts   []*part
	first   map[int]int64 // by partition: the number to be published again
	reading eventlog.Reading
	failed  error
}

// refill requests the publishers to fill the topics, and waits until they have, or until nothing was published for Patience: the
// report lists the numbers that are still missing.
func (r Repair) refill(ctx context.Context, parts []*part) (err error) {
	open := r.await(parts)
	engines := map[string]*engine.Engine{}
	defer func() { err = errors.Join(err, stop(ctx, engines)) }()
	left := func() (n int64) {
		for _, a := range open {
			for partition, upto := range a.reading.Upto {
				n += upto - a.reading.Last[partition]
			}
		}
		return n
	}
	due := left()
	r.Progress.Stage("publishing again", int(due))
	var asked time.Time
	for moved, before := time.Now(), due; before > 0 && time.Since(moved) < r.Patience; {
		if time.Since(asked) > askEvery {
			for _, a := range open {
				if err := r.ask(ctx, a, engines); err != nil {
					return err
				}
			}
			asked = time.Now()
		}
		var all sync.WaitGroup
		for _, a := range open {
			all.Go(func() { a.failed = a.reading.Run(ctx, func(*kafka.Record) error { return nil }) })
		}
		all.Wait()
		for _, a := range open {
			if a.failed != nil && !kafka.IsTransient(a.failed) {
				return a.failed
			}
		}
		if now := left(); now < before {
			before, moved = now, time.Now()
			r.Progress.Set(int(due - now))
		}
	}
	return nil
}

// await lists the topics to which events can be published, with the first number of each partition.
func (r Repair) await(parts []*part) (open []*awaited) {
	of := map[string]*awaited{}
	for _, p := range parts {
		due := p.missing.without(p.stays)
		if len(due) == 0 {
			continue
		}
		a := of[p.topic]
		if a == nil {
			a = &awaited{first: map[int]int64{}, reading: eventlog.Reading{Log: r.Kafka, Topic: p.topic, Patience: lookEvery,
				Upto: map[int]int64{}, Last: map[int]int64{}}}
			of[p.topic], open = a, append(open, a)
		}
		after := due[0].From - 1
		if n := len(p.stays); n > 0 {
			after = max(after, p.stays[n-1].To)
		}
		a.parts, a.first[p.partition] = append(a.parts, p), due[0].From
		a.reading.Upto[p.partition], a.reading.Last[p.partition] = p.given, after
	}
	return open
}

// ask requests the partitions' publishers to compare topic and outbox: a process of the service, or, if none runs, one of our
// own.
func (r Repair) ask(ctx context.Context, a *awaited, engines map[string]*engine.Engine) error {
	for _, p := range a.parts {
		if a.reading.Last[p.partition] >= p.given {
			continue
		}
		own := engines[p.app.Name]
		if own == nil {
			runs, err := engine.Runs(ctx, p.db)
			if err != nil {
				return err
			}
			if !runs {
				if own, err = r.publisher(ctx, p); err != nil {
					return err
				}
				engines[p.app.Name] = own
			}
		}
		if own != nil && own.PublishAgain(p.partition, a.first[p.partition]) {
			continue
		}
		err := engine.RequestRepair(ctx, r.Kafka, p.topic, p.partition, a.first[p.partition])
		if err != nil && !kafka.IsTransient(err) {
			return err
		} // else the request is repeated
	}
	return nil
}

// publisher runs the publishers of a service that does not run.
func (r Repair) publisher(ctx context.Context, p *part) (*engine.Engine, error) {
	e, err := engine.New(engine.Config{Service: p.app.Name, Partitions: r.Partitions, DB: p.db, Kafka: r.Kafka, Log: r.Logger})
	if err != nil {
		return nil, err
	}
	return e, e.StartPublishing(ctx)
}

// stop releases the partitions, also if the repair is interrupted.
func stop(ctx context.Context, engines map[string]*engine.Engine) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopping)
	defer cancel()
	var all sync.WaitGroup
	faults := make(chan error, len(engines))
	for _, e := range engines {
		all.Go(func() { faults <- e.Stop(ctx) })
	}
	all.Wait()
	close(faults)
	var joined []error
	for err := range faults {
		joined = append(joined, err)
	}
	return errors.Join(joined...)
}
