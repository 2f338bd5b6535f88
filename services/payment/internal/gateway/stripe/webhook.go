package stripe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	sdk "github.com/stripe/stripe-go/v82"

	"orderflow.example/schemas"
	"orderflow.example/services/payment"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/webhook"
	"orderflow.example/shared/outside/stripe"
)

// Webhooks reads the webhooks of an account. Their signature is of the same scheme as ours.
type Webhooks struct {
	Secret func() ([]byte, error)
	Client func() (*Client, error)
}

// Read checks a webhook and says what it notifies of. What cannot be read now is a webhook.ErrUnavailable.
func (w Webhooks) Read(ctx context.Context, header http.Header, body []byte, now time.Time) (n payment.Notification, err error) {
	secret, err := w.Secret()
	if err != nil {
		return n, fmt.Errorf("%w: %w", webhook.ErrUnavailable, err)
	}
	if err := httpserver.CheckSignature(secret, header.Get("Stripe-Signature"), body, now); err != nil {
		return n, err
	}
	client, err := w.Client()
	if err == nil {
		n, err = client.Notification(ctx, body)
	}
	if err != nil && !errors.Is(err, ErrMalformed) {
		err = fmt.Errorf("%w: %w", webhook.ErrUnavailable, err)
	}
	return n, err
}

// ErrMalformed means that the body is no event of Stripe's, or lacks what such an event has.
var ErrMalformed = errors.New("stripe: not an event of Stripe's, or an incomplete one")

// Notification reads the body of a webhook, whose signature was verified. A type that says nothing about money keeps its name as
// kind. What was voided, and which order a dispute is about, is not in the event and read from Stripe: any error other than
// ErrMalformed means that it could not be read now, and Stripe shall send the event again.
func (c *Client) Notification(ctx context.Context, body []byte) (n payment.Notification, err error) {
	var e sdk.Event
	if json.Unmarshal(body, &e) != nil || e.ID == "" || e.Type == "" || e.Data == nil {
		return n, ErrMalformed
	}
	n.ID, n.Kind = e.ID, payment.Notice(e.Type)
	switch e.Type {
	case sdk.EventTypePaymentIntentAmountCapturableUpdated, sdk.EventTypePaymentIntentSucceeded,
		sdk.EventTypePaymentIntentCanceled, sdk.EventTypePaymentIntentPaymentFailed:
		return c.ofIntent(ctx, n, e)
	case sdk.EventTypeRefundCreated, sdk.EventTypeRefundUpdated, sdk.EventTypeRefundFailed:
		return ofRefund(n, e)
	case sdk.EventTypeChargeDisputeFundsWithdrawn, sdk.EventTypeChargeDisputeFundsReinstated, sdk.EventTypeChargeDisputeClosed:
		return c.ofDispute(ctx, n, e)
	}
	return n, nil
}

func (c *Client) ofIntent(ctx context.Context, n payment.Notification, e sdk.Event) (payment.Notification, error) {
	i, err := object[sdk.PaymentIntent](e)
	if err != nil || i.ID == "" {
		return n, ErrMalformed
	}
	n.Order, n.Attempt, n.Reference = i.Metadata[byOrder], i.Metadata[byAttempt], i.ID
	moved := i.Amount
	parts, _, _ := captures(i)
	switch e.Type {
	case sdk.EventTypePaymentIntentAmountCapturableUpdated:
		switch options := i.PaymentMethodOptions; {
		case len(parts) > 0:
			n.Kind, n.Captures, moved = payment.NoticeCaptured, parts, i.AmountReceived
		case i.Status == sdk.PaymentIntentStatusRequiresCapture:
			n.Kind, moved = payment.NoticeAuthorized, i.AmountCapturable
			if options != nil && options.Card != nil && string(options.Card.RequestMulticapture) == ifAvailable {
				if i, err = c.read(ctx, i.ID); err != nil {
					return n, err
				}
				n.Once = !isMulticapture(i)
			}
		}
	case sdk.EventTypePaymentIntentSucceeded:
		n.Kind, n.Captures, moved = payment.NoticeCaptured, parts, i.AmountReceived
	case sdk.EventTypePaymentIntentPaymentFailed:
		n.Kind, n.Reason = payment.NoticeDeclined, cardDeclined
		if i.LastPaymentError != nil {
			n.Reason = declined(i.LastPaymentError)
		}
		if i.Status == sdk.PaymentIntentStatusRequiresCapture {
			n.Kind, n.Reason = payment.NoticeCaptureFailed, captureFailed
		}
	case sdk.EventTypePaymentIntentCanceled:
		n.Kind = payment.NoticeVoided
		if i, err = c.read(ctx, i.ID); err != nil {
			return n, err
		}
		if moved, err = held(i); err != nil {
			return n, err
		}
	}
	n.Amount, err = money(moved, i.Currency)
	return n, err
}

