package run_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/httpserver"
)

// door is one listener with its routes.
type door struct {
	name   string
	caller trial.Caller
	server *httpserver.Server
}

func doors(r running) []door {
	return []door{{"customers", r.site.Customer("visitor"), r.Host.Customers}, {"operators", r.site.Operator(""), r.Host.Operators}}
}

// each calls fn for every route of both listeners, but for streams and partners, with its path given these values.
func each(r running, value string, fn func(d door, method, path string)) {
	for _, d := range doors(r) {
		for _, route := range d.server.Engine().Routes() {
			if strings.HasPrefix(route.Path, "/sim/") {
				continue
			}
			var parts []string
			for part := range strings.SplitSeq(route.Path, "/") {
				if strings.HasPrefix(part, ":") || strings.HasPrefix(part, "*") {
					part = value
				}
				parts = append(parts, part)
			}
			fn(d, route.Method, strings.Join(parts, "/"))
		}
	}
}

// bodyOf is a body for a method that needs one.
func bodyOf(method string) any {
	if method == http.MethodGet || method == http.MethodDelete {
		return nil
	}
	return "{}"
}

func refusal4xx(a trial.Answer) bool {
	return a.Status >= 400 && a.Status < 500 && a.Header.Get("Content-Type") == "application/problem+json"
}

func TestBytesThatAreNoTextAreRefusedOnEveryRouteOfBothListeners(t *testing.T) {
	t.Parallel()
	r := start(t)
	for _, value := range []string{"%ff", "%00", "%ed%a0%80", "%E2%80%AEx", "%0a", "a%ffb%2F", "%c0%af"} {
		each(r, value, func(d door, method, path string) {
			if !strings.Contains(path, value) {
				return
			}
			a, err := d.caller.Send(method, path, bodyOf(method), "Idempotency-Key: k")
			if err != nil || !refusal4xx(a) {
				t.Errorf("%s: %s %s: %d %s (%v)", d.name, method, path, a.Status, a.Body, err)
			}
		})
	}
	for _, query := range []string{"q=%ff", "q=%00", "q=%zz", "q=a;b", "%ff=1", "limit=%ff", "cursor=%ff",
		"q=%E2%80%AE", "q=%E2%80%8B%E2%80%8B", "q=%ed%a0%80"} {
		each(r, "x", func(d door, method, path string) {
			a, err := d.caller.Send(method, path+"?"+query, bodyOf(method), "Idempotency-Key: k")
			want := 400
			if query == "q=%00" || strings.HasPrefix(query, "q=%E2") { // well-formed, but a value that is refused
				want = 422
			}
			if err != nil || a.Status != want || !strings.Contains(a.Body, `"location":"query`) {
				t.Errorf("%s: %s %s?%s: %d %s (%v)", d.name, method, path, query, a.Status, a.Body, err)
			}
		})
	}
	for _, header := range []string{"Last-Event-ID: \xff", "If-None-Match: \"\xff\"", "traceparent: 00-\xc3\xa9",
		"X-Request-Id: \xff", "Accept: \u202e"} {
		each(r, "x", func(d door, method, path string) {
			name, _, _ := strings.Cut(header, ":")
			a, err := d.caller.Send(method, path, bodyOf(method), header)
			if err != nil || a.Status != 400 || !strings.Contains(strings.ToLower(a.Body), `"location":"header.`+strings.ToLower(name)) {
				t.Errorf("%s: %s %s with %q: %d %s (%v)", d.name, method, path, header, a.Status, a.Body, err)
			}
		})
	}
	for _, key := range []string{"\xff", "é", "a\tb"} {
		a := r.site.Customer("visitor").Must(t, 400, "POST", "/v1/orders", trial.NewBasket(trial.Line{SKU: shelf, Quantity: 1}),
			"Idempotency-Key: "+key)
		if !strings.Contains(a.Body, `"location":"header.Idempotency-Key"`) {
			t.Errorf("key %q: %s", key, a.Body)
		}
	}
}

