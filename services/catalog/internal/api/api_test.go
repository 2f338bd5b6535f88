package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"orderflow.example/schemas"
	"orderflow.example/services/catalog"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/saga"
)

var signing = bytes.Repeat([]byte("k"), 32)

// shelf decides commands as the engine does, without broker or database.
type shelf struct {
	mu       sync.Mutex
	products map[string]catalog.Product
	fails    map[string]error
}

func newShelf() *shelf {
	return &shelf{products: map[string]catalog.Product{}, fails: map[string]error{}}
}

var machine = catalog.Choreography.Machine()

func (s *shelf) Submit(_ context.Context, sku string, command saga.Event) ([]saga.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.fails[sku]; err != nil {
		return nil, err
	}
	p, known := s.products[sku]
	if !known {
		p = catalog.Blank(sku)
	}
	step, err := machine.Hear(p, command, func(*saga.Event) {})
	s.products[sku] = step.State.(catalog.Product)
	return step.Emitted, err
}

func (s *shelf) Product(_ context.Context, sku string) (catalog.Product, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.products[sku], s.fails[sku]
}

func send(t *testing.T, p Products, method, path, body string) (status int, answer map[string]any) {
	t.Helper()
	auth, err := httpserver.NewAuth(signing)
	if err != nil {
		t.Fatal(err)
	}
	s := httpserver.New(httpserver.Options{RouteBodyLimits: map[string]int64{Path: BodyLimit}})
	Register(openapi.NewRoutes(s, auth.RequireOperator(), "Operators", "1", ""), p)
	token, err := httpserver.Mint(signing, httpserver.AudienceOperators, "op", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequest(method, path, strings.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	res := httptest.NewRecorder()
	s.Engine().ServeHTTP(res, req)
	if err := json.Unmarshal(res.Body.Bytes(), &answer); err != nil {
		t.Fatalf("%d %s: %v", res.Code, res.Body, err)
	}
	return res.Code, answer
}

func product(sku, description string, pence int64) string {
	return fmt.Sprintf(`{"sku":%q,"description":%q,"price":{"amount":%d,"currency":"GBP"},"backorderable":true}`,
		sku, description, pence)
}

func items(list ...string) string { return `{"items":[` + strings.Join(list, ",") + `]}` }

func TestAListingTellsWhatWasNewAndCanBeReadBack(t *testing.T) {
	t.Parallel()
	s := newShelf()
	for i, c := range []struct{ body, want string }{
		{items(product("tea/1 kg", "tea", 300), product("mug", "mug", 500)), "map[listed:2 repriced:0 unchanged:0]"},
		{items(product("tea/1 kg", "tea", 320), product("mug", "mug", 500)), "map[listed:0 repriced:1 unchanged:1]"},
		{items(product("tea/1 kg", "green tea", 350)), "map[listed:1 repriced:0 unchanged:0]"},
	} {
		if status, got := send(t, s, "POST", Path, c.body); status != 200 || fmt.Sprint(got) != c.want {
			t.Errorf("%d: %d %v, want %s", i, status, got, c.want)
		}
	}
	want := catalog.Product{SKU: "tea/1 kg", Listed: true, Description: "green tea",
		Price: schemas.Money{Amount: 350, Currency: "GBP"}, Backorderable: true}
	if got := s.products["tea/1 kg"]; got != want {
		t.Errorf("got %+v", got)
	}
	if status, got := send(t, s, "GET", Path+"/tea%2F1%20kg", ""); status != 200 ||
		fmt.Sprint(got) != "map[backorderable:true description:green tea price:map[amount:350 currency:GBP] sku:tea/1 kg "+
			"withdrawn:false]" {
		t.Errorf("%d %v", status, got)
	}
	if status, _ := send(t, s, "GET", Path+"/jug", ""); status != 404 {
		t.Errorf("a product that was never listed: %d", status)
	}
}

func TestEveryFaultIsNamedAndNothingIsListed(t *testing.T) {
	t.Parallel()
	s := newShelf()
	status, got := send(t, s, "POST", Path, items(product("ok", "fine", 1), product("tea ", "tea", 0), product("", " ", 5),
		product("a\tb", "x", 5), product(strings.Repeat("x", 65), "x", 5), product("ok", "again", 5),
		`{"sku":"jug","description":"jug","price":{"amount":10000000001,"currency":"gbp"}}`,
		`{"sku":"pot","description":"pot","price":{"amount":1,"currency":"QQQ"}}`))
	var places []string
	for _, e := range got["errors"].([]any) {
		places = append(places, strings.TrimPrefix(e.(map[string]any)["location"].(string), "body.items"))
	}
	want := "[1].sku [1].price.amount [2].sku [2].description [3].sku [4].sku [6].price.amount [6].price.currency [5].sku " +
		"[7].price.currency"
	if status != 422 || strings.Join(places, " ") != want {
		t.Errorf("%d %v", status, places)
	}
	for body, want := range map[string]int{
		items(): 422, `{}`: 422, `{"items":null}`: 422, items(`{"sku":"tea","colour":1}`): 422, `[`: 400,
		items(`{"sku":"tea","description":"tea","price":{"amount":1.0,"currency":"GBP"}}`): 422,
	} {
		if status, got := send(t, s, "POST", Path, body); status != want {
			t.Errorf("%s: %d %v", body, status, got)
		}
	}
	if len(s.products) > 0 {
		t.Errorf("listed: %v", s.products)
	}
}

func TestWhatFailedIsNamedAndTheRestStays(t *testing.T) {
	t.Parallel()
	body := items(product("tea", "tea", 300), product("mug", "mug", 500))
	for want, cause := range map[int]error{409: engine.ErrParked, 503: errors.New("secret address of the database")} {
		s := newShelf()
		s.fails["mug"] = cause
		status, got := send(t, s, "POST", Path, body)
		if text := fmt.Sprint(got); status != want || !strings.Contains(text, "1 of 2") || !strings.Contains(text, "items[1]") ||
			strings.Contains(text, "secret") {
			t.Errorf("%d %v", status, got)
		}
		if status, got := send(t, s, "GET", Path+"/mug", ""); status != 503 || strings.Contains(fmt.Sprint(got), "secret") {
			t.Errorf("%d %v", status, got)
		}
		delete(s.fails, "mug")
		if status, got := send(t, s, "POST", Path, body); status != 200 || fmt.Sprint(got) != "map[listed:1 repriced:0 unchanged:1]" {
			t.Errorf("the second time: %d %v", status, got)
		}
	}
}

func TestFiveThousandItemsFitIntoOneRequest(t *testing.T) {
	t.Parallel()
	list := make([]string, MaxItems)
	for i := range list {
		list[i] = product(fmt.Sprintf("%s%05d", strings.Repeat("𝓢", 59), i), strings.Repeat("𝓓", 200), 10_000_000_000)
	}
	if status, got := send(t, newShelf(), "POST", Path, items(list...)); status != 200 || got["listed"] != float64(MaxItems) {
		t.Errorf("%d %.300v", status, got)
	}
}

func TestOnlyOperatorsListProducts(t *testing.T) {
	t.Parallel()
	auth, err := httpserver.NewAuth(signing)
	if err != nil {
		t.Fatal(err)
	}
	s := httpserver.New(httpserver.Options{})
	Register(openapi.NewRoutes(s, auth.RequireOperator(), "Operators", "1", ""), newShelf())
	for _, method := range []string{http.MethodPost, http.MethodGet} {
		path := map[string]string{http.MethodPost: Path, http.MethodGet: Path + "/tea"}[method]
		res := httptest.NewRecorder()
		s.Engine().ServeHTTP(res, httptest.NewRequest(method, path, strings.NewReader(items(product("tea", "tea", 1)))))
		if res.Code != http.StatusUnauthorized {
			t.Errorf("%s: %d", method, res.Code)
		}
	}
}

func TestAProductIsWithdrawnFromSaleAndPutBack(t *testing.T) {
	t.Parallel()
	s := newShelf()
	if status, _ := send(t, s, "POST", Path, items(product("tea/1 kg", "tea", 300), product("mug", "mug", 500))); status != 200 {
		t.Fatal(status)
	}
	for i, c := range []struct{ body, want string }{
		{`{"sku":"tea/1 kg","withdrawn":true,"reason":"recalled"}`, "map[changed:1 unchanged:0]"},
		{`{"sku":"tea/1 kg","withdrawn":true},{"sku":"mug","withdrawn":false}`, "map[changed:0 unchanged:2]"},
		{`{"sku":"tea/1 kg","withdrawn":false},{"sku":"mug","withdrawn":true}`, "map[changed:2 unchanged:0]"},
	} {
		if status, got := send(t, s, "POST", Path+"/sale", items(c.body)); status != 200 || fmt.Sprint(got) != c.want {
			t.Errorf("%d: %d %v, want %s", i, status, got, c.want)
		}
		if got := s.products["tea/1 kg"].Withdrawn; got != (i < 2) {
			t.Errorf("%d: withdrawn: %t", i, got)
		}
	}
	for body, want := range map[string]string{
		items(`{"sku":"jug","withdrawn":true}`): "items[0].sku", items(): "items", items(`{"sku":"mug"}`): "withdrawn",
		items(`{"sku":"mug","withdrawn":true}`, `{"sku":"mug","withdrawn":false}`): "items[1].sku",
	} {
		if status, got := send(t, s, "POST", Path+"/sale", body); status != 422 || !strings.Contains(fmt.Sprint(got), want) {
			t.Errorf("%s: %d %v", body, status, got)
		}
	}
}
