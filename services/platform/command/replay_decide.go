package command

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"github.com/spf13/cobra"

	"orderflow.example/services/platform/redecide"
	"orderflow.example/services/platform/replay"
	"orderflow.example/services/platform/run"
	"orderflow.example/shared/database"
	"orderflow.example/shared/service"
)

// asItRuns is the configuration of a command, where decisions depend on it: what is neither on the command line nor in the
// environment nor in the file is as in the installation that runs on --data-dir.
func asItRuns(cmd *cobra.Command, c service.Config) (service.Config, error) {
	r, err := run.ReadRunning(c.DataDir)
	if err != nil || len(c.Kafka) > 0 && c.Postgres != "" {
		return c, nil
	}
	for name, value := range r.Settings {
		if flag := cmd.Flags().Lookup(name); flag != nil && !flag.Changed {
			if err := cmd.Flags().Set(name, value); err != nil {
				return c, service.Usage("replay: this build does not take the running installation's --%s %s: give another", name, value)
			}
		}
	}
	return service.Load(cmd)
}

// redecide reports the decisions that this build would have taken otherwise. It only reads.
func (f replayFlags) redecide(ctx context.Context, w io.Writer, app service.App, c service.Config, at *reached,
	to replay.Limit) error {
	if to.Offset > 0 || f.archive != "" {
		return service.Usage("replay: --decide takes times for --from and --to, and reads the topics only")
	}
	if app.Configured != nil {
		app.Bindings = app.Configured(c)
	}
	far := shown("replay")
	config := redecide.Config{App: app, Log: at.client, Partitions: at.partitions, To: to.Time, Order: f.order,
		Progress: func(done, total int64) { far.Set(int(done)) }}
	if f.from != "" {
		var err error
		if config.From, err = time.Parse(time.RFC3339Nano, f.from); err != nil {
			return service.Usage("replay: --from: want a time like 2011-08-01T00:00:00Z, not %q", f.from)
		}
	}
	for _, other := range run.Apps {
		if len(other.Bindings) > 0 {
			config.Topics = append(config.Topics, other.Topic())
		}
	}
	if err := applied(ctx, at.postgres, &config); err != nil {
		return service.Environment("replay: %w", err)
	}
	far.Stage("deciding again", 0)
	report, err := redecide.Run(ctx, config)
	hide(far)
	switch {
	case ctx.Err() != nil:
		return service.Environment("replay: interrupted")
	case err != nil:
		return service.Environment("replay: %w", err)
	}
	if f.asJSON {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(report)
	} else {
		err = report.Print(w)
	}
	if err == nil && !report.Holds() {
		err = service.Failed("replay: this build of %s would have decided %d steps otherwise", app.Name, report.Different)
	}
	return err
}

// applied reads the service's watermarks, if it has a database: later inputs are not held against the build.
func applied(ctx context.Context, postgres string, c *redecide.Config) error {
	there, err := database.Exists(ctx, postgres, c.App.Name)
	if err != nil || !there {
		return err
	}
	url, err := database.Provision(ctx, postgres, c.App.Name)
	if err != nil {
		return err
	}
	db, err := database.Open(ctx, database.Options{URL: url, MaxConns: 2, AppName: "orderflow-replay"})
	if err != nil {
		return err
	}
	defer db.Close()
	return c.Standing(ctx, db.Gorm())
}
