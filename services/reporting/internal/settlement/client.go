// Package settlement reads the gateway's settlement files, for the reporting service alone: package file says what is in one.
//
// A file is read whole or refused whole. A refusal names the line and its fault, and repeats nothing else of the file.
package settlement

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	event "orderflow.example/schemas/reporting"
	"orderflow.example/services/reporting"
	"orderflow.example/shared/engine"
)

const (
	timeout  = time.Minute // for a whole file
	maxFile  = 256 << 20   // bytes
	notThere = 15 * time.Minute
)

// Client reads the files of one gateway.
type Client struct {
	url  string
	http *http.Client
}

// New reads the files below the gateway's URL.
func New(gateway string) *Client {
	return &Client{url: strings.TrimRight(gateway, "/") + "/v1/settlements/", http: &http.Client{Timeout: timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// Answerers binds the service's question to the gateway.
func (c *Client) Answerers() []engine.Answerer {
	return []engine.Answerer{engine.Answer(reporting.GetSettlement, c.get).Limited(2, 0)}
}

// Without answers for a gateway that has no settlement files that could be read here: there is none yet.
func Without() []engine.Answerer {
	return []engine.Answerer{engine.Answer(reporting.GetSettlement,
		func(context.Context, engine.Attempt, event.SettlementRequestedV1) (none reporting.File, err error) {
			return none, engine.NotYet(notThere)
		})}
}

// get reads the whole file each time, so that nothing is taken from one that is cut short, and answers with the next lines.
func (c *Client) get(ctx context.Context, _ engine.Attempt, e event.SettlementRequestedV1) (none reporting.File, err error) {
	day := e.Day
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+url.PathEscape(day), nil)
	if err != nil {
		return none, engine.Refused(fmt.Errorf("settlement of %s: the gateway's address is no URL", day))
	}
	response, err := c.http.Do(request)
	if err != nil {
		return none, fmt.Errorf("settlement of %s: the gateway does not answer", day)
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode == http.StatusNotFound:
		return none, engine.NotYet(notThere)
	case response.StatusCode != http.StatusOK:
		return none, fmt.Errorf("settlement of %s: the gateway answers %d", day, response.StatusCode)
	}
	content, err := io.ReadAll(io.LimitReader(response.Body, maxFile+1))
	switch {
	case err != nil:
		return none, fmt.Errorf("settlement of %s: the connection ended within the file", day)
	case len(content) > maxFile:
		return reporting.File{Refused: fmt.Sprintf("the file has more than %d MiB", maxFile>>20)}, nil
	}
	f, err := Parse(day, content)
	if err != nil {
		return reporting.File{Refused: err.Error()}, nil
	}
	page := f.page(e.Skip, e.Digest)
	page.Reading = e.Reading
	return page, nil
}
