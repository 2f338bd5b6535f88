// Package outside is the HTTP client for outside parties, in JSON, for the adapters behind the calls of a choreography:
// the id of the call is the idempotency key, a retry first inquires after the outcome of an earlier try, and an answer
// that is not clear becomes an error of a kind that the engine understands.
//
// It interprets HTTP statuses, and knows nothing of gateways, carriers or floors: the adapter judges whether the body of
// a clear answer is a yes or a no. Services use it under their internal folders.
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

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"

	"orderflow.example/shared/engine"
)

// Client calls one party.
type Client struct {
	party string // for errors
	url   string
	http  *http.Client
}

const (
	timeout   = 5 * time.Second // for the whole answer to one request
	maxAnswer = 64 << 10        // bytes, of its head and of its body each
)

// New returns a client of the party at the URL. Redirects are not followed: a request may hold a token or an address.
func New(party, url string) *Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = 0, 256 // for all calls in flight
	transport.MaxResponseHeaderBytes = maxAnswer
	return &Client{party: party, url: strings.TrimRight(url, "/"), http: &http.Client{Timeout: timeout, Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// Question is a request of an adapter.
type Question struct {
	Method  string
	Path    string // escaped, below the URL
	Inquire string // path at which a retry inquires after an earlier try; "": a retry sends the same request again
	Body    any    // nil: none
	Answers []int  // the statuses that are answers; with 202 and 204 no body is expected
}

// Ask makes one try. It returns the status of a clear answer, and decodes its body into the value given, if any. Any
// other outcome is an error:
//   - engine.Refused where the request itself is refused for good;
//   - engine.NotYet where the party says when to ask again;
//   - else unknown, to be asked again under the same id.
//
// Errors repeat neither the request nor the response.
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

// reply is a complete response.
type reply struct {
	method string
	status int
	header http.Header
	body   []byte
}

// send makes one request, a span of the trace that the context belongs to, if any. The party is not told of the trace. A
// body above the limit is not read further: its connection is closed.
func (c *Client) send(ctx context.Context, key, method, path string, body any) (r reply, err error) {
	tracer := trace.SpanFromContext(ctx).TracerProvider().Tracer("orderflow.example/shared/outside")
	ctx, span := tracer.Start(ctx, method+" "+c.party, trace.WithSpanKind(trace.SpanKindClient))
	defer func() {
		if err != nil {
			span.SetStatus(codes.Error, err.Error())
		} else {
			span.SetAttributes(semconv.HTTPRequestMethodKey.String(method), semconv.HTTPResponseStatusCode(r.status))
		}
		span.End()
	}()
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
		return r, c.unknown(method, errors.New("the answer has more than 64 KiB"))
	}
	return r, nil
}
