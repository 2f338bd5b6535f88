package idempotency

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"orderflow.example/shared/database"
	"orderflow.example/shared/httpserver"
)

type requestKey struct{}

// Request is what a handler has to know of the request it serves.
type Request struct {
	claims    Claims
	claim     Claim
	begun     bool
	busy      bool // whoever came first may still be at work
	uncertain bool
	cause     error // of a problem that says nothing of it
}

// Of is the request that a handler serves. Without a key it is one that nobody sends again.
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

// ID is the id of what the request does, the same when it is sent again: a UUIDv7.
func (r *Request) ID() string { return r.claim.ID }

// IsRepeated tells whether the request came before and may have had its effect. The handler looks for that first, and
// answers from it where it is there.
func (r *Request) IsRepeated() bool { return !r.claim.Fresh }

// Begin says that the effect comes now, or what is missing of it; all that could be refused has been. A problem is
// to be answered: whoever came first may still be at work.
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

// Failed notes why the effect did not come. Where it may still come the key stays busy until that is known.
func (r *Request) Failed(err error) {
	r.uncertain = r.uncertain || errors.Is(err, database.ErrCommitUnknown) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, context.Canceled)
}
