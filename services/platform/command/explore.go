package command

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"orderflow.example/services/platform/check/exploration"
	"orderflow.example/shared/saga/explore"
	"orderflow.example/shared/service"
)

func exploreChoreography(cmd *cobra.Command, asJSON bool) error {
	told := time.Now()
	report := exploration.RunAll(explore.Options{Progress: func(states int) {
		if time.Since(told) > 2*time.Second {
			told = time.Now()
			fmt.Fprintf(cmd.ErrOrStderr(), "%.1f million states so far\n", float64(states)/1e6)
		}
	}})
	w := cmd.OutOrStdout()
	err := printed(w, asJSON, report, func() error { return report.Print(w) })
	switch {
	case err != nil:
		return err
	case report.Violation != nil:
		return service.Failed("choreography: %s", report.Violation.Why)
	case len(report.Unsaid) > 0:
		return service.Failed("choreography: nothing leads to %s", strings.Join(report.Unsaid, ", "))
	}
	return nil
}

// replayFile prints the states of all machines before and after each step of a counter-example.
func replayFile(w io.Writer, name string) error {
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
	frames, why, err := explore.Replay(exploration.Of(report.Root), report.Violation)
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
