package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	event "orderflow.example/schemas/inventory"
	"orderflow.example/services/inventory"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/httpservertest"
	"orderflow.example/shared/httpserver/idempotency"
	"orderflow.example/shared/httpserver/idempotency/idempotencytest"
	"orderflow.example/shared/saga"
)

// engineOf decides commands as the engine does, without broker or database.
func engineOf(goods shelves) Submit {
	var mu sync.Mutex
	machine, states, n := inventory.Choreography.Machine(), map[string]any{}, 0
	return func(_ context.Context, sku string, command saga.Event) (inventory.State, []saga.Event, error) {
		mu.Lock()
		defer mu.Unlock()
		if states[sku] == nil {
			states[sku] = inventory.State{Key: sku, Levels: goods.levels[sku]}
		}
		command.Key = sku
		step, err := machine.Hear(states[sku], command, func(e *saga.Event) { n++; e.ID = fmt.Sprint(n) })
		states[sku] = step.State
		return step.State.(inventory.State), step.Emitted, err
	}
}

func countWith(t *testing.T, claims idempotency.Claims, submit Submit, key, body string) (status int, answer string) {
	t.Helper()
	req := httptest.NewRequest(http.MethodPost, "/v1/stock/counts", strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	return ask(t, req, httpserver.AudienceOperators, goods, claims, submit)
}

func TestACountSaysWhatItBookedOnceHoweverOftenItIsSent(t *testing.T) {
	t.Parallel()
	claims, submit := idempotencytest.New(), engineOf(goods)
	body := `{"items":[{"sku":"tea/1 kg","warehouse":"bath","counted":1,"reason":"mice"},` +
		`{"sku":"tea/1 kg","warehouse":"leeds","counted":3,"expected":1},{"sku":"mug","warehouse":"leeds","counted":9,"expected":7}]}`
	want := `{"items":[{"sku":"tea/1 kg","warehouse":"bath","outcome":"booked","expected":5,"difference":-3,"missing":1},` +
		`{"sku":"tea/1 kg","warehouse":"leeds","outcome":"booked","expected":1,"difference":2,"missing":0},` +
		`{"sku":"mug","warehouse":"leeds","outcome":"changed","expected":1,"difference":0,"missing":0}]}`
	for range 2 {
		if status, got := countWith(t, claims, submit, "k", body); status != 200 || got != want {
			t.Errorf("%d %s\nwant %s", status, got, want)
		}
	}
	status, got := countWith(t, claims, submit, "other", `{"items":[{"sku":"tea/1 kg","warehouse":"leeds","counted":3}]}`)
	if status != 200 || !strings.Contains(got, `"outcome":"booked","expected":3,"difference":0`) {
		t.Errorf("%d %s", status, got)
	}
}

func TestACountThatCannotBeIsRefusedAndSaysWhy(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][]string{
		`{"items":[{"sku":"mug","warehouse":"leeds","counted":-1}]}`:  {"items[0].counted"},
		`{"items":[{"sku":"mugs","warehouse":"leeds","counted":1}]}`:  {"items[0].sku", "ever received", "/v1/stock/receipts"},
		`{"items":[{"sku":"mug","warehouse":"bath","counted":1}]}`:    {"items[0].warehouse", "only in leeds"},
		`{"items":[{"sku":"mug","warehouse":"leeds","counted":1.5}]}`: {"items[0].counted"},
		`{"items":[{"sku":"mug","warehouse":"leeds"}]}`:               {"items[0].counted"},
		`{"items":[]}`: {"items"},
		`{"items":[{"sku":"mug","warehouse":"leeds","counted":1},{"sku":"mug","warehouse":"leeds","counted":1}]}`: {"items[1]"},
	} {
		submit := func(context.Context, string, saga.Event) (none inventory.State, said []saga.Event, err error) {
			t.Errorf("%s was decided", body)
			return none, said, err
		}
		status, got := countWith(t, idempotencytest.New(), submit, "k", body)
		for _, part := range want {
			if status != 422 && status != 400 || !strings.Contains(got, part) {
				t.Errorf("%s: %d %s", body, status, got)
			}
		}
	}
	one := `{"items":[{"sku":"mug","warehouse":"leeds","counted":1}]}`
	if status, _ := countWith(t, idempotencytest.New(), engineOf(goods), "", one); status != 400 {
		t.Errorf("without a key: %d", status)
	}
}

// An accepted request's events satisfy their contracts; a refused one emits none, and is never a failure of the server.
func TestWhatCountsTakeTheContractsOfTheirEventsAllow(t *testing.T) {
	t.Parallel()
	taken, refused := 0, 0
	good := `{"items":[{"sku":"tea/1 kg","warehouse":"bath","counted":1,"expected":5,"reason":"mice"},
		{"sku":"mug","warehouse":"leeds","counted":0}]}`
	for body := range httpservertest.Variations(1, good, 1000) {
		submit, said := engineOf(goods), []saga.Event(nil)
		var mu sync.Mutex
		status, answer := countWith(t, idempotencytest.New(), func(ctx context.Context, sku string, command saga.Event) (
			inventory.State, []saga.Event, error) {
			after, emitted, err := submit(ctx, sku, command)
			mu.Lock()
			defer mu.Unlock()
			said = append(said, emitted...)
			return after, emitted, err
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
			if err == nil && e.Type == event.Counted.Name() {
				err = event.Counted.Check(data)
			}
			if err != nil {
				t.Errorf("%s: %v: %s", body, err, data)
			}
		}
	}
	if taken < 50 || refused < 100 {
		t.Errorf("%d were accepted and %d refused: the test covers too little", taken, refused)
	}
}
