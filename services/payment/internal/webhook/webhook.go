// Package webhook takes the payment gateway's notifications. What a notification means for a payment is decided by the payment
// service's machine.
package webhook

import (
	"fmt"

	"github.com/danielgtaylor/huma/v2"

	"orderflow.example/services/payment"
	"orderflow.example/shared/httpserver/webhook"
)

// Path is where the gateway sends its webhooks, on the customers' listener.
const Path = "/v1/webhooks/payments"

// Reader checks a webhook and says what it notifies of. Each gateway has its own.
type Reader = webhook.Reader[payment.Notification]

// Parts are what the route needs.
type Parts = webhook.Parts[payment.Notification]

// Register adds the route to the API.
func Register(api huma.API, p Parts) {
	p.Head = func(n payment.Notification) webhook.Head {
		return webhook.Head{ID: n.ID, Kind: string(n.Kind), About: n.Order}
	}
	p.Texts = func(n payment.Notification) map[string]string {
		texts := map[string]string{"order": n.Order, "attempt": n.Attempt, "reference": n.Reference, "currency": n.Amount.Currency,
			"reason": n.Reason, "refund": n.RefundID, "dispute": n.DisputeID, "card": n.Card}
		for i, id := range n.Captures {
			texts[fmt.Sprintf("captures[%d]", i)] = id
		}
		return texts
	}
	p.Unfit = []string{payment.IgnoredUnknownOrder, payment.IgnoredOtherReference, payment.IgnoredOtherCurrency,
		payment.IgnoredOtherAmount, payment.IgnoredUnknownType}
	webhook.Register(api, huma.Operation{OperationID: "receive-payment-webhook", Path: Path,
		Summary: "Take a notification of the payment gateway",
		Description: " (Stripe: `Stripe-Signature`). Each id is taken once. What is of an unknown type, or does not fit the order, " +
			"is kept and changes nothing."}, p)
}
