package command

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"orderflow.example/services/platform/internal/choreography"
	"orderflow.example/services/platform/internal/platform"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/service"
)

// inFlight is what the comparison with a running installation found.
type inFlight struct {
	Open        int                     `json:"open"` // sagas that have not ended
	Differences []string                `json:"differences"`
	Stranded    []choreography.Stranded `json:"stranded"`
}

func choreographyInFlight(cmd *cobra.Command, asJSON bool) error {
	c, err := service.Load(cmd)
	if err != nil {
		return err
	}
	running, err := platform.FindRunning(c.DataDir)
	if err != nil {
		return err
	}
	key, err := c.Key()
	if err != nil {
		return service.Environment("%w", err)
	}
	token, err := httpserver.Mint(key, httpserver.AudienceOperators, "choreography", time.Hour)
	if err != nil {
		return err
	}
	op := operators{running.OperatorsURL, token}
	found, err := compareInFlight(cmd.Context(), op)
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
		_, err := fmt.Fprintf(w, "%d open sagas, %d rows differ, %d sagas would be stranded\n", found.Open, len(found.Differences), len(found.Stranded))
		return err
	})
	if err == nil && len(found.Stranded) > 0 {
		err = service.Failed("choreography: this build would strand open sagas; keep the rows they wait for until they have ended")
	}
	return err
}

// compareInFlight reads the declaration that runs and every open saga, and compares them with this build.
func compareInFlight(ctx context.Context, op operators) (found inFlight, err error) {
	var running choreography.Choreography
	if err := op.get(ctx, "/v1/choreography", &running); err != nil {
		return found, err
	}
	next := choreography.Of(platform.Apps...)
	found = inFlight{Differences: choreography.Differences(running, next), Stranded: []choreography.Stranded{}}
	var open []choreography.Open
	for cursor := ""; ; {
		var page struct {
			Items []struct {
				Order string `json:"order"`
			} `json:"items"`
			Next string `json:"next_cursor"`
		}
		if err := op.get(ctx, "/v1/sagas?open=true&limit=200&cursor="+url.QueryEscape(cursor), &page); err != nil {
			return found, err
		}
		for _, item := range page.Items {
			s, err := op.open(ctx, item.Order)
			if err != nil {
				return found, err
			}
			open = append(open, s)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	found.Open = len(open)
	found.Stranded = append(found.Stranded, choreography.InFlight(running, next, open)...)
	return found, nil
}

// operators is the operators' listener of a running installation.
type operators struct{ url, token string }

func (o operators) open(ctx context.Context, order string) (s choreography.Open, err error) {
	var view struct {
		Events []struct {
			Type string `json:"type"`
		} `json:"events"`
		Obligations []choreography.Owed `json:"obligations"`
	}
	err = o.get(ctx, "/v1/sagas/"+url.PathEscape(order), &view)
	s = choreography.Open{Order: order, Owed: view.Obligations}
	for _, e := range view.Events {
		s.Said = append(s.Said, e.Type)
	}
	return s, err
}

func (o operators) get(ctx context.Context, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, o.url+path, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+o.token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", path, res.Status)
	}
	return json.NewDecoder(res.Body).Decode(into)
}
