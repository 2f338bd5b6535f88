package command

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"orderflow.example/services/platform/archive"
	"orderflow.example/services/platform/replay"
	"orderflow.example/services/platform/run"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/service"
	"orderflow.example/shared/tracing"
)

type replayFlags struct {
	order, from, to, archive, snapshot               string
	dryRun, diff, apply, undo, decide, fresh, asJSON bool
}

// Replay rebuilds a service from its topics.
func Replay() *cobra.Command {
	var f replayFlags
	cmd := &cobra.Command{
		Use:   "replay SERVICE",
		Short: "Rebuilds a service's tables from the topics, beside the live ones; compares, swaps them in, and back",
		Long: "Rebuilds a service's tables from its own events and those of its projections, in the schema replay of its database.\n" +
			"Nothing is decided again: no card is charged, no mail is sent, no event is published. The service may run meanwhile. If\n" +
			"it was killed, the same command resumes.\n\n" +
			"  --diff    compares the live rows with the rebuilt ones at the same position; exit code 1 on a difference\n" +
			"  --apply   replaces the live tables with the rebuilt ones, in one transaction, under traffic; the old ones are kept. A\n" +
			"            database that is gone is created, and one behind its topic is restored, with open calls and deadlines\n" +
			"  --undo    brings the old tables back\n" +
			"  --decide  rebuilds nothing: takes all decisions again with the rules of this build; lists the orders for which it would\n" +
			"            have emitted other events, with exit code 1. It decides with the settings of the installation on --data-dir,\n" +
			"            but for those that are given\n\n" +
			"Acts on the installation that runs on --data-dir, or on --kafka and --postgres where both are given.",
		Example: "  orderflow replay payment --dry-run\n  orderflow replay payment --diff\n  orderflow replay payment --apply",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.order, "order", "", "only the events of this order, SKU or customer")
	fl.StringVar(&f.from, "from", "", "with --decide: report only decisions from this time on (RFC 3339)")
	fl.StringVar(&f.to, "to", "",
		"up to this time (RFC 3339) or this offset of the service's own topic; the result can only be looked at")
	fl.StringVar(&f.archive, "archive", "", "the archive of records that left the topics: "+places)
	fl.StringVar(&f.snapshot, "from-snapshot", "", "begin with a snapshot of the service in --archive: its name, or latest")
	fl.BoolVar(&f.dryRun, "dry-run", false, "count the records to be replayed, and check that all can be read; write nothing")
	fl.BoolVar(&f.diff, "diff", false, "compare the live rows with the rebuilt ones")
	fl.BoolVar(&f.apply, "apply", false, "replace the live tables with the rebuilt ones")
	fl.BoolVar(&f.undo, "undo", false, "bring back the tables that the last --apply replaced")
	fl.BoolVar(&f.decide, "decide", false, "report the decisions that this build would have taken otherwise")
	fl.BoolVar(&f.fresh, "fresh", false, "start over, and drop the tables of an earlier replay")
	fl.BoolVar(&f.asJSON, "json", false, "print JSON")
	return cmd
}

func (f replayFlags) run(cmd *cobra.Command, name string) error {
	c, err := service.Load(cmd)
	if err != nil {
		return err
	}
	app, err := appNamed(name)
	if err != nil {
		return err
	}
	limit, err := f.limit()
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	found, err := answered(ctx, nil, func(ctx context.Context) (*reached, error) { return reach(ctx, c, "orderflow-replay") })
	if err != nil {
		return err
	}
	defer found.client.Close()
	if f.decide {
		if c, err = asItRuns(cmd, c); err != nil {
			return err
		}
		return f.redecide(ctx, cmd.OutOrStdout(), app, c, found, limit)
	}
	config := replay.Config{App: app, Partitions: found.partitions, Postgres: found.postgres, Log: found.client, Order: f.order,
		Upto: limit, Fresh: f.fresh, Missing: f.apply, Progress: shown("replay"),
		Logger: service.NewLogger(os.Stderr, c.LogLevel, c.LogFormat)}
	if err := f.openArchive(ctx, &config); err != nil {
		return err
	}
	if c.OTLPEndpoint != "" {
		traces, err := tracing.Open(ctx, tracing.Options{URL: c.OTLPEndpoint, Log: config.Logger})
		if err != nil {
			return service.Environment("replay: %w", err)
		}
		defer traces.Stop(context.WithoutCancel(ctx))
		config.Traces = traces.Service(app.Name)
	}
	r, err := replay.Open(ctx, config)
	if err != nil {
		return err
	}
	defer r.Close()
	return f.replay(ctx, r, cmd.OutOrStdout())
}

// openArchive opens the archive of --archive and the snapshot of --from-snapshot.
func (f replayFlags) openArchive(ctx context.Context, c *replay.Config) error {
	if f.archive == "" {
		if f.snapshot != "" {
			return service.Usage("replay: --from-snapshot needs --archive, which has the snapshot")
		}
		return nil
	}
	store, err := openArchive("--archive", f.archive)
	if err != nil {
		return err
	}
	if c.Archive, err = archive.OpenLog(ctx, store); err != nil {
		return service.Environment("replay: %w", err)
	}
	name := f.snapshot
	if name == "latest" {
		all, err := archive.Snapshots(ctx, store, c.App.Name)
		switch {
		case err != nil:
			return service.Environment("replay: %w", err)
		case len(all) == 0:
			return service.Environment("replay: there is no snapshot of %s in %s: `orderflow snapshot %[1]s --to %[2]s` takes one",
				c.App.Name, f.archive)
		}
		name = all[len(all)-1]
	}
	if name != "" {
		if c.Snapshot, err = archive.OpenSnapshot(ctx, store, name); err != nil {
			return service.Environment("replay: %w", err)
		}
		if c.Snapshot.Service != c.App.Name || c.Snapshot.Partitions != c.Partitions {
			return service.Usage("replay: the snapshot %s is of %s with %d partitions, not of %s with %d", name, c.Snapshot.Service,
				c.Snapshot.Partitions, c.App.Name, c.Partitions)
		}
	}
	return nil
}

