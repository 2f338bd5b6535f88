package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"orderflow.example/services/tracker"
	"orderflow.example/shared/service"
)

// sagasFlags are the flags of the commands that ask the tracker.
type sagasFlags struct {
	opsURL string
	json   bool
	limit  int
}

func (f *sagasFlags) bind(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.opsURL, "ops-url", "", "operators' listener (default: that of the platform on --data-dir)")
	cmd.Flags().BoolVar(&f.json, "json", false, "print JSON, as the API answers it")
}

// Sagas lists sagas.
func Sagas() *cobra.Command {
	var f sagasFlags
	var state, prefix string
	var open, stuck bool
	cmd := &cobra.Command{
		Use:     "sagas",
		Short:   "Lists the sagas, the newest first",
		Long:    "Lists the sagas of the platform that runs on --data-dir, the newest first, as GET /v1/sagas does.",
		Example: "  orderflow sagas --open\n  orderflow sagas --state cancelled --limit 10 --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			query := url.Values{}
			for name, text := range map[string]string{"state": state, "q": prefix} {
				if text != "" {
					query.Set(name, text)
				}
			}
			for name, yes := range map[string]bool{"open": open, "stuck": stuck} {
				if cmd.Flags().Changed(name) {
					query.Set(name, strconv.FormatBool(yes))
				}
			}
			return f.list(cmd, query, "there is no such saga")
		},
	}
	f.bind(cmd)
	cmd.Flags().IntVar(&f.limit, "limit", 50, "at most so many")
	cmd.Flags().StringVar(&state, "state", "", "only sagas in this state")
	cmd.Flags().StringVar(&prefix, "q", "", "only orders whose id begins like this")
	cmd.Flags().BoolVar(&open, "open", false, "only those that have not ended; --open=false: that have")
	cmd.Flags().BoolVar(&stuck, "stuck", false, "only those that are stuck; --stuck=false: that are not")
	return cmd
}

// Stuck lists the sagas that do not go on.
func Stuck() *cobra.Command {
	var f sagasFlags
	cmd := &cobra.Command{
		Use:   "stuck",
		Short: "Lists the sagas that do not go on, and why",
		Long: "Lists the sagas that are stuck, with the cause and the service that owes the next step, as\n" +
			"GET /v1/sagas?stuck=true does.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.list(cmd, url.Values{"stuck": {"true"}}, "no saga is stuck")
		},
	}
	f.bind(cmd)
	cmd.Flags().IntVar(&f.limit, "limit", 50, "at most so many")
	return cmd
}

func (f sagasFlags) list(cmd *cobra.Command, query url.Values, none string) error {
	if f.limit < 1 {
		return service.Usage("limit: want at least 1, not %d", f.limit)
	}
	from, err := operatorsOf(cmd, f.opsURL)
	if err != nil {
		return err
	}
	items, more, err := from.list(cmd.Context(), "/v1/sagas", query, f.limit)
	if err != nil {
		return err
	}
	w := cmd.OutOrStdout()
	return printed(w, f.json, map[string]any{"items": items, "more": more}, func() error {
		if len(items) == 0 {
			_, err := fmt.Fprintln(w, none)
			return err
		}
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintln(t, "ORDER\tSTATE\tREASON\tBEGAN\tLAST EVENT\tOWED\tSTUCK")
		for _, item := range items {
			var s tracker.Summary
			if err := json.Unmarshal(item, &s); err != nil {
				return err
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%d\t%s\n", s.Order, s.State, s.Reason, s.BeganAt.UTC().Format(stamp),
				s.LastAt.UTC().Format(stamp), s.Owed, stuckText(s.Stuck))
		}
		if more {
			fmt.Fprintf(t, "… and more; --limit shows more than %d\n", f.limit)
		}
		return t.Flush()
	})
}

func stuckText(s *tracker.Stuck) string {
	if s == nil {
		return ""
	}
	text := s.Cause
	if s.Service != "" {
		text += ", " + s.Service
	}
	return text + ", since " + s.Since.UTC().Format(stamp) + ": " + oneLine(s.Detail)
}

// Saga shows one saga.
func Saga() *cobra.Command {
	var f sagasFlags
	cmd := &cobra.Command{
		Use:   "saga ORDER",
		Short: "Shows what happened because of an order, and what is owed",
		Long: "Shows every event of every service about an order in causal order, compensations, and who owes what until when, as\n" +
			"GET /v1/sagas/{order} does. Exit code 1 if there is no saga of this order.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			from, err := operatorsOf(cmd, f.opsURL)
			if err != nil {
				return err
			}
			body, err := from.get(cmd.Context(), "/v1/sagas/"+url.PathEscape(args[0]), nil)
			switch {
			case errors.Is(err, errNotThere):
				return service.Failed("saga: there is no saga of the order %q; `orderflow sagas` lists them", args[0])
			case err != nil:
				return err
			}
			w := cmd.OutOrStdout()
			return printed(w, f.json, body, func() error {
				var s tracker.Saga
				if err := json.Unmarshal(body, &s); err != nil {
					return err
				}
				return printSaga(w, s)
			})
		},
	}
	f.bind(cmd)
	return cmd
}

func printSaga(w io.Writer, s tracker.Saga) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "order %s: %s", s.Order, s.State)
	if s.Reason != "" {
		fmt.Fprintf(t, " (%s)", s.Reason)
	}
	fmt.Fprintf(t, ", began %s\n", s.BeganAt.UTC().Format(stamp))
	if s.Stuck != nil {
		fmt.Fprintf(t, "stuck: %s\n", stuckText(s.Stuck))
	}
	fmt.Fprintln(t, "\nN\tAT\tEVENT\tBECAUSE OF\tUNDOES")
	for _, e := range s.Events {
		because := e.Reaction.On
		if e.CausedBy > 0 {
			because = fmt.Sprintf("%d %s", e.CausedBy, because)
		}
		if e.Reaction.Form != "on" {
			because += " (" + e.Reaction.Form + ")"
		}
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\n", e.N, e.At.UTC().Format("15:04:05.000"), e.Type, because,
			strings.Join(e.Compensates, ", "))
	}
	if len(s.Obligations) > 0 {
		fmt.Fprintln(t, "\nOWED BY\tKIND\tWHAT\tUNTIL\tOVERDUE")
		for _, o := range s.Obligations {
			overdue := ""
			if o.Overdue {
				overdue = o.Cause + ": " + oneLine(o.Detail)
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", o.Service, o.Kind, oneLine(o.What), o.Until.UTC().Format(stamp), overdue)
		}
	}
	return t.Flush()
}