func TestATokenForNobodyIsRefusedWithThePlace(t *testing.T) {
	t.Parallel()
	r := start(t)
	for _, subject := range []string{"\x00", "ann\x00", "\u200b", " ", "a\u202eb", "\ufffd", strings.Repeat("x", 129)} {
		for audience, address := range map[string]string{
			httpserver.AudienceCustomers: r.StorefrontURL, httpserver.AudienceOperators: r.OperatorsURL} {
			token, err := httpserver.Mint(r.site.Key, audience, subject, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			a := trial.Caller{URL: address, Token: token}.Must(t, 401, "GET", "/v1/orders", nil)
			if !strings.Contains(a.Body, `"location":"header.Authorization.sub"`) {
				t.Errorf("%q: %s", subject, a.Body)
			}
		}
	}
}

func TestHEADAnswersAsGETDoesWithoutTheBody(t *testing.T) {
	t.Parallel()
	r := start(t)
	seen := 0
	each(r, "x", func(d door, method, path string) {
		if method != http.MethodGet {
			return
		}
		seen++
		get, err := d.caller.Send("GET", path, nil)
		if err != nil {
			t.Fatal(err)
		}
		head, err := d.caller.Send("HEAD", path, nil)
		if err != nil || head.Status != get.Status || head.Body != "" ||
			head.Header.Get("Content-Type") != get.Header.Get("Content-Type") {
			t.Errorf("%s: HEAD %s: %d %v %q, GET %d (%v)", d.name, path, head.Status, head.Header, head.Body, get.Status, err)
		}
		options, err := d.caller.Send("OPTIONS", path, nil)
		allow := options.Header.Get("Allow")
		if err != nil || options.Status != 204 || !strings.Contains(allow, "GET, ") ||
			!strings.Contains(allow, "HEAD") || !strings.Contains(allow, "OPTIONS") {
			t.Errorf("%s: OPTIONS %s: %d %q (%v)", d.name, path, options.Status, allow, err)
		}
	})
	if seen < 20 {
		t.Errorf("only %d routes were seen", seen)
	}
}

func TestReadinessHasAPartForEachThingNeeded(t *testing.T) {
	t.Parallel()
	r := start(t)
	for _, d := range doors(r) {
		a := trial.Caller{URL: d.caller.URL}.Must(t, 200, "GET", "/readyz", nil)
		parts := trial.Read[struct{ Parts map[string]string }](t, a).Parts
		for _, part := range []string{"kafka", "postgres", "services"} {
			if parts[part] != "ready" {
				t.Errorf("%s: %s is %q in %v", d.name, part, parts[part], parts)
			}
		}
	}
}

func TestEveryAnswerIsNamedAndAProblemSaysIt(t *testing.T) {
	t.Parallel()
	r := start(t)
	each(r, "x", func(d door, method, path string) {
		a, err := trial.Caller{URL: d.caller.URL}.Send(method, path, bodyOf(method), "X-Request-Id: of-this-test")
		if err != nil || a.Header.Get("X-Request-Id") != "of-this-test" {
			t.Errorf("%s: %s %s: %v %v", d.name, method, path, a.Header, err)
		}
		if a.Header.Get("Content-Type") == "application/problem+json" && !strings.Contains(a.Body, `"request_id":"of-this-test"`) {
			t.Errorf("%s: %s %s: %s", d.name, method, path, a.Body)
		}
	})
	first := r.site.Customer("visitor").Must(t, 200, "GET", "/v1/products", nil)
	second := r.site.Customer("visitor").Must(t, 200, "GET", "/v1/products", nil)
	if id := first.Header.Get("X-Request-Id"); id == "" || id == second.Header.Get("X-Request-Id") {
		t.Errorf("ids %q and %q", id, second.Header.Get("X-Request-Id"))
	}
}

func TestTheSimulatedWorldAnswersOperatorsOnly(t *testing.T) {
	t.Parallel()
	r := start(t)
	refund := `{"id":"r1","amount":1,"currency":"GBP"}`
	for _, caller := range []trial.Caller{{URL: r.OperatorsURL}, {URL: r.OperatorsURL, Token: r.site.Customer("ann").Token}} {
		for method, path := range map[string]string{"POST": "/sim/gateway/v1/refunds", "GET": "/sim/gateway/book"} {
			a, err := caller.Send(method, path, refund)
			if err != nil || a.Status != 401 {
				t.Errorf("%s %s: %d %s %v", method, path, a.Status, a.Body, err)
			}
		}
	}
	r.site.Operator("world").Must(t, 200, "GET", "/sim/gateway/book", nil)
}

func TestAnArticleNumberIsNoCardAndASKUMayHaveASlash(t *testing.T) {
	t.Parallel()
	r := start(t)
	for _, sku := range []string{"5091091530083", "4006381333931", "1/2", "a//b", "50% off+tax", "é ü/ж"} {
		r.site.Operator("catalog").Must(t, 200, "POST", "/v1/products", map[string]any{"items": []any{
			map[string]any{"sku": sku, "description": "Goods of a trial", "price": map[string]any{"amount": price, "currency": "GBP"}}}})
		r.site.Operator("warehouse").Must(t, 200, "POST", "/v1/stock/receipts", map[string]any{"items": []any{
			map[string]any{"sku": sku, "warehouse": "north", "quantity": 2}}}, "Idempotency-Key: "+fresh("k"))
		path := url.PathEscape(sku)
		for _, d := range doors(r) {
			trial.Await(t, sku, func() (bool, string) {
				a, err := d.caller.Send("GET", "/v1/products/"+path, nil)
				return err == nil && a.Status == 200 && trial.Read[struct{ SKU string }](t, a).SKU == sku, fmt.Sprint(a, err)
			})
		}
		trial.Await(t, "stock of "+sku, func() (bool, string) {
			a, err := r.site.Operator("inventory").Send("GET", "/v1/stock/"+path, nil)
			return err == nil && a.Status == 200 && trial.Read[struct{ SKU string }](t, a).SKU == sku, fmt.Sprint(a, err)
		})
		r.site.Buy(t, trial.NewBasket(trial.Line{SKU: sku, Quantity: 1})).Await(t, "completed")
	}
}
