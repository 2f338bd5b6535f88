// Package stripe asks Stripe, for the payment service alone: a PaymentIntent for each attempt, captured by hand.
//
// Each request has the id of its call as idempotency key, and each PaymentIntent the attempt and the order in its metadata. A
// later try first looks for what an earlier one did: Stripe forgets keys after a day, and repeats an internal error for as long.
package stripe

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	sdk "github.com/stripe/stripe-go/v82"

	"orderflow.example/schemas"
	"orderflow.example/services/payment"
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

// Answerers binds the payment service's questions to Stripe.
func (c *Client) Answerers() []engine.Answerer {
	return []engine.Answerer{
		engine.Answer(payment.Authorize, c.authorize),
		engine.Answer(payment.Capture, c.capture),
		engine.Answer(payment.Void, c.void),
	}
}

// The keys of a PaymentIntent's metadata.
const (
	byAttempt = "attempt" // the id of the event that asked
	byOrder   = "order"

	// What begins the name of a capture that leaves the rest authorised; the id of the event that asked follows. Its value is the
	// amount in Stripe's units. It is set with the capture: a PaymentIntent tells by it what of it was captured for what.
	byCapture = "c_"
)

// captures are the captures of a PaymentIntent that left the rest authorised: the ids of the events that asked, sorted, and the
// amount of each in Stripe's units. False if they are not what was captured.
func captures(i *sdk.PaymentIntent) (ids []string, amounts map[string]int64, ok bool) {
	amounts = map[string]int64{}
	var sum int64
	for name, value := range i.Metadata {
		id, is := strings.CutPrefix(name, byCapture)
		if !is {
			continue
		}
		amount, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return nil, nil, false
		}
		ids, sum, amounts[id] = append(ids, id), sum+amount, amount
	}
	slices.Sort(ids)
	return ids, amounts, sum == i.AmountReceived
}

// params are those of all requests with an effect.
func params(key string) sdk.Params { return sdk.Params{IdempotencyKey: sdk.String(key)} }

// find looks for the PaymentIntent of an attempt; nil if there is none yet: Stripe's index lags behind by a minute or so.
func (c *Client) find(ctx context.Context, attempt string) (*sdk.PaymentIntent, error) {
	search := &sdk.PaymentIntentSearchParams{SearchParams: sdk.SearchParams{Single: true,
		Query: fmt.Sprintf(`metadata["%s"]:"%s"`, byAttempt, strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(attempt))}}
	search.AddExpand("data.latest_charge")
	for intent, err := range c.api.V1PaymentIntents.Search(ctx, search) {
		switch {
		case err != nil:
			return nil, stripe.Outcome("GET", err)
		case intent.Metadata[byAttempt] == attempt && intent.Metadata[placeholder] == "":
			return intent, nil
		}
	}
	return nil, nil
}

// read returns the PaymentIntent with its charge.
func (c *Client) read(ctx context.Context, reference string) (*sdk.PaymentIntent, error) {
	about := &sdk.PaymentIntentRetrieveParams{}
	about.AddExpand("latest_charge")
	intent, err := c.api.V1PaymentIntents.Retrieve(ctx, reference, about)
	if err != nil {
		return nil, stripe.Outcome("GET", err)
	}
	return intent, nil
}

// is tells whether an amount of Stripe's is this one.
func is(amount int64, currency sdk.Currency, m schemas.Money) bool {
	want, ok := stripe.Amount(m.Amount, m.Currency)
	return ok && amount == want && string(currency) == stripe.Currency(m.Currency)
}
