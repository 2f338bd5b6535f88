// Command chaos runs the failure campaign; scripts/chaos.sh builds what it needs.
package main

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"orderflow.example/services/platform/trial/chaos"
	"orderflow.example/shared/service"
)

func main() {
	var asJSON bool
	var seeds []uint
	var stages []string
	var seconds float64
	o := chaos.Options{Progress: os.Stderr}
	cmd := &cobra.Command{
		Use:   "chaos",
		Short: "Kills and stops processes, broker and database under load, and checks that nothing is lost or done twice",
		Long: "Two processes of every service on Apache Kafka and a Postgres of its own. For each seed: random kills and stops of\n" +
			"processes, broker and Postgres while customers order, cancel and return goods; then every saga must end.\n" +
			"With --stage, a run for each named fault of the installation, instead of random ones.\n" +
			"Exit code 1 when an order is lost, something is done twice, or verify or the checker finds a fault.",
		Args: cobra.NoArgs,
	}
	f := cmd.Flags()
	f.UintSliceVar(&seeds, "seed", []uint{1, 2, 3}, "seeds, a run for each")
	f.StringSliceVar(&stages, "stage", nil, "stages to run instead of seeds: "+strings.Join(chaos.StageNames(), ", "))
	f.Float64Var(&seconds, "seconds", 150, "duration of the faults")
	f.IntVar(&o.Orders, "orders", 1000, "number of orders of each run")
	f.DurationVar(&o.Patience, "patience", 3*time.Minute, "timeout for all sagas to end after the last fault")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	f.StringVar(&o.Bin, "bin", "bin", "directory of the built commands")
	f.StringVar(&o.Scripts, "scripts", "scripts", "directory of kafka.sh")
	f.StringVar(&o.Dir, "dir", "", "directory for data and logs of runs; those of a run without faults found are removed")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if seconds <= 0 || o.Orders < 1 || len(seeds) == 0 || o.Dir == "" {
			return service.Usage("--seconds must be above 0, --orders at least 1, and --dir a directory")
		}
		if len(stages) > 0 {
			if !cmd.Flags().Changed("orders") {
				o.Orders = 0 // as many as the stage's duration allows
			}
			return stage(cmd, o, stages, asJSON)
		}
		o.Window = time.Duration(seconds * float64(time.Second))
		var results []chaos.Result
		var failed error
		for _, seed := range seeds {
			o.Seed = uint64(seed)
			r, err := chaos.Run(cmd.Context(), o)
			if err != nil {
				failed = service.Environment("seed %d: %v; what it left is in %s", seed, err, r.Dir)
				if cmd.Context().Err() != nil {
					failed = errors.Join(service.Environment("seed %d: interrupted", seed), os.RemoveAll(r.Dir))
				}
				break
			}
			if results = append(results, r); !r.Holds() {
				failed = service.Failed("not all is as it must be")
			}
		}
		if len(results) > 0 {
			if err := print(cmd, asJSON, results); err != nil {
				return err
			}
		}
		return failed
	}
	service.Main(cmd)
}

func stage(cmd *cobra.Command, o chaos.Options, names []string, asJSON bool) (failed error) {
	for _, name := range names {
		if !slices.Contains(chaos.StageNames(), name) {
			return service.Usage("--stage %s: there is no such stage, want some of %s", name, strings.Join(chaos.StageNames(), ", "))
		}
	}
	o.Seed = 1
	var results chaos.Staged
	for _, name := range names {
		if err := results.RunStage(cmd.Context(), o, name); err != nil {
			failed = service.Environment("stage %s: %v; what it left is in %s", name, err, o.Dir)
			if cmd.Context().Err() != nil {
				return service.Environment("stage %s: interrupted", name)
			}
			break
		}
	}
	if failed == nil && !results.Holds() {
		failed = service.Failed("not all is as it must be")
	}
	if asJSON {
		return errors.Join(printJSON(cmd, results), failed)
	}
	return errors.Join(results.Print(cmd.OutOrStdout()), failed)
}

func print(cmd *cobra.Command, asJSON bool, results []chaos.Result) error {
	if asJSON {
		return printJSON(cmd, results)
	}
	return chaos.Print(cmd.OutOrStdout(), results)
}

func printJSON(cmd *cobra.Command, results any) error {
	out := json.NewEncoder(cmd.OutOrStdout())
	out.SetIndent("", "  ")
	return out.Encode(results)
}
