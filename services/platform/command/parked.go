package command

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"orderflow.example/services/platform/audit"
	"orderflow.example/services/platform/run"
	"orderflow.example/shared/engine/parked"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/service"
)

// Parked shows the events that services could not process, and redrives or discards them.
func Parked() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "parked",
		Short: "Events that services could not process: list, groups, show, redrive, discard",
		Long: "Shows the events that services could not process, by cause, and redrives or discards them. Works on the databases\n" +
			"of the installation that runs on --data-dir, or of --postgres; a redrive is carried out by the services' own\n" +
			"processes, wherever they run.",
	}
	cmd.PersistentFlags().Bool("json", false, "print JSON")
	cmd.PersistentFlags().String("as", "", "the name in the records (default: the system user)")
	cmd.AddCommand(parkedList(), parkedGroups(), parkedShow(), parkedRedrive(), parkedRedrives(), parkedStop(), parkedContinue(),
		parkedDiscard())
	return cmd
}

// parkedServices connects to the databases of the services and calls fn with them.
func parkedServices(cmd *cobra.Command, fn func(ctx context.Context, all parked.Services) error) error {
	c, err := service.Load(cmd)
	if err != nil {
		return err
	}
	if c.Postgres == "" {
		r, err := run.FindRunning(c.DataDir)
		if err != nil {
			return err
		}
		c.Postgres = r.Postgres
	}
	connect, cancel := context.WithTimeout(cmd.Context(), connecting)
	defer cancel()
	there, err := audit.Connect(connect, c.Postgres, run.Apps, run.World)
	if err != nil {
		return service.Environment("parked: %w", err)
	}
	defer there.Close()
	var all parked.Services
	for name, db := range there.Databases {
		all = append(all, parked.Service{Name: name, DB: db.Gorm()})
	}
	if len(all) == 0 {
		return service.Environment("parked: %w", there.Whole())
	}
	slices.SortFunc(all, func(a, b parked.Service) int { return strings.Compare(a.Name, b.Name) })
	return parkedError(fn(cmd.Context(), all))
}

// parkedError gives an error its exit code: an invalid request is wrong usage, one that does not fit the state fails.
func parkedError(err error) error {
	var refusal *parked.Refusal
	var exit *service.Exit
	switch {
	case err == nil || errors.As(err, &exit) || errors.Is(err, context.Canceled):
		return err
	case !errors.As(err, &refusal):
		return service.Environment("parked: %w", err)
	case refusal.Kind == parked.Invalid:
		return service.Usage("parked: %w", err)
	}
	return service.Failed("parked: %w", err)
}

// parkedOrigin is the name of the caller.
func parkedOrigin(cmd *cobra.Command) parked.Origin {
	name, _ := cmd.Flags().GetString("as")
	return parked.Origin{By: actingAs(name)}
}

func asJSON(cmd *cobra.Command) bool {
	yes, _ := cmd.Flags().GetBool("json")
	return yes
}

func parkedStop() *cobra.Command {
	return &cobra.Command{Use: "stop ID", Short: "Stops a redrive before its next saga", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			act := openapi.Act{What: "stop-redrive", On: map[string]string{"redrive": args[0]}}
			return parkedAct(cmd, act, func(ctx context.Context, all parked.Services) error {
				r, err := all.Stop(ctx, args[0])
				if err != nil {
					return err
				}
				return printed(cmd.OutOrStdout(), asJSON(cmd), r, func() error { return printRedrive(cmd.OutOrStdout(), r) })
			})
		}}
}

func parkedContinue() *cobra.Command {
	return &cobra.Command{Use: "continue ID", Short: "Continues a redrive that failed, was stopped or is paused",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			act := openapi.Act{What: "continue-redrive", On: map[string]string{"redrive": args[0]}}
			err := parkedAct(cmd, act, func(ctx context.Context, all parked.Services) error {
				_, err := all.Continue(ctx, args[0])
				return err
			})
			if err != nil {
				return err
			}
			return parkedServices(cmd, func(_ context.Context, all parked.Services) error { return follow(cmd, all, args[0]) })
		}}
}

func parkedDiscard() *cobra.Command {
	var of, reason string
	cmd := &cobra.Command{
		Use:   "discard NUMBER…",
		Short: "Discards parked rows; they are kept in a table of their own, with the reason",
		Long: "Discards parked rows. They are kept, complete, in engine.discarded of the service's database. Events that only\n" +
			"waited behind one are processed.",
		Example: "  orderflow parked discard 17 --service inventory --reason 'the carrier sent it twice'",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			d := parked.Discard{Reason: reason}
			for _, arg := range args {
				n, err := strconv.ParseInt(arg, 10, 64)
				if err != nil || n < 1 {
					return service.Usage("parked: %q is not the number of a parked row; `orderflow parked list` shows them", arg)
				}
				d.Items = append(d.Items, parked.Reference{Service: of, Number: n})
			}
			if of == "" {
				return service.Usage("parked: --service is missing: each service has its own numbers")
			}
			if strings.TrimSpace(reason) == "" {
				return service.Usage("parked: --reason is missing: discarded rows are not processed again")
			}
			act := openapi.Act{What: "discard-parked", Reason: reason,
				On: map[string]string{"parked": of + " " + strings.Join(args, ", ")}}
			return parkedAct(cmd, act, func(ctx context.Context, all parked.Services) error {
				done, err := all.Discard(ctx, d, parkedOrigin(cmd))
				if err != nil {
					return err
				}
				return printed(cmd.OutOrStdout(), asJSON(cmd), done, func() error {
					_, err := fmt.Fprintf(cmd.OutOrStdout(), "discarded %s; %s that waited behind %s on\n", plural(done.Discarded, "row"),
						plural(done.Released, "key"), goes(done.Released))
					return err
				})
			})
		},
	}
	cmd.Flags().StringVar(&of, "service", "", "the service that parked the rows")
	cmd.Flags().StringVar(&reason, "reason", "", "why")
	return cmd
}

func goes(n int) string {
	if n == 1 {
		return "goes"
	}
	return "go"
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
