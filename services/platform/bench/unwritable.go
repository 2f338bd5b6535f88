package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"orderflow.example/shared/kafka"
)

const (
	refusedStep      = 2 // the step whose topic has the partition that cannot be written
	refusedPartition = 0
	everyPartition   = 50 * time.Millisecond // from one saga to the next, on each partition
)

// Phase holds the figures of the other partitions before, during or after the fault.
type Phase struct {
	Name  string  `json:"phase"`
	Sagas int     `json:"sagas"`
	P50   float64 `json:"p50_ms"`
	P99   float64 `json:"p99_ms"`
	Max   float64 `json:"max_ms"`
}

// Unwritable is the result of a partition that refused writes for a while.
type Unwritable struct {
	Seconds  float64 `json:"seconds"`
	Refused  int     `json:"requests_refused"`
	Held     int     `json:"sagas_held_up"` // of the partition, which ended once it was written again
	CaughtUp float64 `json:"caught_up_after_seconds"`
	Phases   []Phase `json:"other_partitions"`
}

// Ratio is the p99 of the other partitions' sagas during the fault, divided by that before it.
func (u Unwritable) Ratio() float64 { return u.Phases[1].P99 / u.Phases[0].P99 }

// timed is a saga that ended.
type timed struct {
	partition    int
	begun, ended time.Time
}

// RunUnwritable begins sagas at a steady rate on every partition, and lets a broker in memory refuse writes to one
// partition of one topic for the window.
func RunUnwritable(ctx context.Context, o Options) (u Unwritable, err error) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		return u, err
	}
	defer cluster.Close()
	o.Kafka = cluster.ListenAddrs()
	s, err := open(ctx, o)
	defer func() { err = errors.Join(err, s.close()) }()
	if err != nil {
		return u, err
	}
	ends, err := watch(ctx, s)
	if err != nil {
		return u, err
	}
	watching, stop := context.WithCancel(ctx)
	watched := make(chan error, 1)
	go func() {
		watched <- ends.run(watching)
		stop()
	}()
	defer func() {
		stop()
		err = errors.Join(<-watched, err)
	}()
	steady := &steadyLoad{load: load{site: s, started: &atomic.Int64{}, ends: ends}}
	beginning, enough := context.WithCancel(watching)
	defer enough()
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		steady.run(beginning, watching)
	}()
	fmt.Fprintf(o.Progress, "partition %d of a topic refuses writes for %v, after as long without\n", refusedPartition, o.Window)
	pause(watching, o.WarmUp)
	warm := time.Now()
	pause(watching, o.Window)
	fault := cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: s.words.topic(refusedStep),
		Partitions: []int32{refusedPartition}, Err: kerr.NotEnoughReplicas, Count: -1})
	from := time.Now()
	pause(watching, o.Window)
	u.Refused = fault.Hits()
	fault.Remove()
	until := time.Now()
	pause(watching, o.Window)
	enough()
	<-finished
	if err := errors.Join(steady.failed...); err != nil || ctx.Err() != nil {
		return u, errors.Join(err, ctx.Err())
	}
	u.Seconds = until.Sub(from).Seconds()
	for _, t := range steady.took {
		if t.partition == refusedPartition && t.begun.After(from) && t.begun.Before(until) && t.ended.After(until) {
			u.Held++
			u.CaughtUp = max(u.CaughtUp, t.ended.Sub(until).Seconds())
		}
	}
	u.Phases = []Phase{steady.phase("before", warm, from), steady.phase("during", from, until),
		steady.phase("after", until, time.Now())}
	for _, p := range u.Phases {
		if p.Sagas == 0 {
			return u, fmt.Errorf("sagas on the other partitions %s the fault: %w", p.Name, errTooShort)
		}
	}
	return u, s.check(ctx, steady.started.Load())
}

// steadyLoad begins sagas at a rate, however long earlier ones take.
type steadyLoad struct {
	load
	took   []timed
	failed []error
}

// run begins sagas until the first context ends, and returns when all have ended.
func (l *steadyLoad) run(beginning, ctx context.Context) {
	var all sync.WaitGroup
	defer all.Wait()
	for tick := time.NewTicker(everyPartition); ; {
		select {
		case <-beginning.Done():
			return
		case <-tick.C:
		}
		for p := range l.site.options.Partitions {
			all.Go(func() { l.saga(ctx, p) })
		}
	}
}

func (l *steadyLoad) saga(ctx context.Context, partition int) {
	key := uuid.NewString()
	for kafka.PartitionOf(key, l.site.options.Partitions) != partition {
		key = uuid.NewString()
	}
	begun := time.Now()
	err := l.keyed(ctx, key)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.failed = append(l.failed, err)
		return
	}
	l.took = append(l.took, timed{partition, begun, time.Now()})
}

// phase returns the figures of the sagas that began in this time on the writable partitions.
func (l *steadyLoad) phase(name string, from, until time.Time) Phase {
	var took []time.Duration
	for _, t := range l.took {
		if t.partition != refusedPartition && t.begun.After(from) && t.begun.Before(until) {
			took = append(took, t.ended.Sub(t.begun))
		}
	}
	if len(took) == 0 {
		return Phase{Name: name}
	}
	slices.Sort(took)
	return Phase{Name: name, Sagas: len(took), P50: share(took, 0.5), P99: share(took, 0.99), Max: share(took, 1)}
}
