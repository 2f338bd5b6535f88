// Package command is the orderflow command line: one file per command, each a thin layer over the package that does the work.
// Only cmd/orderflow uses it.
package command

import (
	"github.com/spf13/cobra"

	"orderflow.example/services/platform/run"
	"orderflow.example/shared/service"
)

// Root is the orderflow command with all its commands.
func Root() *cobra.Command {
	root := &cobra.Command{
		Use:   "orderflow",
		Short: "A choreographed saga platform for order fulfilment",
		Long: "Orderflow takes orders over HTTP and carries them to the doorstep, or undoes them cleanly, by small services\n" +
			"that consume each other's events from Kafka. Every flag is also an environment variable (--data-dir is\n" +
			"ORDERFLOW_DATA_DIR) and a key of orderflow.yaml.",
	}
	service.BindFlags(root, run.Flags()...)
	root.AddCommand(Up(), Demo(), Verify(), Choreography(), Topics(), Token(), Bench(), Migrate(), Parked(), Replay(),
		Snapshot(), Shadow(), Catalog(), Sagas(), Saga(), Stuck())
	return root
}
