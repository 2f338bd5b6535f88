package stripe

import (
	"context"
	"strconv"

	sdk "github.com/stripe/stripe-go/v82"

	event "orderflow.example/schemas/payment"
	"orderflow.example/services/payment"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/outside/stripe"
)

// Why a capture is refused, beside voided.
const (
	alreadyCaptured  = "already_captured"
	captureFailed    = "capture_failed" // by the card's issuer
	exceeds          = "exceeds_authorized"
	expired          = "expired" // the authorisation, after about a week
	unknownReference = "unknown_reference"
	currencyMismatch = "currency_mismatch"
)

// capture takes the amount, which may be a part: what is left of the authorisation is released, unless it is for other parcels.
func (c *Client) capture(ctx context.Context, a engine.Attempt, e event.CaptureRequestedV1) (
	none payment.CaptureAnswer, err error) {

	amount, ok := stripe.Amount(e.Amount.Amount, e.Amount.Currency)
	if !ok {
		return notCaptured(e, exceeds) // it authorised another one
	}
	read := captured
	how := &sdk.PaymentIntentCaptureParams{Params: params(a.ID), AmountToCapture: sdk.Int64(amount)}
	if e.ShipmentID != "" {
		how.FinalCapture = sdk.Bool(false)
		how.AddMetadata(byCapture+a.ID, strconv.FormatInt(amount, 10))
		read = func(i *sdk.PaymentIntent, e event.CaptureRequestedV1, err error) (payment.CaptureAnswer, error) {
			return partCaptured(i, a.ID, e, err)
		}
	}
	if a.Number > 1 {
		intent, err := c.read(ctx, e.Reference)
		if err != nil || intent.Status != sdk.PaymentIntentStatusRequiresCapture || intent.Metadata[byCapture+a.ID] != "" {
			return read(intent, e, err)
		}
	}
	intent, err := c.api.V1PaymentIntents.Capture(ctx, e.Reference, how)
	if err == nil {
		return read(intent, e, nil)
	}
	why := ""
	said, ok := stripe.Said(err)
	switch {
	case ok && said.Code == sdk.ErrorCodePaymentIntentUnexpectedState && said.PaymentIntent != nil:
		return read(said.PaymentIntent, e, nil)
	case ok && (said.Code == sdk.ErrorCodeChargeExpiredForCapture || said.Code == sdk.ErrorCodeCaptureChargeAuthorizationExpired):
		why = expired
	case ok && said.Type == sdk.ErrorTypeCard && said.HTTPStatusCode == 402:
		why = captureFailed
	case stripe.Invalid(err, "amount_to_capture", sdk.ErrorCodeAmountTooLarge):
		why = exceeds
	case stripe.Invalid(err, "", sdk.ErrorCodeResourceMissing):
		why = unknownReference
	default:
		return none, stripe.Outcome("POST", err)
	}
	return notCaptured(e, why)
}

func notCaptured(e event.CaptureRequestedV1, why string) (payment.CaptureAnswer, error) {
	return payment.CaptureAnswer{ShipmentID: e.ShipmentID, Refused: why}, nil
}

// captured reads whether the amount was taken. A PaymentIntent is captured once: if it was, with this amount, it was for this.
func captured(i *sdk.PaymentIntent, e event.CaptureRequestedV1, err error) (payment.CaptureAnswer, error) {
	var none payment.CaptureAnswer
	switch {
	case err != nil:
		return none, err
	case i.ID != e.Reference:
		return none, stripe.Unclear("the answer is about another PaymentIntent")
	case i.Status == sdk.PaymentIntentStatusCanceled:
		return notCaptured(e, voided)
	case i.Status != sdk.PaymentIntentStatusSucceeded:
		return none, stripe.Unclear("a PaymentIntent that is neither captured nor cancelled")
	case is(i.AmountReceived, i.Currency, e.Amount):
		return none, nil
	case string(i.Currency) != stripe.Currency(e.Amount.Currency):
		return notCaptured(e, currencyMismatch)
	}
	return notCaptured(e, alreadyCaptured)
}

// partCaptured reads whether the amount was taken by the capture with this id, one of several. After the last of them, and when
// the rest was released, the PaymentIntent has succeeded.
func partCaptured(i *sdk.PaymentIntent, id string, e event.CaptureRequestedV1, err error) (payment.CaptureAnswer, error) {
	var none payment.CaptureAnswer
	if err != nil {
		return none, err
	}
	_, amounts, ok := captures(i)
	amount, taken := amounts[id]
	switch {
	case i.ID != e.Reference:
		return none, stripe.Unclear("the answer is about another PaymentIntent")
	case !ok:
		return none, stripe.Unclear("a PaymentIntent whose captures are not the amount received")
	case taken && is(amount, i.Currency, e.Amount):
		return payment.CaptureAnswer{ShipmentID: e.ShipmentID}, nil
	case taken:
		return none, stripe.Unclear("captured, with another amount")
	case i.Status == sdk.PaymentIntentStatusCanceled:
		return notCaptured(e, voided)
	case i.Status != sdk.PaymentIntentStatusSucceeded:
		return none, stripe.Unclear("a PaymentIntent that is neither captured nor cancelled")
	}
	return notCaptured(e, alreadyCaptured)
}
