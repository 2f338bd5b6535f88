package stripe

import (
	"cmp"
	"net/http"
	"strings"

	"orderflow.example/services/platform/world/answer"
	"orderflow.example/services/platform/world/gateway"
)

// create authorises. A PaymentIntent that is not confirmed will never be: it only takes up the key of its attempt.
func (a API) create(f form) answer.Reply {
	q := gateway.Request{Order: f.metadata("order"), Amount: f.amount("amount"), Currency: f.currency(),
		Token: cmp.Or(f.get("payment_method"), f.get("confirmation_token"))}
	if f.get("payment_method_options[card][request_multicapture]") == "if_available" {
		q.Captures = 2
	}
	if q.Amount == 0 || len(q.Currency) != 3 || f.get("capture_method") != "manual" {
		return refuse(http.StatusBadRequest, failure{Type: invalid, Code: "parameter_missing"})
	}
	if f.get("confirm") != "true" {
		_, r := a.gateway.Perform("voids", f.key, f.fingerprint, gateway.Request{Order: q.Order, Attempt: f.key})
		if r.Status != http.StatusOK {
			return unlike(r)
		}
		return answer.Reply{Status: http.StatusOK, Body: &intent{ID: made + f.key, Object: "payment_intent", Amount: q.Amount,
			Currency: strings.ToLower(q.Currency), Status: "requires_payment_method",
			Metadata: map[string]string{"attempt": f.key, "order": q.Order}}}
	}
	e, r := a.gateway.Perform("authorizations", f.key, f.fingerprint, q)
	switch {
	case r.Status == http.StatusOK:
		r.Body = intentOf([]gateway.Entry{e})
	case r.Status != http.StatusPaymentRequired:
		return unlike(r)
	case e.Code == "unknown_token":
		return refuse(http.StatusBadRequest, failure{Type: invalid, Code: "resource_missing", Param: "payment_method"})
	default:
		why := *declined(e.Code)
		why.Intent = intentOf([]gateway.Entry{e})
		return refuse(http.StatusPaymentRequired, why)
	}
	return r
}

// declined is a refusal of the card's issuer.
func declined(code string) *failure {
	f := &failure{Type: card, Code: "card_declined", DeclineCode: "generic_decline"}
	if code == "insufficient_funds" {
		f.DeclineCode = code
	}
	return f
}

func (a API) capture(f form) answer.Reply {
	i, err := a.find(f.id)
	switch {
	case err != nil:
		return unlike(answer.Refuse(http.StatusServiceUnavailable, ""))
	case i == nil:
		return missing("intent")
	}
	q := gateway.Request{Order: i.Metadata["order"], Reference: i.ID, Amount: i.Amount, Currency: strings.ToUpper(i.Currency)}
	if f.values.Has("amount_to_capture") {
		q.Amount = f.amount("amount_to_capture")
	}
	if f.get("final_capture") == "false" {
		q.Final = new(false)
	}
	e, r := a.gateway.Perform("captures", f.key, f.fingerprint, q)
	switch {
	case r.Status == http.StatusOK:
		return a.retrieve(f)
	case r.Status != http.StatusPaymentRequired:
		return unlike(r)
	case e.Code == "capture_failed":
		return refuse(http.StatusPaymentRequired, *declined(""))
	case e.Code == "single_capture":
		return refuse(http.StatusBadRequest, failure{Type: invalid, Param: "final_capture"})
	case e.Code == "exceeds_authorized":
		return refuse(http.StatusBadRequest, failure{Type: invalid, Code: "amount_too_large", Param: "amount_to_capture"})
	}
	return a.unexpected(f)
}

// unexpected refuses what does not fit the state of the PaymentIntent, which the refusal holds.
func (a API) unexpected(f form) answer.Reply {
	i, err := a.find(f.id)
	if err != nil || i == nil {
		return unlike(answer.Refuse(http.StatusServiceUnavailable, ""))
	}
	return refuse(http.StatusBadRequest, failure{Type: invalid, Code: "payment_intent_unexpected_state", Intent: i})
}

func (a API) cancel(f form) answer.Reply {
	i, err := a.find(f.id)
	switch {
	case err != nil:
		return unlike(answer.Refuse(http.StatusServiceUnavailable, ""))
	case i == nil:
		return missing("intent")
	case strings.HasPrefix(i.ID, made): // nothing is authorised: the book has nothing to say
		i.Status = "canceled"
		return answer.Reply{Status: http.StatusOK, Body: i}
	}
	_, r := a.gateway.Perform("voids", f.key, f.fingerprint,
		gateway.Request{Order: i.Metadata["order"], Attempt: i.Metadata["attempt"]})
	switch r.Status {
	case http.StatusOK:
		return a.retrieve(f)
	case http.StatusPaymentRequired:
		return a.unexpected(f)
	}
	return unlike(r)
}
