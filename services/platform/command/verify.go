package command

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"orderflow.example/services/platform/audit"
	"orderflow.example/services/platform/run"
	"orderflow.example/shared/database"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/service"
)

// Verify checks every invariant on a running installation's data.
func Verify() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Checks every invariant on the running system's data",
		Long: "Checks that rows follow from the topics, that nothing was applied twice or skipped, that money and goods are\n" +
			"conserved and that every saga ends, over all services, while they run. Reads the installation that runs on --data-dir,\n" +
			"or --kafka and --postgres if both are given. Changes nothing. Exit code 1 when something is broken.",
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

// inspect connects to the servers and runs the checks. It returns an error when a server does not answer any more.
func inspect(ctx context.Context, c service.Config) (audit.Report, error) {
	s, err := answered(ctx, nil, func(ctx context.Context) (*servers, error) { return connect(ctx, c) })
	if err != nil {
		return audit.Report{}, err
	}
	return answered(ctx, probeServers(s.broker, s.probe), func(ctx context.Context) (audit.Report, error) {
		defer s.close()
		return audit.Run(ctx, s.config)
	})
}

// servers are the servers that verify reads.
type servers struct {
	config audit.Config
	broker *kafka.Client
	there  *audit.Connection
	probe  *database.DB
}

// connecting is the timeout for connecting to the databases of all services.
const connecting = 15 * time.Second

func connect(ctx context.Context, c service.Config) (found *servers, err error) {
	ctx, cancel := context.WithTimeout(ctx, connecting)
	defer cancel()
	s := &servers{config: audit.Config{Apps: run.Apps, Partitions: c.Partitions}}
	if len(c.Kafka) == 0 || c.Postgres == "" {
		r, err := run.FindRunning(c.DataDir)
		if err != nil {
			return nil, err
		}
		c.Kafka, c.KafkaSecurity, c.Postgres, s.config.Partitions = r.Kafka, r.KafkaSecurity, r.Postgres, r.Partitions
	}
	if s.broker, err = c.DialKafka("orderflow-verify", nil); err != nil {
		return nil, err
	}
	s.config.Kafka = s.broker
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if err := s.broker.Ping(ctx); err != nil {
		return nil, err
	}
	if err := samePartitions(ctx, s.broker, s.config.Partitions); err != nil {
		return nil, err
	}
	if s.probe, err = database.Open(ctx, database.Options{URL: c.Postgres, MaxConns: 2, AppName: "orderflow-verify"}); err != nil {
		return nil, err
	}
	if s.there, err = audit.Connect(ctx, c.Postgres, run.Apps, run.World); err != nil {
		return nil, err
	}
	s.config.Databases, s.config.Book, s.config.Mails = s.there.Databases, s.there.Book, s.there.Mails
	if len(s.config.Databases) == 0 {
		return nil, s.there.Whole()
	}
	return s, nil
}

func (s *servers) close() {
	s.broker.Close()
	if s.probe != nil {
		s.probe.Close()
	}
	if s.there != nil {
		s.there.Close()
	}
}
