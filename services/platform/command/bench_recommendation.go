package command

import (
	"cmp"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"orderflow.example/services/platform/bench"
	"orderflow.example/services/platform/demo"
	"orderflow.example/shared/service"
)

// benchRecommendation measures how well the recommendation service finds what customers ordered.
func benchRecommendation() *cobra.Command {
	var path, from, to, dates string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "recommendation",
		Short: "Measure how well recommendations find what customers ordered, and how fast",
		Long: `Measure how well recommendations find what customers ordered, and how fast.

The invoices of --orders are confirmed one after the other for the recommendation service, which runs alone in this process,
on a broker and a Postgres of its own, in a directory under --data-dir that is removed. Before an invoice of 2 to 60 goods
from --from to --to is confirmed, each of its goods is hidden in turn, and GET /v1/recommendations is asked for ten goods
that go with the others, as that customer. Each invoice counts once. The same is asked of the most popular goods, and of the
counts of pairs.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := service.Load(cmd)
			if err != nil {
				return err
			}
			o := bench.RecommendationOptions{Config: config, Progress: cmd.ErrOrStderr(),
				Log: service.NewLogger(cmd.ErrOrStderr(), max(config.LogLevel, slog.LevelError), config.LogFormat)}
			if len(config.Kafka) > 0 || config.Postgres != "" {
				return service.Usage("bench: recommendations are measured on a broker and a Postgres of their own: leave out --kafka " +
					"and --postgres")
			}
			for name, day := range map[string]struct {
				text string
				at   *time.Time
			}{"from": {from, &o.From}, "to": {to, &o.To}} {
				if *day.at, err = time.Parse(time.DateOnly, day.text); err != nil {
					return service.Usage("bench: --%s: want a day, as 2011-08-01, not %q", name, day.text)
				}
			}
			if o.To.Before(o.From) {
				return service.Usage("bench: --to is before --from")
			}
			o.To = o.To.AddDate(0, 0, 1)
			if o.Baskets, err = baskets(path, dates); err != nil {
				return err
			}
			r, err := bench.RunRecommendation(cmd.Context(), o)
			switch {
			case cmd.Context().Err() != nil:
				return service.Environment("bench: %w", errInterrupted)
			case errors.Is(err, bench.ErrNoBasket):
				return service.Usage("bench: %w", err)
			case err != nil:
				return service.Environment("bench: %w", err)
			}
			if !asJSON {
				return bench.PrintRecommendation(cmd.OutOrStdout(), bench.ThisMachine(), r)
			}
			out := json.NewEncoder(cmd.OutOrStdout())
			out.SetIndent("", "  ")
			return out.Encode(r)
		},
	}
	f := cmd.Flags()
	f.StringVar(&path, "orders", "", "file of orders: CSV, also compressed with gzip or xz (default: the bundled sample)")
	f.StringVar(&from, "from", "2010-12-13", "the first day asked about; what came before is learnt")
	f.StringVar(&to, "to", "2010-12-31", "the last day asked about")
	f.StringVar(&dates, "dates", "", "order of day and month in the file, if it does not decide it: dmy or mdy")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func baskets(path, dates string) ([]demo.Basket, error) {
	order := demo.DateOrder(dates)
	if order != demo.Undecided && order != demo.DayFirst && order != demo.MonthFirst {
		return nil, service.Usage("bench: --dates: want dmy or mdy, not %q", dates)
	}
	file, err := demo.Open(path)
	if err != nil {
		return nil, service.Usage("bench: --orders: %w", err)
	}
	defer file.Close()
	list, err := demo.Baskets(file, order)
	if err != nil {
		return nil, service.Usage("bench: --orders: %s: %w", cmp.Or(path, demo.Sample), err)
	}
	return list, nil
}
