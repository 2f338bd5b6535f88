// Package sms hands short messages to a provider over HTTP: POST /v1/messages with {to, text} and the Idempotency-Key of the
// message, so that a repeat is sent once. 200, 201 and 202 mean that the provider took it, 422 with a code that it never will.
package sms

import (
	"context"
	"net/http"

	"orderflow.example/services/notification"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/outside"
)

// Client is a client of the provider. It is safe for concurrent use.
type Client struct{ outside *outside.Client }

// New is a client of the provider at the URL.
func New(url string) *Client { return &Client{outside.New("SMS provider", url)} }

type request struct {
	To   string `json:"to"` // E.164
	Text string `json:"text"`
}

// number is the code of a number that cannot be reached, now or later.
const number = "invalid_number"

// Send hands a message over.
func (c *Client) Send(ctx context.Context, a engine.Attempt, to, text string) (outcome string, err error) {
	var refusal struct {
		Code string `json:"code"`
	}
	status, err := c.outside.Ask(ctx, a, outside.Question{Method: http.MethodPost, Path: "/v1/messages", Body: request{to, text},
		Answers: []int{http.StatusOK, http.StatusCreated, http.StatusAccepted, http.StatusUnprocessableEntity}}, &refusal)
	switch {
	case err != nil:
		return "", err
	case status != http.StatusUnprocessableEntity:
		return notification.DeliverySent, nil
	case refusal.Code == number:
		return notification.AddressRefused, nil
	}
	return notification.MessageRefused, nil
}
