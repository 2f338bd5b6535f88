package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"orderflow.example/services/platform/run"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/service"
)

// operators reads the operators' API of a running platform.
type operators struct {
	url, token string
	command    string // for errors
}

// errNotThere is the answer 404.
var errNotThere = errors.New("not found")

// operatorsOf returns the operators' API of the platform at the URL, or of that on --data-dir if it is empty.
func operatorsOf(cmd *cobra.Command, opsURL string) (o operators, err error) {
	o = operators{url: opsURL, command: cmd.Name()}
	c, err := service.Load(cmd)
	if err != nil {
		return o, err
	}
	if opsURL == "" {
		r, err := run.FindRunning(c.DataDir)
		if err != nil {
			return o, err
		}
		o.url = r.OperatorsURL
	} else if !isWebAddress(opsURL) {
		return o, service.Usage("ops-url: want http://host:port or https://host:port")
	}
	key, err := c.InstalledKey()
	if err != nil {
		return o, service.Environment("%s: %w", o.command, err)
	}
	o.token, err = httpserver.Mint(key, httpserver.AudienceOperators, "operator", time.Hour)
	return o, err
}

// get reads one document.
func (o operators) get(ctx context.Context, path string, query url.Values) (json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, connecting)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, o.url+path+"?"+query.Encode(), nil)
	if err != nil {
		return nil, service.Usage("%s: %w", o.command, err)
	}
	request.Header.Set("Authorization", "Bearer "+o.token)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, service.Environment("%s: %w; is the platform running?", o.command, err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	switch {
	case err != nil:
		return nil, service.Environment("%s: %w", o.command, err)
	case answer.StatusCode == http.StatusOK:
		return body, nil
	case answer.StatusCode == http.StatusNotFound:
		return nil, errNotThere
	}
	var problem httpserver.Problem
	if json.Unmarshal(body, &problem) != nil || problem.Detail == "" {
		problem.Detail = fmt.Sprintf("it answers HTTP status %d", answer.StatusCode)
	}
	switch answer.StatusCode {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return nil, service.Usage("%s: %s", o.command, problem.Detail)
	case http.StatusUnauthorized:
		return nil, service.Environment("%s: the platform at %s does not know the key of this data directory: "+
			"give the --data-dir or --jwt-key-file of that platform", o.command, o.url)
	}
	return nil, service.Environment("%s: the platform at %s: %s", o.command, o.url, problem.Detail)
}

// list reads at most limit items of a list, page by page; more tells whether there are others.
func (o operators) list(ctx context.Context, path string, query url.Values, limit int) (items []json.RawMessage, more bool,
	err error) {
	items = []json.RawMessage{}
	for {
		query.Set("limit", fmt.Sprint(min(limit-len(items), 200)))
		body, err := o.get(ctx, path, query)
		if errors.Is(err, errNotThere) {
			return nil, false, service.Environment("%s: %s is not the operators' listener: it has no %s", o.command, o.url, path)
		}
		if err != nil {
			return nil, false, err
		}
		var page struct {
			Items []json.RawMessage `json:"items"`
			Next  string            `json:"next_cursor"`
		}
		if err := json.Unmarshal(body, &page); err != nil {
			return nil, false, service.Environment("%s: the platform at %s answers no list: %w", o.command, o.url, err)
		}
		items = append(items, page.Items...)
		if page.Next == "" || len(items) >= limit {
			return items, page.Next != "", nil
		}
		query.Set("cursor", page.Next)
	}
}
