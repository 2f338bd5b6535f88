package command

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"orderflow.example/services/platform/audit"
	"orderflow.example/services/platform/demo"
	"orderflow.example/services/platform/progress"
	"orderflow.example/services/platform/run"
	"orderflow.example/shared/service"
)

// backorderWithin is the storefront's setting of how long orders wait for goods.
const backorderWithin = "backorder-within"

type demoFlags struct {
	listeners
	orders, rate, dates string
	limit               int
	faults, euros, json bool
	backorders          bool
}

// Demo replays a real retailer's orders and cancellations.
func Demo() *cobra.Command {
	var f demoFlags
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Replays a real retailer's orders and cancellations, and accounts for every row",
		Long: "Starts the platform on --data-dir, or uses the one at --url, loads the catalogue of a British online retailer and\n" +
			"replays its orders and cancellations through the HTTP API. Waits until every saga has ended and accounts for every\n" +
			"order, row, penny and piece. If it was killed, the same command resumes where it stopped.\n\n" +
			"Without --orders it replays December 2010. Data: " + demo.Attribution,
		Example: "  orderflow demo --limit 200\n  orderflow demo --orders online-retail.csv.xz --rate max --json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	cmd.Flags().StringVar(&f.orders, "orders", "",
		"file of orders, plain, .gz or .xz, with the columns of the bundled sample (default: the sample)")
	cmd.Flags().StringVar(&f.dates, "dates", "",
		"order of day and month in dates like 01/12/2010: dmy or mdy (default: as found from the rows)")
	cmd.Flags().IntVar(&f.limit, "limit", 0,
		"replay only the first so many invoices, and their cancellations in between (default: all)")
	cmd.Flags().StringVar(&f.rate, "rate", "max", "orders per second, or max")
	cmd.Flags().BoolVar(&f.faults, "faults", false, "let the simulated gateway, carrier and floor fail now and then; not with --url")
	cmd.Flags().BoolVar(&f.euros, "euros", false, "customers in the countries of the euro pay in euros, for products of their own")
	cmd.Flags().BoolVar(&f.backorders, "backorders", false,
		"a third of the small orders waits for goods that are missing, at most a minute (or --backorder-within, and that of --url)")
	cmd.Flags().BoolVar(&f.json, "json", false, "print the report as JSON")
	f.bind(cmd)
	return cmd
}

// options turns the flags into options.
func (f demoFlags) options(c service.Config) (o demo.Options, err error) {
	o = demo.Options{StorefrontURL: f.url, OperatorsURL: f.opsURL}
	if f.rate != "max" {
		if o.Rate, err = strconv.ParseFloat(f.rate, 64); err != nil || !(o.Rate > 0 && o.Rate <= 1e6) {
			return o, service.Usage("rate: want orders per second, or max, not %q", f.rate)
		}
	}
	switch {
	case f.limit < 0:
		return o, service.Usage("limit: want 0 for all, or a number of invoices, not %d", f.limit)
	case f.dates != "" && f.dates != string(demo.DayFirst) && f.dates != string(demo.MonthFirst):
		return o, service.Usage("dates: want dmy or mdy, not %q", f.dates)
	case f.url != "" && f.faults:
		return o, service.Usage("faults: cannot be set for the platform at --url; start that with `orderflow up --faults`")
	}
	if err := f.check(); err != nil {
		return o, err
	}
	if o.Key, err = f.key(c); err != nil {
		return o, service.Environment("demo: %w", err)
	}
	o.Progress = shown("demo")
	return o, nil
}

// shown is the progress of a command on the standard error: a bar on a terminal, lines elsewhere.
func shown(command string) progress.Progress {
	if isatty.IsTerminal(os.Stderr.Fd()) {
		return progress.NewBar(os.Stderr)
	}
	return progress.NewLines(os.Stderr, command)
}

// key signs the tokens for the platform. One that runs already has it.
func (f demoFlags) key(c service.Config) ([]byte, error) {
	if f.url != "" {
		return c.InstalledKey()
	}
	return c.Key()
}

