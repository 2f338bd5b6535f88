package command

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"orderflow.example/services/platform/archive"
	"orderflow.example/services/platform/run"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/service"
)

// places describes the values of flags that take an archive.
const places = "a directory, or s3://bucket/prefix?endpoint=https://host:port " +
	"with credentials in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"

// topicsArchive copies the services' topics to an archive.
func topicsArchive() *cobra.Command {
	var to, size string
	var all, asJSON bool
	cmd := &cobra.Command{
		Use:   "archive --to DIR|s3://…",
		Short: "Copies the topics' records to an archive, from the last archived one on",
		Long: "Copies the services' events to files, each partition from the number after the last archived one, in order and never\n" +
			"across a hole. Files are never changed; the command can be killed at any moment, and run by cron as often as wanted:\n" +
			"only complete segments are written, and the rest waits for the next run, or for --all. orderflow replay reads the\n" +
			"archive, and orderflow topics repair refills topics from it. Needs the broker only. Exit code 1 if a partition cannot\n" +
			"be archived further. The files contain the whole events, with personal data.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			bytes, err := parseSize(size)
			if err != nil {
				return service.Usage("topics archive: --segment-size: %w", err)
			}
			store, err := openArchive("--to", to)
			if err != nil {
				return err
			}
			c, client, err := dial(cmd)
			if err != nil {
				return err
			}
			defer client.Close()
			far := shown("topics archive")
			defer hide(far)
			a := &archive.Archiving{Log: client, Store: store, Topics: eventTopics(), Partitions: c.Partitions,
				SegmentBytes: bytes, All: all, Progress: far}
			report, err := answered(cmd.Context(), probeServers(client, nil),
				func(ctx context.Context) ([]archive.Archived, error) {
					if err := samePartitions(ctx, client, c.Partitions); err != nil {
						return nil, err
					}
					return a.Run(ctx)
				})
			if err != nil {
				return service.Environment("topics archive: %w", err)
			}
			hide(far)
			return printArchived(cmd, report, asJSON)
		},
	}
	cmd.Flags().StringVar(&to, "to", "", places)
	cmd.Flags().StringVar(&size, "segment-size", strconv.Itoa(archive.SegmentBytes>>20)+"MiB",
		"size of a complete segment, before compression")
	cmd.Flags().BoolVar(&all, "all", false, "also write the last, incomplete segments")
	cmd.Flags().BoolVar(&asJSON, "json", false, "for machines")
	return cmd
}

func printArchived(cmd *cobra.Command, report []archive.Archived, asJSON bool) error {
	var faults []string
	for _, r := range report {
		if r.Fault != "" {
			faults = append(faults, fmt.Sprintf("%s partition %d: %s", r.Topic, r.Partition, r.Fault))
		}
	}
	if asJSON {
		if err := json.NewEncoder(cmd.OutOrStdout()).Encode(report); err != nil {
			return err
		}
	} else {
		w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "TOPIC\tPARTITION\tARCHIVED\tON TOPIC\tNEW\tSEGMENTS\t")
		for _, r := range report {
			state := ""
			if r.Fault != "" {
				state = "stopped, see below"
			}
			fmt.Fprintf(w, "%s\t%d\t%s\t%d\t%d\t%d\t%s\n", r.Topic, r.Partition, numbers(r.First, r.Last), r.Topped,
				r.Records, r.Segments, state)
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
	if len(faults) > 0 {
		return service.Failed("topics archive: %s", strings.Join(faults, "; "))
	}
	return nil
}

// numbers describes the numbers from first to last.
func numbers(first, last int64) string {
	if last < max(first, 1) {
		return "none"
	}
	return fmt.Sprintf("%d to %d", first, last)
}

// eventTopics are the topics of the services' events.
func eventTopics() (topics []string) {
	for _, t := range service.Topics(1, 0, run.Apps...) {
		if t.Name != engine.ControlTopic && t.Name != engine.ReportsTopic && t.Name != service.AuditTopic {
			topics = append(topics, t.Name)
		}
	}
	return topics
}

// openArchive opens the archive that a flag names.
func openArchive(flag, place string) (archive.Store, error) {
	if place == "" {
		return nil, service.Usage("%s is missing: want %s", flag, places)
	}
	store, err := archive.OpenStore(place)
	if err != nil {
		return nil, service.Usage("%s: %w", flag, err)
	}
	return store, nil
}

// parseSize reads a number of bytes, as 64MiB, 512KiB or 1000000.
func parseSize(text string) (int, error) {
	digits := strings.TrimRight(text, "KMGiB")
	unit, known := map[string]int{"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}[strings.TrimPrefix(text, digits)]
	n, err := strconv.Atoi(digits)
	if size := n * unit; err == nil && known && n > 0 && n < 1<<31 && size <= 1<<30 && size >= 1<<10 {
		return size, nil
	}
	return 0, fmt.Errorf("want 1KiB to 1GiB, as 16MiB, not %q", text)
}
