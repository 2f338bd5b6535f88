package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"orderflow.example/shared/httpserver"
)

// client calls the platform's two listeners. A request with an unknown outcome is retried: all requests are idempotent,
// by nature or by key.
type client struct {
	http       *http.Client
	storefront string
	operators  string
	key        []byte        // signs tokens
	patience   time.Duration // how long a platform may be away
	operator   string        // a token
	names      names
}

// away is how long a platform that has answered before may be unreachable. It starts in seconds.
const away = 30 * time.Second

func newClient(o Options, inFlight int) (*client, error) {
	c := &client{storefront: strings.TrimSuffix(o.StorefrontURL, "/"), operators: strings.TrimSuffix(o.OperatorsURL, "/"),
		key: o.Key, patience: min(o.Patience, away), names: o.Plan.names}
	c.http = &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		MaxIdleConnsPerHost: inFlight, IdleConnTimeout: 30 * time.Second, DisableCompression: true,
	}}
	var err error
	c.operator, err = httpserver.Mint(o.Key, httpserver.AudienceOperators, "demo", 24*time.Hour)
	return c, err
}

// asked is one request.
type asked struct {
	method, url string
	token       string
	key         string // Idempotency-Key
	body        any
	first       bool // fail at once if nothing listens
}

// refusal is a final refusal: a retry would get the same.
type refusal struct {
	Status int    `json:"-"`
	Type   string `json:"type"`
	Detail string `json:"detail"`
	Errors []struct {
		Detail   string `json:"detail"`
		Location string `json:"location"`
	} `json:"errors"`
}

// Error returns the stable name of the problem, and its first fault.
func (r *refusal) Error() string {
	text := r.Type[strings.LastIndexByte(r.Type, '/')+1:]
	if text == "" {
		text = fmt.Sprintf("HTTP status %d", r.Status)
	}
	if len(r.Errors) > 0 {
		text += ": " + r.Errors[0].Detail
	}
	return text
}

// aboutContent reports whether the content was refused, and not the client.
func (r *refusal) aboutContent() bool {
	return r.Status == http.StatusBadRequest || r.Status == http.StatusUnprocessableEntity ||
		r.Status == http.StatusRequestEntityTooLarge
}

// is reports whether a request was refused for this reason.
func is(err error, slug string) bool {
	var r *refusal
	return errors.As(err, &r) && strings.HasSuffix(r.Type, "/"+slug)
}

// ask sends a request until the answer is final, and decodes it into out. The error is a *refusal if the platform refused
// it. Took is the time of the last try.
func (c *client) ask(ctx context.Context, a asked, out any) (header http.Header, took time.Duration, err error) {
	var body []byte
	if a.body != nil {
		if body, err = json.Marshal(a.body); err != nil {
			return nil, 0, err
		}
	}
	began := time.Now()
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		sent := time.Now()
		header, final, err := c.try(ctx, a, body, out)
		if final {
			return header, time.Since(sent), err
		}
		if ctx.Err() != nil {
			return nil, 0, ctx.Err()
		}
		if a.first && nobody(err) {
			return nil, 0, err
		}
		pause := wait
		if seconds, bad := strconv.Atoi(header.Get("Retry-After")); bad == nil && is(err, "overloaded") {
			pause, began = time.Duration(seconds)*time.Second, time.Now() // it is up, and says when to retry
		}
		if time.Since(began) > c.patience {
			return nil, 0, fmt.Errorf("the platform has not answered for %s: %w; restart it and repeat the command, "+
				"which continues where it stopped", c.patience, err)
		}
		select {
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		case <-time.After(pause):
		}
	}
}

func (c *client) try(ctx context.Context, a asked, body []byte, out any) (header http.Header, final bool, err error) {
	req, err := http.NewRequestWithContext(ctx, a.method, a.url, bytes.NewReader(body))
	if err != nil {
		return nil, true, err
	}
	if a.token != "" {
		req.Header.Set("Authorization", "Bearer "+a.token)
	}
	if a.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if a.key != "" {
		req.Header.Set("Idempotency-Key", a.key)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, false, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, false, err
	}
	if res.StatusCode < 300 {
		if out == nil {
			return res.Header, true, nil
		}
		return res.Header, true, json.Unmarshal(text, out)
	}
	r := &refusal{Status: res.StatusCode}
	if json.Unmarshal(text, r) != nil {
		r.Type = ""
	}
	again := res.StatusCode >= 500 || res.StatusCode == http.StatusTooManyRequests || is(r, "idempotency-key-in-use")
	return res.Header, !again, r
}

// as returns a token of a customer.
func (c *client) as(customer string) (string, error) {
	return httpserver.Mint(c.key, httpserver.AudienceCustomers, customer, 2*time.Hour)
}
