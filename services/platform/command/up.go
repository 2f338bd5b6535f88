package command

import (
	"github.com/spf13/cobra"

	"orderflow.example/services/platform/run"
	"orderflow.example/shared/service"
)

// Up runs the platform until SIGTERM.
func Up() *cobra.Command {
	var faults bool
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Runs the platform",
		Long: "Runs the platform until SIGTERM. Without --kafka it starts an embedded broker, without --postgres a private server,\n" +
			"both under --data-dir. --services a,b runs only these; `world` among them is the simulated outside world.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := service.Load(cmd)
			if err != nil {
				return err
			}
			p, err := run.Start(cmd.Context(), c, run.Options{Faults: faults})
			if err != nil {
				return err
			}
			defer p.Stop()
			if err := printAddresses(cmd.OutOrStdout(), p.Running, c.DataDir); err != nil {
				return service.Environment("%w", err)
			}
			select {
			case <-cmd.Context().Done():
				return p.Stop()
			case err := <-p.Failed():
				return service.Environment("%w", err)
			}
		},
	}
	cmd.Flags().BoolVar(&faults, "faults", false, "let the simulated gateway, carrier and floor fail now and then")
	return cmd
}
