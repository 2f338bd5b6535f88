package command

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"orderflow.example/services/platform/eventlog"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/service"
)

// Shadow reports what other rules would have decided about the orders of the topics.
func Shadow() *cobra.Command {
	var from, to string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "shadow SERVICE FILE",
		Short: "Tells what the rules of a file would have decided about the orders of the topics",
		Long: "Judges the recorded orders by the rules of a file, beside those that did. It only reads the topics: nothing is " +
			"decided,\nand the rules in force stay. All events before --to count for histories; decisions before --from are not " +
			"reported.\n\n" +
			"Acts on the installation that runs on --data-dir, or on --kafka and --postgres where both are given.",
		Example: "  orderflow shadow fraud stricter.yaml --from 2026-10-01T00:00:00Z",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			shadow, err := shadowOf(args[0], args[1])
			if err != nil {
				return err
			}
			var since, until time.Time
			for flag, at := range map[string]*time.Time{from: &since, to: &until} {
				if flag == "" {
					continue
				}
				if *at, err = time.Parse(time.RFC3339Nano, flag); err != nil {
					return service.Usage("shadow: --from and --to: want a time like 2026-10-01T00:00:00Z, not %q", flag)
				}
			}
			if !until.IsZero() && since.After(until) {
				return service.Usage("shadow: --to %s is before --from %s: nothing is between", to, from)
			}
			c, err := service.Load(cmd)
			if err != nil {
				return err
			}
			ctx := cmd.Context()
			found, err := answered(ctx, nil, func(ctx context.Context) (*reached, error) { return reach(ctx, c, "orderflow-shadow") })
			if err != nil {
				return err
			}
			defer found.client.Close()
			events, err := recordedEvents(ctx, found.client, found.partitions, shadow.Hears())
			if err != nil {
				return service.Environment("shadow: %w", err)
			}
			report := judgedBy(shadow, events, since, until)
			if asJSON {
				encoder := json.NewEncoder(cmd.OutOrStdout())
				encoder.SetIndent("", "  ")
				return encoder.Encode(report)
			}
			return report.Print(cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "report decisions from this time on (RFC 3339)")
	cmd.Flags().StringVar(&to, "to", "", "up to this time (RFC 3339)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func shadowOf(name, path string) (service.Shadow, error) {
	app, err := appNamed(name)
	if err != nil {
		return nil, err
	}
	if app.Shadow == nil {
		return nil, service.Usage("shadow: %s has no rules in a file", name)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, service.Usage("shadow: %w", err)
	}
	shadow, err := app.Shadow(string(text))
	if err != nil {
		return nil, service.Usage("shadow: %s: %w", path, err)
	}
	return shadow, nil
}

// judgedBy lets the rules judge the events by time.
func judgedBy(s service.Shadow, events []saga.Event, from, to time.Time) *service.Shadowed {
	slices.SortStableFunc(events, func(a, b saga.Event) int { return a.Time.Compare(b.Time) })
	report := &service.Shadowed{Rules: s.Rules()}
	for _, e := range events {
		if !to.IsZero() && e.Time.After(to) {
			break
		}
		if j := s.Hear(e); j != nil && !j.At.Before(from) {
			report.Add(*j)
		}
	}
	return report
}

// recordedEvents reads the events of these kinds from their topics.
func recordedEvents(ctx context.Context, log eventlog.Log, partitions int, kinds []saga.Kind) (events []saga.Event, err error) {
	far := shown("shadow")
	defer hide(far)
	byName, topics := map[string]saga.Kind{}, []string{}
	for _, k := range kinds {
		byName[k.Name()] = k
		if topic := saga.Topic(k.Name()); !slices.Contains(topics, topic) {
			topics = append(topics, topic)
		}
	}
	far.Stage("reading the topics", 0)
	read := 0
	for _, topic := range topics {
		r := eventlog.Reading{Log: log, Topic: topic, Upto: map[int]int64{}, Patience: patienceOfShadow}
		for p := range partitions {
			end, err := eventlog.End(ctx, log, topic, p)
			if err != nil {
				return nil, err
			}
			r.Upto[p] = end.Sequence
		}
		err := r.Run(ctx, func(rec *kafka.Record) error {
			if read++; read%1000 == 0 {
				far.Set(read)
			}
			kind := byName[rec.Type]
			if kind == nil {
				return nil
			}
			data, err := kind.Decode(rec.Data)
			if err == nil { // else it is parked
				events = append(events, saga.Event{ID: rec.ID, Type: rec.Type, Key: rec.Key, Time: rec.Time, Data: data})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return events, nil
}

// patienceOfShadow is how long a broker that has more records may return none.
const patienceOfShadow = 10 * time.Second
