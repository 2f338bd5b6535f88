package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"orderflow.example/services/platform/demo"
	"orderflow.example/services/platform/run"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/service"
)

// Up runs the platform until SIGTERM.
func Up() *cobra.Command {
	var faults, sample bool
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Runs the platform",
		Long: "Runs the platform until SIGTERM. Without --kafka it starts an embedded broker, without --postgres a private server,\n" +
			"both under --data-dir. --services a,b runs only these; `world` among them is the simulated outside world.\n\n" +
			"With --sample an empty shop gets the products of a real retailer, with stock: " + demo.Attribution,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := service.Load(cmd)
			if err != nil {
				return err
			}
			if sample && len(c.Services) > 0 {
				return service.Usage("sample: needs all services; use `orderflow catalog import` with --services")
			}
			p, err := run.Start(cmd.Context(), c, run.Options{Faults: faults})
			if err != nil {
				return err
			}
			defer p.Stop()
			if sample {
				if err := furnish(cmd, c, p); err != nil {
					return err
				}
			}
			link := ""
			if len(c.Services) == 0 { // else the tracker, which serves the console, may run elsewhere
				if link, err = p.Running.SignInLink(c, actingAs(""), httpserver.ReadWrite); err != nil {
					return err
				}
			}
			if err := printAddresses(cmd.OutOrStdout(), p.Running, c.DataDir, link); err != nil {
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
	cmd.Flags().BoolVar(&sample, "sample", false, "give an empty shop a sample catalogue with stock")
	cmd.Flags().BoolVar(&faults, "faults", false, "let the simulated gateway, carrier and floor fail now and then")
	return cmd
}

// furnish gives an empty shop the sample catalogue, and says so before and after.
func furnish(cmd *cobra.Command, c service.Config, p *run.Platform) error {
	key, err := c.Key()
	if err != nil {
		return service.Environment("sample: %w", err)
	}
	o := demo.ImportOptions{StorefrontURL: p.StorefrontURL, OperatorsURL: p.OperatorsURL, Key: key, Progress: shown("sample")}
	out := cmd.OutOrStdout()
	done, fresh, err := demo.Furnish(cmd.Context(), o, func() {
		fmt.Fprintln(out, "The shop is empty: it gets the goods of a real retailer ("+demo.Attribution+")")
	})
	hide(o.Progress)
	switch {
	case cmd.Context().Err() != nil:
		return service.Environment("sample: %w; the same command resumes where it stopped", errInterrupted)
	case err != nil:
		return service.Environment("sample: %w", err)
	case fresh:
		_, err = fmt.Fprintf(out, "The shop has %d products, with %d pieces in two warehouses\n", done.Products, done.Received)
	default:
		_, err = fmt.Fprintln(out, "The shop has goods of its own; the sample is left out")
	}
	if err != nil {
		return service.Environment("%w", err)
	}
	return nil
}
