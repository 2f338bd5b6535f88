// Package answer is the HTTP layer of the simulated world: JSON answers, late answers, dropped connections, and injected
// faults. It decides nothing about payments, parcels or picks.
package answer

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"
)

// Reply is an answer of the simulated world.
type Reply struct {
	Status int
	Body   any           // nil for none
	After  time.Duration // latency
	HangUp bool          // drop the connection instead
}

// Refusal is the body of every refusal.
type Refusal struct {
	Code   string `json:"code"`
	Detail string `json:"detail,omitempty"`
}

// Refuse returns a refusal.
func Refuse(status int, code string) Reply { return Reply{Status: status, Body: Refusal{Code: code}} }

// Invalid returns the reply to a malformed request.
func Invalid(detail string) Reply {
	return Reply{Status: http.StatusBadRequest, Body: Refusal{Code: "invalid_request", Detail: detail}}
}

// Handle makes a handler of a function that returns a reply.
func Handle(fn func(r *http.Request) Reply) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		reply := fn(r)
		if !wait(r, reply.After) {
			return
		}
		if reply.HangUp {
			hangUp(w)
			return
		}
		if reply.Body == nil {
			w.WriteHeader(reply.Status)
			return
		}
		body, err := json.Marshal(reply.Body)
		if err != nil {
			panic(err) // our own body is not encodable as JSON
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(reply.Status)
		w.Write(append(body, '\n'))
	}
}

// Read decodes the request's JSON body, at most 1 MiB, and returns its fingerprint, which is equal for bodies that
// decode to the same value.
func Read[Body any](r *http.Request) (body Body, fingerprint string, err error) {
	decoder := json.NewDecoder(io.LimitReader(r.Body, 1<<20))
	if decoder.Decode(&body) != nil {
		return body, "", errors.New("the body is not the JSON object expected here")
	}
	said, err := json.Marshal(body)
	if err != nil {
		return body, "", err
	}
	sum := sha256.Sum256(append([]byte(r.URL.Path+"\n"), said...))
	return body, hex.EncodeToString(sum[:16]), nil
}

// Key returns the request's idempotency key.
func Key(r *http.Request) (string, error) {
	key := r.Header.Get("Idempotency-Key")
	if key == "" || len(key) > 255 {
		return "", errors.New("the header Idempotency-Key is required, with at most 255 characters")
	}
	return key, nil
}

// wait returns false when the client has disconnected.
func wait(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

// hangUp drops the connection inside the status line of the response. Dropping it earlier would not do: Go's client
// silently retries a request with an idempotency key when a kept-alive connection ends before the first byte of the
// response, and its caller would never see the fault.
func hangUp(w http.ResponseWriter) {
	if _, deaf := w.(unheard); deaf {
		return
	}
	line, buffer, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	buffer.WriteString("HTTP/1.1")
	buffer.Flush()
	line.Close()
}
