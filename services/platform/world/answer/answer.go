// Package answer is how the parts of the simulated world speak HTTP: JSON answers, answers that come late or never, and
// the faults of a bad day. It decides nothing about payments, parcels or picks.
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

// Reply is what a part of the world answers.
type Reply struct {
	Status int
	Body   any           // nil for none
	After  time.Duration // how long the answer takes
	HangUp bool          // the line goes dead instead
}

// Refusal is the body of every answer that says no.
type Refusal struct {
	Code   string `json:"code"`
	Detail string `json:"detail,omitempty"`
}

// Refuse is a reply that says no.
func Refuse(status int, code string) Reply { return Reply{Status: status, Body: Refusal{Code: code}} }

// Invalid is the reply to a request that cannot be understood.
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
			panic(err) // a body of ours that JSON cannot say
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(reply.Status)
		w.Write(append(body, '\n'))
	}
}

// Read takes the request's JSON body, at most 1 MiB of it, and its fingerprint, which is the same for bodies that say
// the same to this part of the world.
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

// Key is the request's idempotency key.
func Key(r *http.Request) (string, error) {
	key := r.Header.Get("Idempotency-Key")
	if key == "" || len(key) > 255 {
		return "", errors.New("the header Idempotency-Key is needed, with at most 255 characters")
	}
	return key, nil
}

// wait returns false when the caller has gone.
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

// hangUp cuts the line in the middle of the answer's first word. An answer that has not begun would not do: Go's client
// silently asks again when a kept connection ends before the first byte of the answer to a request with an idempotency
// key, and its caller would never see the fault.
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
