package api

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"orderflow.example/schemas"
	orders "orderflow.example/schemas/order"
	"orderflow.example/services/storefront"
	"orderflow.example/services/storefront/internal/store"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/idempotency"
	"orderflow.example/shared/httpserver/idempotency/idempotencytest"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/saga"
)

var key = []byte("0123456789abcdef0123456789abcdef")

// shop is the API over memory: the machine decides as it does in the engine.
type shop struct {
	t      testing.TB
	engine http.Handler
	log    bytes.Buffer

	mu      sync.Mutex
	machine *saga.Machine
	orders  map[string]storefront.Order
	goods   map[string]storefront.Product
	claims  *idempotencytest.Memory
	keys    int
	said    []saga.Event
	looked  []looked
	full    bool         // no new order is admitted
	before  func() error // runs before each command; its error is the command's
}

func open(t testing.TB) *shop {
	t.Helper()
	s := &shop{t: t, machine: storefront.Choreography.Machine(), orders: map[string]storefront.Order{},
		claims: idempotencytest.New(), before: func() error { return nil },
		goods: map[string]storefront.Product{
			"MUG":  {SKU: "MUG", Listed: true, Description: "A mug", Price: pounds(250), Available: 7, Backorderable: true},
			"BAG":  {SKU: "BAG", Listed: true, Description: "A jumbo bag", Price: pounds(195)},
			"EURO": {SKU: "EURO", Listed: true, Description: "From abroad", Price: schemas.Money{Amount: 1, Currency: "EUR"}},
			"OLD":  {SKU: "OLD", Listed: true, Description: "Out of date", Price: pounds(1), Available: 7, Withdrawn: true},
			"GOLD": {SKU: "GOLD", Listed: true, Description: "A bar of gold", Price: pounds(60_000_000)},
		}}
	server := httpserver.New(httpserver.Options{})
	auth, err := httpserver.NewAuth(key)
	if err != nil {
		t.Fatal(err)
	}
	description := openapi.New(server.Engine(), "Orderflow", "1")
	openapi.RequireToken(description, auth, httpserver.AudienceCustomers)
	log := slog.New(httpserver.LogRequests(slog.NewTextHandler(&s.log, nil)))
	h := &handlers{Parts: Parts{Submit: s.submit, Reader: s, Admit: s.admit, Log: log, Keys: idempotency.New(s.claims, log),
		Interact: s.interact, BackorderWithin: backorderWithin}}
	h.watcher = newWatcher(s.Stories, h.Log, time.Millisecond)
	h.register(description)
	s.engine = server.Engine()
	return s
}

func pounds(pence int64) schemas.Money { return schemas.Money{Amount: pence, Currency: "GBP"} }

func (s *shop) submit(_ context.Context, order string, command saga.Event) (storefront.Order, []saga.Event, error) {
	if err := s.before(); err != nil {
		return storefront.Order{}, nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	state, ok := s.orders[order]
	if !ok {
		state = storefront.Blank(order)
	}
	command.Key, command.Saga = order, order
	step, err := s.machine.Hear(state, command, func(e *saga.Event) { e.Time = time.Now() })
	if err != nil {
		return storefront.Order{}, nil, err
	}
	s.orders[order] = step.State.(storefront.Order)
	s.said = append(s.said, step.Emitted...)
	return s.orders[order], step.Emitted, nil
}

func (s *shop) admit(known func() (bool, error)) (done func(), p *httpserver.Problem) {
	if there, err := known(); s.full && !there && err == nil {
		p = httpserver.NewProblem(503, "overloaded", "come back")
		p.RetryAfter = 3
		return nil, p
	}
	return func() {}, nil
}

// show folds another service's event into an order.
func (s *shop) show(order string, events ...saga.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range events {
		e.Time = time.Now()
		s.orders[order] = s.machine.Show(s.orders[order], e).(storefront.Order)
	}
}

func (s *shop) Order(_ context.Context, customer, id string) (storefront.Order, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.orders[id]
	return o, ok && o.CustomerID == customer, nil
}

func (s *shop) Orders(_ context.Context, customer, before string, limit int) ([]storefront.Order, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []storefront.Order
	for id, o := range s.orders {
		if o.CustomerID == customer && (before == "" || id < before) {
			found = append(found, o)
		}
	}
	slices.SortFunc(found, func(a, b storefront.Order) int { return cmp.Compare(b.ID, a.ID) })
	return found[:min(limit, len(found))], nil
}

func (s *shop) Stories(_ context.Context, known map[string]int) (map[string]store.Story, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stories := map[string]store.Story{}
	for id, n := range known {
		if o := s.orders[id]; len(o.Timeline) > n {
			stories[id] = store.Story{Timeline: o.Timeline, Last: orders.Last(o.Status)}
		}
	}
	return stories, nil
}

func (s *shop) Product(_ context.Context, sku string) (storefront.Product, bool, error) {
	p, ok := s.goods[sku]
	return p, ok, nil
}

func (s *shop) Products(_ context.Context, q, after string, limit int) ([]storefront.Product, error) {
	var found []storefront.Product
	for sku, p := range s.goods {
		if sku > after && !p.Withdrawn && strings.Contains(strings.ToLower(sku+" "+p.Description), strings.ToLower(q)) {
			found = append(found, p)
		}
	}
	slices.SortFunc(found, func(a, b storefront.Product) int { return cmp.Compare(a.SKU, b.SKU) })
	return found[:min(limit, len(found))], nil
}

func (s *shop) Terms(_ context.Context, skus []string) (map[string]storefront.Terms, error) {
	terms := map[string]storefront.Terms{}
	for _, sku := range skus {
		if p, ok := s.goods[sku]; ok {
			terms[sku] = storefront.Terms{Price: p.Price, Backorderable: p.Backorderable,
				Withdrawn: p.Withdrawn}
		}
	}
	return terms, nil
}

// newKey is an idempotency key that no other request uses.
func (s *shop) newKey() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys++
	return fmt.Sprint("key-", s.keys)
}

