// Package inflight compares a declaration with the open sagas of a running installation, and finds those that would be
// stranded if it took over. It reads the installation's tracker and changes nothing. The choreography command uses it.
package inflight

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"orderflow.example/services/platform/check/choreography"
)

// Found is the result of the comparison.
type Found struct {
	Open        int                     `json:"open"` // sagas that have not ended
	Differences []string                `json:"differences"`
	Stranded    []choreography.Stranded `json:"stranded"`
}

// Compare reads the running declaration and all open sagas, and compares them with the next declaration.
func Compare(ctx context.Context, op Operators, next choreography.Choreography) (found Found, err error) {
	var running choreography.Choreography
	if err := op.get(ctx, "/v1/choreography", &running); err != nil {
		return found, err
	}
	found = Found{Differences: append([]string{}, choreography.Differences(running, next)...), Stranded: []choreography.Stranded{}}
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

// Operators is the operators' listener of a running installation, and a token for it.
type Operators struct{ URL, Token string }

func (o Operators) open(ctx context.Context, order string) (s choreography.Open, err error) {
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

// client has a timeout for a platform that hangs.
var client = &http.Client{Timeout: 5 * time.Second}

func (o Operators) get(ctx context.Context, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, o.URL+path, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+o.Token)
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("the operators' listener does not answer: %w; check that the platform runs, and restart it", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", path, res.Status)
	}
	return json.NewDecoder(res.Body).Decode(into)
}
