package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"orderflow.example/services/platform/audit"
	"orderflow.example/shared/service"
)

// ProductOptions configure a measurement of the whole product.
type ProductOptions struct {
	// Config is the installation's. Its directories, listeners and external systems are replaced: under its DataDir all is
	// new, the outside world is simulated, at a speed at which nothing waits for it. A cluster given by Kafka must have no
	// topics of a service.
	Config   service.Config
	Lines    []int         // of an order: a measurement for each
	Callers  int           // of the closed loop: each places its next order when the one before has ended
	Hot      bool          // one product is in every order
	Rate     float64       // orders a second of the open loop; 0: there is none
	Window   time.Duration // measured with Callers, and with Rate; a third of it with one caller
	WarmUp   time.Duration
	Progress io.Writer
	Profile  io.Writer // gets a CPU profile of all of it; nil for none
	Log      *slog.Logger
}

// Product holds the figures. All accepted orders were completed, and verify found nothing wrong.
type Product struct {
	Broker     string    `json:"broker"`
	Partitions int       `json:"partitions"`
	Traced     float64   `json:"traced_ratio"` // of the orders
	Loads      []Orders  `json:"loads"`
	Accepted   int       `json:"orders_accepted"` // in all, warming up included
	Verified   int64     `json:"events_verified"`
	VerifyTook float64   `json:"verify_seconds"`
	Resident   Processes `json:"resident_mib"` // at the end, before verify
}

// Processes is one figure for each process: this one, which runs all services, the simulated world and the customers;
// Postgres; Apache Kafka, if it is a process of this machine.
type Processes struct {
	Own      float64 `json:"own"`
	Postgres float64 `json:"postgres"`
	Kafka    float64 `json:"kafka,omitempty"`
}

var errTooShort = errors.New("none ended in the measured time: measure for longer")

// RunProduct measures all services on one broker. It removes everything it made.
func RunProduct(ctx context.Context, o ProductOptions) (Product, error) {
	var loads []*orderLoad
	for _, lines := range o.Lines {
		loads = append(loads, &orderLoad{lines: lines, hot: o.Hot, callers: o.Callers, window: o.Window},
			&orderLoad{lines: lines, hot: o.Hot, callers: 1, window: o.Window / 3})
		if o.Rate > 0 {
			loads = append(loads, &orderLoad{lines: lines, hot: o.Hot, rate: o.Rate, window: o.Window})
		}
	}
	result, err := o.measure(ctx, loads)
	if err == nil && slices.ContainsFunc(result.Loads, func(l Orders) bool { return l.Ended == 0 }) {
		err = errTooShort
	}
	return result, err
}

// measure drives one load after another.
func (o ProductOptions) measure(ctx context.Context, loads []*orderLoad) (result Product, err error) {
	result = Product{Broker: "embedded", Partitions: o.Config.Partitions}
	if o.Config.OTLPEndpoint != "" {
		result.Traced = o.Config.TraceRatio
	}
	if len(o.Config.Kafka) > 0 {
		result.Broker = strings.Join(o.Config.Kafka, ",")
	}
	fmt.Fprintf(o.Progress, "%s: starting all services\n", result.Broker)
	s, err := openShop(ctx, o)
	defer func() { err = errors.Join(err, s.close()) }()
	if err != nil {
		return result, err
	}
	following, stop := context.WithCancelCause(ctx)
	followed := make(chan struct{})
	go func() {
		defer close(followed)
		stop(s.follow(following))
	}()
	defer func() { stop(nil); <-followed }()
	if o.Profile != nil {
		if err := pprof.StartCPUProfile(o.Profile); err != nil {
			return result, err
		}
		defer pprof.StopCPUProfile()
	}
	for _, l := range loads {
		fmt.Fprintf(o.Progress, "%s: %v for %v after %v of warming up\n", result.Broker, l, l.window, o.WarmUp)
		l.shop, l.warmUp, l.progress = s, o.WarmUp, o.Progress
		measured, err := l.run(following)
		if err != nil {
			return result, fmt.Errorf("%v: %w", l, errors.Join(err, context.Cause(following)))
		}
		result.Loads = append(result.Loads, measured)
	}
	result.Resident = s.processes.resident()
	fmt.Fprintf(o.Progress, "%s: verifying\n", result.Broker)
	result.Accepted = s.accepted()
	report, err := s.verify(ctx)
	if err != nil {
		return result, err
	}
	result.Verified, result.VerifyTook = report.Events, report.Seconds
	return result, result.check(report)
}

// check returns an error unless verify found the expected orders and nothing wrong.
func (p Product) check(r audit.Report) error {
	for _, c := range r.Checks {
		if c.Skipped != "" {
			return fmt.Errorf("what the orders left was not checked: %s: %s", c.Name, c.Skipped)
		}
	}
	switch {
	case !r.Holds():
		return fmt.Errorf("what the orders left does not hold: %s", strings.Join(r.Broken(), ", "))
	case r.Sagas != p.Accepted || r.Open != 0:
		return fmt.Errorf("%d orders were accepted, and there are %d, of which %d have not ended", p.Accepted, r.Sagas, r.Open)
	}
	return nil
}
