// Package gateway asks the payment gateway over HTTP for refunds, for the refund service alone.
//
// Only an unambiguous reply is an answer: a success has a reference and no other amount, a refusal gives a known reason.
package gateway

import (
	"context"
	"net/http"
	"slices"

	event "orderflow.example/schemas/refund"
	"orderflow.example/services/refund"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/outside"
)

// Client is a client of one gateway.
type Client struct{ outside *outside.Client }

// New is a client of the gateway at the URL.
func New(url string) *Client { return &Client{outside.New("gateway", url)} }

// Answerers binds the refund service's questions to the gateway.
func (c *Client) Answerers() []engine.Answerer {
	return []engine.Answerer{engine.Answer(refund.GiveBack, c.giveBack)}
}

// notRefunded are the reasons for which the gateway refuses.
var notRefunded = []string{"card_closed", "currency_mismatch", "exceeds_captured", "not_captured", "unknown_reference"}

type request struct {
	Order     string `json:"order"`
	Reference string `json:"reference"`
	Amount    int64  `json:"amount"`
	Currency  string `json:"currency"`
}

type reply struct {
	Reference string `json:"reference"`
	Amount    *int64 `json:"amount"`   // minor units; a gateway may leave it out
	Currency  string `json:"currency"` // optional too
	Code      string `json:"code"`     // why it was refused
}

func (c *Client) giveBack(ctx context.Context, a engine.Attempt, e event.RequestedV1) (none refund.RefundAnswer, err error) {
	var r reply
	status, err := c.outside.Ask(ctx, a, outside.Question{
		Method: http.MethodPost, Path: "/v1/refunds", Inquire: "/v1/refunds/" + a.ID,
		Body:    request{Order: a.Saga, Reference: e.Reference, Amount: e.Amount.Amount, Currency: e.Amount.Currency},
		Answers: []int{http.StatusOK, http.StatusPaymentRequired},
	}, &r)
	switch {
	case err != nil:
		return none, err
	case status == http.StatusPaymentRequired && slices.Contains(notRefunded, r.Code):
		return refund.RefundAnswer{RefundID: a.ID, Refused: r.Code}, nil
	case status == http.StatusPaymentRequired:
		return none, c.outside.Unclear("refused for an unknown reason")
	case r.Reference == "":
		return none, c.outside.Unclear("succeeded, without a reference")
	case r.Amount != nil && *r.Amount != e.Amount.Amount || r.Currency != "" && r.Currency != e.Amount.Currency:
		return none, c.outside.Unclear("succeeded, with another amount")
	}
	return refund.RefundAnswer{RefundID: a.ID}, nil
}
