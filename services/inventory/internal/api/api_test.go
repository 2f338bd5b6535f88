package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/inventory"
	"orderflow.example/services/inventory"
	"orderflow.example/services/inventory/internal/store"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/idempotency"
	"orderflow.example/shared/httpserver/idempotency/idempotencytest"
	"orderflow.example/shared/httpserver/openapi"
)

var key = bytes.Repeat([]byte("k"), 32)

func get(t *testing.T, path, audience string, reader Reader) (status int, body string) {
	t.Helper()
	return ask(t, httptest.NewRequest(http.MethodGet, path, nil), audience, reader, idempotencytest.New(), nil)
}

func ask(t *testing.T, req *http.Request, audience string, reader Reader, claims idempotency.Claims, submit Submit) (
	status int, body string) {
	t.Helper()
	auth, err := httpserver.NewAuth(key)
	if err != nil {
		t.Fatal(err)
	}
	s := httpserver.New(httpserver.Options{})
	log := slog.New(slog.DiscardHandler)
	Register(openapi.NewRoutes(s, auth.RequireOperator(), "Operators", "1", ""), idempotency.New(claims, log), reader, submit)
	token, err := httpserver.Mint(key, audience, "op", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res := httptest.NewRecorder()
	s.Engine().ServeHTTP(res, req)
	return res.Code, strings.TrimSpace(res.Body.String())
}

// shelves is a Reader of these levels, movements and reservations.
type shelves struct {
	levels    map[string]inventory.Levels
	movements []inventory.Movement
	held      []store.Held
}

func (s shelves) Levels(_ context.Context, skus ...string) (found inventory.Levels, err error) {
	if skus[0] == "down" {
		return nil, errors.New("the database is down")
	}
	for _, sku := range skus {
		found = append(found, s.levels[sku]...)
	}
	found.Sort()
	return found, nil
}

func (s shelves) List(_ context.Context, _ string, _ bool, after string, limit int) (list []inventory.Level, err error) {
	for _, sku := range slices.Sorted(maps.Keys(s.levels)) {
		if sku > after && len(list) < limit {
			list = append(list, s.levels[sku][0])
		}
	}
	return list, nil
}

func (s shelves) Movements(_ context.Context, _ string, before store.Moment, limit int) (list []inventory.Movement, err error) {
	for _, m := range s.movements {
		if (before.Event == "" || m.At.Before(before.At)) && len(list) < limit {
			list = append(list, m)
		}
	}
	return list, nil
}

func (s shelves) Reservations(_ context.Context, _, after string, limit int) (list []store.Held, err error) {
	for _, h := range s.held {
		if h.Order > after && len(list) < limit {
			list = append(list, h)
		}
	}
	return list, nil
}

func at(second int) time.Time { return time.Date(2026, 3, 1, 9, 0, second, 0, time.UTC) }

var goods = shelves{
	levels: map[string]inventory.Levels{
		"tea/1 kg": {
			{SKU: "tea/1 kg", Warehouse: "bath", OnHand: 5, Reserved: 2},
			{SKU: "tea/1 kg", Warehouse: "leeds", OnHand: 1, OnOrder: 7, ReorderPoint: 4},
		},
		"mug": {{SKU: "mug", Warehouse: "leeds", OnHand: 1}},
	},
	movements: []inventory.Movement{
		{SKU: "tea/1 kg", Warehouse: "bath", At: at(2), Event: "e-2", Change: -2, Cause: inventory.Dispatched, Order: "o-1"},
		{SKU: "tea/1 kg", Warehouse: "bath", At: at(1), Event: "e-1", Change: 7, Cause: inventory.Received, Reference: "r-1"},
	},
	held: []store.Held{
		{Order: "o-2", Reservation: inventory.Reservation{Status: inventory.Reserved, Since: at(3), Lines: []schemas.Allocation{
			{SKU: "mug", Quantity: 9, Warehouse: "bath"}, {SKU: "tea/1 kg", Quantity: 2, Warehouse: "bath"}}}},
		{Order: "o-3", Reservation: inventory.Reservation{Status: inventory.Backordered, Backorder: &event.BackorderedV1{
			Lines: []schemas.Line{{SKU: "tea/1 kg", Quantity: 4}}, Since: "2026-03-01T09:00:04Z"}}},
	},
}

func TestOperatorsSeeTheLevelsOfASKU(t *testing.T) {
	t.Parallel()
	want := `{"sku":"tea/1 kg","on_hand":6,"reserved":2,"available":4,"on_order":7,"warehouses":[` +
		`{"warehouse":"bath","on_hand":5,"reserved":2,"available":3,"on_order":0,"reorder_point":0},` +
		`{"warehouse":"leeds","on_hand":1,"reserved":0,"available":1,"on_order":7,"reorder_point":4}]}`
	if status, body := get(t, "/v1/stock/tea%2F1%20kg", httpserver.AudienceOperators, goods); status != http.StatusOK ||
		body != want {
		t.Errorf("got %d %s\nwant %s", status, body, want)
	}
	for path, want := range map[string]int{"/v1/stock/unknown": 404, "/v1/stock/": 404, "/v1/stock/down": 503,
		"/v1/stock/mug?of=orders": 422, "/v1/stock/mug?off=movements": 422, "/v1/stock/mug?limit=1": 422,
		"/v1/stock/unknown?of=movements": 404, "/v1/stock/unknown?of=reservations": 404, "/v1/stock/down?of=movements": 503,
		"/v1/stock?low=perhaps": 422, "/v1/stock?of=movements": 422, "/v1/stock?q=%00": 422} {
		if status, body := get(t, path, httpserver.AudienceOperators, goods); status != want || strings.Contains(body, "database") {
			t.Errorf("%s: got %d %s, want %d", path, status, body, want)
		}
	}
	if status, _ := get(t, "/v1/stock/tea", httpserver.AudienceCustomers, goods); status != http.StatusUnauthorized {
		t.Errorf("a customer's token got %d", status)
	}
}

func TestOperatorsReadListsOfStockPageByPage(t *testing.T) {
	t.Parallel()
	for path, want := range map[string][]string{
		"/v1/stock": {`{"sku":"mug","on_hand":1,"reserved":0,"available":1,"on_order":0,"reorder_point":0}`,
			`{"sku":"tea/1 kg","on_hand":5,"reserved":2,"available":3,"on_order":0,"reorder_point":0}`},
		"/v1/stock/tea%2F1%20kg?of=movements": {
			`{"at":"2026-03-01T09:00:02Z","warehouse":"bath","change":-2,"what":"dispatched","order":"o-1","event":"e-2"}`,
			`{"at":"2026-03-01T09:00:01Z","warehouse":"bath","change":7,"what":"received","reference":"r-1","event":"e-1"}`},
		"/v1/stock/tea%2F1%20kg?of=reservations": {
			`{"order":"o-2","state":"reserved","warehouse":"bath","quantity":2,"since":"2026-03-01T09:00:03Z"}`,
			`{"order":"o-3","state":"waiting","quantity":4,"since":"2026-03-01T09:00:04Z"}`},
	} {
		var got []string
		sign := map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")]
		for cursor := ""; len(got) < 9; {
			var page struct {
				Items []json.RawMessage `json:"items"`
				Next  string            `json:"next_cursor"`
				AsOf  time.Time         `json:"as_of"`
			}
			status, body := get(t, path+sign+"limit=1&cursor="+cursor, httpserver.AudienceOperators, goods)
			if err := json.Unmarshal([]byte(body), &page); err != nil || status != 200 || page.AsOf.IsZero() {
				t.Fatalf("%s: %d %s", path, status, body)
			}
			for _, item := range page.Items {
				got = append(got, string(item))
			}
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %s", path, got)
		}
	}
}
