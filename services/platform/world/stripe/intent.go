package stripe

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"orderflow.example/services/platform/world/answer"
	"orderflow.example/services/platform/world/gateway"
)

// intent is a PaymentIntent.
type intent struct {
	ID         string            `json:"id"`
	Object     string            `json:"object"`
	Amount     int64             `json:"amount"`
	Capturable int64             `json:"amount_capturable"`
	Received   int64             `json:"amount_received"`
	Currency   string            `json:"currency"`
	Status     string            `json:"status"`
	Metadata   map[string]string `json:"metadata"`
	Error      *failure          `json:"last_payment_error,omitempty"`
	Options    *options          `json:"payment_method_options,omitempty"`
	Charge     *charge           `json:"latest_charge"`
}

type options struct {
	Card struct {
		Captures string `json:"request_multicapture"`
	} `json:"card"`
}

type charge struct {
	ID       string  `json:"id"`
	Object   string  `json:"object"`
	Amount   int64   `json:"amount"`
	Captured bool    `json:"captured"`
	Received int64   `json:"amount_captured"`
	Status   string  `json:"status"`
	Details  details `json:"payment_method_details"`
}

type details struct {
	Type string `json:"type"`
	Card struct {
		Fingerprint string `json:"fingerprint,omitempty"`
		Captures    struct {
			Status string `json:"status"`
		} `json:"multicapture,omitzero"`
	} `json:"card"`
}

// made is what the name of a PaymentIntent that authorised nothing begins with; the attempt follows. Others are named by their
// reference in the book.
const made = "pi_"

// intentOf reads a PaymentIntent from its entries, which must not be empty.
func intentOf(entries []gateway.Entry) *intent {
	first := entries[0]
	attempt := first.Attempt
	i := &intent{ID: made + attempt, Object: "payment_intent", Amount: first.Amount, Currency: strings.ToLower(first.Currency),
		Metadata: map[string]string{"attempt": attempt, "order": first.Order}}
	for _, e := range entries {
		switch e.Kind {
		case gateway.Declined:
			i.Status, i.Error = "requires_payment_method", declined(e.Code)
			i.Charge = chargeOf(e, "failed")
		case gateway.Authorized:
			i.ID, i.Status, i.Capturable = e.Reference, "requires_capture", e.Amount
			i.Charge = chargeOf(e, "succeeded")
			if e.Part {
				i.Options = &options{}
				i.Options.Card.Captures = "if_available"
				if !e.IsOnce() {
					i.Charge.Details.Card.Captures.Status = "available"
				}
			}
		case gateway.Captured:
			i.Capturable, i.Received = i.Capturable-e.Amount, i.Received+e.Amount
			if e.Part { // named in the metadata, where the shop has put it
				i.Metadata["c_"+e.Key] = strconv.FormatInt(e.Amount, 10)
			}
			if !e.Part || i.Capturable == 0 {
				i.succeed()
			}
		case gateway.Voided:
			if i.Status, i.Capturable = "canceled", 0; i.Received > 0 {
				i.succeed()
			}
		}
		if i.Charge != nil {
			i.Charge.Received = i.Received
		}
	}
	return i
}

// succeed ends a PaymentIntent of which something was captured.
func (i *intent) succeed() {
	i.Status, i.Capturable = "succeeded", 0
	if i.Charge != nil {
		i.Charge.Captured = true
	}
}

func chargeOf(e gateway.Entry, status string) *charge {
	c := &charge{ID: "ch_" + e.Attempt, Object: "charge", Amount: e.Amount, Status: status, Details: details{Type: "card"}}
	c.Details.Card.Fingerprint, c.Details.Card.Captures.Status = e.Card, "unavailable"
	return c
}

// find returns the PaymentIntent of this name; nil if there is none.
func (a API) find(name string) (*intent, error) {
	entries, err := a.gateway.History(strings.TrimPrefix(name, made))
	if err != nil || len(entries) == 0 {
		return nil, err
	}
	if i := intentOf(entries); i.ID == name {
		return i, nil
	}
	return nil, nil
}

func (a API) retrieve(f form) answer.Reply {
	i, err := a.find(f.id)
	switch {
	case err != nil:
		return unlike(answer.Refuse(http.StatusServiceUnavailable, ""))
	case i == nil:
		return missing("intent")
	}
	return answer.Reply{Status: http.StatusOK, Body: i}
}

var byAttempt = regexp.MustCompile(`^metadata\["attempt"\]:"([^"\\]*)"$`)

// search answers the one query that adapters ask. Unlike Stripe's, the index is always current.
func (a API) search(f form) answer.Reply {
	query := byAttempt.FindStringSubmatch(f.get("query"))
	if query == nil {
		return refuse(http.StatusBadRequest, failure{Type: invalid, Param: "query"})
	}
	entries, err := a.gateway.History(query[1])
	if err != nil {
		return unlike(answer.Refuse(http.StatusServiceUnavailable, ""))
	}
	var found []*intent
	if len(entries) > 0 {
		if i := intentOf(entries); i.Metadata["attempt"] == query[1] && !isPlaceholder(entries) {
			found = append(found, i)
		}
	}
	return list("/v1/payment_intents/search", found)
}

// isPlaceholder tells whether nothing was ever confirmed.
func isPlaceholder(entries []gateway.Entry) bool {
	return entries[0].Kind == gateway.Voided && entries[0].Reference == ""
}

// method tells of the card behind a token.
func method(f form) answer.Reply {
	m := struct {
		ID     string `json:"id"`
		Object string `json:"object"`
		details
	}{ID: f.id, Object: "payment_method", details: details{Type: "card"}}
	m.Card.Fingerprint = gateway.CardOf(f.id)
	return answer.Reply{Status: http.StatusOK, Body: m}
}
