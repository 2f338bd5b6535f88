package stripe

import (
	"strings"

	"orderflow.example/services/platform/world/gateway"
)

// Events is how webhooks are written as Stripe's, which are signed as ours are.
var Events = gateway.Form{Header: "Stripe-Signature", Write: eventOf}

// event is the body of a webhook.
type event struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Version string `json:"api_version"`
	Created int64  `json:"created"`
	Type    string `json:"type"`
	Data    struct {
		Object any `json:"object"`
	} `json:"data"`
}

type dispute struct {
	ID       string     `json:"id"`
	Object   string     `json:"object"`
	Amount   int64      `json:"amount"`
	Currency string     `json:"currency"`
	Charge   string     `json:"charge"`
	Intent   string     `json:"payment_intent"`
	Reason   string     `json:"reason"`
	Status   string     `json:"status"`
	Moved    []movement `json:"balance_transactions"`
}

type movement struct {
	ID       string `json:"id"`
	Object   string `json:"object"`
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
	Fee      int64  `json:"fee"`
}

// eventOf writes the event about an entry. Refusals of requests that change nothing at Stripe have none.
func eventOf(e gateway.Entry, before []gateway.Entry) (id string, body any, is bool) {
	own, is := gateway.Notice(e)
	if !is {
		return "", nil, false
	}
	v := event{ID: own.ID, Object: "event", Version: "2025-08-27.basil", Created: own.Created}
	switch e.Kind {
	case gateway.Authorized:
		v.Type, v.Data.Object = "payment_intent.amount_capturable_updated", intentOf([]gateway.Entry{e})
	case gateway.Captured:
		i := intentOf(append(before, e))
		if v.Type, v.Data.Object = "payment_intent.succeeded", i; i.Status == "requires_capture" {
			v.Type = "payment_intent.amount_capturable_updated"
		}
	case gateway.Voided:
		v.Type, v.Data.Object = "payment_intent.canceled", ended(e, "canceled")
		if i := intentOf(append(before, e)); i.Received > 0 {
			v.Type, v.Data.Object = "payment_intent.succeeded", i
		}
	case gateway.Declined:
		if e.Code == "unknown_token" || e.Code == "voided" {
			return "", nil, false // no PaymentIntent was made
		}
		v.Type, v.Data.Object = "payment_intent.payment_failed", intentOf([]gateway.Entry{e})
	case gateway.CaptureRefused:
		if e.Code != "capture_failed" {
			return "", nil, false
		}
		i := ended(e, "requires_capture")
		i.Capturable, i.Error = e.Amount, declined("")
		v.Type, v.Data.Object = "payment_intent.payment_failed", i
	case gateway.Refunded:
		v.Type, v.Data.Object = "refund.created", refundOf(e, e.Key, "succeeded")
	case gateway.RefundReversed:
		r := refundOf(e, e.About, "failed")
		r.Reason = "expired_or_canceled_card"
		v.Type, v.Data.Object = "refund.failed", r
	case gateway.ChargedBack:
		d := disputeOf(e, "needs_response")
		d.Moved = []movement{{"txn_" + e.About, "balance_transaction", -e.Amount, d.Currency, e.Fee}}
		v.Type, v.Data.Object = "charge.dispute.funds_withdrawn", d
	case gateway.ChargebackReversed:
		v.Type, v.Data.Object = "charge.dispute.funds_reinstated", disputeOf(e, "won")
	case gateway.DisputeLost:
		v.Type, v.Data.Object = "charge.dispute.closed", disputeOf(e, "lost")
	default:
		return "", nil, false
	}
	return v.ID, v, true
}

// ended is the PaymentIntent that an entry about its end tells of.
func ended(e gateway.Entry, status string) *intent {
	i := intentOf([]gateway.Entry{e})
	i.Status = status
	if e.Reference != "" {
		i.ID = e.Reference
	}
	return i
}

func disputeOf(e gateway.Entry, status string) dispute {
	return dispute{ID: e.About, Object: "dispute", Amount: e.Amount, Currency: strings.ToLower(e.Currency),
		Charge: "ch_" + e.Attempt, Intent: e.Reference, Reason: "fraudulent", Status: status, Moved: []movement{}}
}