func (f demoFlags) run(cmd *cobra.Command) (err error) {
	c, err := service.Load(cmd)
	if err != nil {
		return err
	}
	o, err := f.options(c)
	if err != nil {
		return err
	}
	file, err := demo.Open(f.orders)
	if err != nil {
		return service.Usage("orders: %w", err)
	}
	defer file.Close()
	if f.url != "" {
		if o.OperatorsURL, err = f.operators(cmd.Context(), c, "demo"); err != nil {
			return err
		}
	}
	o.Progress.Stage("reading the orders", 0)
	plan := demo.NewPlan
	if shop := (demo.Shop{Euros: f.euros, Backorders: f.backorders}); shop != (demo.Shop{}) {
		plan = func(r io.Reader, source string, limit int, dates demo.DateOrder) (*demo.Plan, error) {
			return demo.NewPlanFor(shop, r, source, limit, dates)
		}
	}
	if o.Plan, err = plan(file, cmp.Or(f.orders, demo.Sample), f.limit, demo.DateOrder(f.dates)); err != nil {
		return service.Usage("orders: %s: %w", cmp.Or(f.orders, demo.Sample), err)
	}
	ctx, cancel := context.WithCancelCause(cmd.Context())
	defer cancel(nil)
	if f.url == "" {
		o.Progress.Stage("starting the platform", 0)
		if waits := cmd.Flags().Lookup(backorderWithin); f.backorders && waits != nil && !waits.Changed {
			c = c.With(service.Settings{backorderWithin: time.Minute}) // a month of the file takes a minute or two
		}
		p, err := startForDemo(ctx, c, f.faults, cancel)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, p.Stop()) }()
		o.StorefrontURL, o.OperatorsURL = p.StorefrontURL, p.OperatorsURL
	}
	var out outcome
	if out.Report, err = demo.Run(ctx, o); err == nil {
		out.Books, err = demo.Reconcile(ctx, o)
	}
	if err == nil {
		o.Progress.Stage("verifying", 0)
		out.Verify, err = inspect(ctx, c)
	}
	if closer, ok := o.Progress.(io.Closer); ok {
		closer.Close()
	}
	if err != nil {
		if cmd.Context().Err() != nil {
			err = fmt.Errorf("%w; the same command resumes where it stopped", errInterrupted)
		} else if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return service.Environment("demo: %w", err)
	}
	if err := out.print(cmd.OutOrStdout(), f.json); err != nil {
		return service.Environment("%w", err)
	}
	return out.verdict()
}

// outcome is the command's output.
type outcome struct {
	demo.Report
	Books  *demo.Books  `json:"books,omitempty"`
	Verify audit.Report `json:"verify"`
}

func (o outcome) verdict() error {
	switch {
	case !o.Whole():
		return service.Failed("demo: %d orders did not end; GET /v1/orders?open=true on the operators' listener shows their states",
			o.Orders.Unfinished)
	case o.Books != nil && !o.Books.Balanced():
		return service.Failed("demo: the books differ from the gateway's settlement, as shown; " +
			"GET /v1/reports/discrepancies on the operators' listener")
	case !o.Verify.Holds():
		return service.Failed("demo: verify: broken: %s", strings.Join(o.Verify.Broken(), ", "))
	}
	return nil
}

func (o outcome) print(w io.Writer, asJSON bool) error {
	if asJSON {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(o)
	}
	if err := o.Report.Print(w); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	if o.Books != nil {
		if err := o.Books.Print(w); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(w); err != nil {
			return err
		}
	}
	return o.Verify.Print(w)
}

// startForDemo starts the platform, with warnings only unless debugging; if it fails later, cancel is called.
func startForDemo(ctx context.Context, c service.Config, faults bool, cancel context.CancelCauseFunc) (*run.Platform, error) {
	level := c.LogLevel
	if level == slog.LevelInfo {
		level = slog.LevelWarn
	}
	p, err := run.Start(ctx, run.WithMail(c), run.Options{Faults: faults, Log: service.NewLogger(os.Stderr, level, c.LogFormat)})
	if err != nil {
		return nil, err
	}
	failed := p.Failed()
	go func() {
		select {
		case err := <-failed:
			cancel(err)
		case <-ctx.Done():
		}
	}()
	return p, nil
}
