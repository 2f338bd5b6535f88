// Package gateway asks the payment gateway over HTTP which card a token stands for, for the fraud service alone.
package gateway

import (
	"context"
	"net/http"
	"net/url"
	"regexp"

	event "orderflow.example/schemas/fraud"
	"orderflow.example/services/fraud"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/outside"
)

// Client is a client of one gateway.
type Client struct{ outside *outside.Client }

// New is a client of the gateway at the URL.
func New(url string) *Client { return &Client{outside.New("gateway", url)} }

// Answerers binds the fraud service's question to the gateway.
func (c *Client) Answerers() []engine.Answerer {
	return []engine.Answerer{engine.Answer(fraud.IdentifyCard, c.identify)}
}

type reply struct {
	Fingerprint *string `json:"fingerprint"` // "": the token stands for no certain card
	Country     string  `json:"country"`     // optional
}

var (
	fingerprints = regexp.MustCompile(`^[A-Za-z0-9_-]{0,128}$`)
	countries    = regexp.MustCompile(`^([A-Z]{2})?$`)
)

// identify reads, so that it may be asked any number of times. A token that the gateway does not know has no card: it is for
// the authorisation to refuse it.
func (c *Client) identify(ctx context.Context, a engine.Attempt, e event.CardRequestedV1) (none fraud.CardAnswer, err error) {
	var r reply
	status, err := c.outside.Ask(ctx, a, outside.Question{Method: http.MethodGet,
		Path:    "/v1/cards/" + url.PathEscape(e.PaymentToken),
		Answers: []int{http.StatusOK, http.StatusNotFound}}, &r)
	switch {
	case err != nil || status == http.StatusNotFound:
		return none, err
	case r.Fingerprint == nil || !fingerprints.MatchString(*r.Fingerprint) || !countries.MatchString(r.Country):
		return none, c.outside.Unclear("the reply names no card")
	}
	return fraud.CardAnswer{Fingerprint: *r.Fingerprint, Country: r.Country}, nil
}
