package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"orderflow.example/services/platform/internal/choreography"
	"orderflow.example/services/platform/internal/platform"
	"orderflow.example/shared/service"
)

// Choreography prints what all services declare.
func Choreography() *cobra.Command {
	var format string
	var explored exploring
	cmd := &cobra.Command{
		Use:   "choreography",
		Short: "Prints who hears what and says what, as the services declare it",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if explored.asked() {
				return explored.run(cmd)
			}
			all := choreography.Of(platform.Apps...)
			var text string
			var err error
			switch format {
			case "table":
				text = all.Table()
			case "mermaid":
				text = all.Mermaid()
			case "json":
				text, err = all.JSON()
			default:
				return service.Usage("--format: want table, mermaid or json, not %q", format)
			}
			if err == nil {
				_, err = fmt.Fprint(cmd.OutOrStdout(), text)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&format, "format", "table", "table (Markdown), mermaid or json")
	explored.flags(cmd)
	return cmd
}
