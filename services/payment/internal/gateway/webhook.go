package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"orderflow.example/schemas"
	"orderflow.example/services/payment"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/webhook"
)

// notification is the body of a webhook of the gateway. It may grow.
type notification struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	Data struct {
		Order     string `json:"order"`
		Attempt   string `json:"attempt"`
		Reference string `json:"reference"`
		Amount    int64  `json:"amount"`
		Currency  string `json:"currency"`
		Reason    string `json:"reason"`
		Refund    string `json:"refund"`
		Dispute   string `json:"dispute"`
		Fee       int64  `json:"fee"`
		Card      string `json:"card"`
		Capture   string `json:"capture"`  // its idempotency key
		Captures  int64  `json:"captures"` // how many there may be of the authorisation
	} `json:"data"`
}

// Webhooks reads the gateway's webhooks, which are signed with the secret.
type Webhooks struct{ Secret func() ([]byte, error) }

// Read checks a webhook and says what it notifies of. The error is an httpserver.ErrSignature or a webhook.ErrUnavailable,
// or says what is wrong with the body.
func (w Webhooks) Read(_ context.Context, header http.Header, body []byte, now time.Time) (n payment.Notification, err error) {
	secret, err := w.Secret()
	if err != nil {
		return n, fmt.Errorf("%w: %w", webhook.ErrUnavailable, err)
	}
	if err := httpserver.CheckSignature(secret, header.Get(httpserver.SignatureHeader), body, now); err != nil {
		return n, err
	}
	var said notification
	if json.Unmarshal(body, &said) != nil {
		return n, errors.New("want a JSON object with id, type and data, amounts in whole minor units")
	}
	d := said.Data
	n = payment.Notification{ID: said.ID, Kind: payment.Notice(said.Type), Order: d.Order, Attempt: d.Attempt,
		Reference: d.Reference,
		Amount:    schemas.Money{Amount: d.Amount, Currency: d.Currency}, Reason: d.Reason, RefundID: d.Refund, DisputeID: d.Dispute,
		Card: d.Card, Once: d.Captures == 1}
	if d.Capture != "" {
		n.Captures = []string{d.Capture}
	}
	if d.Fee > 0 {
		n.Fee = &schemas.Money{Amount: d.Fee, Currency: d.Currency}
	}
	return n, nil
}
