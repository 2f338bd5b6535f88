package run_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"orderflow.example/services/platform/console/web"
	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/service"
)

// open are the routes of the operators' listener that need no token, beside the console's pages and files, which hold no data.
var open = []string{"/healthz", "/readyz", "/metrics", "/docs", "/session"}

func needsToken(pattern string) bool {
	return !slices.Contains(open, pattern) && !slices.Contains(web.Pages, pattern) && !strings.HasPrefix(pattern, "/assets/") &&
		!strings.HasPrefix(pattern, "/docs/") && !strings.HasPrefix(pattern, "/openapi")
}

// callers are requests that must not be served, each with its status.
type callers []struct {
	name    string
	status  int
	slug    string
	unsafe  bool // only requests that change something are refused
	headers []string
}

func TestNobodyButAnOperatorIsServedOnAnyRouteOfTheOperatorsListener(t *testing.T) {
	t.Parallel()
	r := start(t)
	mint := func(audience string, scope httpserver.Scope, ttl time.Duration) string {
		token, err := httpserver.MintScoped(r.site.Key, audience, "ann", scope, ttl)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	bearer := func(token string) []string { return []string{"Authorization: Bearer " + token} }
	cookie := func(token string, more ...string) []string {
		return append([]string{"Cookie: orderflow_operator=" + token}, more...)
	}
	session := mint(httpserver.AudienceConsole, httpserver.ReadWrite, time.Hour)
	operator := mint(httpserver.AudienceOperators, httpserver.ReadWrite, time.Hour)
	all := callers{
		{"no token", 401, "unauthorized", false, nil},
		{"an expired token", 401, "unauthorized", false, bearer(mint(httpserver.AudienceOperators, httpserver.ReadWrite, -time.Hour))},
		{"a customer's token", 401, "unauthorized", false, bearer(mint(httpserver.AudienceCustomers, httpserver.ReadWrite, time.Hour))},
		{"a session's cookie as a token", 401, "unauthorized", false, bearer(session)},
		{"a link's code as a token", 401, "unauthorized", false,
			bearer(mint(httpserver.AudienceConsoleLogin, httpserver.ReadWrite, time.Hour))},
		{"a token as a cookie", 401, "unauthorized", false, cookie(operator)},
		{"a forged cookie", 401, "unauthorized", false, cookie(session[:len(session)-4] + "AAAA")},
		{"an expired cookie", 401, "unauthorized", false, cookie(mint(httpserver.AudienceConsole, httpserver.ReadWrite, -time.Hour))},
		{"a bad token beside a good cookie", 401, "unauthorized", false, cookie(session, "Authorization: Bearer x")},
		{"a read-only token", 403, "read-only", true, bearer(mint(httpserver.AudienceOperators, httpserver.ReadOnly, time.Hour))},
		{"a read-only cookie", 403, "read-only", true, cookie(mint(httpserver.AudienceConsole, httpserver.ReadOnly, time.Hour))},
		{"another port's page", 403, "cross-origin", true, cookie(session, "Sec-Fetch-Site: same-site", "Origin: "+r.StorefrontURL)},
		{"another site's page", 403, "cross-origin", true, cookie(session, "Origin: https://evil.example")},
		{"a form", 415, "media-type", true, cookie(session, "Content-Type: application/x-www-form-urlencoded")},
	}
	asked := 0
	url := r.site.Operator("").URL
	for _, route := range r.Host.Operators.Engine().Routes() {
		path := strings.NewReplacer(":order", "x", ":id", "x", ":shipment", "x", "*sku", "x", "*path",
			"gateway/book").Replace(route.Path)
		changes := route.Method != http.MethodGet && route.Method != http.MethodHead && route.Method != http.MethodOptions
		if !needsToken(route.Path) || route.Method == http.MethodConnect { // which clients send to proxies only
			continue
		}
		for _, c := range all {
			byCookie := len(c.headers) > 0 && strings.HasPrefix(c.headers[0], "Cookie")
			switch {
			case c.unsafe && !changes:
				continue
			case byCookie && c.unsafe && route.Path == service.SimulatedWorld: // cookies do not count there at all
				c.status, c.slug = 401, "unauthorized"
			case c.slug == "media-type" && bodyOf(route.Method) == nil:
				continue
			}
			a, err := trial.Caller{URL: url}.Send(route.Method, path, bodyOf(route.Method), c.headers...)
			says := route.Method == http.MethodHead || strings.Contains(a.Body, "/problems/"+c.slug)
			if err != nil || a.Status != c.status || !says {
				t.Errorf("%s: %s %s: %d %s, want %d %s (%v)", c.name, route.Method, route.Path, a.Status, a.Body, c.status, c.slug, err)
			}
			asked++
		}
	}
	if asked < 400 {
		t.Errorf("only %d requests were sent", asked)
	}
}

func TestAReadOnlyOperatorReadsEverything(t *testing.T) {
	t.Parallel()
	r := start(t)
	session, err := httpserver.MintScoped(r.site.Key, httpserver.AudienceConsole, "ann", httpserver.ReadOnly, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for _, route := range r.Host.Operators.Engine().Routes() {
		if route.Method != http.MethodGet || !strings.HasPrefix(route.Path, "/v1/") || route.Path == "/v1/stream" { // it does not end
			continue
		}
		path := strings.NewReplacer(":order", "x", ":id", "x", ":shipment", "x", "*sku", "x").Replace(route.Path)
		a, err := trial.Caller{URL: r.site.Operator("").URL}.Send("GET", path, nil, "Cookie: orderflow_operator="+session)
		if err != nil || a.Status == 401 || a.Status == 403 || a.Status >= 500 && a.Status != 503 {
			t.Errorf("%s: %d %s (%v)", route.Path, a.Status, a.Body, err)
		}
	}
}

func TestAForeignHostGetsNothingOfTheOperatorsListener(t *testing.T) {
	t.Parallel()
	r := start(t)
	operator := r.site.Operator("")
	for _, host := range []string{"evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil.example",
		"10.0.0.1"} {
		for _, route := range r.Host.Operators.Engine().Routes() {
			if route.Method == http.MethodConnect {
				continue
			}
			path := strings.NewReplacer(":order", "x", ":group", "x", ":id", "x", ":shipment", "x", "*sku", "x", "*path", "gateway/book",
				"*file", "app.js").Replace(route.Path)
			if status := askAs(t, operator, host, route.Method, path); status != http.StatusMisdirectedRequest {
				t.Errorf("%s: %s %s: %d", host, route.Method, route.Path, status)
			}
		}
	}
	for _, host := range []string{"localhost", "127.0.0.1", "[::1]:8081", "127.0.0.1:1"} {
		if status := askAs(t, operator, host, "GET", "/v1/choreography"); status != 200 {
			t.Errorf("%s: %d", host, status)
		}
	}
}

func askAs(t *testing.T, c trial.Caller, host, method, path string) int {
	t.Helper()
	req, err := http.NewRequest(method, c.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	req.Header.Set("Authorization", "Bearer "+c.Token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode
}
