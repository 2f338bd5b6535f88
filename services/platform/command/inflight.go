package command

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"orderflow.example/services/platform/check/choreography"
	"orderflow.example/services/platform/check/inflight"
	"orderflow.example/services/platform/run"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/service"
)

// choreographyInFlight compares this build with the sagas open in the installation whose tracker has this
// operators' listener, or that runs on --data-dir.
func choreographyInFlight(cmd *cobra.Command, operators string, asJSON bool) error {
	c, err := service.Load(cmd)
	if err != nil {
		return err
	}
	found, err := answered(cmd.Context(), nil, func(ctx context.Context) (found inflight.Found, err error) {
		url := operators
		if url == "" {
			running, err := run.FindRunning(c.DataDir)
			if err != nil {
				return found, err
			}
			url = running.OperatorsURL
		}
		key, err := c.InstalledKey()
		if err != nil {
			return found, err
		}
		token, err := httpserver.Mint(key, httpserver.AudienceOperators, "choreography", time.Hour)
		if err != nil {
			return found, err
		}
		return inflight.Compare(ctx, inflight.Operators{URL: url, Token: token}, choreography.Of(run.Apps...))
	})
	if err != nil {
		return service.Environment("choreography: %w", err)
	}
	w := cmd.OutOrStdout()
	err = printed(w, asJSON, found, func() error {
		for _, line := range found.Differences {
			fmt.Fprintln(w, line)
		}
		for _, s := range found.Stranded {
			fmt.Fprintln(w, "✗", s.Sentence())
		}
		_, err := fmt.Fprintf(w, "%d open sagas, %d rows differ, %d sagas would be stranded\n", found.Open,
			len(found.Differences), len(found.Stranded))
		return err
	})
	if err == nil && len(found.Stranded) > 0 {
		err = service.Failed("choreography: this build would strand open sagas; keep the rows they wait for until they have ended")
	}
	return err
}
