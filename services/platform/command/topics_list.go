package command

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"orderflow.example/services/platform/archive"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/service"
)

// listedTopic is a topic with the archived numbers by partition.
type listedTopic struct {
	kafka.TopicSpec
	Archived map[int]archivedRange `json:"archived,omitempty"`
}

type archivedRange struct {
	First int64 `json:"first"`
	Last  int64 `json:"last"` // the last without a gap
}

// topicsList lists the topics that must exist.
func topicsList(specs func(service.Config) []kafka.TopicSpec) *cobra.Command {
	var place string
	var asJSON bool
	cmd := &cobra.Command{Use: "list", Short: "Lists the topics with their settings, and how far each is archived",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := service.Load(cmd)
			if err != nil {
				return err
			}
			topics := make([]listedTopic, 0, len(specs(c)))
			for _, spec := range specs(c) {
				topics = append(topics, listedTopic{TopicSpec: spec})
			}
			if place != "" {
				store, err := openArchive("--archive", place)
				if err != nil {
					return err
				}
				held, err := archive.Hold(cmd.Context(), store)
				if err != nil {
					return service.Environment("topics list: %w", err)
				}
				for i := range topics {
					topics[i].archived(held)
				}
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(topics)
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprint(w, "TOPIC\tPARTITIONS\tREPLICAS\tCLEANUP")
			if place != "" {
				fmt.Fprint(w, "\tARCHIVED, BY PARTITION")
			}
			fmt.Fprintln(w)
			for _, t := range topics {
				fmt.Fprintf(w, "%s\t%d\t%d\t%s", t.Name, t.Partitions, t.ReplicationFactor, t.Config["cleanup.policy"])
				if place != "" {
					fmt.Fprintf(w, "\t%s", t.ranges())
				}
				fmt.Fprintln(w)
			}
			return w.Flush()
		}}
	cmd.Flags().StringVar(&place, "archive", "", "also show how far the topics are archived: "+places)
	cmd.Flags().BoolVar(&asJSON, "json", false, "for machines")
	return cmd
}

func (t *listedTopic) archived(held archive.Holdings) {
	t.Archived = map[int]archivedRange{}
	for p := range t.Partitions {
		if first, _ := held.Ends(t.Name, p); first > 0 {
			t.Archived[p] = archivedRange{first, held.From(t.Name, p, first-1)}
		}
	}
}

func (t *listedTopic) ranges() string {
	var parts []string
	for p := range t.Partitions {
		parts = append(parts, fmt.Sprintf("%d: %s", p, numbers(t.Archived[p].First, t.Archived[p].Last)))
	}
	return strings.Join(parts, "; ")
}
