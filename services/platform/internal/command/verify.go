package command

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/spf13/cobra"

	"orderflow.example/services/platform/internal/platform"
	"orderflow.example/services/platform/internal/verify"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/service"
)

// Verify checks every invariant on a running installation's data.
func Verify() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Checks every invariant on the running system's data",
		Long: "Checks that rows follow from the topics, that nothing was applied twice or skipped, that money and goods are conserved\n" +
			"and that every saga ends, over all services, while they run. Looks at the installation that runs on --data-dir, or at\n" +
			"--kafka and --postgres where both are given. Changes nothing. Exit code 1 when something is broken.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := service.Load(cmd)
			if err != nil {
				return err
			}
			report, err := inspect(cmd.Context(), c)
			if err != nil {
				return service.Environment("verify: %w", err)
			}
			if asJSON {
				out := json.NewEncoder(cmd.OutOrStdout())
				out.SetIndent("", "  ")
				err = out.Encode(report)
			} else {
				err = report.Print(cmd.OutOrStdout())
			}
			if err == nil && !report.Holds() {
				err = service.Failed("verify: broken: %s", strings.Join(report.Broken(), ", "))
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// inspect connects to the servers and runs the checks.
func inspect(ctx context.Context, c service.Config) (verify.Report, error) {
	config := verify.Config{Apps: platform.Apps, Partitions: c.Partitions}
	if len(c.Kafka) == 0 || c.Postgres == "" {
		r, err := platform.FindRunning(c.DataDir)
		if err != nil {
			return verify.Report{}, err
		}
		c.Kafka, c.Postgres, config.Partitions = r.Kafka, r.Postgres, r.Partitions
	}
	client := kafka.Dial(kafka.Config{Brokers: c.Kafka, ClientID: "orderflow-verify"})
	defer client.Close()
	if err := client.Ping(ctx); err != nil {
		return verify.Report{}, err
	}
	config.Kafka = client
	there, err := verify.Connect(ctx, c.Postgres, platform.Apps, platform.World)
	if err != nil {
		return verify.Report{}, err
	}
	defer there.Close()
	if config.Databases, config.Book = there.Databases, there.Book; len(config.Databases) == 0 {
		return verify.Report{}, there.Whole()
	}
	return verify.Run(ctx, config)
}
