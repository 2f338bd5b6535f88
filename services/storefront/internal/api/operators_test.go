package api

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"orderflow.example/schemas"
	orders "orderflow.example/schemas/order"
	"orderflow.example/services/storefront"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/openapi"
)

func (s *shop) All(_ context.Context, after string, open bool, limit int) (found []storefront.Order, _ error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.orders {
		if o.ID > after && (o.Open() || !open) {
			found = append(found, o)
		}
	}
	slices.SortFunc(found, func(a, b storefront.Order) int { return cmp.Compare(a.ID, b.ID) })
	return found[:min(limit, len(found))], nil
}

func TestOperatorsListTheOrdersOfAllCustomersAndCustomersDoNot(t *testing.T) {
	t.Parallel()
	s := open(t)
	auth, err := httpserver.NewAuth(key)
	if err != nil {
		t.Fatal(err)
	}
	server := httpserver.New(httpserver.Options{})
	RegisterOperators(openapi.NewRoutes(server, auth.RequireOperator(), "Operators", "1", ""), s)
	get := func(audience, query string) (int, list[OrderState]) {
		token, err := httpserver.Mint(key, audience, "op1", time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		req := httptest.NewRequest(http.MethodGet, "/v1/orders"+query, nil)
		req.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		server.Engine().ServeHTTP(w, req)
		var page list[OrderState]
		if w.Code == 200 {
			if err := json.Unmarshal(w.Body.Bytes(), &page.Body); err != nil {
				t.Fatal(err)
			}
		}
		return w.Code, page
	}
	if code, page := get(httpserver.AudienceOperators, ""); code != 200 || page.Body.Items == nil || len(page.Body.Items) != 0 {
		t.Fatalf("without orders: %d %+v", code, page)
	}
	ids := []string{s.place("ann", "k1", order("MUG", 1)), s.place("bob", "k2", order("BAG", 2)),
		s.place("cid", "k3", order("MUG", 3))}
	slices.Sort(ids)
	s.show(ids[1], status("confirmed"), orders.StatusChanged.Of(orders.StatusChangedV1{Status: "cancelled",
		Reason: "timed_out", Final: true}))
	var got []OrderState
	for query := "?limit=2"; query != ""; {
		code, page := get(httpserver.AudienceOperators, query)
		if code != 200 {
			t.Fatal(code)
		}
		got = append(got, page.Body.Items...)
		if query = ""; page.Body.NextCursor != "" {
			query = "?limit=2&cursor=" + page.Body.NextCursor
		}
	}
	if len(got) != 3 || got[0].ID != ids[0] || got[2].ID != ids[2] || !got[0].Open || got[0].ConfirmedAt != nil ||
		got[0].EndedAt != nil {
		t.Fatalf("all: %+v", got)
	}
	if o := got[1]; o.Open || o.Status != "cancelled" || o.Reason != "timed_out" || o.ConfirmedAt == nil || o.EndedAt == nil {
		t.Errorf("the one that ended: %+v", o)
	}
	s.show(ids[2], orders.Confirmed.Of(orders.ConfirmedV1{Lines: []schemas.Allocation{{SKU: "MUG", Quantity: 1}}}))
	if _, page := get(httpserver.AudienceOperators, "?open=true"); len(page.Body.Items) != 2 ||
		!slices.Equal(page.Body.Items[1].Missing, []SKUQuantity{{"MUG", 2}}) || page.Body.Items[0].Missing != nil {
		t.Errorf("what is missing: %+v", page.Body.Items)
	}
	if _, page := get(httpserver.AudienceOperators, "?open=true"); len(page.Body.Items) != 2 {
		t.Errorf("open: %+v", page.Body.Items)
	}
	for _, query := range []string{"?limit=0", "?limit=1001", "?limit=x", "?open=yes", "?cursor=%21"} {
		if code, _ := get(httpserver.AudienceOperators, query); code != 422 {
			t.Errorf("%s: %d", query, code)
		}
	}
	if code, _ := get(httpserver.AudienceCustomers, ""); code != 401 {
		t.Errorf("a customer gets %d", code)
	}
}
