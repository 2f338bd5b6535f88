package chaos

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// Kind is what is done to whom.
type Kind string

// The kinds of faults.
const (
	KillProcess  Kind = "process killed"
	StopProcess  Kind = "process stopped"
	KillBroker   Kind = "broker killed"
	StopBroker   Kind = "broker stopped"
	KillPostgres Kind = "postgres killed"
	StopPostgres Kind = "postgres stopped"
)

// Kinds are all of them, with how often each comes of a hundred, and how long it lasts: until what was killed is started
// again, or what was stopped goes on.
var Kinds = []struct {
	Kind          Kind
	share         int
	least, longer time.Duration
}{
	{KillProcess, 39, 0, 3 * time.Second},
	{StopProcess, 39, 200 * time.Millisecond, 8 * time.Second},
	{KillBroker, 5, 0, 2 * time.Second},
	{StopBroker, 6, time.Second, 5 * time.Second},
	{KillPostgres, 5, 0, 0},
	{StopPostgres, 6, time.Second, 5 * time.Second},
}

// Fault is one of a schedule.
type Fault struct {
	At     time.Duration // since the start
	Kind   Kind
	Target int // which process
	For    time.Duration
}

// meanGap is the time from one fault to the next; most last longer, so that they overlap.
const meanGap = 1300 * time.Millisecond

// Schedule is the faults of a seed.
func Schedule(seed uint64, window time.Duration, targets int) (faults []Fault) {
	luck := rand.New(rand.NewPCG(seed, 1))
	for at := time.Second; at < window; {
		f := Fault{At: at, Target: luck.IntN(targets)}
		left := luck.IntN(100)
		for _, k := range Kinds {
			if left -= k.share; left < 0 {
				f.Kind, f.For = k.Kind, k.least
				if k.longer > k.least {
					f.For += time.Duration(luck.Int64N(int64(k.longer - k.least)))
				}
				break
			}
		}
		faults = append(faults, f)
		at += min(max(time.Duration(luck.ExpFloat64()*float64(meanGap)), 100*time.Millisecond), 4*meanGap)
	}
	return faults
}

// inject does what the schedule says, leaves out what would hit somebody who is down already, and returns once everything
// runs again. The error is of what could not be started again.
func (f *fleet) inject(ctx context.Context, schedule []Fault) (done map[Kind]int, err error) {
	done = map[Kind]int{}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var underWay sync.WaitGroup
	defer underWay.Wait()
	start := time.Now()
	for _, fault := range schedule {
		if !pause(ctx, time.Until(start.Add(fault.At))) {
			break
		}
		lock := f.lock(fault)
		if !lock.TryLock() {
			continue
		}
		done[fault.Kind]++
		underWay.Go(func() {
			defer lock.Unlock()
			if err := f.commit(ctx, fault); err != nil {
				cancel(err)
			}
		})
	}
	underWay.Wait()
	return done, context.Cause(ctx)
}

func (f *fleet) lock(fault Fault) *sync.Mutex {
	switch fault.Kind {
	case KillBroker, StopBroker:
		return &f.broker.fault
	case KillPostgres, StopPostgres:
		return &f.postgres.fault
	}
	return &f.processes[fault.Target].fault
}

func (f *fleet) commit(ctx context.Context, fault Fault) error {
	switch p := f.processes[fault.Target]; fault.Kind {
	case KillProcess:
		p.kill()
		pause(ctx, fault.For)
		return p.run(ctx)
	case StopProcess:
		p.freeze(ctx, fault.For)
	case KillBroker:
		f.broker.kill()
		pause(ctx, fault.For)
		return f.broker.start(ctx)
	case StopBroker:
		f.broker.freeze(ctx, fault.For)
	case KillPostgres:
		if err := f.postgres.kill(); err != nil {
			return err
		}
		return f.postgres.start(ctx)
	case StopPostgres:
		f.postgres.freeze(ctx, fault.For)
	}
	return nil
}
