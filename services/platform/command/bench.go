package command

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"orderflow.example/services/platform/bench"
	"orderflow.example/shared/service"
)

// Bench measures the engine of this installation.
func Bench() *cobra.Command {
	var asJSON, both bool
	var seconds float64
	var inFlight int
	var profile string
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure sagas per second and their latency on this machine",
		Long: `Measure sagas per second and their latency on this machine.

Five tiny services, each with its own database and topic, run sagas of five steps; every tenth is refused at the fourth
step and compensated. First with --in-flight sagas at once for --seconds, then with one at a time for a third of that.
It works in a directory of its own under --data-dir, also while a platform runs there, and removes it. With --kafka or
--postgres it measures those servers, with topics and databases of its own. Exit code 1 when a saga went wrong.
"bench product" measures all services together, "bench growth" what the cost of a saga grows with, "bench recommendation"
how well recommendations find what is ordered.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := service.Load(cmd)
			if err != nil {
				return err
			}
			if seconds <= 0 || inFlight < 1 {
				return service.Usage("bench: --seconds must be above 0 and --in-flight at least 1")
			}
			o := benchOptions(cmd, config)
			o.InFlight, o.Window = inFlight, time.Duration(seconds*float64(time.Second))
			if profile != "" {
				file, err := os.Create(profile)
				if err != nil {
					return service.Environment("bench: %w", err)
				}
				defer file.Close()
				o.Profile = file
			}
			var results []bench.Result
			if both && len(o.Kafka) > 0 {
				embedded := o
				embedded.Kafka, embedded.Profile = nil, nil
				if results, err = measure(cmd, embedded, results); err != nil {
					return err
				}
			}
			if results, err = measure(cmd, o, results); err != nil {
				return err
			}
			if !asJSON {
				return bench.Print(cmd.OutOrStdout(), bench.ThisMachine(), results)
			}
			out := json.NewEncoder(cmd.OutOrStdout())
			out.SetIndent("", "  ")
			return out.Encode(map[string]any{"machine": bench.ThisMachine(), "results": results})
		},
	}
	cmd.AddCommand(benchProduct(), benchRecommendation(), benchGrowth())
	f := cmd.Flags()
	f.BoolVar(&asJSON, "json", false, "print JSON")
	f.Float64Var(&seconds, "seconds", 30, "how long to measure")
	f.IntVar(&inFlight, "in-flight", 1000, "sagas at once")
	f.BoolVar(&both, "both", false, "with --kafka: measure the embedded broker too")
	f.StringVar(&profile, "profile", "", "write a CPU profile of the measured time to this file")
	return cmd
}

func benchOptions(cmd *cobra.Command, config service.Config) bench.Options {
	return bench.Options{Kafka: config.Kafka, Security: config.KafkaSecurity, Postgres: config.Postgres, Dir: config.DataDir,
		Partitions: config.Partitions, WarmUp: 2 * time.Second, Progress: cmd.ErrOrStderr(),
		Log: service.NewLogger(cmd.ErrOrStderr(), max(config.LogLevel, 4), config.LogFormat)}
}

func measure(cmd *cobra.Command, o bench.Options, results []bench.Result) ([]bench.Result, error) {
	r, err := bench.Run(cmd.Context(), o)
	switch {
	case err == nil:
		return append(results, r), nil
	case cmd.Context().Err() != nil:
		return nil, cmd.Context().Err()
	default:
		return nil, fmt.Errorf("bench on %s: %w", r.Broker, err)
	}
}