// answer is a response.
type answer struct {
	*httptest.ResponseRecorder
	t testing.TB
}

// ask sends a request as a customer; headers are name, value, …
func (s *shop) ask(customer, method, path, body string, headers ...string) answer {
	s.t.Helper()
	req := s.request(customer, method, path, body, headers...)
	w := httptest.NewRecorder()
	s.engine.ServeHTTP(w, req)
	return answer{w, s.t}
}

func (s *shop) request(customer, method, path, body string, headers ...string) *http.Request {
	s.t.Helper()
	req := httptest.NewRequest(method, path, bytes.NewReader([]byte(body)))
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if customer != "" {
		token, err := httpserver.Mint(key, httpserver.AudienceCustomers, customer, time.Minute)
		if err != nil {
			s.t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return req
}

// place orders as a customer and returns the id.
func (s *shop) place(customer, key, body string) string {
	s.t.Helper()
	a := s.ask(customer, "POST", "/v1/orders", body, "Idempotency-Key", key)
	a.is(202)
	var placed PlacedOrder
	a.read(&placed)
	return placed.ID
}

func (a answer) is(status int) answer {
	a.t.Helper()
	if a.Code != status {
		a.t.Fatalf("answered %d, want %d: %s", a.Code, status, a.Body)
	}
	return a
}

func (a answer) read(v any) {
	a.t.Helper()
	if err := json.Unmarshal(a.Body.Bytes(), v); err != nil {
		a.t.Fatalf("%v: %s", err, a.Body)
	}
}

// problem checks the kind of problem and returns the locations of its faults, sorted.
func (a answer) problem(status int, slug string) []string {
	a.t.Helper()
	a.is(status)
	var p httpserver.Problem
	a.read(&p)
	if got := a.Header().Get("Content-Type"); got != "application/problem+json" || !strings.HasSuffix(p.Type, "/"+slug) ||
		p.Status != status {
		a.t.Fatalf("%s %+v, want a problem of type %s", got, p, slug)
	}
	places := []string{}
	for _, f := range p.Errors {
		places = append(places, f.Location)
	}
	slices.Sort(places)
	return places
}

// order is a valid order of these lines, SKU and quantity in turn.
func order(lines ...any) string {
	var list []string
	for i := 0; i < len(lines); i += 2 {
		list = append(list, fmt.Sprintf(`{"sku":%q,"quantity":%v}`, lines[i], lines[i+1]))
	}
	return `{"lines":[` + strings.Join(list, ",") +
		`],"ship_to":{"name":"Ada","line1":"1 High St","city":"Leeds","postcode":"LS1 1AA","country":"GB"},` +
		`"email":"ada@example.com","payment_token":"tok_ok"}`
}

const backorderWithin = 48 * time.Hour
