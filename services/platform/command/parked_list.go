package command

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"orderflow.example/shared/engine/parked"
	"orderflow.example/shared/service"
)

const stamp = "2006-01-02 15:04:05Z"

func parkedGroups() *cobra.Command {
	var of string
	cmd := &cobra.Command{Use: "groups", Short: "Shows parked events by cause", RunE: func(cmd *cobra.Command, _ []string) error {
		return parkedServices(cmd, func(ctx context.Context, all parked.Services) error {
			groups, complete, err := all.Groups(ctx, of)
			if err != nil {
				return err
			}
			w := cmd.OutOrStdout()
			return printed(w, asJSON(cmd), map[string]any{"items": append([]parked.Group{}, groups...)}, func() error {
				if len(groups) == 0 {
					_, err := fmt.Fprintln(w, "nothing is parked")
					return err
				}
				t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
				fmt.Fprintln(t, "GROUP\tSERVICE\tTYPE\tFORM\tSAGAS\tEVENTS\tOLDEST\tEXAMPLE\tREASON")
				for _, g := range groups {
					fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\t%d\t%s\t%s\t%s\n", g.ID, g.Service, g.Type, g.Form, g.Sagas, g.Events,
						g.Oldest.UTC().Format(stamp), g.Example, g.Reason)
				}
				if !complete {
					fmt.Fprintln(t, "… and further causes")
				}
				return t.Flush()
			})
		})
	}}
	cmd.Flags().StringVar(&of, "service", "", "only of this service")
	return cmd
}

func parkedList() *cobra.Command {
	var f parked.Filter
	var limit int
	var waiting bool
	cmd := &cobra.Command{Use: "list", Short: "Lists the parked events", RunE: func(cmd *cobra.Command, _ []string) error {
		if limit < 1 {
			return service.Usage("parked: --limit: want at least 1, not %d", limit)
		}
		f.Heads = !waiting
		return parkedServices(cmd, func(ctx context.Context, all parked.Services) error {
			items, next, err := all.List(ctx, f, parked.Cursor{}, limit)
			if err != nil {
				return err
			}
			w := cmd.OutOrStdout()
			return printed(w, asJSON(cmd), map[string]any{"items": append([]parked.Item{}, items...), "more": next != nil}, func() error {
				if len(items) == 0 {
					_, err := fmt.Fprintln(w, "nothing of that is parked")
					return err
				}
				t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
				fmt.Fprintln(t, "SERVICE\tNUMBER\tORDER\tTYPE\tFORM\tPARKED\tBEHIND\tREASON")
				for _, i := range items {
					fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s\t%s\t%d\t%s\n", i.Service, i.Number, i.Order, i.Type, i.Form,
						i.ParkedAt.UTC().Format(stamp), i.Behind, why(i))
				}
				if next != nil {
					fmt.Fprintf(t, "… and more; --limit shows more than %d\n", limit)
				}
				return t.Flush()
			})
		})
	}}
	cmd.Flags().StringVar(&f.Service, "service", "", "only of this service")
	cmd.Flags().StringVar(&f.Group, "group", "", "only of this group")
	cmd.Flags().StringVar(&f.Order, "order", "", "only of this order")
	cmd.Flags().StringVar(&f.Type, "type", "", "only of this type: payment.captured.v1")
	cmd.Flags().StringVar(&f.Form, "form", "", "only event, answer, deadline or call")
	cmd.Flags().BoolVar(&waiting, "waiting", false, "also events that only wait behind an earlier one")
	cmd.Flags().IntVar(&limit, "limit", 100, "at most so many")
	return cmd
}

// why is the reason on one line.
func why(i parked.Item) string {
	switch {
	case i.Redriving:
		return "(is being redriven) " + parked.Cause(i.Reason)
	case i.Reason == "":
		return "(waits behind an earlier one)"
	}
	return oneLine(i.Reason)
}

func parkedShow() *cobra.Command {
	var of string
	cmd := &cobra.Command{
		Use:   "show ORDER|NUMBER",
		Short: "Shows the parked events of an order, or of a row's key, in the order of processing",
		Long: "Shows the parked events of an order, or, with --service, of the key of one row, in the order in which they will be\n" +
			"processed. Of payloads it shows field names and numbers; text is withheld.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return parkedServices(cmd, func(ctx context.Context, all parked.Services) error {
				show := func() ([]parked.Detail, error) { return all.Show(ctx, of, args[0]) }
				if n, err := strconv.ParseInt(args[0], 10, 64); err == nil && of != "" {
					show = func() ([]parked.Detail, error) { return all.ShowNumber(ctx, of, n) }
				}
				details, err := show()
				if err != nil {
					return err
				}
				w := cmd.OutOrStdout()
				return printed(w, asJSON(cmd), map[string]any{"items": details}, func() error { return printDetails(w, details) })
			})
		},
	}
	cmd.Flags().StringVar(&of, "service", "", "only of this service; a NUMBER needs it")
	return cmd
}

func printDetails(w io.Writer, details []parked.Detail) error {
	for _, d := range details {
		data, err := json.Marshal(d.Data)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s %d  %s %s of order %s, key %s\n  parked %s, %s\n  %s\n  %s\n", d.Service, d.Number, d.Form, d.Type,
			d.Order, d.Key,
			d.ParkedAt.UTC().Format(time.RFC3339), plural(int(d.Behind), "row")+" behind it", why(d.Item), data)
	}
	return nil
}
