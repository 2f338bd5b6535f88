package command

import (
	"encoding/json"

	"github.com/spf13/cobra"

	"orderflow.example/services/platform/bench"
	"orderflow.example/shared/service"
)

// benchGrowth measures how the engine's cost of a saga grows.
func benchGrowth() *cobra.Command {
	var asJSON bool
	points := bench.DefaultGrowth(bench.Options{})
	cmd := &cobra.Command{
		Use:   "growth",
		Short: "Measure how the cost of a saga grows with what is stored, open, partitioned and shared",
		Long: `Measure how the cost of a saga grows with what is stored, open, partitioned and shared, on this machine.

The sagas of "orderflow bench", for some seconds at each point of four curves: sagas that have ended and are in the databases,
sagas in flight, partitions, and processes of each service (engines with leases and connections of their own, in this process).
A curve with no points is left out. Every saga must have gone right: exit code 1 if not. Some eight minutes.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := service.Load(cmd)
			if err != nil {
				return err
			}
			for name, at := range map[string][]int{"ended": points.Ended, "open": points.Open, "partitions-at": points.Partitions,
				"processes": points.Engines} {
				for _, n := range at {
					if n < 1 {
						return service.Usage("bench: --%s: want numbers of at least 1, not %d", name, n)
					}
				}
			}
			o := benchOptions(cmd, config)
			o.Window, o.WarmUp, o.InFlight = points.Window, points.WarmUp, points.InFlight
			points.Options = o
			measured, err := bench.RunGrowth(cmd.Context(), points)
			switch {
			case cmd.Context().Err() != nil:
				return service.Environment("bench: %w", errInterrupted)
			case err != nil:
				return service.Failed("bench: %w", err)
			}
			if !asJSON {
				return bench.PrintGrowth(cmd.OutOrStdout(), bench.ThisMachine(), measured)
			}
			out := json.NewEncoder(cmd.OutOrStdout())
			out.SetIndent("", "  ")
			return out.Encode(map[string]any{"machine": bench.ThisMachine(), "points": measured})
		},
	}
	f := cmd.Flags()
	f.BoolVar(&asJSON, "json", false, "print JSON")
	f.DurationVar(&points.Window, "window", points.Window, "how long to measure each point")
	f.IntVar(&points.InFlight, "in-flight", 1000, "sagas at once, in the curves that do not vary it")
	f.IntSliceVar(&points.Ended, "ended", points.Ended, "sagas in the databases, ascending")
	f.IntSliceVar(&points.Open, "open", points.Open, "sagas in flight")
	f.IntSliceVar(&points.Partitions, "partitions-at", points.Partitions, "partitions of each topic")
	f.IntSliceVar(&points.Engines, "processes", points.Engines, "processes of each service")
	return cmd
}
