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

// Choreography prints what all services declare, and holds it to its rules.
func Choreography() *cobra.Command {
	var format, replay string
	var check, explore, inFlight, asJSON bool
	cmd := &cobra.Command{
		Use:   "choreography",
		Short: "Shows who hears what and says what, as the services declare it, and checks it",
		Long: "Prints the declared choreography of all services.\n\n" +
			"With --check it is held to the rules that every choreography keeps. With --explore every interleaving of one order is\n" +
			"tried, whatever the outside world answers or the customer wants; what is wrong is shown as the shortest list of events\n" +
			"that leads there, and --replay makes them again. With --in-flight it is compared with the sagas that are open now in\n" +
			"the installation that runs on --data-dir: which of them would be stranded if this build took over.\n\n" +
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
				return choreographyInFlight(cmd, asJSON)
			case asJSON:
				return service.Usage("--json: goes with --check, --explore and --in-flight; to print the choreography so, say --format json")
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
	f.BoolVar(&check, "check", false, "hold the declarations to the rules of every choreography")
	f.BoolVar(&explore, "explore", false, "try every interleaving of one order")
	f.StringVar(&replay, "replay", "", "make the steps of a counter-example again: a `FILE` that --explore --json printed")
	f.BoolVar(&inFlight, "in-flight", false, "tell which open sagas of the running installation this build would strand")
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

// printed writes what was found for people, or as JSON.
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
