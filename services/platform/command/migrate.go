package command

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"orderflow.example/services/platform/run"
	"orderflow.example/shared/database"
	"orderflow.example/shared/service"
)

// Migrate creates and migrates the services' databases, for deployments that do it in a step of its own.
func Migrate() *cobra.Command {
	var passwords string
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Creates and migrates the services' databases on the server of --postgres",
		Long: "Creates and migrates the services' databases. The user of --postgres must be allowed to create roles and\n" +
			"databases.\n\n" +
			"--passwords DIR lets each service log in to its own database alone, as orderflow_NAME with the password in the file\n" +
			"DIR/NAME: --postgres postgres://orderflow_NAME:PASSWORD@HOST/orderflow_NAME. The tracker, which compares the services,\n" +
			"logs in as " + database.Reader + ", which may read all of them and change nothing.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := service.Load(cmd)
			if err != nil {
				return err
			}
			if c.Postgres == "" {
				return service.Usage("migrate needs --postgres URL; `orderflow up` migrates its private server itself")
			}
			secrets, err := readPasswords(passwords, names(run.Apps))
			if err != nil {
				return err
			}
			group, ctx := errgroup.WithContext(cmd.Context())
			for _, app := range run.Apps {
				group.Go(func() error { return migrate(ctx, c, app) })
			}
			if err := group.Wait(); err != nil {
				return err
			}
			for _, app := range run.Apps {
				if password, given := secrets[app.Name]; given {
					if err := database.AllowLogin(cmd.Context(), c.Postgres, databaseUser(app), password); err != nil {
						return service.Environment("%w", err)
					}
				}
				fmt.Fprintln(cmd.OutOrStdout(), "up to date:", app.Name)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&passwords, "passwords", "", "directory with a file for each service that holds its password")
	return cmd
}

// migrate does nothing for a service without a database.
func migrate(ctx context.Context, c service.Config, app service.App) error {
	if len(app.Bindings) == 0 {
		return nil
	}
	db, err := service.OpenDatabase(ctx, c.Postgres, app, service.NewLogger(os.Stderr, c.LogLevel, c.LogFormat))
	if err != nil {
		return err
	}
	return db.Close()
}

// databaseUser is the role that the service logs in as.
func databaseUser(app service.App) string {
	if len(app.Bindings) == 0 {
		return database.Reader
	}
	return app.User()
}
