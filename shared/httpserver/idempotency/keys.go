package idempotency

import (
	"bytes"
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/tracing"
)

const header = "Idempotency-Key"

// timeout bounds a request with a key. It is shorter than a claim stays busy.
const timeout = 10 * time.Second

// Keys serve the requests of one service that have a key.
type Keys struct {
	claims Claims
	log    *slog.Logger

	mu   sync.Mutex
	busy map[Name]struct{} // being worked on in this process
}

// New returns Keys that store these claims.
func New(claims Claims, log *slog.Logger) *Keys {
	return &Keys{claims: claims, log: log, busy: map[Name]struct{}{}}
}

// Rule configures how a route handles keys.
type Rule struct {
	Optional bool   // a request without a key is allowed, and counts as new
	Route    string // tells it from another route of the same path on another listener; empty: its path
	Rebuilt  bool   // the handler can rebuild its answer from stored data, always the same bytes: no answer is kept

	// Admit may refuse a request when only its key has been read, and nothing written; nil admits all. It must not refuse
	// a request whose key is known: the request came before. Done is called once an admitted request is answered.
	Admit func(known func() (bool, error)) (done func(), p *httpserver.Problem)
}

// Handler serves a route of gin. Its callers are authenticated already.
func (k *Keys) Handler(rule Rule, handle gin.HandlerFunc) gin.HandlerFunc {
	return func(c *gin.Context) { k.Serve(c, rule, func() { handle(c) }) }
}

// Serve answers from the key, or calls handle, whose answer is sent once it is stored. It runs before the body is read by
// anyone. The context of the request that handle gets does not end when the caller leaves: the request was made all the
// same.
func (k *Keys) Serve(c *gin.Context, rule Rule, handle func()) {
	if rule.Optional && len(c.Request.Header.Values(header)) == 0 {
		handle()
		return
	}
	key, p := httpserver.IdempotencyKey(c.GetHeader(header))
	if p != nil {
		httpserver.WriteProblem(c, p)
		return
	}
	name := Name{Caller: httpserver.Subject(c.Request.Context()), Route: cmp.Or(rule.Route, c.FullPath()), Key: key}
	if rule.Admit != nil {
		done, p := rule.Admit(func() (bool, error) { return k.known(c.Request.Context(), name) })
		if p != nil {
			httpserver.WriteProblem(c, p)
			return
		}
		defer done()
	}
	fingerprint, p := fingerprintOf(c.Request)
	if p != nil {
		httpserver.WriteProblem(c, p)
		return
	}
	id, err := tracing.NewID(c.Request.Context())
	if err != nil {
		fail(c, err)
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request.Context()), timeout)
	defer cancel()
	want := Claim{Name: name, Fingerprint: fingerprint, ID: id.String()}
	end, ok := k.begin(name)
	if !ok {
		refuse(c, inUse())
		return
	}
	defer end()
	claim, err := k.claims.Take(ctx, want)
	switch {
	case err != nil:
		fail(c, err)
	case !bytes.Equal(claim.Fingerprint, fingerprint):
		refuse(c, httpserver.NewProblem(http.StatusUnprocessableEntity, "idempotency-key-reused",
			"this Idempotency-Key came with another request before; use a new key for a new request"))
	case claim.Answer != nil:
		claim.Answer.write(c, true)
	default:
		k.handle(ctx, c, &Request{claims: k.claims, claim: claim}, rule, handle)
	}
}

// known tells whether a request with this key came before, or is being served here.
func (k *Keys) known(ctx context.Context, name Name) (bool, error) {
	k.mu.Lock()
	_, busy := k.busy[name]
	k.mu.Unlock()
	if busy {
		return true, nil
	}
	return k.claims.Known(ctx, name)
}

func (k *Keys) begin(name Name) (end func(), ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, busy := k.busy[name]; busy {
		return nil, false
	}
	k.busy[name] = struct{}{}
	return func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		delete(k.busy, name)
	}, true
}

// handle holds the answer back until the outcome of the claim is known.
func (k *Keys) handle(ctx context.Context, c *gin.Context, r *Request, rule Rule, handle func()) {
	c.Request = c.Request.WithContext(context.WithValue(ctx, requestKey{}, r))
	held := &heldWriter{ResponseWriter: c.Writer}
	c.Writer = held
	defer func() { c.Writer = held.ResponseWriter }() // also when handle panics
	handle()
	c.Writer = held.ResponseWriter
	if r.cause != nil {
		_ = c.Error(r.cause)
	}

	answer, repeated := held.answer(), !r.claim.Fresh && !r.begun
	var err error
	switch {
	case answer.Status < 300 && rule.Rebuilt:
	case answer.Status < 300:
		if answer, err = k.claims.Keep(ctx, r.claim, answer); err != nil {
			fail(c, err) // the effect is found when the request is sent again
			return
		}
	case !r.begun && r.claim.Fresh:
		err = k.claims.Forget(ctx, r.claim)
	case r.begun && !r.uncertain && ctx.Err() == nil:
		err = k.claims.Release(ctx, r.claim)
	}
	if err != nil {
		k.log.Warn("could not update an idempotency key: it stays busy for some seconds",
			"route", r.claim.Route, "id", r.claim.ID, "err", err)
	}
	if r.busy || answer.Status == http.StatusServiceUnavailable {
		c.Header("Retry-After", "1")
	}
	answer.write(c, repeated && answer.Status < 300)
}

// inUse is the problem of a key whose first request is in progress.
func inUse() *httpserver.Problem {
	return httpserver.Conflict("idempotency-key-in-use",
		"the request with this Idempotency-Key is under way; send it again in a moment")
}

func fail(c *gin.Context, err error) {
	_ = c.Error(err)
	refuse(c, httpserver.Unavailable())
}

// refuse answers with the problem, and on a conflict with Retry-After.
func refuse(c *gin.Context, p *httpserver.Problem) {
	if p.Status == http.StatusConflict {
		c.Header("Retry-After", "1")
	}
	httpserver.WriteProblem(c, p)
}
