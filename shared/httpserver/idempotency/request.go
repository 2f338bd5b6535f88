package idempotency

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"orderflow.example/shared/database"
	"orderflow.example/shared/httpserver"
)

type requestKey struct{}

// Request is the request that a handler serves.
type Request struct {
	claims    Claims
	claim     Claim
	begun     bool
	busy      bool // the first request may still be in progress
	uncertain bool
	cause     error // of a problem without details
}

// Of returns the request that a handler serves. A request without a key is never a repeat.
func Of(ctx context.Context) *Request {
	if r, ok := ctx.Value(requestKey{}).(*Request); ok {
		return r
	}
	id, err := uuid.NewV7()
	if err != nil {
		panic("idempotency: no random numbers: " + err.Error())
	}
	return &Request{claim: Claim{ID: id.String(), Fresh: true}}
}

// ID is the id of the request's effect, the same when the request is sent again: a UUIDv7.
func (r *Request) ID() string { return r.claim.ID }

// IsRepeated tells whether the request came before and may have had its effect. The handler looks for the effect first,
// and answers from it if it exists.
func (r *Request) IsRepeated() bool { return !r.claim.Fresh }

// Begin declares that the effect, or the missing part of it, comes now; all refusals are past. A problem must be
// answered: the first request may still be in progress.
func (r *Request) Begin(ctx context.Context) *httpserver.Problem {
	if r.claims != nil && !r.claim.Fresh && !r.begun {
		mine, err := r.claims.Resume(ctx, r.claim)
		if err != nil {
			r.cause = err
			return httpserver.Unavailable()
		}
		if !mine {
			r.busy = true
			return inUse()
		}
	}
	r.begun = true
	return nil
}

// Failed records why the effect failed. If it may still happen the key stays busy until the outcome is known.
func (r *Request) Failed(err error) {
	r.uncertain = r.uncertain || errors.Is(err, database.ErrCommitUnknown) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, context.Canceled)
}
