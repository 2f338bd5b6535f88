package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"orderflow.example/services/platform/archive"
	"orderflow.example/services/platform/audit"
	"orderflow.example/services/platform/repair"
	"orderflow.example/services/platform/run"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/service"
)

// topicsRepair refills topics that lost events.
func topicsRepair(specs func(service.Config) []kafka.TopicSpec) *cobra.Command {
	var place string
	var recreate []string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "repair",
		Short: "Refills topics that lost events, from the outboxes and from an archive",
		Long: "Creates the missing topics, with the settings they must have, and publishes missing events again: those in the\n" +
			"services' outboxes, and with --archive those that were pruned from them. Numbers, ids and order are kept, so that\n" +
			"consumers apply nothing twice. If a service runs, its own publishers do it while it goes on; if not, this command does,\n" +
			"under the same locks. It can be killed and run again.\n\n" +
			"Pruned events must come before those in the outbox. If the topic has later records already, records cannot be put in\n" +
			"front of existing ones: --recreate deletes that topic and fills it whole, but only if outbox and archive have all of\n" +
			"it. Exit code 1 if numbers stay missing.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := service.Load(cmd)
			if err != nil {
				return err
			}
			var store archive.Store
			if place != "" {
				if store, err = openArchive("--archive", place); err != nil {
					return err
				}
			}
			for _, topic := range recreate {
				if !slices.Contains(eventTopics(), topic) {
					return service.Usage("topics repair: --recreate: there is no topic %q; there are %s", topic,
						strings.Join(eventTopics(), ", "))
				}
			}
			report, err := answered(cmd.Context(), nil, func(ctx context.Context) (*repair.Report, error) {
				return repairTopics(ctx, c, specs, store, recreate)
			})
			if err != nil {
				if exit := (*service.Exit)(nil); errors.As(err, &exit) {
					return err
				}
				return service.Environment("topics repair: %w", err)
			}
			if asJSON {
				err = json.NewEncoder(cmd.OutOrStdout()).Encode(report)
			} else {
				err = printRepaired(cmd.OutOrStdout(), report)
			}
			if err == nil && !report.Holds() {
				err = service.Failed("topics repair: %s", strings.Join(stillMissing(report), "; "))
			}
			return err
		},
	}
	cmd.Flags().StringVar(&place, "archive", "", "the archive of topics: "+places)
	cmd.Flags().StringSliceVar(&recreate, "recreate", nil, "topics that may be deleted and filled whole")
	cmd.Flags().BoolVar(&asJSON, "json", false, "for machines")
	return cmd
}

func repairTopics(ctx context.Context, c service.Config, specs func(service.Config) []kafka.TopicSpec, store archive.Store,
	recreate []string) (report *repair.Report, err error) {
	found, err := reach(ctx, c, "orderflow-topics-repair")
	if err != nil {
		return nil, err
	}
	defer found.client.Close()
	there, err := audit.Connect(ctx, found.postgres, run.Apps, run.World)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, there.Close()) }()
	c.Partitions = found.partitions
	far := shown("topics repair")
	defer hide(far)
	return repair.Repair{Kafka: found.client, Apps: run.Apps, Databases: there.Databases, Specs: specs(c),
		Partitions: c.Partitions, Archive: store, Recreate: recreate, Progress: far,
		Logger: service.NewLogger(os.Stderr, c.LogLevel, c.LogFormat)}.Run(ctx)
}

func stillMissing(r *repair.Report) (lines []string) {
	for _, p := range r.Parts {
		if len(p.Stays) > 0 {
			lines = append(lines, fmt.Sprintf("%s partition %d still lacks numbers %s: %s", p.Topic, p.Partition, p.Missing(), p.Note))
		}
	}
	return append(lines, r.Faults...)
}

func printRepaired(to io.Writer, r *repair.Report) error {
	for _, name := range r.Created {
		fmt.Fprintln(to, "created", name)
	}
	for _, name := range r.Recreated {
		fmt.Fprintln(to, "made anew", name)
	}
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "TOPIC\tPARTITION\tNUMBERED\tHELD\tFROM OUTBOX\tFROM ARCHIVE\tSTILL MISSING\tNOTE")
	for _, p := range r.Parts {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%s\t%s\n", p.Topic, p.Partition, p.Given, p.Held, p.FromOutbox, p.FromArchive,
			p.Missing(), p.Note)
	}
	return w.Flush()
}
