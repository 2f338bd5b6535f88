package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

// orderLoad is orders of one size, placed by so many callers, or at a rate.
type orderLoad struct {
	shop     *shop
	lines    int
	callers  int     // of the closed loop
	rate     float64 // of the open loop, orders a second
	warmUp   time.Duration
	window   time.Duration
	progress io.Writer

	mu                        sync.Mutex
	begins, closes            time.Time // of the window
	placing, confirming, ends []time.Duration
	accepted, shed, ended     int // in all
	shedInside                int // in the window
}

func (l *orderLoad) String() string {
	if l.rate > 0 {
		return fmt.Sprintf("orders of %d lines, %.0f a second", l.lines, l.rate)
	}
	return fmt.Sprintf("orders of %d lines, %d at once", l.lines, l.callers)
}

// Quantiles of a number of times, in milliseconds.
type Quantiles struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
}

// Orders is what one load was measured to do. Times are from when an order was sent, or should have been by the rate, to
// its answer, and to when a consumer of the order service's topic had heard of it.
type Orders struct {
	Lines      int       `json:"lines"`
	Callers    int       `json:"callers,omitempty"`
	Rate       float64   `json:"rate_per_second,omitempty"`
	Seconds    float64   `json:"seconds"`
	Placed     int       `json:"placed"`
	Shed       int       `json:"shed"` // answered 503 and Retry-After
	Ended      int       `json:"ended"`
	PerSecond  float64   `json:"ended_per_second"`
	Placing    Quantiles `json:"placing_ms"`
	Confirming Quantiles `json:"placed_to_confirmed_ms"`
	Ending     Quantiles `json:"placed_to_end_ms"`
	CPU        Processes `json:"cpu_ms_per_order"`
	Machine    float64   `json:"machine_cpu_ms_per_order"` // of the whole machine, whoever used it; 0 where unknown
	Events     float64   `json:"events_per_order"`
	Drained    float64   `json:"drained_after_seconds"` // from the last order placed to the end of all
	Resident   Processes `json:"resident_mib"`
}

// run drives the load for warm-up and window, then waits until everything that was accepted has ended.
func (l *orderLoad) run(ctx context.Context) (o Orders, err error) {
	before, err := l.shop.events(ctx)
	if err != nil {
		return o, err
	}
	placing, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var all sync.WaitGroup
	l.mu.Lock()
	l.begins = time.Now().Add(l.warmUp)
	l.closes = l.begins.Add(l.window)
	l.mu.Unlock()
	start := func(begun time.Time) {
		if err := l.one(placing, ctx, begun); err != nil {
			stop(err)
		}
	}
	if l.rate > 0 {
		all.Go(func() { l.atRate(placing, func(due time.Time) { all.Go(func() { start(due) }) }) })
	}
	for range l.callers {
		all.Go(func() {
			for placing.Err() == nil {
				start(time.Now())
			}
		})
	}
	telling := make(chan struct{})
	go func() {
		defer close(telling)
		l.tell(placing)
	}()
	pause(placing, time.Until(l.begins))
	cpu, machine := l.shop.processes.cpu(), systemTime()
	pause(placing, time.Until(l.closes))
	cpu, machine = l.shop.processes.cpu().minus(cpu), systemTime()-machine
	failed := context.Cause(placing)
	last := time.Now()
	stop(nil)
	all.Wait()
	<-telling
	if cause := context.Cause(placing); failed == nil && !errors.Is(cause, context.Canceled) {
		failed = cause
	}
	if failed != nil || ctx.Err() != nil {
		return o, errors.Join(failed, ctx.Err())
	}
	drained := time.Since(last).Seconds()
	after, err := l.shop.events(ctx)
	if err != nil {
		return o, err
	}
	if len(l.ends) == 0 {
		return o, errors.New("no order ended in the measured time")
	}
	seconds, n := l.window.Seconds(), float64(len(l.ends))
	return Orders{Lines: l.lines, Callers: l.callers, Rate: l.rate, Seconds: seconds, Placed: len(l.placing), Shed: l.shedInside,
		Ended: len(l.ends), PerSecond: n / seconds,
		Placing: quantiles(l.placing), Confirming: quantiles(l.confirming), Ending: quantiles(l.ends),
		CPU: cpu.over(n), Machine: machine.Seconds() * 1000 / n,
		Events: float64(after-before) / float64(l.accepted), Drained: drained, Resident: l.shop.processes.resident()}, nil
}

// atRate calls each at its time until ctx ends, however long those before take.
func (l *orderLoad) atRate(ctx context.Context, each func(due time.Time)) {
	for i, start := 0, time.Now(); ; i++ {
		due := start.Add(time.Duration(float64(i) / l.rate * float64(time.Second)))
		if pause(ctx, time.Until(due)); ctx.Err() != nil {
			return
		}
		each(due)
	}
}

// one places an order and waits for its end. Callers come back when they are told to; what comes at a rate goes away.
func (l *orderLoad) one(placing, ctx context.Context, begun time.Time) error {
	key, body := uuid.NewString(), basket(l.lines)
	for {
		// A request that was sent is not taken back: the order may have been accepted.
		p, err := l.shop.place(ctx, key, body)
		var full busyShop
		switch {
		case errors.As(err, &full):
			l.count(func(inside bool) {
				l.shed++
				if inside {
					l.shedInside++
				}
			})
			if l.rate > 0 {
				return nil
			}
			if pause(placing, full.again); placing.Err() != nil {
				return nil
			}
			begun = time.Now()
			continue
		case err != nil:
			return err
		}
		answered := time.Now()
		l.count(func(inside bool) {
			l.accepted++
			if inside {
				l.placing = append(l.placing, answered.Sub(begun))
			}
		})
		if err := l.shop.wait(ctx, p); err != nil {
			return err
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.ended++
		if l.inside(p.confirmed) {
			l.confirming = append(l.confirming, p.confirmed.Sub(begun))
		}
		if l.inside(p.ended) {
			l.ends = append(l.ends, p.ended.Sub(begun))
		}
		return nil
	}
}

func (l *orderLoad) inside(at time.Time) bool { return !at.Before(l.begins) && at.Before(l.closes) }

func (l *orderLoad) count(add func(inside bool)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	add(l.inside(time.Now()))
}

const tellEvery = 5 * time.Second

// tell says now and then how far the load is.
func (l *orderLoad) tell(ctx context.Context) {
	for pause(ctx, tellEvery); ctx.Err() == nil; pause(ctx, tellEvery) {
		l.count(func(bool) {
			fmt.Fprintf(l.progress, "  %d orders accepted, %d shed, %d ended\n", l.accepted, l.shed, l.ended)
		})
	}
}

func quantiles(took []time.Duration) Quantiles {
	if len(took) == 0 {
		return Quantiles{}
	}
	slices.Sort(took)
	return Quantiles{share(took, 0.5), share(took, 0.99)}
}
