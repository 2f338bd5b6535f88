package openapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/openapi"
)

type input struct {
	Limit int `query:"limit" minimum:"1" maximum:"100"`
	Body  struct {
		Lines []struct {
			SKU      string `json:"sku" minLength:"1"`
			Quantity int32  `json:"quantity" minimum:"1" maximum:"1000"`
		} `json:"lines" minItems:"1"`
		Email string `json:"email" format:"email"`
		Total int64  `json:"total,omitempty"`
	}
}

type output struct {
	Body struct {
		Who string `json:"who"`
	}
}

var key = bytes.Repeat([]byte("k"), 32)

// setup serves one operation; fail is what its handler returns.
func setup(t *testing.T, logs io.Writer, fail error) http.Handler {
	t.Helper()
	server := httpserver.New(httpserver.Options{Logger: slog.New(slog.NewTextHandler(logs, nil))})
	api := openapi.New(server.Engine(), "Shop <API>", "1.0.0")
	auth, err := httpserver.NewAuth(key)
	if err != nil {
		t.Fatal(err)
	}
	openapi.RequireToken(api, auth, httpserver.AudienceCustomers)
	op := huma.Operation{OperationID: "place", Method: "POST", Path: "/v1/orders", Security: openapi.Bearer}
	huma.Register(api, op, func(ctx context.Context, in *input) (*output, error) {
		out := &output{}
		out.Body.Who = httpserver.Subject(ctx)
		return out, fail
	})
	return server.Engine()
}

func post(t *testing.T, h http.Handler, path, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	token, err := httpserver.Mint(key, httpserver.AudienceCustomers, "c1", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	request := httptest.NewRequest("POST", path, strings.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("X-Request-Id", "of-the-test") // a generated one has any four digits in it, sooner or later
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, request)
	return recorder
}

func places(t *testing.T, r *httptest.ResponseRecorder, status int, slug string) []string {
	t.Helper()
	var p httpserver.Problem
	if err := json.Unmarshal(r.Body.Bytes(), &p); err != nil {
		t.Fatalf("%v: %s", err, r.Body)
	}
	if r.Code != status || !strings.HasSuffix(p.Type, "/"+slug) || r.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("got %d %s: %s, want %d %s", r.Code, r.Header().Get("Content-Type"), r.Body, status, slug)
	}
	var list []string
	for _, f := range p.Errors {
		list = append(list, f.Location)
	}
	sort.Strings(list)
	return list
}

const good = `{"lines":[{"sku":"a","quantity":1}],"email":"a@b.example"}`

func TestEveryFaultIsReportedWithItsPlaceAndNoValue(t *testing.T) {
	t.Parallel()
	h := setup(t, io.Discard, nil)
	r := post(t, h, "/v1/orders?limit=0", `{"lines":[{"sku":"","quantity":1.0},{"sku":"secret","quantity":1e2,"x":1},
		{"SKU":"a","quantity":"secret"},{"sku":"a","quantity":9223372036854775808}],"email":"secret-mail","total":1.5,"more":"secret"}`)
	got := places(t, r, 422, "invalid")
	want := []string{"body.email", "body.lines[0].quantity", "body.lines[0].sku", "body.lines[1].quantity", "body.lines[1].x",
		"body.lines[2].SKU", "body.lines[2].quantity", "body.lines[3].quantity", "body.more", "body.total", "query.limit"}
	for _, place := range want {
		if !strings.Contains(strings.Join(got, " "), place) {
			t.Errorf("no fault at %s in %s", place, r.Body)
		}
	}
	if strings.Contains(r.Body.String(), "secret") {
		t.Errorf("a value is repeated: %s", r.Body)
	}
}

