// Package gateway asks the payment gateway over HTTP, for the payment service alone.
//
// Only an unambiguous reply is an answer: a success names its subject and no other amount, a refusal gives a known reason.
package gateway

import (
	"context"
	"net/http"
	"slices"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/payment"
	"orderflow.example/services/payment"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/outside"
)

// Client is a client of one gateway.
type Client struct{ outside *outside.Client }

// New is a client of the gateway at the URL.
func New(url string) *Client { return &Client{outside.New("gateway", url)} }

// Answerers binds the payment service's questions to the gateway.
func (c *Client) Answerers() []engine.Answerer {
	return []engine.Answerer{
		engine.Answer(payment.Authorize, c.authorize),
		engine.Answer(payment.Capture, c.capture),
		engine.Answer(payment.Void, c.void),
	}
}

// The reasons for which the gateway refuses. It never refuses a void.
var (
	notAuthorized = []string{"card_declined", "insufficient_funds", "unknown_token", "voided"}
	notCaptured   = []string{"already_captured", "capture_failed", "currency_mismatch", "exceeds_authorized", "single_capture",
		"unknown_reference", "voided"}
)

type request struct {
	Order     string `json:"order"`
	Attempt   string `json:"attempt,omitempty"`
	Reference string `json:"reference,omitempty"`
	Amount    int64  `json:"amount,omitempty"`
	Currency  string `json:"currency,omitempty"`
	Token     string `json:"token,omitempty"`
	Captures  int64  `json:"captures,omitempty"` // of an authorisation: how many of parts of it may follow, where that is not one
	Final     *bool  `json:"final,omitempty"`    // of a capture: false if the rest stays set aside
}

type reply struct {
	Reference string `json:"reference"`
	Amount    *int64 `json:"amount"`   // minor units; a gateway may leave it out
	Currency  string `json:"currency"` // optional too
	Captures  *int64 `json:"captures"` // optional too: how many there may be
	Code      string `json:"code"`     // why it was refused
}

func (c *Client) authorize(ctx context.Context, a engine.Attempt, e event.AuthorizationRequestedV1) (
	payment.AuthorizeAnswer, error) {

	r, refused, err := c.move(ctx, a, "authorizations", request{Token: e.PaymentToken, Captures: e.Captures}, e.Amount,
		notAuthorized)
	return payment.AuthorizeAnswer{Reference: r.Reference, Refused: refused,
		Once: e.Captures > 1 && r.Captures != nil && *r.Captures < e.Captures}, err
}

func (c *Client) capture(ctx context.Context, a engine.Attempt, e event.CaptureRequestedV1) (
	none payment.CaptureAnswer, err error) {

	q := request{Reference: e.Reference}
	if e.ShipmentID != "" {
		q.Final = new(false)
	}
	r, refused, err := c.move(ctx, a, "captures", q, e.Amount, notCaptured)
	switch {
	case err != nil:
		return none, err
	case refused == "" && r.Reference != e.Reference:
		return none, c.outside.Unclear("the reply is about another authorisation")
	}
	return payment.CaptureAnswer{ShipmentID: e.ShipmentID, Refused: refused}, nil
}

func (c *Client) void(ctx context.Context, a engine.Attempt, e event.VoidRequestedV1) (none payment.VoidAnswer, err error) {
	r, _, err := c.ask(ctx, a, "voids", request{Order: a.Saga, Attempt: e.Attempt}, http.StatusOK)
	switch {
	case err != nil:
		return none, err
	case r.Amount == nil || *r.Amount < 0 || *r.Amount > e.Amount.Amount || r.Currency != "" && r.Currency != e.Amount.Currency:
		return none, c.outside.Unclear("voided, without an amount or with a wrong one")
	}
	return payment.VoidAnswer{Amount: *r.Amount}, nil
}

// move requests an authorisation or a capture. A success has a reference and, if it carries an amount, the one requested.
func (c *Client) move(ctx context.Context, a engine.Attempt, what string, q request, m schemas.Money, known []string) (
	r reply, refused string, err error) {

	q.Order, q.Amount, q.Currency = a.Saga, m.Amount, m.Currency
	told, status, err := c.ask(ctx, a, what, q, http.StatusOK, http.StatusPaymentRequired)
	switch {
	case err != nil:
		return r, "", err
	case status == http.StatusPaymentRequired && slices.Contains(known, told.Code):
		return r, told.Code, nil
	case status == http.StatusPaymentRequired:
		return r, "", c.outside.Unclear("refused for an unknown reason")
	case told.Reference == "":
		return r, "", c.outside.Unclear("succeeded, without a reference")
	case told.Amount != nil && *told.Amount != m.Amount || told.Currency != "" && told.Currency != m.Currency:
		return r, "", c.outside.Unclear("succeeded, with another amount")
	}
	return told, "", nil
}

func (c *Client) ask(ctx context.Context, a engine.Attempt, what string, body request, answers ...int) (
	r reply, status int, err error) {

	path := "/v1/" + what
	status, err = c.outside.Ask(ctx, a, outside.Question{
		Method: http.MethodPost, Path: path, Inquire: path + "/" + a.ID, Body: body, Answers: answers,
	}, &r)
	return r, status, err
}