func (f replayFlags) limit() (l replay.Limit, err error) {
	modes := 0
	for _, on := range []bool{f.dryRun, f.diff, f.apply && !f.diff, f.undo, f.decide} {
		if on {
			modes++
		}
	}
	switch {
	case modes > 1:
		return l, service.Usage("replay: choose one of --dry-run, --diff, --apply, --undo and --decide; --diff and --apply go together")
	case f.to != "" && (f.diff || f.apply || f.undo):
		return l, service.Usage("replay: --to rebuilds a past state, which cannot be compared with the live tables or replace them")
	case f.order != "" && (f.apply || f.undo):
		return l, service.Usage("replay: --order rebuilds a part of the tables, which cannot replace the whole")
	case f.from != "" && !f.decide:
		return l, service.Usage("replay: --from is for --decide; a rebuild begins with the first event, or with --from-snapshot")
	case f.to == "":
		return l, nil
	}
	if l.Offset, err = strconv.ParseInt(f.to, 10, 64); err == nil && l.Offset > 0 {
		return l, nil
	}
	if l.Time, err = time.Parse(time.RFC3339Nano, f.to); err != nil {
		return l, service.Usage("replay: --to: want a time like 2011-08-31T12:00:00Z, or an offset above 0, not %q", f.to)
	}
	if from, err := time.Parse(time.RFC3339Nano, f.from); err == nil && from.After(l.Time) {
		return l, service.Usage("replay: --to %s is before --from %s: nothing is between", f.to, f.from)
	}
	return l, nil
}

// outcomeOfReplay is the command's output.
type outcomeOfReplay struct {
	Counted  *replay.Scan       `json:"counted,omitempty"`
	Rebuilt  *replay.Rebuilt    `json:"rebuilt,omitempty"`
	Compared *replay.Comparison `json:"compared,omitempty"`
	Applied  *replay.Applied    `json:"applied,omitempty"`
}

func (f replayFlags) replay(ctx context.Context, r *replay.Replay, w io.Writer) (err error) {
	var out outcomeOfReplay
	switch {
	case f.undo:
		out.Applied, err = r.Undo(ctx)
	case f.dryRun:
		out.Counted, err = r.Scan(ctx)
	default:
		if out.Rebuilt, err = r.Rebuild(ctx); err == nil && f.diff {
			out.Compared, err = r.Compare(ctx)
		}
		if err == nil && f.apply {
			out.Applied, err = r.Apply(ctx)
		}
	}
	if closer, ok := r.Progress.(io.Closer); ok {
		closer.Close()
	}
	if err != nil {
		if ctx.Err() != nil {
			return service.Environment("replay: interrupted; the same command resumes where it stopped")
		}
		return err
	}
	if f.asJSON {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(out)
	} else {
		err = out.print(w)
	}
	if err == nil && out.Compared != nil && !out.Compared.Equal() && !f.apply {
		err = service.Failed(
			"replay: live rows of %s differ from its topics; `orderflow replay %[1]s --apply` replaces them with the rebuilt ones",
			out.Compared.Service)
	}
	return err
}

func (o outcomeOfReplay) print(w io.Writer) error {
	for _, p := range []interface{ Print(io.Writer) error }{o.Counted, o.Rebuilt, o.Compared, o.Applied} {
		if err := p.Print(w); err != nil {
			return err
		}
	}
	return nil
}

// appNamed finds a service by its name.
func appNamed(name string) (service.App, error) {
	i := slices.IndexFunc(run.Apps, func(a service.App) bool { return a.Name == name })
	if i >= 0 {
		return run.Apps[i], nil
	}
	var known []string
	for _, a := range run.Apps {
		known = append(known, a.Name)
	}
	return service.App{}, service.Usage("there is no service %q; there are %s", name, strings.Join(known, ", "))
}

// reached is an installation's servers.
type reached struct {
	client     *kafka.Client
	postgres   string
	partitions int
}

// reach finds the servers of the installation that runs on --data-dir, or those of --kafka and --postgres.
func reach(ctx context.Context, c service.Config, clientID string) (*reached, error) {
	if len(c.Kafka) == 0 || c.Postgres == "" {
		r, err := run.FindRunning(c.DataDir)
		if err != nil {
			return nil, err
		}
		c.Kafka, c.KafkaSecurity, c.Postgres, c.Partitions = r.Kafka, r.KafkaSecurity, r.Postgres, r.Partitions
	}
	client, err := c.DialKafka(clientID, nil)
	if err != nil {
		return nil, err
	}
	if err := client.Ping(ctx); err != nil {
		client.Close()
		return nil, service.Environment("%w", err)
	}
	if err := samePartitions(ctx, client, c.Partitions); err != nil {
		client.Close()
		return nil, err
	}
	return &reached{client, c.Postgres, c.Partitions}, nil
}
