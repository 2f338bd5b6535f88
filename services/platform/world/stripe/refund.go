package stripe

import (
	"net/http"
	"strings"

	"orderflow.example/services/platform/world/answer"
	"orderflow.example/services/platform/world/gateway"
)

// refundObject is a refund.
type refundObject struct {
	ID       string            `json:"id"`
	Object   string            `json:"object"`
	Amount   int64             `json:"amount"`
	Currency string            `json:"currency"`
	Intent   string            `json:"payment_intent"`
	Status   string            `json:"status"`
	Reason   string            `json:"failure_reason,omitempty"`
	Metadata map[string]string `json:"metadata"`
}

// refundOf reads a refund from its entry. Its key is in its metadata, where the shop has put it.
func refundOf(e gateway.Entry, key, status string) refundObject {
	return refundObject{ID: "re_" + key, Object: "refund", Amount: e.Amount, Currency: strings.ToLower(e.Currency),
		Intent: e.Reference, Status: status, Metadata: map[string]string{"refund": key, "order": e.Order}}
}

func (a API) refund(f form) answer.Reply {
	i, err := a.find(f.get("payment_intent"))
	switch {
	case err != nil:
		return unlike(answer.Refuse(http.StatusServiceUnavailable, ""))
	case i == nil:
		return missing("payment_intent")
	}
	q := gateway.Request{Order: i.Metadata["order"], Reference: i.ID, Amount: f.amount("amount"),
		Currency: strings.ToUpper(i.Currency)}
	e, r := a.gateway.Perform("refunds", f.key, f.fingerprint, q)
	switch {
	case r.Status == http.StatusOK:
		r.Body = refundOf(e, e.Key, "succeeded")
		return r
	case r.Status != http.StatusPaymentRequired:
		return unlike(r)
	case e.Code == "exceeds_captured":
		return refuse(http.StatusBadRequest, failure{Type: invalid, Param: "amount"})
	}
	return refuse(http.StatusBadRequest, failure{Type: invalid, Code: "payment_intent_unexpected_state", Intent: i})
}

// refunds lists the refunds of a PaymentIntent, the latest first.
func (a API) refunds(f form) answer.Reply {
	entries, err := a.gateway.History(f.get("payment_intent"))
	if err != nil {
		return unlike(answer.Refuse(http.StatusServiceUnavailable, ""))
	}
	var all []refundObject
	for _, e := range entries {
		if e.Kind == gateway.Refunded {
			all = append([]refundObject{refundOf(e, e.Key, "succeeded")}, all...)
		}
	}
	return list("/v1/refunds", all)
}
