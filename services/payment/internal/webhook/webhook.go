// Package webhook takes the payment gateway's notifications. It checks that the gateway sent them, and that each id is used once,
// and keeps for each what came of it. What a notification means for a payment is decided by the payment service's machine.
package webhook

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"orderflow.example/services/payment"
	"orderflow.example/shared/httpserver"
)

// Path is where the gateway sends its webhooks, on the customers' listener.
const Path = "/v1/webhooks/payments"

// Reader checks a webhook and says what it notifies of. The error is an httpserver.ErrSignature, or says what is wrong with the
// body, or is an ErrUnavailable. Each gateway has its own.
type Reader interface {
	Read(ctx context.Context, header http.Header, body []byte, now time.Time) (payment.Notification, error)
}

// ErrUnavailable means that what the body leaves out could not be asked of the gateway, which shall send the webhook again.
var ErrUnavailable = errors.New("the gateway could not be asked what a webhook leaves out")

// Record lets the service decide on a notification. It returns why nothing followed from it, "" if something did.
type Record func(ctx context.Context, n payment.Notification) (ignored string, err error)

// Parts are what the route needs.
type Parts struct {
	Reader Reader
	Record Record
	Inbox  Inbox
	Count  func(outcome string)
	Log    *slog.Logger
}

// The outcomes of notifications that were not ignored. Those of others are payment's reasons.
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

// Register adds the route to the API.
func Register(api huma.API, p Parts) {
	huma.Register(api, huma.Operation{
		OperationID: "receive-payment-webhook", Method: http.MethodPost, Path: Path, Tags: []string{"Webhooks"},
		Summary: "Take a notification of the payment gateway",
		Description: "It is signed: `" + httpserver.SignatureHeader + ": t=SECONDS,v1=HEX`, the HMAC-SHA256 of `SECONDS.BODY`, at " +
			"most 300 seconds from our time (Stripe: `Stripe-Signature`). Each id is taken once. What is of an unknown type, or does " +
			"not fit the order, is kept and changes nothing.",
		Errors: []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusConflict, http.StatusRequestEntityTooLarge,
			http.StatusUnsupportedMediaType, http.StatusServiceUnavailable},
	}, p.receive)
}

func (p Parts) receive(ctx context.Context, in *input) (*struct{ Body received }, error) {
	n, err := p.Reader.Read(ctx, humagin.Unwrap(in.ctx).Request.Header, in.RawBody, time.Now())
	switch {
	case errors.Is(err, httpserver.ErrSignature):
		p.Count(Refused)
		return nil, httpserver.NewProblem(http.StatusUnauthorized, "webhook-signature", err.Error())
	case errors.Is(err, ErrUnavailable):
		return nil, p.later(ctx, err)
	case err == nil:
		err = usable(n)
	}
	if err != nil {
		p.Count(Refused)
		return nil, httpserver.Malformed(httpserver.Fault{Detail: err.Error(), Location: "body"})
	}
	outcome, err := p.take(ctx, n, digest(n))
	if err != nil {
		return nil, p.later(ctx, err)
	}
	p.Count(outcome)
	body := received{ID: n.ID, Outcome: outcome}
	switch outcome {
	case Reused:
		return nil, httpserver.Conflict("webhook-id-reused", "another notification had this id; nothing was changed")
	case Recorded, Repeated:
	default:
		body.Outcome, body.Reason = "ignored", outcome
	}
	return &struct{ Body received }{body}, nil
}

func (p Parts) later(ctx context.Context, err error) error {
	p.Log.WarnContext(ctx, "a webhook could not be taken; the gateway sends it again", "error", err)
	return httpserver.Unavailable()
}

// digest tells whether two notifications are the same. Their bodies may differ: Stripe counts in them how often it has to send.
func digest(n payment.Notification) [sha256.Size]byte {
	text, err := json.Marshal(n)
	if err != nil {
		panic(err) // it has only text and numbers
	}
	return sha256.Sum256(text)
}

// usable finds text that cannot be kept.
func usable(n payment.Notification) error {
	for field, text := range map[string]string{"id": n.ID, "type": string(n.Kind), "order": n.Order, "attempt": n.Attempt,
		"reference": n.Reference, "currency": n.Amount.Currency, "reason": n.Reason, "refund": n.RefundID, "dispute": n.DisputeID,
		"card": n.Card} {
		if len(text) > 255 || httpserver.UnusableText(text) != "" || text == "" && (field == "id" || field == "type") {
			return fmt.Errorf("%s: want text of at most 255 bytes without control characters", field)
		}
	}
	return nil
}

// take records a notification unless its id was taken before. When the process ends in between, the gateway sends it again, and
// what was decided already is not decided again.
func (p Parts) take(ctx context.Context, n payment.Notification, digest [sha256.Size]byte) (outcome string, err error) {
	known, err := p.Inbox.Claim(ctx, n, digest[:])
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
	switch outcome {
	case "":
		outcome = Recorded
	case payment.IgnoredUnknownOrder, payment.IgnoredOtherReference, payment.IgnoredOtherCurrency, payment.IgnoredOtherAmount,
		payment.IgnoredUnknownType:
		p.Log.WarnContext(ctx, "a webhook of the payment gateway does not fit; it is kept and changes nothing", "webhook", n.ID,
			"order", n.Order, "why", outcome)
	}
	return outcome, p.Inbox.Close(ctx, n.ID, outcome)
}
