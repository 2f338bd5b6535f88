package trial

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"testing"
)

// Operation is one that a listener's OpenAPI document describes.
type Operation struct {
	ID, Method, Path string
	Query            []string // names of its parameters
	Closed           []string // names of those that have one of a few values
	TakesBody        bool
	NeedsToken       bool
	Answers          []string // the statuses described
	Tagged           bool     // its answer has an ETag
}

// Operations are those of a listener's document, sorted. A test over them covers the routes to come as well.
func Operations(t testing.TB, listener Caller) (all []Operation) {
	t.Helper()
	document := Read[struct {
		Paths map[string]map[string]struct {
			OperationID string
			Parameters  []struct {
				Name, In string
				Schema   struct{ Enum []any }
			}
			RequestBody *struct{}
			Security    []map[string][]string
			Responses   map[string]any
		}
	}](t, Caller{URL: listener.URL}.Must(t, 200, "GET", "/openapi.json", nil))
	for path, methods := range document.Paths {
		for method, described := range methods {
			o := Operation{ID: described.OperationID, Method: strings.ToUpper(method), Path: path,
				TakesBody:  described.RequestBody != nil,
				NeedsToken: len(described.Security) > 0 && len(described.Security[0]) > 0,
				Answers:    slices.Sorted(maps.Keys(described.Responses)),
				Tagged:     described.Responses["304"] != nil}
			for _, p := range described.Parameters {
				if p.In == "query" {
					o.Query = append(o.Query, p.Name)
					if p.Schema.Enum != nil {
						o.Closed = append(o.Closed, p.Name)
					}
				}
			}
			all = append(all, o)
		}
	}
	slices.SortFunc(all, func(a, b Operation) int { return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Method, b.Method)) })
	return all
}

// At is the operation's path with these values of its variables, given as name, value, and "x" for any other.
func (o Operation) At(values ...string) string {
	var parts []string
	for part := range strings.SplitSeq(o.Path, "/") {
		if name, isVariable := strings.CutPrefix(part, "{"); isVariable {
			part = "x"
			if i := slices.Index(values, strings.TrimSuffix(name, "}")); i >= 0 && i%2 == 0 {
				part = values[i+1]
			}
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "/")
}

// GoodBody is a body that an operation accepts where its path leads somewhere; false for an operation that this does not know.
func (o Operation) GoodBody(sku string) (body string, known bool) {
	line := `{"sku":"` + sku + `","quantity":1}`
	body, known = map[string]string{
		"place-order": `{"lines":[` + line + `],"ship_to":{"name":"Ada","line1":"1 Long Road","line2":"Top floor","city":"Leeds",` +
			`"postcode":"LS1 1AA","country":"GB"},"email":"ada@example.com","payment_token":"tok_ok","fill_policy":"fill_all"}`,
		"cancel-order":       `{"reason":"changed my mind"}`,
		"return-goods":       `{"lines":[` + line + `],"reason":"broken"}`,
		"record-interaction": `{"kind":"view","sku":"` + sku + `","visitor":"v-1","at":"2026-03-01T09:30:04Z"}`,
		"set-preferences": `{"channels":["mail","sms","push"],"promotions":false,"locale":"de","email":"ada@example.com",` +
			`"phone":"+441632960001","quiet_hours":{"from":"22:00","to":"07:00","zone":"Europe/London"},` +
			`"push":{"endpoint":"https://push.example.com/send/4f1c","p256dh":` +
			`"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",` +
			`"auth":"BTBZMqHH6r4Tts7J_aSIgg"}}`,
		"receive-payment-webhook": `{"id":"evt_1","type":"captured","data":{"order":"` + sku + `","attempt":"a","reference":"au_1",` +
			`"amount":100,"currency":"GBP"}}`,
		"receive-carrier-webhook": `{"id":"scan_1","type":"delivered","data":{"order":"` + sku + `","tracking_number":"T1",` +
			`"at":"2026-11-26T16:50:00Z"}}`,
		"list-products": `{"items":[{"sku":"` + sku + `","description":"Goods","price":{"amount":100,"currency":"GBP"},` +
			`"backorderable":true}]}`,
		"receive-stock":     `{"items":[{"sku":"` + sku + `","warehouse":"north","quantity":2,"reorder_point":1}]}`,
		"change-sale":       `{"items":[{"sku":"` + sku + `","withdrawn":false}]}`,
		"count-stock":       `{"items":[{"sku":"` + sku + `","warehouse":"north","counted":2,"reason":"broken"}]}`,
		"move-deadline":     `{"due_at":"2026-11-26T16:50:00Z"}`,
		"decide-review":     `{"approve":true}`,
		"discard-parked":    `{"items":[{"service":"order","number":1}],"reason":"sold by telephone"}`,
		"redrive-parked":    `{"service":"order","group":"none","reason":"mended","per_second":5,"dry_run":true}`,
		"grant-refund":      `{"lines":[` + line + `],"shipping":1,"goodwill":1,"reason":"late"}`,
		"settle-refund":     `{"how":"bank_transfer","reference":"FT-1","note":"agreed by telephone"}`,
		"sign-in":           `{"token":"one of an operator"}`,
		"publish-promotion": `{"title":"Ten percent off","text":"On all mugs, this week."}`,
	}[o.ID]
	return body, known
}
