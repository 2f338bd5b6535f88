package command

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"orderflow.example/services/platform/check/choreography"
	"orderflow.example/services/platform/run"
	"orderflow.example/shared/service"
)

// Choreography prints the declarations of all services, and checks them.
func Choreography() *cobra.Command {
	var format, replay, operators string
	var check, explore, inFlight, asJSON bool
	cmd := &cobra.Command{
		Use:   "choreography",
		Short: "Shows which events each service consumes and emits, as declared, and checks it",
		Long: "Prints the declared choreography of all services.\n\n" +
			"--check checks it against the rules of every choreography. --explore tries every interleaving of one order, with every\n" +
			"answer of the outside world and every wish of the customer; a violation is shown as the shortest list of events that\n" +
			"leads there, and --replay repeats them. --in-flight compares it with the sagas that are open now in the installation\n" +
			"that runs on --data-dir, or whose tracker answers at --operators-url, and lists those that would be stranded if this\n" +
			"build took over.\n\n" +
			"Exit code 1 when something is wrong.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case check:
				return checkChoreography(cmd.OutOrStdout(), asJSON)
			case explore:
				return exploreChoreography(cmd, asJSON)
			case replay != "":
				return replayFile(cmd.OutOrStdout(), replay)
			case inFlight:
				return choreographyInFlight(cmd, operators, asJSON)
			case asJSON:
				return service.Usage("--json: goes with --check, --explore and --in-flight; for the choreography as JSON use --format json")
			}
			text, err := declared(format)
			if err == nil {
				_, err = fmt.Fprint(cmd.OutOrStdout(), text)
			}
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&format, "format", "table", "table (Markdown), mermaid, json or asyncapi")
	f.BoolVar(&check, "check", false, "check the declarations against the rules of every choreography")
	f.BoolVar(&explore, "explore", false, "try every interleaving of one order")
	f.StringVar(&replay, "replay", "", "repeat the steps of a counter-example: a `FILE` that --explore --json printed")
	f.BoolVar(&inFlight, "in-flight", false, "list the open sagas of the running installation that this build would strand")
	f.StringVar(&operators, "operators-url", "", "with --in-flight: the operators' listener of the tracker; needs --jwt-key-file")
	f.BoolVar(&asJSON, "json", false, "with --check, --explore and --in-flight: print JSON")
	cmd.MarkFlagsMutuallyExclusive("format", "check", "explore", "replay", "in-flight")
	return cmd
}

func declared(format string) (string, error) {
	all := choreography.Of(run.Apps...)
	switch format {
	case "table":
		return all.Table(), nil
	case "mermaid":
		return all.Mermaid(), nil
	case "json":
		return all.JSON()
	case "asyncapi":
		return all.AsyncAPI()
	}
	return "", service.Usage("--format: want table, mermaid, json or asyncapi, not %q", format)
}

func checkChoreography(w io.Writer, asJSON bool) error {
	rules := choreography.Check(choreography.LanguageOf(run.Apps...), choreography.Machines(run.Apps...)...)
	if err := printed(w, asJSON, rules, func() error { return choreography.Print(w, rules) }); err != nil {
		return err
	}
	if faults := choreography.Faults(rules); len(faults) > 0 {
		return service.Failed("choreography: %d faults", len(faults))
	}
	return nil
}

// printed writes a result for people, or as JSON.
func printed(w io.Writer, asJSON bool, found any, forPeople func() error) error {
	err := error(nil)
	if asJSON {
		out := json.NewEncoder(w)
		out.SetIndent("", "  ")
		err = out.Encode(found)
	} else {
		err = forPeople()
	}
	if err != nil {
		return service.Environment("%w", err)
	}
	return nil
}
