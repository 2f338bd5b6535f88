package carrier

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/shipping"
	"orderflow.example/services/shipping"
	"orderflow.example/shared/engine"
)

// counter is a carrier with set answers that records its requests.
type counter struct {
	sync.Mutex
	answers map[string]func(w http.ResponseWriter) // by "METHOD /path"
	asked   []string
	bodies  []string
	keys    []string
}

func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.Lock()
	defer c.Unlock()
	what := r.Method + " " + r.URL.EscapedPath()
	var body json.RawMessage
	if json.NewDecoder(r.Body).Decode(&body) == nil {
		c.bodies = append(c.bodies, string(body))
	}
	c.asked, c.keys = append(c.asked, what), append(c.keys, r.Header.Get("Idempotency-Key"))
	if answer := c.answers[what]; answer != nil {
		answer(w)
		return
	}
	w.WriteHeader(http.StatusNotFound)
}

func says(status int, body string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.WriteHeader(status)
		w.Write([]byte(body))
	}
}

func open(t *testing.T, answers map[string]func(http.ResponseWriter)) (*Client, *counter) {
	t.Helper()
	c := &counter{answers: answers}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	return New(server.URL), c
}

var (
	first  = engine.Attempt{ID: "e1", Saga: "o1", Number: 1}
	second = engine.Attempt{ID: "e1", Saga: "o1", Number: 2}
	lines  = []schemas.Allocation{{SKU: "A", Quantity: 2}, {SKU: "B", Quantity: 3}}
	label  = event.LabelRequestedV1{ShipTo: schemas.Address{Name: "Ada", Line1: "1 Secret Street", Country: "GB"}, Lines: lines}
)

func TestALabelIsBoughtUnderTheIdOfItsQuestion(t *testing.T) {
	t.Parallel()
	c, asked := open(t, map[string]func(http.ResponseWriter){
		"POST /v1/labels": says(200, `{"carrier":"royal","tracking_number":"T1"}`),
	})
	got, err := c.buyLabel(context.Background(), first, label)
	if want := (shipping.LabelAnswer{ShipmentID: "e1", Carrier: "royal", TrackingNumber: "T1"}); err != nil || got != want {
		t.Fatalf("got %+v, %v, want %+v", got, err, want)
	}
	want := `{"order":"o1","kind":"outbound",` +
		`"ship_to":{"name":"Ada","line1":"1 Secret Street","city":"","postcode":"","country":"GB"},"pieces":5}`
	if len(asked.bodies) != 1 || asked.bodies[0] != want || asked.keys[0] != "e1" {
		t.Errorf("asked %s with keys %s, want %s with e1", asked.bodies, asked.keys, want)
	}
	second := label
	second.Parcel = &schemas.Parcel{Number: 2, Of: 3}
	got, err = c.buyLabel(context.Background(), engine.Attempt{ID: "e2", Saga: "o1", Number: 1}, second)
	if err != nil || got.ShipmentID != "e2" || asked.bodies[1] != strings.TrimSuffix(want, "}")+`,"parcel":{"number":2,"of":3}}` {
		t.Errorf("the second of three: got %+v, %v, asked %s", got, err, asked.bodies[1])
	}
	back, err := c.buyReturnLabel(context.Background(), first, event.ReturnLabelRequestedV1{ReturnID: "r1", Lines: lines[:1]})
	if want := (shipping.ReturnLabelAnswer{ReturnID: "r1", Carrier: "royal", TrackingNumber: "T1"}); err != nil || back != want {
		t.Errorf("got %+v, %v, want %+v", back, err, want)
	}
	if want := `{"order":"o1","kind":"return","pieces":2}`; asked.bodies[2] != want {
		t.Errorf("asked %s, want %s", asked.bodies[2], want)
	}
}

