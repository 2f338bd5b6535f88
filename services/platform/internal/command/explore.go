package command

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"orderflow.example/services/platform/internal/exploration"
	"orderflow.example/shared/saga/explore"
	"orderflow.example/shared/service"
)

// exploring are the flags of the choreography command by which one order is explored.
type exploring struct {
	on, asJSON bool
	replay     string
}

func (x *exploring) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&x.on, "explore", false, "try every interleaving of one order; exit code 1 and a counter-example when something is wrong")
	cmd.Flags().BoolVar(&x.asJSON, "json", false, "with --explore: print JSON")
	cmd.Flags().StringVar(&x.replay, "replay", "", "make the steps of a counter-example again: a `FILE` that --explore --json printed")
}

// asked tells whether any of them was given.
func (x *exploring) asked() bool { return x.on || x.asJSON || x.replay != "" }

func (x *exploring) run(cmd *cobra.Command) error {
	model := exploration.Model(exploration.Machines(), exploration.Roots())
	switch {
	case x.replay != "":
		return replayFile(cmd.OutOrStdout(), model, x.replay)
	case !x.on:
		return service.Usage("--json: goes with --explore")
	}
	told := time.Now()
	report := exploration.Run(model, explore.Options{Progress: func(states int) {
		if time.Since(told) > 2*time.Second {
			told = time.Now()
			fmt.Fprintf(cmd.ErrOrStderr(), "%.1f million states so far\n", float64(states)/1e6)
		}
	}})
	var err error
	if x.asJSON {
		out := json.NewEncoder(cmd.OutOrStdout())
		out.SetIndent("", "  ")
		err = out.Encode(report)
	} else {
		err = report.Print(cmd.OutOrStdout())
	}
	if err == nil && report.Violation != nil {
		err = service.Failed("choreography: %s", report.Violation.Why)
	}
	return err
}

// replayFile prints where everybody stands before and after each step of a counter-example.
func replayFile(w io.Writer, model explore.Model, name string) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return service.Usage("--replay: %w", err)
	}
	var report struct {
		explore.Violation                    // alone,
		Whole             *explore.Violation `json:"violation"` // or in what --explore --json printed
	}
	err = json.Unmarshal(data, &report)
	if report.Whole != nil {
		report.Violation = *report.Whole
	}
	if err != nil || len(report.Steps) == 0 {
		return service.Usage("--replay: %s holds no counter-example, as --explore --json prints one", name)
	}
	frames, why, err := explore.Replay(model, report.Violation)
	for i, f := range frames {
		if i > 0 {
			fmt.Fprintf(w, "\n%d. %s\n", i, f.Step.Words)
		}
		fmt.Fprint(w, f.State)
	}
	switch {
	case len(frames) == 0:
		return service.Usage("--replay: %w", err)
	case err != nil:
		fmt.Fprintf(w, "\nIt cannot happen any more: %v\n", err)
		return nil
	case why != "":
		fmt.Fprintf(w, "\n%s\n", why)
		return service.Failed("choreography: %s", why)
	}
	fmt.Fprintln(w, "\nNothing is wrong with that any more.")
	return nil
}
