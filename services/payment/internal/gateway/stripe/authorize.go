package stripe

import (
	"context"
	"strings"

	sdk "github.com/stripe/stripe-go/v82"

	event "orderflow.example/schemas/payment"
	"orderflow.example/services/payment"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/outside/stripe"
)

// Why an authorisation is declined.
const (
	cardDeclined      = "card_declined"
	insufficientFunds = "insufficient_funds"
	unknownToken      = "unknown_token"
	voided            = "voided"
	amountNotTaken    = "amount_not_accepted" // Stripe takes no such amount, or not in this currency
)

func refused(why string) (payment.AuthorizeAnswer, error) {
	return payment.AuthorizeAnswer{Refused: why}, nil
}

func (c *Client) authorize(ctx context.Context, a engine.Attempt, e event.AuthorizationRequestedV1) (
	none payment.AuthorizeAnswer, err error) {

	amount, ok := stripe.Amount(e.Amount.Amount, e.Amount.Currency)
	if !ok {
		return refused(amountNotTaken)
	}
	if a.Number > 1 {
		if intent, err := c.find(ctx, a.ID); err != nil || intent != nil {
			return authorized(intent, e, err)
		}
	}
	create := &sdk.PaymentIntentCreateParams{
		Params: params(a.ID), Amount: sdk.Int64(amount), Currency: sdk.String(stripe.Currency(e.Amount.Currency)),
		CaptureMethod: sdk.String("manual"), PaymentMethodTypes: []*string{sdk.String("card")},
		Confirm: sdk.Bool(true), ErrorOnRequiresAction: sdk.Bool(true), // the customer has left: nobody could act
		Metadata: map[string]string{byAttempt: a.ID, byOrder: a.Saga},
	}
	if e.Captures > 1 && e.Captures <= mostCaptures {
		create.PaymentMethodOptions = &sdk.PaymentIntentCreatePaymentMethodOptionsParams{
			Card: &sdk.PaymentIntentCreatePaymentMethodOptionsCardParams{RequestMulticapture: sdk.String(ifAvailable)}}
		create.AddExpand("latest_charge")
	}
	if strings.HasPrefix(e.PaymentToken, "ctoken_") {
		create.ConfirmationToken = sdk.String(e.PaymentToken)
	} else {
		create.PaymentMethod = sdk.String(e.PaymentToken)
	}
	intent, err := c.api.V1PaymentIntents.Create(ctx, create)
	if err == nil {
		return authorized(intent, e, nil)
	}
	said, ok := stripe.Said(err)
	switch {
	case ok && said.Type == sdk.ErrorTypeCard && said.HTTPStatusCode == 402:
		return refused(declined(said))
	case stripe.Invalid(err, "", sdk.ErrorCodeAmountTooSmall, sdk.ErrorCodeAmountTooLarge):
		return refused(amountNotTaken)
	case stripe.Invalid(err, "payment_method"), stripe.Invalid(err, "confirmation_token"):
		return refused(unknownToken)
	case stripe.Reused(err):
		// Nothing was found above, but a request with this key came before: this one in another form, or a void.
		return none, stripe.Unclear("the key of the attempt was used for another request")
	}
	return none, stripe.Outcome("POST", err)
}

// authorized reads the state of an attempt's PaymentIntent.
func authorized(i *sdk.PaymentIntent, e event.AuthorizationRequestedV1, err error) (payment.AuthorizeAnswer, error) {
	var none payment.AuthorizeAnswer
	switch {
	case err != nil:
		return none, err
	case i.ID == "":
		return none, stripe.Unclear("a PaymentIntent without an id")
	case i.Status == sdk.PaymentIntentStatusRequiresCapture && is(i.AmountCapturable, i.Currency, e.Amount):
		return payment.AuthorizeAnswer{Reference: i.ID, Once: e.Captures > 1 && !isMulticapture(i)}, nil
	case i.Status == sdk.PaymentIntentStatusRequiresPaymentMethod && i.LastPaymentError != nil:
		return refused(declined(i.LastPaymentError))
	case i.Status == sdk.PaymentIntentStatusCanceled:
		return refused(voided)
	}
	return none, stripe.Unclear("a PaymentIntent that is neither authorised, with the amount, nor declined")
}

const (
	ifAvailable = string(sdk.PaymentIntentPaymentMethodOptionsCardRequestMulticaptureIfAvailable)
	// mostCaptures is fewer than Stripe takes of one PaymentIntent, and than there is room for in its metadata, which is 50.
	mostCaptures = 45
)

// isMulticapture tells whether the PaymentIntent, read with its charge, can be captured more than once: not every card can.
func isMulticapture(i *sdk.PaymentIntent) bool {
	if i.LatestCharge == nil || i.LatestCharge.PaymentMethodDetails == nil || i.LatestCharge.PaymentMethodDetails.Card == nil {
		return false
	}
	m := i.LatestCharge.PaymentMethodDetails.Card.Multicapture
	return m != nil && m.Status == sdk.ChargePaymentMethodDetailsCardMulticaptureStatusAvailable
}

// declined is why the card's issuer refused. Stripe knows dozens of reasons, and shops are told to show few.
func declined(e *sdk.Error) string {
	if e.DeclineCode == insufficientFunds {
		return insufficientFunds
	}
	return cardDeclined
}
