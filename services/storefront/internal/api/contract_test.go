package api

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"orderflow.example/schemas"
	orders "orderflow.example/schemas/order"
	event "orderflow.example/schemas/storefront"
	"orderflow.example/shared/httpserver/httpservertest"
	"orderflow.example/shared/saga"
)

const seeds = 4

// An accepted request's events satisfy their contracts; a refused one emits none, and is never a failure of the server.
func TestWhatTheAPITakesTheContractsOfItsEventsAllow(t *testing.T) {
	t.Parallel()
	good := strings.Replace(order("MUG", 1, "EURO", 2), `"ship_to":{`, `"fill_policy":"fill_all","ship_to":{"line2":"Top floor",`, 1)
	taken, refused := 0, 0
	for seed := range uint64(seeds) {
		s := open(t)
		s.goods["EURO"] = s.goods["BAG"]
		for _, sku := range []string{"x", "é", "a/b", "5091091530083", strings.Repeat("é", 64), "'; --"} {
			s.goods[sku] = s.goods["MUG"]
		}
		n := 0
		ask := func(path, body string) {
			n++
			before := len(s.said)
			a := s.ask("ann", "POST", path, body, "Idempotency-Key", fmt.Sprint("k", n), "X-Request-Id", "a")
			switch a.Code {
			case 202:
				taken++
			case 400, 422:
				for _, given := range []string{"y.example", "4111", "5091", "李", "xxxx", "yyyy", "; --"} {
					if strings.Contains(a.Body.String(), given) {
						t.Errorf("seed %d: %s: the answer repeats %q: %s", seed, body, given, a.Body)
					}
				}
				if refused++; len(s.said) != before {
					t.Errorf("seed %d: %s was refused and emitted an event", seed, body)
				}
			default:
				t.Errorf("seed %d: POST %s %s: %d %s", seed, path, body, a.Code, a.Body)
			}
		}
		for body := range httpservertest.Variations(seed, good, 1500) {
			ask("/v1/orders", body)
		}
		for body := range httpservertest.Variations(seed, `{"reason":"changed my mind"}`, 150) {
			ask("/v1/orders/"+s.place("ann", fmt.Sprint("c", n), order("MUG", 1))+"/cancellation", body)
		}
		back := `{"lines":[{"sku":"MUG","quantity":1},{"sku":"x","quantity":2}],"reason":"broken"}`
		for body := range httpservertest.Variations(seed, back, 300) {
			id := s.place("ann", fmt.Sprint("r", n), order("MUG", 9, "x", 9, "é", 9, "a/b", 9))
			s.show(id, status("delivered"))
			ask("/v1/orders/"+id+"/returns", body)
		}
		for _, said := range s.said {
			hold(t, said)
		}
	}
	if taken < 400 || refused < 400 {
		t.Errorf("%d were taken and %d refused: the test shows little", taken, refused)
	}
}

// hold checks an event against its contract, and an order against the limits of the order service.
func hold(t *testing.T, said saga.Event) {
	t.Helper()
	data, err := json.Marshal(said.Data)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range event.Events {
		if kind.Name() == said.Type {
			err = kind.Check(data)
		}
	}
	if err != nil {
		t.Errorf("%v: %s", err, data)
	}
	if placed, ok := said.Data.(event.OrderPlacedV1); ok {
		if placed.Total.Amount > schemas.MaxTotal || schemas.Total(placed.Lines) != placed.Total.Amount ||
			len(placed.Lines) > schemas.MaxLines ||
			!schemas.DeliveredTo(placed.ShipTo.Country) {
			t.Errorf("order would reject %s", data)
		}
	}
}

func TestTheTagsSayWhatTheLimitsAre(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		of         any
		field, tag string
		limit      int
	}{
		{NewOrder{}, "Lines", "maxItems", schemas.MaxLines}, {NewReturn{}, "Lines", "maxItems", schemas.MaxLines},
		{NewLine{}, "Quantity", "maximum", schemas.MaxQuantity}, {ReturnLine{}, "Quantity", "maximum", schemas.MaxQuantity},
		{NewLine{}, "SKU", "maxLength", schemas.MaxSKU}, {ReturnLine{}, "SKU", "maxLength", schemas.MaxSKU},
		{productInput{}, "SKU", "maxLength", schemas.MaxSKU},
	} {
		f, found := reflect.TypeOf(c.of).FieldByName(c.field)
		if got := f.Tag.Get(c.tag); !found || got != strconv.Itoa(c.limit) {
			t.Errorf("%T.%s: %s is %q, want %d", c.of, c.field, c.tag, got, c.limit)
		}
	}
}

func TestTheDescriptionNamesEveryStatusOfAnOrder(t *testing.T) {
	t.Parallel()
	f, _ := reflect.TypeOf(Order{}).FieldByName("Status")
	described := strings.Split(f.Tag.Get("enum"), ",")
	slices.Sort(described)
	if known := slices.Sorted(slices.Values(orders.Statuses())); !slices.Equal(described, known) {
		t.Errorf("described are %v, known %v", described, known)
	}
}
