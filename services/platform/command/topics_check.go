package command

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"orderflow.example/services/platform/archive"
	"orderflow.example/services/platform/run"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/service"
)

// checked is the result of topics check.
type checked struct {
	Differences []string        `json:"differences"` // from the list of topics
	Services    []archive.Reach `json:"services"`
	Faults      []string        `json:"faults"` // of all services, each once
}

// topicsCheck compares a cluster with the list of topics, and finds the positions from which services can be rebuilt.
func topicsCheck(specs func(service.Config) []kafka.TopicSpec) *cobra.Command {
	var place string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Compares a cluster with the list of topics, and reports from where each service can be rebuilt",
		Long: "Compares the topics with those that must exist, and reports from which position each service could be rebuilt.\n\n" +
			"The rule: every number of a service's own topic, and of the topics of its projections, must be on the topic or in the\n" +
			"archive, from number 1, or from the position of the service's newest snapshot in the archive. Topics are created to keep\n" +
			"everything (retention.ms and retention.bytes are -1). A retention by age or size needs an archive that keeps up: it is a\n" +
			"fault without one, and as soon as an event that is neither archived nor before a snapshot has used up half of the topic's\n" +
			"retention, by age or by bytes, while it can still be archived.\n\n" +
			"Segments are found by their names, as topics archive wrote them; the newest snapshot of a service is read if needed.\n" +
			"Exit code 1 if topics differ, or a service cannot be rebuilt, or soon could not be.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var store archive.Store
			if place != "" {
				var err error
				if store, err = openArchive("--archive", place); err != nil {
					return err
				}
			}
			c, client, err := dial(cmd)
			if err != nil {
				return err
			}
			defer client.Close()
			found, err := answered(cmd.Context(), probeServers(client, nil), func(ctx context.Context) (*checked, error) {
				return checkTopics(ctx, client, specs(c), store, c.Partitions)
			})
			if err != nil {
				return service.Environment("topics: %w", err)
			}
			if asJSON {
				err = json.NewEncoder(cmd.OutOrStdout()).Encode(found)
			} else {
				err = found.print(cmd.OutOrStdout())
			}
			if n := len(found.Differences) + len(found.Faults); err == nil && n > 0 {
				err = service.Failed("topics: %d differences from the list, %d dangers to rebuilding",
					len(found.Differences), len(found.Faults))
			}
			return err
		},
	}
	cmd.Flags().StringVar(&place, "archive", "", "the archive of topics and snapshots: "+places)
	cmd.Flags().BoolVar(&asJSON, "json", false, "for machines")
	return cmd
}

const (
	retentionAge   = "retention.ms"
	retentionBytes = "retention.bytes"
)

func checkTopics(ctx context.Context, client *kafka.Client, specs []kafka.TopicSpec, store archive.Store,
	partitions int) (*checked, error) {
	events := eventTopics()
	for i, s := range specs {
		if slices.Contains(events, s.Name) { // their retention is judged by the survey below
			specs[i].Config = maps.Clone(s.Config)
			delete(specs[i].Config, retentionAge)
			delete(specs[i].Config, retentionBytes)
		}
	}
	differences, err := client.CheckTopics(ctx, specs)
	if err != nil {
		return nil, err
	}
	there := slices.DeleteFunc(events, func(topic string) bool { return slices.Contains(differences, topic+": is missing") })
	settings, err := client.TopicSettings(ctx, there, retentionAge, retentionBytes)
	if err != nil {
		return nil, err
	}
	survey := archive.Survey{Log: client, Store: store, Apps: run.Apps, Partitions: partitions,
		Retention: map[string]archive.Retention{}}
	for topic, of := range settings {
		r := archive.Retention{Age: -1, Bytes: setting(of, retentionBytes)}
		if ms := setting(of, retentionAge); ms >= 0 && ms <= math.MaxInt64/int64(time.Millisecond) { // more is unlimited
			r.Age = time.Duration(ms) * time.Millisecond
		}
		if r.Age >= 0 || r.Bytes >= 0 {
			survey.Retention[topic] = r
		}
	}
	found := &checked{Differences: differences}
	if found.Services, err = survey.Run(ctx); err != nil {
		return nil, err
	}
	for _, s := range found.Services {
		for _, fault := range s.Faults {
			if !slices.Contains(found.Faults, fault) {
				found.Faults = append(found.Faults, fault)
			}
		}
	}
	return found, nil
}

// setting is a numeric setting of a topic, -1 if it is not set.
func setting(of map[string]string, name string) int64 {
	if n, err := strconv.ParseInt(of[name], 10, 64); err == nil {
		return n
	}
	return -1
}

func (f *checked) print(to io.Writer) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SERVICE\tCAN BE REBUILT FROM")
	for _, s := range f.Services {
		from := s.From
		if from == "" {
			from = "nothing: see below"
		}
		fmt.Fprintf(w, "%s\t%s\n", s.Service, from)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	lines := append(slices.Clone(f.Differences), f.Faults...)
	if len(lines) == 0 {
		lines = []string{"all topics are as they must be"}
	}
	_, err := fmt.Fprintln(to, strings.Join(lines, "\n"))
	return err
}
