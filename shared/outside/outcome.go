package outside

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"

	"orderflow.example/shared/engine"
)

// maxWait bounds the wait that a party may ask for at a time.
const maxWait = time.Minute

func (c *Client) read(r reply, answers []int, into any) (int, error) {
	if !slices.Contains(answers, r.status) {
		return 0, Outcome(c.party, r.method, r.status, r.header)
	}
	if into == nil || r.status == http.StatusAccepted || r.status == http.StatusNoContent {
		return r.status, nil
	}
	if json.Unmarshal(r.body, into) != nil {
		return 0, c.unknown(r.method, fmt.Errorf("status %d, and the body is not the expected JSON", r.status))
	}
	return r.status, nil
}

// Outcome is the error for a status that is no answer. A conflict means that an earlier try of ours is still being
// processed; a resource that is not found may be found later, except the one that requests are sent to.
func Outcome(party, method string, code int, header http.Header) error {
	status := fmt.Errorf("status %d", code)
	switch code {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests, http.StatusServiceUnavailable:
		if wait := retryAfter(header, time.Now()); wait > 0 {
			return fmt.Errorf("%s: %s: %w: %w", party, method, status, engine.NotYet(wait))
		}
		return Unknown(party, method, status)
	case http.StatusConflict:
		return Unknown(party, method, status)
	case http.StatusNotFound:
		if method == http.MethodGet {
			return Unknown(party, method, status)
		}
	}
	if code >= 400 && code < 500 {
		return engine.Refused(fmt.Errorf("%s: %s: refused: %w", party, method, status))
	}
	return Unknown(party, method, status)
}

// Unknown is the error for a request whose outcome is unknown.
func Unknown(party, method string, why error) error {
	return fmt.Errorf("%s: %s: outcome unknown: %w", party, method, why)
}

func (c *Client) unknown(method string, why error) error { return Unknown(c.party, method, why) }

// Unclear is the error of an adapter for an answer that is neither a yes nor a no.
func (c *Client) Unclear(why string) error {
	return fmt.Errorf("%s: outcome unknown: %s", c.party, why)
}

// Refused is the error of an adapter for an answer by which the party refuses the request as wrong.
func (c *Client) Refused(why string) error {
	return engine.Refused(fmt.Errorf("%s: refused: %s", c.party, why))
}

// retryAfter returns how long to wait, at most maxWait; 0 if the header has no usable value. A date is compared with the
// party's own.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, maxWait)
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	if theirs, err := http.ParseTime(h.Get("Date")); err == nil {
		now = theirs
	}
	return max(0, min(at.Sub(now), maxWait))
}

// Broken describes how a request failed without the text of the response, which may repeat the request.
func Broken(err error) error {
	var network *net.OpError
	var certificate *tls.CertificateVerificationError
	var late net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.As(err, &late) && late.Timeout():
		return errors.New("no answer in time")
	case errors.As(err, &network):
		return network
	case errors.As(err, &certificate):
		return certificate
	}
	return errors.New("the connection broke, or the answer is not in the expected form")
}
