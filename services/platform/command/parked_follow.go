package command

import (
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"orderflow.example/shared/engine/parked"
	"orderflow.example/shared/service"
)

func printRedrives(w io.Writer, list []parked.Redrive) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "REDRIVE\tSTATE\tOF\tBY\tBEGUN\tRELEASED\tFAILED\tLEFT\tREASON")
	for _, r := range list {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%d of %d\t%d\t%d\t%s\n", r.ID, r.State, r.Selection, r.By,
			r.CreatedAt.UTC().Format(stamp), r.Released, r.Total, r.Failed, r.Left, r.Reason)
	}
	return t.Flush()
}

func printRedrive(w io.Writer, r parked.Redrive) error {
	fmt.Fprintf(w, "redrive %s of %s in %s, by %s: %s\n%s\n", r.ID, r.Selection, strings.Join(r.Services, ", "), r.By, r.State,
		standing(r))
	for _, s := range r.Steps {
		if s.Done+s.Failed+s.Gone > 0 {
			fmt.Fprintf(w, "  step %d in %s: %d of %d released, %d failed\n", s.Number, s.Service, s.Done, s.Size, s.Failed)
		}
	}
	for _, f := range r.Failures {
		if !f.Retried {
			fmt.Fprintf(w, "  %s failed again in %s\n    was: %s\n    now: %s\n", f.Order, f.Service, oneLine(f.Was), oneLine(f.Now))
		}
	}
	return nil
}

// standing is the progress of a redrive, on one line.
func standing(r parked.Redrive) string {
	text := fmt.Sprintf("%d of %d released, %d failed again, %d left", r.Released, r.Total, r.Failed, r.Left)
	if r.Gone > 0 {
		text += fmt.Sprintf(", %d were not parked any more", r.Gone)
	}
	if r.State == parked.StateRunning && r.At != "" {
		text += ", now at order " + r.At
	}
	return text
}

const (
	followEvery = 500 * time.Millisecond
	idleFor     = 10 * time.Second // without progress until a warning that a process may be missing
)

// follow shows the progress of a redrive until it does not run any more.
func follow(cmd *cobra.Command, all parked.Services, id string) error {
	w := cmd.ErrOrStderr()
	live := w == io.Writer(os.Stderr) && isatty.IsTerminal(os.Stderr.Fd())
	shown, since, warned := "", time.Now(), false
	for {
		r, err := all.Get(cmd.Context(), id)
		if cmd.Context().Err() != nil {
			fmt.Fprintf(w, "\nthe redrive goes on; see `orderflow parked redrives %s`, stop it with `orderflow parked stop %s`\n",
				id, id)
			return cmd.Context().Err()
		}
		if err != nil {
			return err
		}
		if text := standing(r); text != shown {
			shown, since = text, time.Now()
			if live {
				fmt.Fprintf(w, "\r\x1b[K%s", text)
			} else {
				fmt.Fprintln(w, text)
			}
		}
		if r.State != parked.StateRunning {
			if live {
				fmt.Fprintln(w)
			}
			return ended(cmd, r)
		}
		if time.Since(since) > idleFor && !warned {
			warned = true
			fmt.Fprintf(w, "\nnothing has moved for %v: is a process of %s running? it carries the redrive out\n", idleFor,
				strings.Join(r.Services, ", "))
		}
		select {
		case <-cmd.Context().Done():
		case <-time.After(followEvery):
		}
	}
}

// ended prints the state of a redrive that does not run.
func ended(cmd *cobra.Command, r parked.Redrive) error {
	err := printed(cmd.OutOrStdout(), asJSON(cmd), r, func() error { return printRedrive(cmd.OutOrStdout(), r) })
	switch {
	case err != nil:
		return err
	case r.State == parked.StatePaused:
		fmt.Fprintf(cmd.ErrOrStderr(), "paused: go on with `orderflow parked continue %s`, or end it with `orderflow parked stop %s`\n",
			r.ID, r.ID)
	case r.State == parked.StateFailed && len(r.Failures) > 0:
		f := r.Failures[0]
		return service.Failed("parked: order %s failed again in %s: was: %s; now: %s; fix it, then `orderflow parked continue %s`",
			f.Order, f.Service, oneLine(f.Was), oneLine(f.Now), r.ID)
	}
	return nil
}

// oneLine is a reason's first line.
func oneLine(reason string) string {
	line, _, _ := strings.Cut(reason, "\n")
	return strings.TrimSpace(line)
}
