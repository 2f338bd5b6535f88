package command

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"orderflow.example/services/platform/run"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/service"
)

// Topics lists, creates, checks, archives and repairs the topics that must exist.
func Topics() *cobra.Command {
	var replicas int
	cmd := &cobra.Command{Use: "topics", Short: "The topics that must exist: list, create, check, acls, archive, repair"}
	cmd.PersistentFlags().IntVar(&replicas, "replication-factor", 1, "copies of each topic; 3 in production")
	specs := func(c service.Config) []kafka.TopicSpec {
		return service.Topics(c.Partitions, replicas, run.Apps...)
	}

	create := &cobra.Command{Use: "create", Short: "Creates the missing topics; leaves the others alone", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, client, err := dial(cmd)
			if err != nil {
				return err
			}
			defer client.Close()
			created, err := answered(cmd.Context(), probeServers(client, nil), func(ctx context.Context) ([]string, error) {
				return client.CreateTopics(ctx, specs(c))
			})
			for _, name := range created {
				fmt.Fprintln(cmd.OutOrStdout(), "created", name)
			}
			if err != nil {
				return service.Environment("topics: %w", err)
			}
			return nil
		}}
	cmd.AddCommand(topicsList(specs), create, topicsCheck(specs), topicsACLs(), topicsArchive(), topicsRepair(specs))
	return cmd
}

// dial connects to the cluster of --kafka, or to the embedded broker of the installation that runs on --data-dir.
func dial(cmd *cobra.Command) (service.Config, *kafka.Client, error) {
	c, err := service.Load(cmd)
	if err != nil {
		return c, nil, err
	}
	client, err := answered(cmd.Context(), nil, func(ctx context.Context) (*kafka.Client, error) {
		if len(c.Kafka) == 0 {
			r, err := run.FindRunning(c.DataDir)
			if err != nil {
				return nil, err
			}
			c.Kafka, c.KafkaSecurity, c.Partitions = r.Kafka, r.KafkaSecurity, r.Partitions
		}
		client, err := c.DialKafka("orderflow-topics", nil)
		if err != nil {
			return nil, err
		}
		return client, client.Ping(ctx)
	})
	if err != nil {
		if client != nil {
			client.Close()
		}
		return c, nil, service.Environment("topics: %w", err)
	}
	return c, client, nil
}
