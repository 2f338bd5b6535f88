package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"orderflow.example/schemas/storefront"
	"orderflow.example/services/tracker"
	"orderflow.example/services/tracker/internal/watch"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/saga"
)

var (
	key = bytes.Repeat([]byte("k"), 32)
	now = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
)

type nothing struct{}

// machines are a shop that takes orders, asks an outside party about each, and gives up after a while.
func machines() []*saga.Machine {
	blank := func(string) nothing { return nothing{} }
	placeOrder := saga.Command[storefront.OrderPlacedV1]("place_order")
	return []*saga.Machine{
		saga.Choreography[nothing]{Service: "storefront", Blank: blank, Rows: []saga.Row{
			saga.On(placeOrder, func(nothing, storefront.OrderPlacedV1) []saga.Event { return nil }, storefront.OrderPlaced),
			saga.After(time.Hour, storefront.OrderPlaced, func(nothing, storefront.OrderPlacedV1) []saga.Event { return nil },
				storefront.CancellationRequested),
		}}.Machine(),
		saga.Choreography[nothing]{Service: "order", Blank: blank, Rows: []saga.Row{
			saga.On(storefront.OrderPlaced, func(nothing, storefront.OrderPlacedV1) []saga.Event { return nil }),
		}}.Machine(),
	}
}

// board is a watcher of five orders; its answers to moves are set.
type board struct {
	index  *tracker.Index
	behind bool
	moved  error
	asked  []string

	mu         sync.RWMutex
	acts       []openapi.Act // the newest first
	unwritable error         // of the audit
}

func (b *board) Acts(f watch.ActFilter, before string, limit int) (list []openapi.Act, all bool, err error) {
	from := slices.IndexFunc(b.acts, func(a openapi.Act) bool { return a.ID == before }) + 1
	list = b.acts[from:]
	if f.By != "" {
		list = slices.DeleteFunc(slices.Clone(list), func(a openapi.Act) bool { return a.By != f.By })
	}
	return list[:min(limit, len(list))], len(list) <= limit, nil
}

func newBoard() *board {
	b := &board{index: tracker.New(machines())}
	for i := range 5 {
		id := fmt.Sprint("o", i)
		b.index.Add(&tracker.Record{Topic: "storefront.events", Sequence: int64(i + 1),
			ID:   fmt.Sprintf("01950000-0000-7000-8000-00000000000%d", i),
			Type: storefront.OrderPlaced.Name(), Key: id, Saga: id, Time: now.Add(time.Duration(i) * time.Second), Data: []byte(`{}`)})
	}
	return b
}

