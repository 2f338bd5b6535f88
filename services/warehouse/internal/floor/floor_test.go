package floor

import (
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/warehouse"
	"orderflow.example/services/warehouse"
	"orderflow.example/shared/engine"
)

var (
	lines = []schemas.Allocation{
		{SKU: "tea", Quantity: 2, UnitPrice: 100, Warehouse: "leeds"},
		{SKU: "tea", Quantity: 1, UnitPrice: 90, Warehouse: "leeds"},
		{SKU: "mug", Quantity: 1, UnitPrice: 500, Warehouse: "york"},
	}
	asked = event.PickRequestedV1{ShipmentID: "ship/1", Lines: lines}
)

var statuses = map[string]int{"200": 200, "202": 202, "204": 204, "400": 400, "404": 404, "409": 409, "422": 422, "500": 500}

// answering is a floor that answers with these statuses and bodies, and what it was asked.
func answering(t *testing.T, answers ...string) (*Client, *[]string) {
	t.Helper()
	var heard []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		heard = append(heard, strings.TrimSpace(r.Method+" "+r.URL.EscapedPath()+" "+string(body)))
		if len(answers) == 0 {
			t.Errorf("asked too often: %s", heard[len(heard)-1])
			return
		}
		status, text, _ := strings.Cut(answers[0], " ")
		answers = answers[1:]
		w.WriteHeader(statuses[status])
		io.WriteString(w, text)
	}))
	t.Cleanup(server.Close)
	return New(server.URL), &heard
}

func attempt(n int) engine.Attempt { return engine.Attempt{ID: "event-1", Saga: "order-1", Number: n} }

func same(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func isLater(err error) bool { return err != nil && strings.Contains(err.Error(), "no answer yet") }

func TestAPickIsPutThereOnceAndLookedAtUntilItIsDone(t *testing.T) {
	t.Parallel()
	c, heard := answering(t, "202", `200 {"state":"picking"}`, `200 {"state":"packed"}`)
	for n := 1; n < 3; n++ {
		if _, err := c.pick(t.Context(), attempt(n), asked); !isLater(err) {
			t.Errorf("try %d: %v", n, err)
		}
	}
	answer, err := c.pick(t.Context(), attempt(3), asked)
	same(t, answer, warehouse.PickAnswer{ShipmentID: "ship/1"})
	same(t, err, nil)
	same(t, *heard, []string{
		`PUT /v1/picks/ship%2F1 {"order":"order-1","lines":[{"sku":"tea","quantity":2,"warehouse":"leeds"},` +
			`{"sku":"tea","quantity":1,"warehouse":"leeds"},{"sku":"mug","quantity":1,"warehouse":"york"}]}`,
		"GET /v1/picks/ship%2F1", "GET /v1/picks/ship%2F1"})
}

func TestATryThatNeverArrivedIsMadeAgain(t *testing.T) {
	t.Parallel()
	c, heard := answering(t, "500", "404", "202")
	if _, err := c.pick(t.Context(), attempt(1), asked); err == nil || isLater(err) {
		t.Errorf("got %v", err)
	}
	if _, err := c.pick(t.Context(), attempt(2), asked); !isLater(err) {
		t.Errorf("got %v", err)
	}
	same(t, len(*heard), 3)
}

func TestAnUnclearAnswerIsAnErrorThatRepeatsNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		answer  string
		refused bool
	}{
		{"500 tea", false}, {"409 tea", false}, {"204", false}, {"200 tea", false}, {"200 {}", false}, {`200 {"state":"tea"}`, false},
		{"400 tea", true}, {"404 tea", true}, {"422 tea", true},
	} {
		for _, ask := range []func(*Client) error{
			func(f *Client) error { _, err := f.pick(t.Context(), attempt(1), asked); return err },
			func(f *Client) error {
				_, err := f.buy(t.Context(), attempt(1), event.PurchaseOrderedV1{SKU: "tea", Warehouse: "leeds", Quantity: 7})
				return err
			},
		} {
			floor, _ := answering(t, c.answer)
			err := ask(floor)
			if err == nil || isLater(err) || engine.IsRefused(err) != c.refused || strings.Contains(err.Error(), "tea") {
				t.Errorf("%s: got %v, want that the request is refused: %v", c.answer, err, c.refused)
			}
		}
	}
}

func TestWhatIsMissingIsToldWithItsPrice(t *testing.T) {
	t.Parallel()
	c, _ := answering(t, `200 {"state":"short","missing":[{"sku":"tea","quantity":3,"warehouse":"leeds"}]}`,
		`200 {"state":"cancelled"}`, `200 {"state":"short","missing":[]}`, `200 {"state":"lunch"}`)
	answer, err := c.pick(t.Context(), attempt(2), asked)
	same(t, err, nil)
	same(t, answer.Missing, lines[:2])
	answer, err = c.pick(t.Context(), attempt(2), asked)
	same(t, err, nil)
	same(t, answer.Missing, lines)
	for range 2 {
		if _, err := c.pick(t.Context(), attempt(2), asked); err == nil || isLater(err) {
			t.Errorf("got %v", err)
		}
	}
}

