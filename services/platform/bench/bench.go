package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/pprof"
	"strings"
	"text/tabwriter"
	"time"

	"orderflow.example/shared/service"
)

// Options configure a measurement.
type Options struct {
	Kafka      []string              // host:port; none means the embedded broker
	Security   service.KafkaSecurity // of these brokers
	Postgres   string                // URL of a server's superuser; empty means a private server
	Dir        string                // data of the embedded servers while they run
	Partitions int
	Engines    int // of each service, in this process; 0 is 1
	InFlight   int
	Window     time.Duration // measured with InFlight sagas; a third of it with one saga
	WarmUp     time.Duration
	Progress   io.Writer // gets a line for each step
	Profile    io.Writer // gets a CPU profile of the measured time; nil for none
	Log        *slog.Logger
}

// Result holds the figures of one broker; the final state was checked.
type Result struct {
	Broker     string   `json:"broker"`
	Partitions int      `json:"partitions"`
	Windows    []Window `json:"windows"`
}

// Run measures on one broker. It removes everything it made, and fails if the rows and events of any saga are wrong.
func Run(ctx context.Context, o Options) (result Result, err error) {
	result = Result{Broker: "embedded", Partitions: o.Partitions}
	if len(o.Kafka) > 0 {
		result.Broker = strings.Join(o.Kafka, ",")
	}
	r, err := serve(ctx, o)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	if o.Profile != nil {
		if err := pprof.StartCPUProfile(o.Profile); err != nil {
			return result, err
		}
		defer pprof.StopCPUProfile()
	}
	for _, w := range []struct {
		inFlight int
		window   time.Duration
	}{{o.InFlight, o.Window}, {1, o.Window / 3}} {
		fmt.Fprintf(o.Progress, "%s: %d in flight for %v after %v of warming up\n", result.Broker, w.inFlight, w.window, o.WarmUp)
		measured, err := r.measure(w.inFlight, w.window)
		if err != nil {
			return result, err
		}
		result.Windows = append(result.Windows, measured)
	}
	return result, r.check(ctx)
}

// Print writes the results as one table.
func Print(w io.Writer, machine Machine, results []Result) error {
	fmt.Fprintf(w, "Sagas of five steps on the engine, every tenth compensated. %s\n\n", machine)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "broker\tpartitions\tin flight\tsagas\tsagas/s\tp50 ms\tp99 ms\tmax ms\tCPU µs/saga\twhole machine\t")
	for _, r := range results {
		for _, m := range r.Windows {
			fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%.0f\t%.1f\t%.1f\t%.1f\t%.0f\t%.0f\t\n",
				r.Broker, r.Partitions, m.InFlight, m.Sagas, m.PerSecond, m.P50, m.P99, m.Max, m.CPUPerSaga, m.SystemPerSaga)
		}
	}
	return table.Flush()
}
