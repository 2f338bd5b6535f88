// Package stripe asks Stripe which card a payment method or a confirmation token stands for, for the fraud service alone. It only
// reads.
package stripe

import (
	"context"
	"regexp"
	"strings"

	sdk "github.com/stripe/stripe-go/v82"

	event "orderflow.example/schemas/fraud"
	"orderflow.example/services/fraud"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/outside/stripe"
)

// Client is a client of one account at Stripe.
type Client struct{ api *sdk.Client }

// New is a client with this secret key of Stripe, or of what stands in for it at the URL.
func New(key, url string) (*Client, error) {
	api, err := stripe.New(key, url)
	return &Client{api}, err
}

// Answerers binds the fraud service's question to Stripe.
func (c *Client) Answerers() []engine.Answerer {
	return []engine.Answerer{engine.Answer(fraud.IdentifyCard, c.identify)}
}

var (
	fingerprints = regexp.MustCompile(`^[A-Za-z0-9_-]{0,128}$`)
	countries    = regexp.MustCompile(`^([A-Z]{2})?$`)
)

// identify answers with no card where Stripe does not know the token, which is for the authorisation to refuse, and where it is
// no card's.
func (c *Client) identify(ctx context.Context, _ engine.Attempt, e event.CardRequestedV1) (card fraud.CardAnswer, err error) {
	if strings.HasPrefix(e.PaymentToken, "ctoken_") {
		var t *sdk.ConfirmationToken
		t, err = c.api.V1ConfirmationTokens.Retrieve(ctx, e.PaymentToken, nil)
		if err == nil && t.PaymentMethodPreview != nil && t.PaymentMethodPreview.Card != nil {
			card = fraud.CardAnswer{Fingerprint: t.PaymentMethodPreview.Card.Fingerprint, Country: t.PaymentMethodPreview.Card.Country}
		}
	} else {
		var m *sdk.PaymentMethod
		m, err = c.api.V1PaymentMethods.Retrieve(ctx, e.PaymentToken, nil)
		if err == nil && m.Card != nil {
			card = fraud.CardAnswer{Fingerprint: m.Card.Fingerprint, Country: m.Card.Country}
		}
	}
	switch {
	case stripe.Invalid(err, "", sdk.ErrorCodeResourceMissing):
		return fraud.CardAnswer{}, nil
	case err != nil:
		return fraud.CardAnswer{}, stripe.Outcome("GET", err)
	case !fingerprints.MatchString(card.Fingerprint) || !countries.MatchString(card.Country):
		return fraud.CardAnswer{}, stripe.Unclear("a card without a usable fingerprint")
	}
	return card, nil
}
