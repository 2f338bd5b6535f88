// Package stripe asks Stripe for refunds, for the refund service alone. The reference of a capture is its PaymentIntent.
//
// Each refund has the id of its call as idempotency key, and in its metadata. A later try first looks for what an earlier one
// did: Stripe forgets keys after a day, and repeats an internal error for as long.
package stripe

import (
	"context"

	sdk "github.com/stripe/stripe-go/v82"

	event "orderflow.example/schemas/refund"
	"orderflow.example/services/refund"
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

// Answerers binds the refund service's questions to Stripe.
func (c *Client) Answerers() []engine.Answerer {
	return []engine.Answerer{engine.Answer(refund.GiveBack, c.giveBack)}
}

// The keys of a refund's metadata.
const (
	byRefund = "refund" // the id of the event that asked
	byOrder  = "order"
)

// Why a refund is refused. All may be gone a day later, when it is requested again.
const (
	exceedsCaptured     = "exceeds_captured"
	notCaptured         = "not_captured"
	unknownReference    = "unknown_reference"
	disputed            = "disputed"
	insufficientBalance = "insufficient_balance" // of the shop at Stripe
)

func (c *Client) giveBack(ctx context.Context, a engine.Attempt, e event.RequestedV1) (none refund.RefundAnswer, err error) {
	amount, ok := stripe.Amount(e.Amount.Amount, e.Amount.Currency)
	if !ok {
		return none, stripe.Refused("Stripe gives back no such amount: in this currency the last digit must be 0")
	}
	if a.Number > 1 {
		if made, err := c.find(ctx, a.ID, e.Reference); err != nil || made != nil {
			return made.answer(a, e, err)
		}
	}
	r, err := c.api.V1Refunds.Create(ctx, &sdk.RefundCreateParams{
		Params: sdk.Params{IdempotencyKey: sdk.String(a.ID)}, PaymentIntent: sdk.String(e.Reference), Amount: sdk.Int64(amount),
		Metadata: map[string]string{byRefund: a.ID, byOrder: a.Saga},
	})
	if err == nil {
		return (*made)(r).answer(a, e, nil)
	}
	why := ""
	switch {
	case stripe.Invalid(err, "amount", sdk.ErrorCodeChargeAlreadyRefunded):
		why = exceedsCaptured
	case stripe.Invalid(err, "", sdk.ErrorCodeChargeDisputed):
		why = disputed
	case stripe.Invalid(err, "", sdk.ErrorCodeBalanceInsufficient, sdk.ErrorCodeInsufficientFunds):
		why = insufficientBalance
	case stripe.Invalid(err, "", sdk.ErrorCodePaymentIntentUnexpectedState):
		why = notCaptured
	case stripe.Invalid(err, "", sdk.ErrorCodeResourceMissing):
		why = unknownReference
	default:
		return none, stripe.Outcome("POST", err)
	}
	return refund.RefundAnswer{RefundID: a.ID, Refused: why}, nil
}

// made is a refund that Stripe has.
type made sdk.Refund

// find looks for the refund of this call among those of the PaymentIntent.
func (c *Client) find(ctx context.Context, id, reference string) (*made, error) {
	of := &sdk.RefundListParams{PaymentIntent: sdk.String(reference)}
	of.Limit = sdk.Int64(100)
	for r, err := range c.api.V1Refunds.List(ctx, of) {
		switch {
		case err != nil:
			if stripe.Invalid(err, "", sdk.ErrorCodeResourceMissing) {
				return nil, nil // the request itself says so
			}
			return nil, stripe.Outcome("GET", err)
		case r.Metadata[byRefund] == id:
			return (*made)(r), nil
		}
	}
	return nil, nil
}

// answer reads a refund. Stripe has taken its amount from the shop once it exists, whatever its status: should it fail, the
// amount comes back, of which Stripe notifies, and the payment service records that.
func (m *made) answer(a engine.Attempt, e event.RequestedV1, err error) (none refund.RefundAnswer, _ error) {
	if err != nil {
		return none, err
	}
	want, _ := stripe.Amount(e.Amount.Amount, e.Amount.Currency)
	switch {
	case m.ID == "":
		return none, stripe.Unclear("a refund without an id")
	case m.Amount != want || string(m.Currency) != stripe.Currency(e.Amount.Currency):
		return none, stripe.Unclear("a refund with another amount")
	case m.PaymentIntent == nil || m.PaymentIntent.ID != e.Reference:
		return none, stripe.Unclear("a refund of another PaymentIntent")
	}
	return refund.RefundAnswer{RefundID: a.ID}, nil
}
