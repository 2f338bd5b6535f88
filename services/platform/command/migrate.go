package command

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"orderflow.example/services/platform/run"
	"orderflow.example/shared/service"
)

// Migrate creates and migrates the services' databases, for deployments that do it in a step of its own.
func Migrate() *cobra.Command {
	return &cobra.Command{
		Use:   "migrate",
		Short: "Creates and migrates the services' databases on the server of --postgres",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := service.Load(cmd)
			if err != nil {
				return err
			}
			if c.Postgres == "" {
				return service.Usage("migrate needs --postgres URL; `orderflow up` migrates its private server itself")
			}
			for _, app := range run.Apps {
				if len(app.Bindings) == 0 {
					continue // it has no tables
				}
				db, err := service.OpenDatabase(cmd.Context(), c.Postgres, app, service.NewLogger(os.Stderr, c.LogLevel, c.LogFormat))
				if err != nil {
					return err
				}
				db.Close()
				fmt.Fprintln(cmd.OutOrStdout(), "up to date:", app.Name)
			}
			return nil
		},
	}
}
