package api

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"orderflow.example/services/inventory"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/openapi"
)

var key = bytes.Repeat([]byte("k"), 32)

func get(t *testing.T, path, audience string, levels Levels) (status int, body string) {
	t.Helper()
	auth, err := httpserver.NewAuth(key)
	if err != nil {
		t.Fatal(err)
	}
	s := httpserver.New(httpserver.Options{})
	Register(openapi.NewRoutes(s, auth.RequireOperator(), "Operators", "1", ""), levels)
	token, err := httpserver.Mint(key, audience, "op", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequest(http.MethodGet, path, nil)
	req.Header.Set("Authorization", "Bearer "+token)
	res := httptest.NewRecorder()
	s.Engine().ServeHTTP(res, req)
	return res.Code, strings.TrimSpace(res.Body.String())
}

func TestOperatorsSeeTheLevelsOfASKU(t *testing.T) {
	t.Parallel()
	levels := func(_ context.Context, sku string) (inventory.Levels, error) {
		switch sku {
		case "tea/1 kg":
			return inventory.Levels{
				{SKU: sku, Warehouse: "bath", OnHand: 5, Reserved: 2},
				{SKU: sku, Warehouse: "leeds", OnHand: 1, OnOrder: 7, ReorderPoint: 4},
			}, nil
		case "down":
			return nil, errors.New("the database is down")
		}
		return nil, nil
	}
	want := `{"sku":"tea/1 kg","on_hand":6,"reserved":2,"available":4,"on_order":7,"warehouses":[` +
		`{"warehouse":"bath","on_hand":5,"reserved":2,"available":3,"on_order":0,"reorder_point":0},` +
		`{"warehouse":"leeds","on_hand":1,"reserved":0,"available":1,"on_order":7,"reorder_point":4}]}`
	if status, body := get(t, "/v1/stock/tea%2F1%20kg", httpserver.AudienceOperators, levels); status != http.StatusOK ||
		body != want {
		t.Errorf("got %d %s\nwant %s", status, body, want)
	}
	for path, want := range map[string]int{"/v1/stock/unknown": 404, "/v1/stock/": 404, "/v1/stock/down": 503} {
		if status, body := get(t, path, httpserver.AudienceOperators, levels); status != want || strings.Contains(body, "database") {
			t.Errorf("%s: got %d %s", path, status, body)
		}
	}
	if status, _ := get(t, "/v1/stock/tea", httpserver.AudienceCustomers, levels); status != http.StatusUnauthorized {
		t.Errorf("a customer's token got %d", status)
	}
}
