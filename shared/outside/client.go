// Package outside asks whoever is outside over HTTP, in JSON, for the adapters behind the questions of a choreography: the
// id of the question is the idempotency key, a later try first looks for what an earlier one did, and whatever is no clear
// answer is an error of the kind that the engine goes by.
//
// It knows what HTTP says of an answer, and nothing of gateways, carriers or floors: what a clear answer says, and whether
// it says enough to be a yes or a no, its adapter judges. Services use it under their internal folders.
package outside

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"orderflow.example/shared/engine"
)

// Client asks one party.
type Client struct {
	party string // for errors
	url   string
	http  *http.Client
}

const (
	timeout   = 5 * time.Second // for the whole answer to one request
	maxAnswer = 64 << 10        // bytes, of its head and of its body each
)

// New is a client of the party at the URL. Redirects are not followed: what is asked may hold a token or an address.
func New(party, url string) *Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = 0, 256 // of all questions that are asked at once
	transport.MaxResponseHeaderBytes = maxAnswer
	return &Client{party: party, url: strings.TrimRight(url, "/"), http: &http.Client{Timeout: timeout, Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// Question is what an adapter asks.
type Question struct {
	Method  string
	Path    string // escaped, below the URL
	Inquire string // where a later try looks for what an earlier one did; "": it asks again as if it were the first
	Body    any    // nil: none
	Answers []int  // the statuses that are answers; 202 and 204 say no more than that
}

// Ask asks once. It returns the status of a clear answer, and reads its body into the value given, if one is. Any other
// outcome is an error:
//   - engine.Refused where the request itself is refused for good;
//   - engine.NotYet where the party says when to ask again;
//   - else unknown, to be asked again under the same id.
//
// Errors repeat nothing of what was sent, nor of what came back.
func (c *Client) Ask(ctx context.Context, a engine.Attempt, q Question, into any) (status int, err error) {
	if a.Number > 1 && q.Inquire != "" {
		r, err := c.send(ctx, a.ID, http.MethodGet, q.Inquire, nil)
		if err != nil {
			return 0, err
		}
		if r.status != http.StatusNotFound {
			return c.read(r, q.Answers, into)
		}
	}
	r, err := c.send(ctx, a.ID, q.Method, q.Path, q.Body)
	if err != nil {
		return 0, err
	}
	return c.read(r, q.Answers, into)
}

// reply is what came back whole.
type reply struct {
	method string
	status int
	header http.Header
	body   []byte
}

// send makes one request. A body that is larger than an answer may be is not read on: its connection is closed.
func (c *Client) send(ctx context.Context, key, method, path string, body any) (r reply, err error) {
	var data []byte
	if body != nil {
		if data, err = json.Marshal(body); err != nil {
			return r, c.unknown(method, errors.New("the request is not JSON"))
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, bytes.NewReader(data))
	if err != nil {
		return r, c.unknown(method, errors.New("the address is no URL"))
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", key)
	res, err := c.http.Do(req)
	if err != nil {
		return r, c.unknown(method, broken(err))
	}
	defer res.Body.Close()
	r = reply{method: method, status: res.StatusCode, header: res.Header}
	if r.body, err = io.ReadAll(io.LimitReader(res.Body, maxAnswer+1)); err != nil {
		return r, c.unknown(method, broken(err))
	}
	if len(r.body) > maxAnswer {
		return r, c.unknown(method, errors.New("the answer is larger than an answer may be"))
	}
	return r, nil
}
