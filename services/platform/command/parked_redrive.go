package command

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"orderflow.example/shared/engine/parked"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/service"
)

func parkedRedrive() *cobra.Command {
	var r parked.Request
	var rate float64
	var order []string
	var anyFailure bool
	cmd := &cobra.Command{
		Use:   "redrive [GROUP]",
		Short: "Processes the parked events of a group, of orders, or all, again, in steps, until one fails",
		Long: "Selects the events that are parked now of the group, of the orders, or all, and processes them again: first one\n" +
			"saga, then two, five and so on. It stops at the first that fails again. Shows the progress until it has ended; if\n" +
			"interrupted, the redrive goes on without this command. Exit code 1 when sagas failed again.",
		Example: "  orderflow parked groups\n  orderflow parked redrive 3f2a9c01b7de --dry-run\n" +
			"  orderflow parked redrive 3f2a9c01b7de --steps 1,2,5,20 --rate 10 --reason 'mended in 1.4'",
		Args: cobra.MaximumNArgs(1),
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
			if r.DryRun {
				return parkedServices(cmd, func(ctx context.Context, all parked.Services) error {
					found, err := all.Redrive(ctx, r, parkedOrigin(cmd))
					if err != nil {
						return err
					}
					return printed(cmd.OutOrStdout(), asJSON(cmd), found, func() error { return printDryRun(cmd.OutOrStdout(), found) })
				})
			}
			var started parked.Started
			err := parkedAct(cmd, redriveAct(r), func(ctx context.Context, all parked.Services) (err error) {
				started, err = all.Redrive(ctx, r, parkedOrigin(cmd))
				return err
			})
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "redrive %s: %s\n", started.ID, plural(started.Total, "saga"))
			return parkedServices(cmd, func(_ context.Context, all parked.Services) error { return follow(cmd, all, started.ID) })
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&order, "order", nil, "ids of orders, comma-separated")
	f.BoolVar(&r.All, "all", false, "all parked events")
	f.StringVar(&r.Service, "service", "", "only in this service")
	f.IntSliceVar(&r.Steps, "steps", parked.DefaultSteps, "sagas at a time; the last again and again")
	f.Float64Var(&rate, "rate", parked.DefaultRate, "sagas per second")
	f.StringVar(&r.Pause, "pause", "none", "none, or ask: wait for \"orderflow parked continue\" after each step")
	f.BoolVar(&anyFailure, "keep-going", false, "go on when sagas fail again")
	f.BoolVar(&r.DryRun, "dry-run", false, "only count and list")
	f.StringVar(&r.Reason, "reason", "", "why, for the records")
	return cmd
}

func redriveAct(r parked.Request) openapi.Act {
	act := openapi.Act{What: "redrive-parked", Reason: r.Reason, On: map[string]string{}}
	for kind, what := range map[string]string{"group": r.Group, "service": r.Service, "orders": strings.Join(r.Orders, ", ")} {
		if what != "" {
			act.On[kind] = what
		}
	}
	return act
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
	_, err := fmt.Fprintf(w, "%s with %s would be redriven, as of %s\n", plural(s.Total, "saga"), plural(int(s.Events), "event"),
		s.AsOf.UTC().Format(time.RFC3339Nano))
	return err
}

func parkedRedrives() *cobra.Command {
	var limit int
	cmd := &cobra.Command{Use: "redrives [ID]", Short: "Lists the redrives, the newest first, or shows one",
		Args: cobra.MaximumNArgs(1),
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
				return printed(w, asJSON(cmd), map[string]any{"items": append([]parked.Redrive{}, list...), "more": more},
					func() error { return printRedrives(w, list) })
			})
		}}
	cmd.Flags().IntVar(&limit, "limit", 20, "at most so many")
	return cmd
}