func TestAParcelPackedInPartIsAnAnswerOnlyWhereThatWasRequested(t *testing.T) {
	t.Parallel()
	const tea, mug = `{"sku":"tea","quantity":3,"warehouse":"leeds"}`, `{"sku":"mug","quantity":1,"warehouse":"york"}`
	const without = `200 {"state":"packed","missing":[` + tea + `]}`
	const all = `200 {"state":"packed","missing":[` + tea + `,` + mug + `]}`
	partial := asked
	partial.Partial = true
	c, heard := answering(t, "202", without, all, without, `200 {"state":"packed","missing":[{"sku":"jam","quantity":3}]}`)
	if _, err := c.pick(t.Context(), attempt(1), partial); !isLater(err) {
		t.Errorf("got %v", err)
	}
	if !strings.HasSuffix((*heard)[0], `"partial":true}`) {
		t.Errorf("asked %s", (*heard)[0])
	}
	answer, err := c.pick(t.Context(), attempt(2), partial)
	same(t, err, nil)
	same(t, answer, warehouse.PickAnswer{ShipmentID: "ship/1", Missing: lines[:2], Packed: lines[2:]})
	for _, e := range []event.PickRequestedV1{partial, asked, partial} {
		if _, err := c.pick(t.Context(), attempt(2), e); err == nil || isLater(err) || engine.IsRefused(err) {
			t.Errorf("got %v", err)
		}
	}
}

func TestTheFloorIsToldOfACancellationUnlessItWasNeverAsked(t *testing.T) {
	t.Parallel()
	c, heard := answering(t, "204", "500")
	_, err := c.clearOrder(t.Context(), attempt(1), event.PickCancelledV1{ShipmentID: "ship/1"})
	same(t, err, nil)
	if _, err := c.clearOrder(t.Context(), attempt(1), event.PickCancelledV1{ShipmentID: "ship/1"}); err == nil {
		t.Error("a failure was taken for an answer")
	}
	_, err = c.clearOrder(t.Context(), attempt(1), event.PickCancelledV1{})
	same(t, err, nil)
	same(t, *heard, []string{"DELETE /v1/picks/ship%2F1", "DELETE /v1/picks/ship%2F1"})
}

func TestAPurchaseIsFollowedUntilItIsDelivered(t *testing.T) {
	t.Parallel()
	c, heard := answering(t, "202", `200 {"state":"ordered"}`, `200 {"state":"delivered"}`)
	e := event.PurchaseOrderedV1{SKU: "tea", Warehouse: "leeds", Quantity: 7}
	for n := 1; n < 3; n++ {
		if _, err := c.buy(t.Context(), attempt(n), e); !isLater(err) {
			t.Errorf("try %d: %v", n, err)
		}
	}
	answer, err := c.buy(t.Context(), attempt(3), e)
	same(t, err, nil)
	same(t, answer, warehouse.BuyAnswer{PurchaseID: "event-1"})
	same(t, (*heard)[0], `PUT /v1/purchases/event-1 {"sku":"tea","quantity":7,"warehouse":"leeds"}`)
}

func TestAPurchaseThatCameInPartIsAnsweredAndItsRestFollowed(t *testing.T) {
	t.Parallel()
	c, heard := answering(t, "202", `200 {"state":"ordered","arrived":3}`, `200 {"state":"ordered","arrived":3}`,
		`200 {"state":"ordered","arrived":5}`, `200 {"state":"delivered"}`, `200 {"state":"eaten"}`)
	e := event.PurchaseOrderedV1{SKU: "tea", Warehouse: "leeds", Quantity: 7}
	if _, err := c.buy(t.Context(), attempt(1), e); !isLater(err) {
		t.Error(err)
	}
	answer, err := c.buy(t.Context(), attempt(2), e)
	same(t, err, nil)
	same(t, answer, warehouse.BuyAnswer{PurchaseID: "event-1", Arrived: 3})
	rest := event.RestAwaitedV1{PurchaseID: "purchase/1", Arrived: 3, Rest: 4}
	if _, err := c.rest(t.Context(), attempt(1), rest); !isLater(err) {
		t.Error(err)
	}
	for _, want := range []warehouse.BuyAnswer{{PurchaseID: "purchase/1", Arrived: 5}, {PurchaseID: "purchase/1"}} {
		answer, err = c.rest(t.Context(), attempt(2), rest)
		same(t, err, nil)
		same(t, answer, want)
	}
	if _, err := c.rest(t.Context(), attempt(2), rest); err == nil || isLater(err) {
		t.Errorf("an unknown state: %v", err)
	}
	same(t, (*heard)[len(*heard)-1], "GET /v1/purchases/purchase%2F1")
}
