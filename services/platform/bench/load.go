package bench

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// load keeps a number of sagas in flight.
type load struct {
	site    *site
	started *atomic.Int64 // of the whole site: the number of the last saga
	ends    *ends

	mu     sync.Mutex
	begins time.Time // of the window; zero before it
	ended  time.Time
	took   []time.Duration // of the sagas that ended in the window
}

// Window holds the figures of one number of sagas in flight.
type Window struct {
	InFlight      int     `json:"in_flight"`
	Seconds       float64 `json:"seconds"`
	Sagas         int     `json:"sagas"`
	PerSecond     float64 `json:"sagas_per_second"`
	P50           float64 `json:"p50_ms"`
	P99           float64 `json:"p99_ms"`
	Max           float64 `json:"max_ms"`
	CPUPerSaga    float64 `json:"cpu_us_per_saga"`    // of this process, embedded broker included
	SystemPerSaga float64 `json:"system_us_per_saga"` // of the whole machine, all processes; 0 if unknown
}

const patience = 60 * time.Second // a saga that takes longer never ends

// run drives the load for warm-up and window, then waits for the sagas in flight.
func (l *load) run(ctx context.Context, inFlight int, warmUp, window time.Duration) (Window, error) {
	starting, stop := context.WithCancel(ctx)
	defer stop()
	var starters sync.WaitGroup
	errs := make(chan error, inFlight)
	for range inFlight {
		starters.Go(func() {
			for starting.Err() == nil {
				if err := l.one(ctx); err != nil {
					errs <- err
					stop()
					return
				}
			}
		})
	}
	pause(starting, warmUp)
	before, system := cpuTime(), systemTime()
	l.mu.Lock()
	l.begins = time.Now()
	l.mu.Unlock()
	pause(starting, window)
	l.mu.Lock()
	l.ended = time.Now()
	l.mu.Unlock()
	spent, systemSpent := cpuTime()-before, systemTime()-system
	stop()
	starters.Wait()
	select {
	case err := <-errs:
		return Window{}, err
	default:
	}
	if ctx.Err() != nil {
		return Window{}, ctx.Err()
	}
	return l.figures(inFlight, spent, systemSpent)
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// one runs one saga to its end.
func (l *load) one(ctx context.Context) error {
	begun := time.Now()
	if err := l.keyed(ctx, uuid.Must(uuid.NewV7()).String()); err != nil {
		return err
	}
	now := time.Now()
	l.mu.Lock()
	if !l.begins.IsZero() && l.ended.IsZero() {
		l.took = append(l.took, now.Sub(begun))
	}
	l.mu.Unlock()
	return nil
}

// keyed runs one saga of this key to its end.
func (l *load) keyed(ctx context.Context, key string) error {
	number := l.started.Add(1)
	ended := l.ends.of(key)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if _, err := l.site.services[1].of(number).Submit(ctx, key, l.site.words.begin.Of(begin{number})); err != nil {
		return fmt.Errorf("saga %d could not be started: %w", number, err)
	}
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("saga %d (%s) did not end: %w", number, key, ctx.Err())
	}
}

func (l *load) figures(inFlight int, spent, system time.Duration) (Window, error) {
	n := len(l.took)
	if n == 0 {
		return Window{}, errTooShort
	}
	slices.Sort(l.took)
	seconds := l.ended.Sub(l.begins).Seconds()
	return Window{InFlight: inFlight, Seconds: seconds, Sagas: n, PerSecond: float64(n) / seconds,
		P50: share(l.took, 0.5), P99: share(l.took, 0.99), Max: share(l.took, 1),
		CPUPerSaga: float64(spent.Microseconds()) / float64(n), SystemPerSaga: float64(system.Microseconds()) / float64(n)}, nil
}

// share returns a quantile of the sorted times, in milliseconds.
func share(took []time.Duration, of float64) float64 {
	return took[int(of*float64(len(took)-1))].Seconds() * 1000
}