func TestASecondTryInquiresBeforeItBuys(t *testing.T) {
	t.Parallel()
	c, asked := open(t, map[string]func(http.ResponseWriter){
		"GET /v1/labels/e1": says(200, `{"carrier":"royal","tracking_number":"T1"}`),
	})
	if got, err := c.buyLabel(context.Background(), second, label); err != nil || got.TrackingNumber != "T1" {
		t.Fatalf("got %+v, %v, want T1", got, err)
	}
	if len(asked.asked) != 1 {
		t.Errorf("asked %s, want the inquiry alone", asked.asked)
	}
	c, asked = open(t, map[string]func(http.ResponseWriter){
		"POST /v1/labels": says(422, `{"code":"no_carrier"}`), // and the inquiry: 404, unknown
	})
	if got, err := c.buyLabel(context.Background(), second, label); err != nil ||
		got != (shipping.LabelAnswer{ShipmentID: "e1", Refused: "no_carrier"}) {
		t.Fatalf("got %+v, %v, want the refusal", got, err)
	}
	if !slices.Equal(asked.asked, []string{"GET /v1/labels/e1", "POST /v1/labels"}) {
		t.Errorf("asked %s", asked.asked)
	}
}

func TestAnUnclearAnswerIsAnErrorThatDoesNotRepeatTheAddress(t *testing.T) {
	t.Parallel()
	for _, refused := range []bool{false, true} {
		answers := map[string]int{`1 Secret Street`: 500, `Secret`: 200, `{}`: 200, `{"tracking_number":"T1"}`: 200,
			`{"carrier":"royal"}`: 200, `{"code":"no_carrier"}`: 200, ``: 204, ` `: 409, `  `: 429}
		if refused {
			answers = map[string]int{`1 Secret Street`: 400, ``: 401, ` `: 404, `{}`: 422, `{"code":"Secret Street"}`: 422,
				`{"tracking_number":"T1"}`: 422}
		}
		for body, status := range answers {
			c, _ := open(t, map[string]func(http.ResponseWriter){"POST /v1/labels": says(status, body)})
			got, err := c.buyLabel(context.Background(), first, label)
			switch {
			case err == nil || engine.IsRefused(err) != refused:
				t.Errorf("%d %s: got %+v, %v, want an error that the request is refused: %v", status, body, got, err, refused)
			case strings.Contains(err.Error(), "Secret"):
				t.Errorf("the error repeats the address: %v", err)
			}
		}
	}
}

func TestALabelIsVoidedByItsTrackingNumber(t *testing.T) {
	t.Parallel()
	c, _ := open(t, map[string]func(http.ResponseWriter){"DELETE /v1/labels/T%2F1": says(204, ``)})
	got, err := c.voidLabel(context.Background(), first, event.LabelVoidRequestedV1{ShipmentID: "s1", TrackingNumber: "T/1"})
	if err != nil || got.ShipmentID != "s1" {
		t.Errorf("got %+v, %v, want s1", got, err)
	}
	c, _ = open(t, map[string]func(http.ResponseWriter){"DELETE /v1/labels/T1": says(409, `{"code":"collected"}`)})
	got, err = c.voidLabel(context.Background(), first, event.LabelVoidRequestedV1{ShipmentID: "r1", TrackingNumber: "T1"})
	if err != nil || !got.Used || got.ShipmentID != "r1" {
		t.Errorf("got %+v, %v, want that it is used", got, err)
	}
	if _, err := c.voidLabel(context.Background(), first, event.LabelVoidRequestedV1{TrackingNumber: "T2"}); !engine.IsRefused(err) {
		t.Errorf("a label the carrier does not know: %v, want it to be refused", err)
	}
	for _, answer := range []func(http.ResponseWriter){says(409, `{}`), says(409, ``), says(200, `{}`), says(500, ``)} {
		c, _ = open(t, map[string]func(http.ResponseWriter){"DELETE /v1/labels/T1": answer})
		got, err = c.voidLabel(context.Background(), first, event.LabelVoidRequestedV1{ShipmentID: "r1", TrackingNumber: "T1"})
		if err == nil || engine.IsRefused(err) {
			t.Errorf("got %+v, %v, want to be told that the outcome is unknown", got, err)
		}
	}
}

