package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"orderflow.example/services/warehouse"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/idempotency"
	"orderflow.example/shared/httpserver/idempotency/idempotencytest"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/saga"
)

var signing = bytes.Repeat([]byte("k"), 32)

// catalogue knows every product but those whose SKU begins with unknown, and of late ones when it is asked for the second time.
type catalogue struct{ asked int }

func (c *catalogue) Unknown(_ context.Context, skus []string) (unknown []string, err error) {
	c.asked++
	for _, sku := range skus {
		if strings.HasPrefix(sku, "broken") {
			return nil, errors.New("the database is away")
		}
		if strings.HasPrefix(sku, "unknown") || strings.HasPrefix(sku, "late") && c.asked == 1 {
			unknown = append(unknown, sku)
		}
	}
	return unknown, nil
}

func TestGoodsOfAnUnknownProductOrInAnUnknownWarehouseAreRefusedSayingWhyAndNothingIsReceived(t *testing.T) {
	t.Parallel()
	for items, want := range map[string]string{
		`{"sku":"tea","warehouse":"leeds","quantity":5},{"sku":"unknown","warehouse":"leeds","quantity":5}`: "items[1].sku",
		`{"sku":"tea","warehouse":"atlantis","quantity":5},{"sku":"mug","warehouse":"leeds","quantity":5}`:  "items[0].warehouse",
		`{"sku":"unknown","warehouse":"atlantis","quantity":5,"unlisted":true}`:                             "items[0].warehouse",
	} {
		body := `{"items":[` + items + `]}`
		submit, taken := engineOf(nil)
		status, answer := postTo(t, Warehouses{"leeds", "york"}, idempotencytest.New(), submit, "k", body)
		text, _ := json.Marshal(answer)
		if status != 422 || !strings.Contains(string(text), want) {
			t.Errorf("%s: %d %s", body, status, text)
		}
		for _, said := range []string{"unknown", "atlantis"} {
			if strings.Contains(string(text), `"`+said) {
				t.Errorf("%s is repeated: %s", said, text)
			}
		}
		taken.Range(func(key, _ any) bool { t.Errorf("%s: received %v", body, key); return true })
	}
	for _, body := range []string{
		`{"items":[{"sku":"unknown","warehouse":"leeds","quantity":5,"unlisted":true}]}`,
		`{"items":[{"sku":"late","warehouse":"leeds","quantity":5}]}`,
	} {
		submit, _ := engineOf(nil)
		if status, answer := post(t, submit, "k", body); status != 200 {
			t.Errorf("%s: %d %v", body, status, answer)
		}
	}
	submit, _ := engineOf(nil)
	if status, answer := post(t, submit, "k", `{"items":[{"sku":"broken","warehouse":"leeds","quantity":5}]}`); status != 503 {
		t.Errorf("without the catalogue: %d %v", status, answer)
	}
}

func (c *catalogue) Open(_ context.Context, after string, before time.Time, limit int) ([]warehouse.Supply, error) {
	old := time.Now().Add(-30 * 24 * time.Hour)
	all := []warehouse.Supply{
		{SKU: "a", Purchases: []warehouse.Purchase{{ID: "p1", Warehouse: "leeds", Quantity: 10, Received: 4, OrderedAt: time.Now()}}},
		{SKU: "b", Purchases: []warehouse.Purchase{{ID: "p2", Warehouse: "leeds", Quantity: 3, OrderedAt: old},
			{ID: "p3", Warehouse: "york", Quantity: 5, OrderedAt: time.Now()}}},
	}
	all = slices.DeleteFunc(all, func(s warehouse.Supply) bool { return s.SKU <= after || !before.IsZero() && s.SKU == "a" })
	return all[:min(limit, len(all))], nil
}

// engineOf decides commands as the engine does, without broker or database.
func engineOf(fails map[string]error) (Submit, *sync.Map) {
	var mu sync.Mutex
	machine, states, n := warehouse.Supplies.Machine(), map[string]any{}, 0
	var taken sync.Map
	return func(_ context.Context, sku string, command saga.Event) ([]saga.Event, error) {
		if err := fails[sku]; err != nil {
			return nil, err
		}
		mu.Lock()
		defer mu.Unlock()
		if states[sku] == nil {
			states[sku] = machine.Blank(sku)
		}
		command.Key = sku
		step, err := machine.Hear(states[sku], command, func(e *saga.Event) { n++; e.ID = fmt.Sprint(n) })
		states[sku] = step.State
		if len(step.Emitted) > 0 {
			taken.Store(fmt.Sprint(sku, len(states[sku].(warehouse.Supply).Receipts)), command.Data)
		}
		return step.Emitted, err
	}, &taken
}

func post(t *testing.T, submit Submit, key, body string) (status int, answer map[string]any) {
	t.Helper()
	return postWith(t, idempotencytest.New(), submit, key, body)
}

func postWith(t *testing.T, claims idempotency.Claims, submit Submit, key, body string) (status int, answer map[string]any) {
	t.Helper()
	return postTo(t, nil, claims, submit, key, body)
}

