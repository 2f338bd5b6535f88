// Package gateway asks the payment gateway over HTTP to give money back, for the refund service alone.
//
// The id of every question is the gateway's idempotency key. Any answer but a clear one is an error, which means that
// the outcome is unknown: the engine asks again with the same id, and a second try inquires before it asks.
package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	event "orderflow.example/schemas/refund"
	"orderflow.example/services/refund"
	"orderflow.example/shared/engine"
)

// Client speaks to one gateway.
type Client struct {
	url  string
	http *http.Client
}

// timeout is how long one try waits for the gateway's answer.
const timeout = 5 * time.Second

// New is a client of the gateway at the URL.
func New(url string) *Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 64
	return &Client{url: url, http: &http.Client{Timeout: timeout, Transport: transport}}
}

// Answerers are the answers to the refund service's questions.
func (c *Client) Answerers() []engine.Answerer {
	return []engine.Answerer{engine.Answer(refund.GiveBack, c.giveBack)}
}

type request struct {
	Order     string `json:"order"`
	Reference string `json:"reference"`
	Amount    int64  `json:"amount"`
	Currency  string `json:"currency"`
}

// giveBack posts the refund; from the second try on it first looks whether an earlier one arrived.
func (c *Client) giveBack(ctx context.Context, a engine.Attempt, e event.RequestedV1) (refund.RefundAnswer, error) {
	if a.Number > 1 {
		refused, known, err := c.do(ctx, http.MethodGet, c.url+"/v1/refunds/"+a.ID, a.ID, nil)
		if err != nil || known {
			return refund.RefundAnswer{RefundID: a.ID, Refused: refused}, err
		}
	}
	data, err := json.Marshal(request{Order: a.Saga, Reference: e.Reference, Amount: e.Amount.Amount, Currency: e.Amount.Currency})
	if err != nil {
		return refund.RefundAnswer{}, err
	}
	refused, _, err := c.do(ctx, http.MethodPost, c.url+"/v1/refunds", a.ID, data)
	return refund.RefundAnswer{RefundID: a.ID, Refused: refused}, err
}

// do sends one request. It tells why the gateway refused for good, if it did, and whether it knows of the refund.
func (c *Client) do(ctx context.Context, method, url, id string, body []byte) (refused string, known bool, err error) {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return "", false, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", id)
	res, err := c.http.Do(req)
	if err != nil {
		return "", false, fmt.Errorf("gateway: outcome unknown: %w", err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return "", false, fmt.Errorf("gateway: outcome unknown: %w", err)
	}
	switch {
	case res.StatusCode == http.StatusOK:
		return "", true, nil
	case res.StatusCode == http.StatusNotFound && method == http.MethodGet:
		return "", false, nil
	case res.StatusCode == http.StatusPaymentRequired:
		var reply struct {
			Code string `json:"code"`
		}
		if json.Unmarshal(text, &reply) == nil && reply.Code != "" {
			return reply.Code, true, nil
		}
		return "", false, fmt.Errorf("gateway: refund %s: refused without a code", id)
	}
	return "", false, fmt.Errorf("gateway: outcome unknown: refund %s: status %d: %.200s", id, res.StatusCode, text)
}
