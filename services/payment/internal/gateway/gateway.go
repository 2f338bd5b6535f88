// Package gateway asks the payment gateway over HTTP, for the payment service alone.
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

	event "orderflow.example/schemas/payment"
	"orderflow.example/services/payment"
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

// Answerers are the answers to the payment service's questions.
func (c *Client) Answerers() []engine.Answerer {
	return []engine.Answerer{
		engine.Answer(payment.Authorize, c.authorize),
		engine.Answer(payment.Capture, c.capture),
		engine.Answer(payment.Void, c.void),
	}
}

type request struct {
	Order     string `json:"order"`
	Attempt   string `json:"attempt,omitempty"`
	Reference string `json:"reference,omitempty"`
	Amount    int64  `json:"amount,omitempty"`
	Currency  string `json:"currency,omitempty"`
	Token     string `json:"token,omitempty"`
}

type reply struct {
	Reference string `json:"reference"`
	Amount    int64  `json:"amount"`
	Code      string `json:"code"` // why it was refused
}

func (c *Client) authorize(ctx context.Context, a engine.Attempt, e event.AuthorizationRequestedV1) (payment.AuthorizeAnswer, error) {
	r, err := c.ask(ctx, a, "authorizations", request{Order: a.Saga, Amount: e.Amount.Amount, Currency: e.Amount.Currency, Token: e.PaymentToken})
	return payment.AuthorizeAnswer{Reference: r.Reference, Refused: r.Code}, err
}

func (c *Client) capture(ctx context.Context, a engine.Attempt, e event.CaptureRequestedV1) (payment.CaptureAnswer, error) {
	r, err := c.ask(ctx, a, "captures", request{Order: a.Saga, Reference: e.Reference, Amount: e.Amount.Amount, Currency: e.Amount.Currency})
	return payment.CaptureAnswer{Refused: r.Code}, err
}

func (c *Client) void(ctx context.Context, a engine.Attempt, e event.VoidRequestedV1) (payment.VoidAnswer, error) {
	r, err := c.ask(ctx, a, "voids", request{Order: a.Saga, Attempt: e.Attempt})
	if err == nil && r.Code != "" {
		err = fmt.Errorf("gateway refused to void attempt %s: %s", e.Attempt, r.Code)
	}
	return payment.VoidAnswer{Amount: r.Amount}, err
}

// ask posts the question; from the second try on it first looks whether an earlier one arrived.
func (c *Client) ask(ctx context.Context, a engine.Attempt, what string, body request) (reply, error) {
	if a.Number > 1 {
		r, known, err := c.do(ctx, http.MethodGet, c.url+"/v1/"+what+"/"+a.ID, a.ID, nil)
		if err != nil || known {
			return r, err
		}
	}
	data, err := json.Marshal(body)
	if err != nil {
		return reply{}, err
	}
	r, _, err := c.do(ctx, http.MethodPost, c.url+"/v1/"+what, a.ID, data)
	return r, err
}

func (c *Client) do(ctx context.Context, method, url, id string, body []byte) (r reply, known bool, err error) {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return r, false, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", id)
	res, err := c.http.Do(req)
	if err != nil {
		return r, false, fmt.Errorf("gateway: outcome unknown: %w", err)
	}
	defer res.Body.Close()
	switch res.StatusCode {
	case http.StatusOK, http.StatusPaymentRequired:
		err = json.NewDecoder(res.Body).Decode(&r)
		return r, true, err
	case http.StatusNotFound:
		if method == http.MethodGet {
			return r, false, nil
		}
	}
	text, _ := io.ReadAll(io.LimitReader(res.Body, 200))
	return r, false, fmt.Errorf("gateway: outcome unknown: status %d: %s", res.StatusCode, text)
}