func (b *board) Read(fn func(*tracker.Index, time.Time)) error {
	if b.behind {
		return watch.Behind{Progress: watch.Progress{Read: 3, Total: 7}}
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	fn(b.index, now.Add(5*time.Second))
	return nil
}

func (b *board) Saga(_ context.Context, order string) (told tracker.Saga, found bool, err error) {
	if order == "down" {
		return told, false, errors.New("the broker at secret.example.com is down")
	}
	err = b.Read(func(x *tracker.Index, at time.Time) { told, found = x.Saga(order, nil, at) })
	return told, found, err
}

func (b *board) Move(_ context.Context, id string, due *time.Time, by string) (before, after tracker.Deadline, err error) {
	b.asked = append(b.asked, fmt.Sprint(id, " ", due, " ", by))
	was := now.Add(time.Hour)
	before = tracker.Deadline{ID: id, Order: "o1", Service: "storefront", DueAt: &was}
	after = before
	after.DueAt, after.By = due, by
	return before, after, b.moved
}

func ask(t *testing.T, b *board, method, path, body, audience string) (status int, answer, log string) {
	t.Helper()
	auth, err := httpserver.NewAuth(key)
	if err != nil {
		t.Fatal(err)
	}
	audit := &kept{fails: b.unwritable}
	s := httpserver.New(httpserver.Options{})
	routes := openapi.NewRoutes(s, auth.RequireOperator(), "Operators", "1", "")
	routes.Audited(audit)
	Register(routes, b, []string{"storefront", "order"}, []byte(`{"machines":[]}`))
	token, err := httpserver.Mint(key, audience, "op1", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequest(method, path, strings.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	res := httptest.NewRecorder()
	s.Engine().ServeHTTP(res, req)
	return res.Code, strings.TrimSpace(res.Body.String()), audit.String()
}

// kept is an audit in memory.
type kept struct {
	intended, ended []openapi.Act
	fails           error
}

func (k *kept) Intend(_ context.Context, a openapi.Act) error {
	k.intended = append(k.intended, a)
	return k.fails
}

func (k *kept) End(_ context.Context, a openapi.Act) { k.ended = append(k.ended, a) }

func (k *kept) String() string {
	text, err := json.Marshal(k.ended)
	if err != nil || len(k.intended) < len(k.ended) {
		return fmt.Sprint(k.intended, k.ended, err)
	}
	return string(text)
}

func get(t *testing.T, b *board, path string) (status int, answer string) {
	t.Helper()
	status, answer, _ = ask(t, b, http.MethodGet, path, "", httpserver.AudienceOperators)
	return status, answer
}

func TestListsArePagedThrough(t *testing.T) {
	t.Parallel()
	b := newBoard()
	for path, want := range map[string][]string{
		"/v1/sagas?":                            {"o4", "o3", "o2", "o1", "o0"},
		"/v1/sagas?stuck=true":                  {"o1", "o0"}, // no report says that order has processed them
		"/v1/sagas?q=o2":                        {"o2"},
		"/v1/sagas?orders=o1,o4,none,o2,o1":     {"o4", "o2", "o1"},
		"/v1/sagas?orders=o1,o2&q=o2":           {"o2"},
		"/v1/sagas?state=completed":             nil,
		"/v1/obligations?kind=call":             nil,
		"/v1/obligations?overdue=true":          {"o0", "o1"},
		"/v1/obligations?service=order":         {"o0", "o1", "o2", "o3", "o4"},
		"/v1/obligations?cause=consumer_behind": {"o0", "o1"},
		"/v1/deadlines?service=storefront":      {"o0", "o1", "o2", "o3", "o4"},
		"/v1/deadlines?order=o3":                {"o3"},
		"/v1/deadlines?overdue=true":            nil,
	} {
		var orders []string
		for cursor, n := "", 0; n < 6; n++ {
			status, body := get(t, b, path+"&limit=2&cursor="+cursor)
			var p page[struct{ Order string }]
			if err := json.Unmarshal([]byte(body), &p); err != nil || status != http.StatusOK || p.Items == nil {
				t.Fatalf("%s: got %d %s", path, status, body)
			}
			for _, one := range p.Items {
				orders = append(orders, one.Order)
			}
			if cursor = p.NextCursor; cursor == "" {
				break
			}
		}
		if !slices.Equal(orders, want) {
			t.Errorf("%s: paged through %v, want %v", path, orders, want)
		}
	}
}

func TestWhatCannotBeAskedIsRefused(t *testing.T) {
	t.Parallel()
	b := newBoard()
	for path, want := range map[string]int{
		"/v1/sagas?limit=0": 422, "/v1/sagas?limit=201": 422, "/v1/sagas?stuck=perhaps": 422, "/v1/sagas?cursor=x": 422,
		"/v1/sagas?sttate=placed": 422, "/v1/sagas?orders=o" + strings.Repeat(",o", 200): 422,
		"/v1/sagas?service=oder": 422, "/v1/obligations?service=oder": 422, "/v1/deadlines?service=oder": 422,
		"/v1/sagas/facets?service=oder": 422,
		"/v1/obligations?overdue=1":     422, "/v1/obligations?cursor=x": 422, "/v1/deadlines?kind=call": 422,
		"/v1/sagas/unknown": 404, "/v1/sagas/down": 503, "/v1/deadlines/unknown": 404,
		"/v1/sagas/o1": 200, "/v1/deadlines/01950000-0000-7000-8000-000000000001": 200, "/v1/choreography": 200,
		"/v1/flow": 200, "/v1/flow?service=order": 422,
	} {
		if status, body := get(t, b, path); status != want || strings.Contains(body, "secret") {
			t.Errorf("%s: got %d %s, want %d", path, status, body, want)
		}
	}
	for _, path := range []string{"/v1/sagas", "/v1/sagas/o1", "/v1/obligations", "/v1/deadlines", "/v1/choreography", "/v1/flow"} {
		if status, _, _ := ask(t, b, http.MethodGet, path, "", httpserver.AudienceCustomers); status != http.StatusUnauthorized {
			t.Errorf("%s: a customer's token got %d", path, status)
		}
	}
}

func TestBeforeEverythingIsReadItIsSaidHowFarThatIs(t *testing.T) {
	t.Parallel()
	b := newBoard()
	b.behind = true
	for _, path := range []string{"/v1/sagas", "/v1/sagas/o1", "/v1/obligations", "/v1/deadlines", "/v1/deadlines/x", "/v1/flow"} {
		if status, body := get(t, b, path); status != http.StatusServiceUnavailable ||
			!strings.Contains(body, "problems/catching-up") || !strings.Contains(body, "3 of 7 events") {
			t.Errorf("%s: got %d %s", path, status, body)
		}
	}
}

func TestWhatCannotBeWrittenDownIsNotDone(t *testing.T) {
	t.Parallel()
	b := newBoard()
	b.unwritable = errors.New("the broker at secret.example.com is down")
	status, body, _ := ask(t, b, http.MethodDelete, "/v1/deadlines/d1", "", httpserver.AudienceOperators)
	if status != http.StatusServiceUnavailable || len(b.asked) != 0 || strings.Contains(body, "secret") {
		t.Errorf("got %d %s, asked for %v", status, body, b.asked)
	}
}

func TestTheAuditIsPagedThroughTheNewestFirst(t *testing.T) {
	t.Parallel()
	b := newBoard()
	for i := range 5 {
		b.acts = append(b.acts, openapi.Act{ID: fmt.Sprint("a", 4-i), By: []string{"ann", "bea"}[i%2], What: "move-deadline"})
	}
	var got []string
	for path := "/v1/audit?by=ann&limit=2"; path != ""; {
		status, body := get(t, b, path)
		var p page[openapi.Act]
		if err := json.Unmarshal([]byte(body), &p); err != nil || status != 200 || p.AsOf.IsZero() {
			t.Fatalf("got %d %s", status, body)
		}
		for _, a := range p.Items {
			got = append(got, a.ID)
		}
		if path = ""; p.NextCursor != "" {
			path = "/v1/audit?by=ann&limit=2&cursor=" + p.NextCursor
		}
	}
	if want := []string{"a4", "a2", "a0"}; !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	if status, _ := get(t, b, "/v1/audit?who=ann"); status != http.StatusUnprocessableEntity {
		t.Errorf("a filter that there is not got %d", status)
	}
}

func TestTheStreamTellsTheOverviewAndWhichSagasChanged(t *testing.T) {
	t.Parallel()
	b := newBoard()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	out := make(chan httpserver.Event)
	go (&routes{sagas: b}).follow(ctx, out)
	if e := <-out; e.Name != "overview" || !strings.Contains(string(e.Data), `"sagas":5`) {
		t.Fatalf("first came %s %s", e.Name, e.Data)
	}
	b.mu.Lock()
	b.index.Add(&tracker.Record{Topic: "storefront.events", Sequence: 6, ID: "01950000-0000-7000-8000-000000000009",
		Type: storefront.OrderPlaced.Name(), Key: "o9", Saga: "o9", Time: now, Data: []byte(`{}`)})
	b.mu.Unlock()
	if e := <-out; e.Name != "sagas" || string(e.Data) != `{"orders":["o9"],"all":true}` {
		t.Fatalf("then came %s %s", e.Name, e.Data)
	}
	cancel()
}

func TestEveryChangeOfADeadlineIsWrittenDown(t *testing.T) {
	t.Parallel()
	b := newBoard()
	status, body, log := ask(t, b, http.MethodPatch, "/v1/deadlines/d1",
		`{"due_at":"2030-05-06T07:08:09Z","reason":"they are on their way"}`, httpserver.AudienceOperators)
	if status != 200 || !strings.Contains(body, `"due_at":"2030-05-06T07:08:09Z"`) || !strings.Contains(body, `"moved_by":"op1"`) {
		t.Errorf("got %d %s", status, body)
	}
	for _, word := range []string{`"by":"op1"`, `"what":"move-deadline"`, `"deadline":"d1"`, `"order":"o1"`,
		`"before":{"due_at":"2030-01-02T04:04:05Z"`, `"after":{"due_at":"2030-05-06T07:08:09Z"`, `"outcome":"done"`,
		`"reason":"they are on their way"`} {
		if !strings.Contains(log, word) {
			t.Errorf("%s is not in the log: %s", word, log)
		}
	}
	status, body, log = ask(t, b, http.MethodDelete, "/v1/deadlines/d1?reason=no+more", "", httpserver.AudienceOperators)
	if status != 200 || !strings.Contains(body, `"due_at":null`) || !strings.Contains(log, `"what":"take-off-deadline"`) ||
		!strings.Contains(log, `"reason":"no more"`) {
		t.Errorf("got %d %s, logged %s", status, body, log)
	}
	if want := []string{"d1 2030-05-06 07:08:09 +0000 UTC op1", "d1 <nil> op1"}; !slices.Equal(b.asked, want) {
		t.Errorf("asked for %v", b.asked)
	}
	for refused, want := range map[error]int{watch.ErrNoDeadline: 404, watch.ErrSettled: 409, watch.ErrUnconfirmed: 503,
		watch.Behind{}: 503, errors.New("broken"): 503} {
		b.moved = refused
		status, body, log := ask(t, b, http.MethodDelete, "/v1/deadlines/d1", "", httpserver.AudienceOperators)
		if status != want || strings.Contains(body, "broken") || strings.Contains(log, `"outcome":"done"`) {
			t.Errorf("%v: got %d %s, logged %s", refused, status, body, log)
		}
	}
	asked := len(b.asked)
	for body, want := range map[string]int{`{}`: 422, `{"due_at":null}`: 422, `{"due_at":"soon"}`: 422,
		`{"due_at":"2030-05-06T07:08:09Z","x":1}`: 422, ``: 400} {
		if status, _, _ := ask(t, b, http.MethodPatch, "/v1/deadlines/d1", body, httpserver.AudienceOperators); status != want {
			t.Errorf("%s: got %d", body, status)
		}
	}
	if status, _, _ := ask(t, b, http.MethodDelete, "/v1/deadlines/d1", "",
		httpserver.AudienceCustomers); status != http.StatusUnauthorized || len(b.asked) != asked {
		t.Errorf("a customer's token got %d, and %d changes were asked for", status, len(b.asked)-asked)
	}
}
