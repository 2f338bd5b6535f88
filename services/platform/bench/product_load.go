package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/google/uuid"
)

// orderLoad is orders of one size, placed by so many callers, or at a rate.
type orderLoad struct {
	shop     *shop
	lines    int
	hot      bool    // one product is in every order
	callers  int     // of the closed loop
	rate     float64 // of the open loop, orders a second
	warmUp   time.Duration
	window   time.Duration
	progress io.Writer

	course []Stretch // since the load began; owned by the goroutine of tell

	mu                    sync.Mutex
	begins, closes        time.Time                                                       // of the window
	accepted, shed, ended int                                                             // in all
	endedInside           int                                                             // the window
	failed                error                                                           // the first
	took                  struct{ placing, refusing, confirming, ending []time.Duration } // of orders sent in the window
}

func (l *orderLoad) String() string {
	if l.rate > 0 {
		return fmt.Sprintf("orders of %d lines, %.0f a second", l.lines, l.rate)
	}
	return fmt.Sprintf("orders of %d lines, %d at once", l.lines, l.callers)
}

// run drives the load for warm-up and window, then waits until all accepted orders have ended.
func (l *orderLoad) run(ctx context.Context) (o Orders, err error) {
	before, err := l.shop.events(ctx)
	if err != nil {
		return o, err
	}
	placing, stop := context.WithCancel(ctx)
	defer stop()
	var all sync.WaitGroup
	l.mu.Lock()
	l.begins = time.Now().Add(l.warmUp)
	l.closes = l.begins.Add(l.window)
	l.mu.Unlock()
	start := func(begun time.Time) {
		if err := l.one(placing, ctx, begun); err != nil {
			l.fail(err)
			stop()
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
	last := time.Now()
	stop()
	all.Wait()
	<-telling
	if l.failed != nil || ctx.Err() != nil {
		return o, cmp.Or(l.failed, ctx.Err())
	}
	drained := time.Since(last).Seconds()
	after, err := l.shop.events(ctx)
	if err != nil {
		return o, err
	}
	l.shop.endedBefore += l.ended
	o = l.figures()
	n := float64(max(1, o.Ended))
	o.CPU, o.Machine = cpu.over(n), machine.Seconds()*1000/n
	o.Events, o.Drained, o.Resident = float64(after-before)/float64(max(1, l.accepted)), drained, l.shop.processes.resident()
	return o, nil
}

// atRate calls each at its time until ctx ends, however long earlier calls take.
func (l *orderLoad) atRate(ctx context.Context, each func(due time.Time)) {
	for i, start := 0, time.Now(); ; i++ {
		due := start.Add(time.Duration(float64(i) / l.rate * float64(time.Second)))
		if pause(ctx, time.Until(due)); ctx.Err() != nil {
			return
		}
		each(due)
	}
}

// one places an order and waits for its end. Callers retry after Retry-After; orders at a rate are not retried.
func (l *orderLoad) one(placing, ctx context.Context, begun time.Time) error {
	key, body := uuid.NewString(), basket(l.lines, l.hot)
	var p *placed
	for {
		var err error
		var full busyShop
		// A request under way is not cancelled: the order may have been accepted.
		if p, err = l.shop.place(ctx, key, body); err == nil {
			break
		}
		if !errors.As(err, &full) {
			return err
		}
		l.count(begun, func(inside bool) {
			if l.shed++; inside {
				l.took.refusing = append(l.took.refusing, time.Since(begun))
			}
		})
		if l.rate > 0 {
			return nil
		}
		if pause(placing, full.again); placing.Err() != nil {
			return nil
		}
		begun = time.Now()
	}
	l.count(begun, func(inside bool) {
		if l.accepted++; inside {
			l.took.placing = append(l.took.placing, time.Since(begun))
		}
	})
	if err := l.shop.wait(ctx, p); err != nil {
		return err
	}
	l.count(p.ended, func(inside bool) {
		if l.ended++; inside {
			l.endedInside++
		}
	})
	l.count(begun, func(inside bool) {
		if inside {
			l.took.confirming = append(l.took.confirming, p.confirmed.Sub(begun))
			l.took.ending = append(l.took.ending, p.ended.Sub(begun))
		}
	})
	return nil
}

func (l *orderLoad) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed == nil {
		l.failed = err
	}
}

// count counts an event at its time, and reports whether that is in the window.
func (l *orderLoad) count(at time.Time, add func(inside bool)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	add(!at.Before(l.begins) && at.Before(l.closes))
}