func TestStrictReadingHoldsForOperations(t *testing.T) {
	t.Parallel()
	h := setup(t, io.Discard, nil)
	for body, want := range map[string]struct {
		status int
		slug   string
		places []string
	}{
		`{"email":"secret`: {400, "malformed", []string{"body"}},
		`{"lines":[{"sku":"a","sku":"secret","quantity":1}],"email":"a@b.example","email":"x"}`: {400, "malformed",
			[]string{"body.email", "body.lines[0].sku"}},
		good + " secret": {400, "malformed", []string{"body"}},
		`{"lines":[{"sku":"a","quantity":1}],"email":"a@b.example","total":null}`: {422, "invalid",
			[]string{"body.total"}},
		`{"lines":[{"sku":"4111111111111111","quantity":1}],"email":"secret"}`: {422, "card-number",
			[]string{"body.lines[0].sku"}},
		`{"lines":[{"sku":"a","quantity":1}],"email":"a@b.example","total":9223372036854775808}`: {422, "invalid",
			[]string{"body.total"}},
		"": {400, "malformed", nil},
	} {
		r := post(t, h, "/v1/orders?limit=1", body)
		if got := places(t, r, want.status, want.slug); !reflect.DeepEqual(got, want.places) {
			t.Errorf("%s: got %v, want %v: %s", body, got, want.places, r.Body)
		}
		if strings.Contains(r.Body.String(), "secret") {
			t.Errorf("a value is repeated: %s", r.Body)
		}
	}
	if got := places(t, post(t, h, "/v1/orders?limt=1", good), 422, "invalid"); !reflect.DeepEqual(got, []string{"query.limt"}) {
		t.Errorf("a mistyped parameter: %v", got)
	}
	if r := post(t, h, "/v1/orders?limit=1&4111111111111111=secret%20word", good); r.Code != 422 ||
		strings.Contains(r.Body.String(), "4111") {
		t.Errorf("a parameter that is no name: %d %s", r.Code, r.Body)
	}
	for _, kind := range []string{"", "text/secret", "application/json; charset=utf-16", "application/jsonp"} {
		places(t, post(t, h, "/v1/orders", good, "Content-Type", kind), 415, "media-type")
	}
	for _, kind := range []string{"APPLICATION/JSON", "Application/Json; Charset=UTF-8"} {
		if r := post(t, h, "/v1/orders?limit=1", good, "Content-Type", kind); r.Code != 200 {
			t.Errorf("%s: %d %s", kind, r.Code, r.Body)
		}
	}
	places(t, post(t, h, "/v1/orders", good, "Authorization", ""), 401, "unauthorized")
	r := post(t, h, "/v1/orders?limit=1", good)
	if r.Code != 200 || r.Body.String() != "{\"who\":\"c1\"}\n" || r.Header().Get("Link") != "" {
		t.Errorf("got %d %q %v", r.Code, r.Body, r.Header())
	}
}

func TestOurOwnFailureIsLoggedAndNotTold(t *testing.T) {
	t.Parallel()
	var logs bytes.Buffer
	r := post(t, setup(t, &logs, errors.New("database: down")), "/v1/orders?limit=1", good)
	places(t, r, 500, "internal")
	if strings.Contains(r.Body.String(), "database") || !strings.Contains(logs.String(), "database: down") {
		t.Errorf("told %s, logged %s", r.Body, logs.String())
	}
}

func TestHandlersRefuseWithProblems(t *testing.T) {
	t.Parallel()
	r := post(t, setup(t, io.Discard, fmt.Errorf("wrapped: %w", httpserver.Conflict("too-late", "it has left"))),
		"/v1/orders?limit=1", good)
	places(t, r, 409, "too-late")
}

func TestTheDescriptionIsOpenAPI31AndNamesOurProblem(t *testing.T) {
	t.Parallel()
	h := setup(t, io.Discard, nil)
	r := httptest.NewRecorder()
	h.ServeHTTP(r, httptest.NewRequest("GET", "/openapi.json", nil))
	for _, want := range []string{`"openapi":"3.1.0"`, `"application/problem+json"`, `"#/components/schemas/Problem"`,
		`"bearerFormat":"JWT"`, `"additionalProperties":false`} {
		if !strings.Contains(r.Body.String(), want) {
			t.Errorf("%s is missing in %s", want, r.Body)
		}
	}
	if strings.Contains(r.Body.String(), "$schema") {
		t.Error("bodies have $schema")
	}
}

func TestThePageWorksWithoutTheOutsideWorld(t *testing.T) {
	t.Parallel()
	h := setup(t, io.Discard, nil)
	get := func(path string) *httptest.ResponseRecorder {
		r := httptest.NewRecorder()
		h.ServeHTTP(r, httptest.NewRequest("GET", path, nil))
		if r.Code != 200 || r.Body.Len() == 0 {
			t.Errorf("%s: %d", path, r.Code)
		}
		return r
	}
	page := get("/docs")
	if !strings.Contains(page.Body.String(), "Shop &lt;API&gt;") {
		t.Error("the title is not escaped")
	}
	for _, reference := range regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(page.Body.String(), -1) {
		if reference[1] != "data:," && !strings.Contains(get(reference[1]).Header().Get("Content-Type"), "text/") {
			t.Errorf("%s has no media type", reference[1])
		}
	}
	if policy := page.Header().Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'") ||
		strings.Contains(policy, "http") || strings.Contains(policy, "*") {
		t.Errorf("the policy allows other hosts: %s", policy)
	}
	if !strings.Contains(get("/docs/start.js").Body.String(), "validatorUrl: null") {
		t.Error("the page would ask a validator on the internet")
	}
	if !strings.Contains(get("/docs/swagger-ui-bundle.js").Body.String(), "SwaggerUIBundle") {
		t.Error("the served script differs from the embedded one")
	}
}

func TestNumbersThatAreNoIntegersCannotBeDeclared(t *testing.T) {
	t.Parallel()
	server := httpserver.New(httpserver.Options{})
	api := openapi.New(server.Engine(), "x", "1")
	defer func() {
		if recover() == nil {
			t.Error("a float was accepted")
		}
	}()
	huma.Register(api, huma.Operation{OperationID: "x", Method: "POST", Path: "/x"},
		func(context.Context, *struct{ Body struct{ Price float64 } }) (*struct{}, error) { return nil, nil })
}
