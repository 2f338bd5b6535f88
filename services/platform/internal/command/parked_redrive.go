package command

import (
	"context"
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

func parkedRedrive() *cobra.Command {
	var r parked.Request
	var rate float64
	var order []string
	var anyFailure bool
	cmd := &cobra.Command{
		Use:   "redrive [GROUP]",
		Short: "Has a group, orders or all processed again, in steps, until something fails again",
		Long: "Freezes what the group, the orders or all are now, and has it processed again: first one saga, then two, five and so on. It stops\n" +
			"at the first that fails again. Shows the progress until it has ended; interrupted, the redrive goes on by itself.\n" +
			"Exit code 1 when sagas failed again.",
		Example: "  orderflow parked groups\n  orderflow parked redrive 3f2a9c01b7de --dry-run\n  orderflow parked redrive 3f2a9c01b7de --steps 1,2,5,20 --rate 10 --reason 'mended in 1.4'",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				r.Group = args[0]
			}
			if r.Orders = nil; cmd.Flags().Changed("order") {
				r.Orders = order
			}
			if ways := len(args) + min(len(order), 1); ways > 1 || r.All == (ways == 1) {
				return service.Usage("parked: say what to redrive: a GROUP, --order ID, or --all")
			}
			yes := !anyFailure
			r.PerSecond, r.StopOnFailure = &rate, &yes
			return parkedServices(cmd, func(ctx context.Context, all parked.Services) error {
				started, err := all.Redrive(ctx, r, parkedOrigin(cmd))
				if err != nil {
					return err
				}
				if r.DryRun {
					return printed(cmd.OutOrStdout(), asJSON(cmd), started, func() error { return printDryRun(cmd.OutOrStdout(), started) })
				}
				fmt.Fprintf(cmd.ErrOrStderr(), "redrive %s: %s\n", started.ID, plural(started.Total, "saga"))
				return follow(cmd, all, started.ID)
			})
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&order, "order", nil, "ids of orders, comma-separated")
	f.BoolVar(&r.All, "all", false, "all that is parked")
	f.StringVar(&r.Service, "service", "", "only in this service")
	f.IntSliceVar(&r.Steps, "steps", parked.DefaultSteps, "sagas at a time; the last again and again")
	f.Float64Var(&rate, "rate", parked.DefaultRate, "sagas per second")
	f.StringVar(&r.Pause, "pause", "none", "none, or ask: wait for \"orderflow parked continue\" after each step")
	f.BoolVar(&anyFailure, "keep-going", false, "go on when sagas fail again")
	f.BoolVar(&r.DryRun, "dry-run", false, "only count and list")
	f.StringVar(&r.Reason, "reason", "", "why, for the records")
	return cmd
}

func printDryRun(w io.Writer, s parked.Started) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "SERVICE\tNUMBER\tORDER\tTYPE\tBEHIND\tREASON")
	for _, i := range s.Items {
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%d\t%s\n", i.Service, i.Number, i.Order, i.Type, i.Behind, why(i))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if left := s.Total - len(s.Items); left > 0 {
		fmt.Fprintf(w, "… and %d more\n", left)
	}
	_, err := fmt.Fprintf(w, "%s with %s would be redriven, as of %s\n", plural(s.Total, "saga"), plural(int(s.Events), "event"), s.AsOf.UTC().Format(time.RFC3339Nano))
	return err
}

func parkedRedrives() *cobra.Command {
	var limit int
	cmd := &cobra.Command{Use: "redrives [ID]", Short: "Lists the redrives, the newest first, or shows one", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if limit < 1 {
				return service.Usage("parked: --limit: want at least 1, not %d", limit)
			}
			return parkedServices(cmd, func(ctx context.Context, all parked.Services) error {
				w := cmd.OutOrStdout()
				if len(args) == 1 {
					r, err := all.Get(ctx, args[0])
					if err != nil {
						return err
					}
					return printed(w, asJSON(cmd), r, func() error { return printRedrive(w, r) })
				}
				list, more, err := all.Redrives(ctx, "", limit)
				if err != nil {
					return err
				}
				return printed(w, asJSON(cmd), map[string]any{"items": append([]parked.Redrive{}, list...), "more": more}, func() error { return printRedrives(w, list) })
			})
		}}
	cmd.Flags().IntVar(&limit, "limit", 20, "at most so many")
	return cmd
}

func printRedrives(w io.Writer, list []parked.Redrive) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "REDRIVE\tSTATE\tOF\tBY\tBEGUN\tRELEASED\tFAILED\tLEFT\tREASON")
	for _, r := range list {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%d of %d\t%d\t%d\t%s\n", r.ID, r.State, r.Selection, r.By, r.CreatedAt.UTC().Format(stamp), r.Released, r.Total, r.Failed, r.Left, r.Reason)
	}
	return t.Flush()
}

func printRedrive(w io.Writer, r parked.Redrive) error {
	fmt.Fprintf(w, "redrive %s of %s in %s, by %s: %s\n%s\n", r.ID, r.Selection, strings.Join(r.Services, ", "), r.By, r.State, standing(r))
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

// standing is how far a redrive is, on one line.
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
	idleFor     = 10 * time.Second // without progress until it is said that somebody may be missing
)

// follow shows the progress of a redrive until it does not run any more.
func follow(cmd *cobra.Command, all parked.Services, id string) error {
	w := cmd.ErrOrStderr()
	live := w == io.Writer(os.Stderr) && isatty.IsTerminal(os.Stderr.Fd())
	shown, since, warned := "", time.Now(), false
	for {
		r, err := all.Get(cmd.Context(), id)
		if cmd.Context().Err() != nil {
			fmt.Fprintf(w, "\nthe redrive goes on; look with `orderflow parked redrives %s`, stop it with `orderflow parked stop %s`\n", id, id)
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
			fmt.Fprintf(w, "\nnothing has moved for %v: is a process of %s running? it carries the redrive out\n", idleFor, strings.Join(r.Services, ", "))
		}
		select {
		case <-cmd.Context().Done():
		case <-time.After(followEvery):
		}
	}
}

// ended prints how a redrive stands that does not run.
func ended(cmd *cobra.Command, r parked.Redrive) error {
	err := printed(cmd.OutOrStdout(), asJSON(cmd), r, func() error { return printRedrive(cmd.OutOrStdout(), r) })
	switch {
	case err != nil:
		return err
	case r.State == parked.StatePaused:
		fmt.Fprintf(cmd.ErrOrStderr(), "paused after a step: go on with `orderflow parked continue %s`, or end it with `orderflow parked stop %s`\n", r.ID, r.ID)
	case r.State == parked.StateFailed && len(r.Failures) > 0:
		f := r.Failures[0]
		return service.Failed("parked: order %s failed again in %s: was: %s; now: %s; mend it, then `orderflow parked continue %s`", f.Order, f.Service, oneLine(f.Was), oneLine(f.Now), r.ID)
	}
	return nil
}

// oneLine is a reason's first line.
func oneLine(reason string) string {
	line, _, _ := strings.Cut(reason, "\n")
	return strings.TrimSpace(line)
}
