package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"orderflow.example/services/platform/archive"
	"orderflow.example/services/platform/audit"
	"orderflow.example/services/platform/run"
	"orderflow.example/shared/service"
)

// Snapshot writes services' states to an archive.
func Snapshot() *cobra.Command {
	var to string
	var all, asJSON bool
	cmd := &cobra.Command{
		Use:   "snapshot SERVICE… --to DIR|s3://…",
		Short: "Writes the states of services, with their position, to an archive",
		Long: "Copies the tables of a service's states, at one consistent position, while it runs, without locks. A rebuild can\n" +
			"begin there instead of with the first event. Tables that follow from no event, as idempotency keys and the engine's\n" +
			"own, are not included. Files appear complete and are never changed; they contain personal data. Needs the database only.",
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, names []string) error {
			apps, err := snapshotApps(names, all)
			if err != nil {
				return err
			}
			store, err := openArchive("--to", to)
			if err != nil {
				return err
			}
			taken, err := takeSnapshots(cmd, apps, store)
			if err == nil {
				err = printTaken(cmd, taken, asJSON)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&to, "to", "", places)
	cmd.Flags().BoolVar(&all, "all", false, "all services, one after the other: each snapshot is consistent in itself")
	cmd.Flags().BoolVar(&asJSON, "json", false, "for machines")
	return cmd
}

func snapshotApps(names []string, all bool) (apps []service.App, err error) {
	var known []string
	for _, app := range run.Apps {
		if len(app.Bindings) == 0 {
			continue
		}
		known = append(known, app.Name)
		if all || slices.Contains(names, app.Name) {
			apps = append(apps, app)
		}
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, service.Usage("snapshot: there is no service %q that keeps a state; there are %s", name, strings.Join(known, ", "))
		}
	}
	if all == (len(names) > 0) {
		return nil, service.Usage("snapshot: name services, or give --all; there are %s", strings.Join(known, ", "))
	}
	return apps, nil
}

func takeSnapshots(cmd *cobra.Command, apps []service.App, store archive.Store) ([]archive.Taken, error) {
	c, err := service.Load(cmd)
	if err != nil {
		return nil, err
	}
	if c.Postgres == "" {
		r, err := run.FindRunning(c.DataDir)
		if err != nil {
			return nil, err
		}
		c.Postgres = r.Postgres
	}
	taken, err := answered(cmd.Context(), nil, func(ctx context.Context) (taken []archive.Taken, err error) {
		there, err := audit.Connect(ctx, c.Postgres, apps, run.World)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, there.Close()) }()
		if err := there.Whole(); err != nil {
			return nil, err
		}
		far := shown("snapshot")
		defer hide(far)
		for _, app := range apps {
			far.Stage(app.Name, 0)
			t, err := archive.Take(ctx, store, app, there.Databases[app.Name], func(bytes int64) { far.Set(int(bytes)) })
			if err != nil {
				return nil, err
			}
			taken = append(taken, t)
		}
		return taken, nil
	})
	if err != nil {
		return nil, service.Environment("snapshot: %w", err)
	}
	return taken, nil
}

func printTaken(cmd *cobra.Command, taken []archive.Taken, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(taken)
	}
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SERVICE\tROWS\tBYTES\tFILE")
	for _, t := range taken {
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\n", t.Service, t.Rows, t.Bytes, t.Name)
	}
	return w.Flush()
}
