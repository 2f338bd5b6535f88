package stripe

import (
	"context"
	"time"

	"github.com/google/uuid"
	sdk "github.com/stripe/stripe-go/v82"

	event "orderflow.example/schemas/payment"
	"orderflow.example/services/payment"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/outside/stripe"
)

// placeholder marks, in the metadata, a PaymentIntent that only takes up the key of a voided attempt.
const placeholder = "void"

const (
	// again is how long a PaymentIntent that is not found is waited for before it is looked for again.
	again = 15 * time.Second
	// indexed is the age at which Stripe's index has a PaymentIntent even after a disruption, by its documentation an hour.
	indexed = 2 * time.Hour
)

// void cancels the PaymentIntent of an attempt. If there is none, it takes up the attempt's idempotency key with a PaymentIntent
// that has no card, and cancels that: the request to authorise, should it still be on its way, is then refused as another
// request with the same key. If the key is taken, the request did arrive, and what it made will be found.
func (c *Client) void(ctx context.Context, a engine.Attempt, e event.VoidRequestedV1) (none payment.VoidAnswer, err error) {
	intent, err := c.find(ctx, e.Attempt)
	switch {
	case err != nil:
		return none, err
	case intent != nil:
		return c.cancel(ctx, a.ID, intent, e)
	}
	amount, ok := stripe.Amount(e.Amount.Amount, e.Amount.Currency)
	if !ok {
		return none, nil // none was ever authorised
	}
	taken, err := c.api.V1PaymentIntents.Create(ctx, &sdk.PaymentIntentCreateParams{
		Params: params(e.Attempt), Amount: sdk.Int64(amount), Currency: sdk.String(stripe.Currency(e.Amount.Currency)),
		CaptureMethod: sdk.String("manual"), PaymentMethodTypes: []*string{sdk.String("card")},
		Metadata: map[string]string{byAttempt: e.Attempt, byOrder: a.Saga, placeholder: a.ID},
	})
	switch {
	case stripe.Reused(err) && old(e.Attempt):
		return none, nil // it was refused before a PaymentIntent was made
	case stripe.Reused(err):
		return none, engine.NotYet(again)
	case stripe.Invalid(err, "", sdk.ErrorCodeAmountTooSmall, sdk.ErrorCodeAmountTooLarge):
		return none, nil
	case err != nil:
		return none, stripe.Outcome("POST", err)
	}
	return c.cancel(ctx, a.ID, taken, e)
}

// cancel cancels the PaymentIntent, and reads from it how much was voided.
func (c *Client) cancel(ctx context.Context, key string, i *sdk.PaymentIntent, e event.VoidRequestedV1) (
	payment.VoidAnswer, error) {

	if i.Status != sdk.PaymentIntentStatusCanceled {
		end := &sdk.PaymentIntentCancelParams{Params: params(key)}
		end.AddExpand("latest_charge")
		ended, err := c.api.V1PaymentIntents.Cancel(ctx, i.ID, end)
		said, _ := stripe.Said(err)
		switch {
		case err == nil:
			i = ended
		case said != nil && said.Code == sdk.ErrorCodePaymentIntentUnexpectedState:
			if i, err = c.read(ctx, i.ID); err != nil {
				return payment.VoidAnswer{}, err
			}
		default:
			return payment.VoidAnswer{}, stripe.Outcome("POST", err)
		}
	}
	return freed(i, e)
}

func freed(i *sdk.PaymentIntent, e event.VoidRequestedV1) (none payment.VoidAnswer, err error) {
	if i.Status == sdk.PaymentIntentStatusSucceeded && !isPartly(i) {
		return none, stripe.Refused("the PaymentIntent to void is captured")
	}
	amount, err := held(i)
	switch {
	case err != nil || amount == 0:
		return none, err
	case !is(amount, i.Currency, e.Amount):
		return none, stripe.Unclear("a cancelled PaymentIntent with another amount")
	}
	return payment.VoidAnswer{Amount: e.Amount.Amount}, nil
}

// isPartly tells whether parts of a PaymentIntent were captured, for some of several parcels, and not all. When the rest is
// released it succeeds.
func isPartly(i *sdk.PaymentIntent) bool {
	ids, _, ok := captures(i)
	return ok && len(ids) > 0 && i.AmountReceived < i.Amount
}

// held is the amount that a cancelled PaymentIntent had authorised and not captured, in Stripe's units: 0 if there was none.
func held(i *sdk.PaymentIntent) (int64, error) {
	charge := i.LatestCharge
	switch {
	case isPartly(i) && (i.Status == sdk.PaymentIntentStatusSucceeded || i.Status == sdk.PaymentIntentStatusCanceled):
		return i.Amount - i.AmountReceived, nil
	case i.Status != sdk.PaymentIntentStatusCanceled:
		return 0, stripe.Unclear("a PaymentIntent that is not cancelled")
	case charge == nil || charge.Status == sdk.ChargeStatusFailed:
		return 0, nil
	case charge.Status == sdk.ChargeStatusSucceeded && !charge.Captured:
		return charge.Amount, nil
	}
	return 0, stripe.Unclear("a cancelled PaymentIntent whose charge is no authorisation")
}

// old tells whether the attempt, whose id holds its time, is so old that what it made is found.
func old(attempt string) bool {
	id, err := uuid.Parse(attempt)
	if err != nil || id.Version() != 7 {
		return false
	}
	seconds, nanoseconds := id.Time().UnixTime()
	return time.Since(time.Unix(seconds, nanoseconds)) > indexed
}
