// Package stripe is the simulated gateway behind Stripe's API, as far as a shop needs it that captures by hand: PaymentIntents,
// refunds, and the events of both. Its book, tokens, delays and faults are the gateway's own: a token is a payment method.
//
// It refuses parameters that it does not know, as Stripe does.
package stripe

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"orderflow.example/services/platform/world/answer"
	"orderflow.example/services/platform/world/gateway"
)

// API serves a gateway's book.
type API struct{ gateway *gateway.Gateway }

// Routes returns what adds the API of a gateway to a mux.
func Routes(g *gateway.Gateway) func(mux *http.ServeMux) {
	a := API{g}
	return func(mux *http.ServeMux) {
		for pattern, do := range map[string]func(form) answer.Reply{
			"POST /v1/payment_intents":              a.create,
			"GET /v1/payment_intents/search":        a.search,
			"GET /v1/payment_intents/{id}":          a.retrieve,
			"POST /v1/payment_intents/{id}/capture": a.capture,
			"POST /v1/payment_intents/{id}/cancel":  a.cancel,
			"POST /v1/refunds":                      a.refund,
			"GET /v1/refunds":                       a.refunds,
			"GET /v1/payment_methods/{id}":          method,
		} {
			mux.HandleFunc(pattern, answer.Handle(func(r *http.Request) answer.Reply { return open(r, known[pattern], do) }))
		}
	}
}

// known are the parameters of each route, beside expand and metadata.
var known = map[string][]string{
	"POST /v1/payment_intents": {"amount", "currency", "capture_method", "payment_method_types[0]", "payment_method",
		"confirmation_token", "confirm", "error_on_requires_action", "payment_method_options[card][request_multicapture]"},
	"GET /v1/payment_intents/search":        {"query", "limit"},
	"POST /v1/payment_intents/{id}/capture": {"amount_to_capture", "final_capture"},
	"POST /v1/payment_intents/{id}/cancel":  {"cancellation_reason"},
	"POST /v1/refunds":                      {"payment_intent", "amount"},
	"GET /v1/refunds":                       {"payment_intent", "limit", "starting_after"},
}

// form is a request.
type form struct {
	values           url.Values
	id               string // in the path
	key, fingerprint string
}

var (
	secretKey = regexp.MustCompile(`^Bearer [sr]k_\S+$`)
	always    = regexp.MustCompile(`^(expand\[\d+\]|metadata\[[\w-]{1,40}\])$`)
)

// open reads a request. One with an effect needs a key here, though not at Stripe.
func open(r *http.Request, known []string, do func(form) answer.Reply) answer.Reply {
	if !secretKey.MatchString(r.Header.Get("Authorization")) {
		return refuse(http.StatusUnauthorized, failure{Type: invalid})
	}
	text := r.URL.RawQuery
	if r.Method == http.MethodPost {
		body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		if err != nil {
			return refuse(http.StatusBadRequest, failure{Type: invalid})
		}
		text = string(body)
	}
	values, err := url.ParseQuery(text)
	if err != nil {
		return refuse(http.StatusBadRequest, failure{Type: invalid})
	}
	for name, of := range values {
		if len(of) > 1 || !slices.Contains(known, name) && !always.MatchString(name) {
			return refuse(http.StatusBadRequest, failure{Type: invalid, Code: "parameter_unknown", Param: name})
		}
	}
	f := form{values: values, id: r.PathValue("id")}
	if r.Method == http.MethodPost {
		if f.key, err = answer.Key(r); err != nil {
			return refuse(http.StatusBadRequest, failure{Type: invalid})
		}
		sum := sha256.Sum256([]byte(r.URL.Path + "\n" + values.Encode()))
		f.fingerprint = hex.EncodeToString(sum[:16])
	}
	return do(f)
}

func (f form) get(name string) string { return f.values.Get(name) }

func (f form) metadata(name string) string { return f.get("metadata[" + name + "]") }

// amount returns a positive number, 0 for anything else.
func (f form) amount(name string) int64 {
	n, err := strconv.ParseInt(f.get(name), 10, 64)
	if err != nil {
		return 0
	}
	return max(n, 0)
}

func (f form) currency() string { return strings.ToUpper(f.get("currency")) }

const (
	invalid = "invalid_request_error"
	card    = "card_error"
)

// failure is the body of a response that is no success.
type failure struct {
	Type        string  `json:"type"`
	Code        string  `json:"code,omitempty"`
	DeclineCode string  `json:"decline_code,omitempty"`
	Param       string  `json:"param,omitempty"`
	Message     string  `json:"message,omitempty"`
	Intent      *intent `json:"payment_intent,omitempty"`
}

func refuse(status int, f failure) answer.Reply {
	return answer.Reply{Status: status, Body: map[string]failure{"error": f}}
}

// missing is the refusal of an object that does not exist.
func missing(param string) answer.Reply {
	return refuse(http.StatusNotFound, failure{Type: invalid, Code: "resource_missing", Param: param})
}

// unlike puts a reply of the gateway that is in no entry into Stripe's words.
func unlike(r answer.Reply) answer.Reply {
	switch r.Status {
	case http.StatusUnprocessableEntity:
		return refuse(http.StatusBadRequest, failure{Type: "idempotency_error"})
	case http.StatusBadRequest:
		return refuse(http.StatusBadRequest, failure{Type: invalid, Code: "parameter_missing"})
	}
	return refuse(http.StatusServiceUnavailable, failure{Type: "api_error"})
}

// list is one page, and the last.
func list[T any](url string, all []T) answer.Reply {
	if all == nil {
		all = []T{}
	}
	return answer.Reply{Status: http.StatusOK, Body: map[string]any{"object": "list", "url": url, "has_more": false, "data": all}}
}