func postTo(t *testing.T, there Warehouses, claims idempotency.Claims, submit Submit, key, body string) (status int,
	answer map[string]any) {
	t.Helper()
	auth, err := httpserver.NewAuth(signing)
	if err != nil {
		t.Fatal(err)
	}
	s := httpserver.New(httpserver.Options{RouteBodyLimits: map[string]int64{Path: BodyLimit}})
	log := slog.New(slog.DiscardHandler)
	Register(openapi.NewRoutes(s, auth.RequireOperator(), "Operators", "1", ""), idempotency.New(claims, log), &catalogue{},
		there, submit)
	token, err := httpserver.Mint(signing, httpserver.AudienceOperators, "op", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequest(http.MethodPost, Path, strings.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", key)
	res := httptest.NewRecorder()
	s.Engine().ServeHTTP(res, req)
	if err := json.Unmarshal(res.Body.Bytes(), &answer); err != nil {
		t.Fatalf("%d %s: %v", res.Code, res.Body, err)
	}
	return res.Code, answer
}

func TestEveryItemOfADeliveryIsReceivedOnceHoweverOftenItIsSent(t *testing.T) {
	t.Parallel()
	submit, taken := engineOf(nil)
	claims := idempotencytest.New()
	body := `{"items":[{"sku":"tea","warehouse":"leeds","quantity":5,"reorder_point":2},` +
		`{"sku":"tea","warehouse":"york","quantity":1},{"sku":"mug","warehouse":"leeds","quantity":7}]}`
	for i, key := range []string{`"delivery-1"`, `"delivery-1"`, "delivery-1", "delivery-2"} {
		if status, got := postWith(t, claims, submit, key, body); status != 200 || fmt.Sprint(got) != "map[received:3 repeated:0]" {
			t.Errorf("time %d: %d %v", i, status, got)
		}
	}
	for _, other := range []string{strings.Replace(body, `"quantity":5`, `"quantity":50`, 1), `{"items":[]}`} {
		if status, got := postWith(t, claims, submit, "delivery-1", other); status != 422 ||
			!strings.Contains(fmt.Sprint(got), "idempotency-key-reused") {
			t.Errorf("another delivery with the key: %d %v", status, got)
		}
	}
	for _, c := range claims.All() { // the process died before it answered
		claims.Lose(c.Name)
		claims.SetBusy(c.Name, false)
	}
	elsewhere := Warehouses{"elsewhere"} // those that there are have changed since
	if _, got := postTo(t, elsewhere, claims, submit, "delivery-1", body); fmt.Sprint(got) != "map[received:0 repeated:3]" {
		t.Errorf("after the process died: %v", got)
	}
	n := 0
	taken.Range(func(_, r any) bool {
		if r.(warehouse.Receipt).Quantity == 7 {
			n++
		}
		return true
	})
	if n != 2 {
		t.Errorf("mugs were received %d times by two deliveries", n)
	}
}

func TestEveryFaultIsNamedAndNothingIsReceived(t *testing.T) {
	t.Parallel()
	submit := func(context.Context, string, saga.Event) ([]saga.Event, error) {
		t.Error("something was received")
		return nil, nil
	}
	status, got := post(t, submit, "k", `{"items":[
		{"sku":" tea","warehouse":"leeds","quantity":5},
		{"sku":"mug","warehouse":"","quantity":0,"reorder_point":-1},
		{"sku":"jug","warehouse":"leeds","quantity":1},{"sku":"jug","warehouse":"leeds","quantity":1}]}`)
	var places []string
	for _, e := range got["errors"].([]any) {
		places = append(places, e.(map[string]any)["location"].(string))
	}
	want := "body.items[0].sku body.items[1].warehouse body.items[1].quantity body.items[1].reorder_point body.items[3]"
	if status != 422 || strings.Join(places, " ") != want {
		t.Errorf("%d %v", status, places)
	}
	item := `{"sku":"tea","warehouse":"leeds","quantity":5}`
	for body, want := range map[string]int{
		`{"items":[]}`: 422, `{}`: 422, `{"items":null}`: 422, `{"items":[{"sku":"tea","price":1}]}`: 422, `[`: 400,
		`{"items":[` + strings.Repeat(item+",", MaxItems) + item + `]}`: 422,
	} {
		if status, got := post(t, submit, "k", body); status != want {
			t.Errorf("%.60s: %d %v", body, status, got["errors"])
		}
	}
	for _, key := range []string{"", `""`, strings.Repeat("k", 256), "ü"} {
		if status, _ := post(t, submit, key, `{"items":[`+item+`]}`); status != 400 {
			t.Errorf("key %.10q: %d", key, status)
		}
	}
}

func TestWhatFailedIsNamedAndTheRestStays(t *testing.T) {
	t.Parallel()
	body := `{"items":[{"sku":"tea","warehouse":"leeds","quantity":5},{"sku":"mug","warehouse":"leeds","quantity":5}]}`
	for want, cause := range map[int]error{409: engine.ErrParked, 503: errors.New("secret address of the database")} {
		fails := map[string]error{"mug": cause}
		submit, _ := engineOf(fails)
		claims := idempotencytest.New()
		status, got := postWith(t, claims, submit, "k", body)
		if text := fmt.Sprint(got); status != want || !strings.Contains(text, "1 of 2") || !strings.Contains(text, "items[1]") ||
			strings.Contains(text, "secret") {
			t.Errorf("%d %v", status, got)
		}
		delete(fails, "mug")
		if status, got := postWith(t, claims, submit, "k", body); status != 200 || got["received"] != 1.0 || got["repeated"] != 1.0 {
			t.Errorf("the second time: %d %v", status, got)
		}
	}
}

func TestFiveThousandItemsFitIntoOneRequest(t *testing.T) {
	t.Parallel()
	items := make([]string, MaxItems)
	for i := range items {
		items[i] = fmt.Sprintf(`{"sku":"%s%05d","warehouse":"%s","quantity":1000000000,"reorder_point":1000000000}`,
			strings.Repeat("𝓢", 59), i, strings.Repeat("𝓦", 64))
	}
	submit, _ := engineOf(nil)
	if status, got := post(t, submit, "k", `{"items":[`+strings.Join(items, ",")+`]}`); status != 200 ||
		got["received"] != float64(MaxItems) {
		t.Errorf("%d %.300v", status, got)
	}
}