func ofRefund(n payment.Notification, e sdk.Event) (payment.Notification, error) {
	r, err := object[sdk.Refund](e)
	if err != nil || r.ID == "" {
		return n, ErrMalformed
	}
	// The refund service writes these.
	n.Order, n.RefundID = r.Metadata[byOrder], r.Metadata["refund"]
	if r.PaymentIntent != nil {
		n.Reference = r.PaymentIntent.ID
	}
	switch {
	case r.Status == sdk.RefundStatusFailed, r.Status == sdk.RefundStatusCanceled, e.Type == sdk.EventTypeRefundFailed:
		n.Kind, n.Reason = payment.NoticeRefundReversed, string(r.FailureReason)
		if n.Reason == "" {
			n.Reason = string(r.Status)
		}
	case e.Type == sdk.EventTypeRefundCreated:
		n.Kind = payment.NoticeRefunded
	}
	n.Amount, err = money(r.Amount, r.Currency)
	return n, err
}

// ofDispute reads what a dispute moved. An inquiry of the bank before it moves nothing, and tells nothing.
func (c *Client) ofDispute(ctx context.Context, n payment.Notification, e sdk.Event) (payment.Notification, error) {
	d, err := object[sdk.Dispute](e)
	if err != nil || d.ID == "" || d.PaymentIntent == nil || d.PaymentIntent.ID == "" {
		return n, ErrMalformed
	}
	switch e.Type {
	case sdk.EventTypeChargeDisputeFundsWithdrawn:
		n.Kind = payment.NoticeDisputeOpened
	case sdk.EventTypeChargeDisputeFundsReinstated:
		n.Kind = payment.NoticeDisputeWon
	case sdk.EventTypeChargeDisputeClosed:
		if d.Status != sdk.DisputeStatusLost {
			return n, nil // the shop won: funds_reinstated says so
		}
		n.Kind = payment.NoticeDisputeLost
	}
	n.DisputeID, n.Reference, n.Reason = d.ID, d.PaymentIntent.ID, string(d.Reason)
	i, err := c.read(ctx, n.Reference)
	if err != nil {
		return n, err
	}
	n.Order = i.Metadata[byOrder]
	if charge := i.LatestCharge; charge != nil && charge.PaymentMethodDetails != nil && charge.PaymentMethodDetails.Card != nil {
		n.Card = charge.PaymentMethodDetails.Card.Fingerprint
	}
	for _, moved := range d.BalanceTransactions {
		if moved.Fee > 0 {
			fee, err := money(moved.Fee, moved.Currency)
			if err != nil {
				return n, err
			}
			n.Fee = &fee
		}
	}
	n.Amount, err = money(d.Amount, d.Currency)
	return n, err
}

// object decodes what the event is about.
func object[T any](e sdk.Event) (v *T, err error) {
	return v, json.Unmarshal(e.Data.Raw, &v)
}

func money(amount int64, currency sdk.Currency) (schemas.Money, error) {
	code := strings.ToUpper(string(currency))
	minor, ok := stripe.Minor(amount, code)
	if !ok || len(code) != 3 || minor < 0 {
		return schemas.Money{}, ErrMalformed
	}
	return schemas.Money{Amount: minor, Currency: code}, nil
}
