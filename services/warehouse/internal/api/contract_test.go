package api

import (
	"context"
	"encoding/json"
	"reflect"
	"strconv"
	"testing"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/warehouse"
	"orderflow.example/shared/httpserver/httpservertest"
	"orderflow.example/shared/saga"
)

// An accepted request's events satisfy their contracts; a refused one emits none, and is never a failure of the server.
func TestWhatTheAPITakesTheContractsOfItsEventsAllow(t *testing.T) {
	t.Parallel()
	taken, refused := 0, 0
	good := `{"items":[{"sku":"tea","warehouse":"leeds","quantity":5,"reorder_point":2},
		{"sku":"5091091530083","warehouse":"Köln","quantity":1}]}`
	for body := range httpservertest.Variations(1, good, 2000) {
		submit, _ := engineOf(nil)
		var said []saga.Event
		status, answer := post(t, func(ctx context.Context, sku string, command saga.Event) ([]saga.Event, error) {
			emitted, err := submit(ctx, sku, command)
			said = append(said, emitted...)
			return emitted, err
		}, "k", body)
		switch status {
		case 200:
			taken++
		case 400, 422:
			if refused++; len(said) > 0 {
				t.Errorf("%s was refused and emitted an event", body)
			}
		default:
			t.Errorf("%s: %d %v", body, status, answer)
		}
		for _, e := range said {
			data, err := json.Marshal(e.Data)
			if err == nil && e.Type == event.StockReceived.Name() {
				err = event.StockReceived.Check(data)
			}
			if err != nil {
				t.Errorf("%s: %v: %s", body, err, data)
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