func TestAParcelIsCollectedOnceThenFollowed(t *testing.T) {
	t.Parallel()
	state := `{"state":"label_created"}`
	c, asked := open(t, map[string]func(http.ResponseWriter){
		"GET /v1/tracking/T1":  func(w http.ResponseWriter) { w.Write([]byte(state)) },
		"POST /v1/collections": func(w http.ResponseWriter) { state = `{"state":"in_transit"}`; w.WriteHeader(204) },
	})
	parcel := event.DispatchedV1{ShipmentID: "s1", TrackingNumber: "T1"}
	for range 3 {
		if _, err := c.deliver(context.Background(), first, parcel); err != engine.NotYet(patience(1)) {
			t.Fatalf("under way: got %v, want to be asked again", err)
		}
	}
	asked.Lock()
	if want := []string{`{"tracking_number":"T1"}`}; !slices.Equal(asked.bodies, want) {
		t.Errorf("collected %s, want %s once", asked.bodies, want)
	}
	state = `{"state":"delivered"}`
	asked.Unlock()
	if got, err := c.deliver(context.Background(), second, parcel); err != nil || got != (shipping.DeliverAnswer{ShipmentID: "s1"}) {
		t.Errorf("delivered: got %+v, %v", got, err)
	}
}

func TestALabelVoidedMeanwhileIsLookedAtAgain(t *testing.T) {
	t.Parallel()
	state := `{"state":"label_created"}`
	c, _ := open(t, map[string]func(http.ResponseWriter){
		"GET /v1/tracking/T1": func(w http.ResponseWriter) { w.Write([]byte(state)) },
		"POST /v1/collections": func(w http.ResponseWriter) {
			state = `{"state":"voided"}`
			w.WriteHeader(http.StatusConflict)
			w.Write([]byte(`{"code":"voided"}`))
		},
	})
	back := event.ReturnAuthorizedV1{ReturnID: "r1", TrackingNumber: "T1"}
	if _, err := c.awaitReturn(context.Background(), first, back); err != engine.NotYet(patience(1)) {
		t.Errorf("voided while it was asked about: %v, want to be asked again", err)
	}
	if got, err := c.awaitReturn(context.Background(), first, back); err != nil || got != (shipping.ReturnAnswer{ReturnID: "r1"}) {
		t.Errorf("got %+v, %v, want that nothing comes back", got, err)
	}
}

func TestWhatBecomesOfAParcel(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"delivered", "lost", "voided", "eaten", ""} {
		c, _ := open(t, map[string]func(http.ResponseWriter){"GET /v1/tracking/T1": says(200, `{"state":"`+state+`"}`)})
		out, err := c.deliver(context.Background(), first, event.DispatchedV1{TrackingNumber: "T1"})
		if known := state == "delivered" || state == "lost"; (err == nil) != known || known && out.Lost != (state == "lost") {
			t.Errorf("outbound %q: got %+v, %v", state, out, err)
		}
		back, err := c.awaitReturn(context.Background(), first, event.ReturnAuthorizedV1{ReturnID: "r1", TrackingNumber: "T1"})
		known := state == "delivered" || state == "lost" || state == "voided"
		if (err == nil) != known || known && back != (shipping.ReturnAnswer{ReturnID: "r1", Back: state == "delivered"}) {
			t.Errorf("return %q: got %+v, %v", state, back, err)
		}
	}
}

func TestPatienceGrowsFromAFifthOfASecondToAMinute(t *testing.T) {
	t.Parallel()
	if patience(1) != 200*time.Millisecond || patience(20) != 200*time.Millisecond || patience(1<<30) != time.Minute {
		t.Errorf("got %v, %v, %v", patience(1), patience(20), patience(1<<30))
	}
	if p := patience(60); p < time.Second || p > 2*time.Second {
		t.Errorf("after 60 tries: %v, want a bit more than a second", p)
	}
}
