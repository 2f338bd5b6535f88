package api

import (
	"encoding/json"
	"reflect"
	"strconv"
	"testing"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/catalog"
	"orderflow.example/shared/httpserver/httpservertest"
)

// An accepted request's events satisfy their contracts; a refused one emits none, and is never a failure of the server.
func TestWhatTheAPITakesTheContractsOfItsEventsAllow(t *testing.T) {
	t.Parallel()
	taken, refused := 0, 0
	good := items(product("tea", "tea", 300), product("5091091530083", "Krüge", 500))
	for body := range httpservertest.Variations(1, good, 2000) {
		s := newShelf()
		switch status, answer := send(t, s, "POST", Path, body); status {
		case 200:
			taken++
		case 400, 422:
			if refused++; len(s.products) > 0 {
				t.Errorf("%s was refused and emitted an event", body)
			}
		default:
			t.Errorf("%s: %d %v", body, status, answer)
		}
		for sku, p := range s.products {
			for kind, payload := range map[interface{ Check([]byte) error }]any{
				event.ProductListed: event.ProductListedV1{Description: p.Description, Price: p.Price, Backorderable: p.Backorderable},
				event.PriceChanged:  event.PriceChangedV1{Price: p.Price}} {
				data, err := json.Marshal(payload)
				if err == nil {
					err = kind.Check(data)
				}
				if err != nil || sku == "" || p.Price.Amount < 1 {
					t.Errorf("%s: %q %s: %v", body, sku, data, err)
				}
			}
		}
	}
	if taken < 200 || refused < 200 {
		t.Errorf("%d were accepted and %d refused: the test covers too little", taken, refused)
	}
}

func TestTheTagsSayWhatTheLimitsAre(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		of         any
		field, tag string
		limit      int
	}{
		{request{}, "Items", "maxItems", MaxItems}, {item{}, "SKU", "maxLength", schemas.MaxSKU},
	} {
		f, found := reflect.TypeOf(c.of).FieldByName(c.field)
		if got := f.Tag.Get(c.tag); !found || got != strconv.Itoa(c.limit) {
			t.Errorf("%T.%s: %s is %q, want %d", c.of, c.field, c.tag, got, c.limit)
		}
	}
}
