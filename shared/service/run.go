package service

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
)

// Run is the main function of a service's own command: it runs this one service, with a Kafka and a Postgres that it does
// not start, until SIGTERM.
func Run(app App) {
	cmd := &cobra.Command{
		Use:   app.Name,
		Short: "Runs the " + app.Name + " service of Orderflow alone",
		Long: "Runs the " + app.Name + " service alone. " + severally(app) + " Topics must exist:\n" +
			"`orderflow topics create` makes them.",
		Args: cobra.NoArgs,
	}
	BindFlags(cmd, app.Flags...)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := Load(cmd)
		if err != nil {
			return err
		}
		if missing := app.Missing(c); len(missing) > 0 {
			return Usage("%s alone needs --%s; `orderflow up --services world` simulates the outside world under /sim",
				app.Name, missing[0])
		}
		return runAlone(cmd.Context(), c, app)
	}
	Main(cmd)
}

func severally(app App) string {
	if len(app.Bindings) == 0 {
		return "Any number of these processes may run; they need no database."
	}
	return "Several of these processes share its partitions."
}

func runAlone(ctx context.Context, c Config, app App) error {
	switch {
	case len(c.Kafka) == 0:
		return Usage("a service alone needs --kafka host:port; `orderflow up` brings its own")
	case c.Postgres == "" && len(app.Bindings) > 0:
		return Usage("a service alone needs --postgres URL; `orderflow up` brings its own")
	}
	host, err := NewHost(ctx, c, NewLogger(os.Stderr, c.LogLevel, c.LogFormat))
	if err != nil {
		return err
	}
	defer host.Stop()
	customers, operators, err := host.Start(ctx, app)
	if err != nil {
		return err
	}
	fmt.Printf("ready %s", app.Name)
	if customers != "" {
		fmt.Printf(" http://%s", customers)
	}
	fmt.Printf(" operators http://%s\n", operators)
	select {
	case <-ctx.Done():
		return host.Stop()
	case err := <-host.Failed():
		return Environment("%w", err)
	}
}

func pause(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(20 * time.Millisecond):
		return true
	}
}
