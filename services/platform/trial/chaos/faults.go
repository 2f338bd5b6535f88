package chaos

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// Kind is a kind of fault.
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

// Kinds are all kinds, with their share of a hundred faults and their duration: until the killed process is restarted, or
// the stopped one continues.
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

// Fault is one fault of a schedule.
type Fault struct {
	At     time.Duration // since the start
	Kind   Kind
	Target int // index of the process
	For    time.Duration
}

// meanGap is the mean time between faults; most last longer, so that they overlap.
const meanGap = 1300 * time.Millisecond

// Schedule returns the faults of a seed.
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

// inject executes the schedule, skips faults of targets that are down already, and returns once everything runs again.
// The error names what could not be restarted.
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
