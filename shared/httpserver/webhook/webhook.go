// Package webhook takes the notifications of outside parties. It checks that the party sent them, and that each id is used once,
// and keeps for each what came of it. What a notification means is decided by the machine of the service that hears it.
package webhook

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"orderflow.example/shared/httpserver"
)

// Reader checks a webhook and says what it notifies of. The error is an httpserver.ErrSignature, or says what is wrong with the
// body, or is an ErrUnavailable. Each party has its own.
type Reader[N any] interface {
	Read(ctx context.Context, header http.Header, body []byte, now time.Time) (N, error)
}

// ErrUnavailable means that what the body leaves out could not be asked of the sender, which shall send the webhook again.
var ErrUnavailable = errors.New("the sender could not be asked what a webhook leaves out")

// Record lets the service decide on a notification. It returns why nothing followed from it, "" if something did.
type Record[N any] func(ctx context.Context, n N) (ignored string, err error)

// Head is what is kept of a notification.
type Head struct{ ID, Kind, About string }

// Parts are what a route needs. N is a notification, which can be encoded as JSON.
type Parts[N any] struct {
	Reader Reader[N]
	Record Record[N]
	Head   func(N) Head
	Texts  func(N) map[string]string // all its texts by their fields, beside those of its head
	Unfit  []string                  // reasons that are logged: the sender may know more than we do
	Inbox  Inbox
	Count  func(outcome string)
	Log    *slog.Logger
}

// The outcomes of notifications that were not ignored. Those of others are the service's reasons.
const (
	Recorded = "recorded"
	Repeated = "repeat"    // the same id was taken before
	Reused   = "id_reused" // another notification had this id
	Refused  = "refused"   // no valid signature, or a body that cannot be read
)

type received struct {
	ID      string `json:"id" doc:"The notification's"`
	Outcome string `json:"outcome" enum:"recorded,ignored,repeat"`
	Reason  string `json:"reason,omitempty" doc:"Why it was ignored, as a stable word: nothing has changed" example:"unknown_type"`
}

type input struct {
	RawBody []byte `contentType:"application/json"`
	ctx     huma.Context
}

// Resolve keeps the headers: each gateway has a signature header of its own.
func (in *input) Resolve(ctx huma.Context) []error {
	in.ctx = ctx
	return nil
}

// Register adds a route to the API. The operation says its id, path, summary and description.
func Register[N any](api huma.API, op huma.Operation, p Parts[N]) {
	op.Method, op.Tags = http.MethodPost, []string{"Webhooks"}
	op.Description = "It is signed: `" + httpserver.SignatureHeader + ": t=SECONDS,v1=HEX`, the HMAC-SHA256 of `SECONDS.BODY`, at " +
		"most 300 seconds from our time" + op.Description
	op.Errors = []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusConflict, http.StatusRequestEntityTooLarge,
		http.StatusUnsupportedMediaType, http.StatusServiceUnavailable}
	huma.Register(api, op, p.receive)
}

func (p Parts[N]) receive(ctx context.Context, in *input) (*struct{ Body received }, error) {
	n, err := p.Reader.Read(ctx, humagin.Unwrap(in.ctx).Request.Header, in.RawBody, time.Now())
	switch {
	case errors.Is(err, httpserver.ErrSignature):
		p.Count(Refused)
		return nil, httpserver.NewProblem(http.StatusUnauthorized, "webhook-signature", err.Error())
	case errors.Is(err, ErrUnavailable):
		return nil, p.later(ctx, err)
	case err == nil:
		err = p.usable(n)
	}
	if err != nil {
		p.Count(Refused)
		return nil, httpserver.Malformed(httpserver.Fault{Detail: err.Error(), Location: "body"})
	}
	h := p.Head(n)
	outcome, err := p.take(ctx, n, h)
	if err != nil {
		return nil, p.later(ctx, err)
	}
	p.Count(outcome)
	body := received{ID: h.ID, Outcome: outcome}
	switch outcome {
	case Reused:
		return nil, httpserver.Conflict("webhook-id-reused", "another notification had this id; nothing was changed")
	case Recorded, Repeated:
	default:
		body.Outcome, body.Reason = "ignored", outcome
	}
	return &struct{ Body received }{body}, nil
}

func (p Parts[N]) later(ctx context.Context, err error) error {
	p.Log.WarnContext(ctx, "a webhook could not be taken; it is sent again", "error", err)
	return httpserver.Unavailable()
}

// digest tells whether two notifications are the same. Their bodies may differ: Stripe counts in them how often it has to send.
func digest(n any) []byte {
	text, err := json.Marshal(n)
	if err != nil {
		panic(err) // it has only text, numbers and times
	}
	sum := sha256.Sum256(text)
	return sum[:]
}

// usable finds text that cannot be kept.
func (p Parts[N]) usable(n N) error {
	h := p.Head(n)
	texts := p.Texts(n)
	texts["id"], texts["type"] = h.ID, h.Kind
	for _, field := range slices.Sorted(maps.Keys(texts)) {
		text := texts[field]
		if len(text) > 255 || httpserver.UnusableText(text) != "" || text == "" && (field == "id" || field == "type") {
			return fmt.Errorf("%s: want text of at most 255 bytes without control characters", field)
		}
	}
	return nil
}

// take records a notification unless its id was taken before. When the process ends in between, it is sent again, and what was
// decided already is not decided again.
func (p Parts[N]) take(ctx context.Context, n N, h Head) (outcome string, err error) {
	known, err := p.Inbox.Claim(ctx, h, digest(n))
	if err != nil {
		return "", err
	}
	switch {
	case !known.Same:
		return Reused, nil
	case known.Outcome != "":
		return Repeated, nil
	}
	if outcome, err = p.Record(ctx, n); err != nil {
		return "", err
	}
	if outcome == "" {
		outcome = Recorded
	}
	if slices.Contains(p.Unfit, outcome) {
		p.Log.WarnContext(ctx, "a webhook does not fit; it is kept and changes nothing", "webhook", h.ID, "about", h.About,
			"why", outcome)
	}
	return outcome, p.Inbox.Close(ctx, h.ID, outcome)
}
