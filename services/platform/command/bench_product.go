package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"github.com/spf13/cobra"

	"orderflow.example/services/platform/bench"
	"orderflow.example/shared/service"
)

const mostLines = 200 // of an order

type benchProductFlags struct {
	json, both    bool
	hot           bool
	seconds, rate float64
	lines         []int
	callers       int
	profile       string
	traced        bool
}

// benchProduct measures all services together.
func benchProduct() *cobra.Command {
	var f benchProductFlags
	cmd := &cobra.Command{
		Use:   "product",
		Short: "Measure orders per second, placed over HTTP and carried to their end by all services",
		Long: `Measure orders per second, placed over HTTP and carried to their end by all services, on this machine.

For orders of each of --lines: --callers at once, each of which places its next order when the one before has ended, for
--seconds; one at a time for a third of that; then --rate orders a second, whether or not they end, for --seconds. All
services run in this process, on a Postgres of their own and a simulated world without delays, in a directory of its own
under --data-dir, which is removed. With --kafka they run on that cluster, which must have no topics of the services. Then
every accepted order must have been carried out, and verify must hold: exit code 1 if not.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	fl := cmd.Flags()
	fl.BoolVar(&f.json, "json", false, "print JSON")
	fl.Float64Var(&f.seconds, "seconds", 10, "how long to measure each load")
	fl.IntSliceVar(&f.lines, "lines", []int{1, 3, 25}, "lines of an order, comma-separated: a measurement for each")
	fl.IntVar(&f.callers, "callers", 500, "orders at once")
	fl.BoolVar(&f.hot, "hot", false, "one product is in every order")
	fl.Float64Var(&f.rate, "rate", 200, "orders a second that do not wait for one another; 0: none")
	fl.BoolVar(&f.both, "both", false, "with --kafka: measure the embedded broker too")
	fl.BoolVar(&f.traced, "traced", false,
		"measure with traces off and with --trace-ratio of the orders traced, twice each in turn: compare the CPU per order")
	fl.StringVar(&f.profile, "profile", "", "write a CPU profile of the whole run to this file")
	return cmd
}

func (f benchProductFlags) run(cmd *cobra.Command) error {
	config, err := service.Load(cmd)
	if err != nil {
		return err
	}
	if f.seconds <= 0 || f.callers < 1 || f.rate < 0 || len(f.lines) == 0 {
		return service.Usage("bench: --seconds must be above 0, --callers at least 1, --rate not below 0, and --lines not empty")
	}
	for _, n := range f.lines {
		if n < 1 || n > mostLines {
			return service.Usage("bench: --lines: an order has 1 to %d lines, not %d", mostLines, n)
		}
	}
	if f.traced && (f.both || f.profile != "") {
		return service.Usage("bench: --traced measures on one broker and without --profile: leave --both and --profile out")
	}
	if config.Postgres != "" {
		return service.Usage("bench: the product is measured on a Postgres of its own: leave --postgres out")
	}
	o := bench.ProductOptions{Config: config, Lines: f.lines, Callers: f.callers, Hot: f.hot, Rate: f.rate,
		Window: time.Duration(f.seconds * float64(time.Second)), WarmUp: 2 * time.Second, Progress: cmd.ErrOrStderr(),
		Log: service.NewLogger(cmd.ErrOrStderr(), max(config.LogLevel, slog.LevelError), config.LogFormat)}
	if f.profile != "" {
		file, err := os.Create(f.profile)
		if err != nil {
			return service.Environment("bench: %w", err)
		}
		defer file.Close()
		o.Profile = file
	}
	runs := []bench.ProductOptions{o}
	if f.both && len(config.Kafka) > 0 {
		embedded := o
		embedded.Config.Kafka, embedded.Profile = nil, nil
		runs = []bench.ProductOptions{embedded, o}
	}
	if f.traced {
		off, on := o, o
		off.Config.OTLPEndpoint = ""
		if on.Config.OTLPEndpoint == "" { // a collector that discards; what it costs is counted
			discard := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
			}))
			defer discard.Close()
			on.Config.OTLPEndpoint = discard.URL
		}
		runs = []bench.ProductOptions{off, on, off, on}
	}
	var results []bench.Product
	for _, o := range runs {
		r, err := bench.RunProduct(cmd.Context(), o)
		var exit *service.Exit
		switch {
		case cmd.Context().Err() != nil:
			return service.Environment("bench: %w", errInterrupted)
		case errors.As(err, &exit):
			return service.Environment("bench on %s: %w", r.Broker, err)
		case err != nil:
			return service.Failed("bench on %s: %w", r.Broker, err)
		}
		results = append(results, r)
	}
	if !f.json {
		return bench.PrintProduct(cmd.OutOrStdout(), bench.ThisMachine(), results)
	}
	out := json.NewEncoder(cmd.OutOrStdout())
	out.SetIndent("", "  ")
	if err := out.Encode(map[string]any{"machine": bench.ThisMachine(), "results": results}); err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	return nil
}
