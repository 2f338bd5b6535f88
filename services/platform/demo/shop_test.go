package demo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"orderflow.example/shared/httpserver"
)

var key = []byte("0123456789abcdef0123456789abcdef")

// shop is a platform in memory that accepts every order and ends it two polls later.
type shop struct {
	t    testing.TB
	url  string
	auth *httpserver.Auth

	mu       sync.Mutex
	products map[string]listing
	stock    map[string]int64
	shelves  map[string][]shelved // by SKU
	receipts map[string]bool
	orders   []*sale
	byKey    map[string]*sale
	answers  map[string]int // statuses, by customer and Idempotency-Key
	returns  int            // asked for

	foreign, refuseReceipts, hideReviews bool

	lists func(listing) bool
	hitch func(*http.Request) (lost int) // 1: not received; 2: done, but the answer is lost
}

type sale struct {
	state
	Customer string
	view     view
	lines    []item
	age      int
	card     string
	review   bool
	asked    bool
}

func open(t testing.TB) *shop {
	t.Helper()
	auth, err := httpserver.NewAuth(key)
	if err != nil {
		t.Fatal(err)
	}
	s := &shop{t: t, auth: auth, products: map[string]listing{}, stock: map[string]int64{}, shelves: map[string][]shelved{},
		receipts: map[string]bool{},
		byKey:    map[string]*sale{}, answers: map[string]int{}, lists: func(listing) bool { return true },
		hitch: func(*http.Request) int { return 0 }}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/products", s.list)
	mux.HandleFunc("GET /v1/products", s.offers)
	mux.HandleFunc("POST /v1/stock/receipts", s.receive)
	mux.HandleFunc("GET /v1/stock/{sku...}", s.level)
	mux.HandleFunc("POST /v1/orders", s.place)
	mux.HandleFunc("GET /v1/orders", s.states)
	mux.HandleFunc("GET /v1/orders/{id}", s.show)
	mux.HandleFunc("POST /v1/orders/{id}/cancellation", s.once(s.cancel))
	mux.HandleFunc("POST /v1/orders/{id}/returns", s.once(s.sendBack))
	mux.HandleFunc("GET /v1/reviews", s.reviews)
	mux.HandleFunc("POST /v1/reviews/{id}", s.once(s.decide))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler) // the client is gone
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		s.mu.Lock()
		defer s.mu.Unlock()
		lost := s.hitch(r)
		if lost != 1 {
			answer := httptest.NewRecorder()
			mux.ServeHTTP(answer, r)
			if lost == 0 {
				w.Header().Set("Idempotent-Replayed", answer.Header().Get("Idempotent-Replayed"))
				w.WriteHeader(answer.Code)
				w.Write(answer.Body.Bytes())
				return
			}
		}
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// once executes the request of a key once, and repeats its answer.
func (s *shop) once(do http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		key := r.Header.Get("Idempotency-Key")
		if key == "" {
			s.t.Errorf("%s %s has no Idempotency-Key", r.Method, r.URL)
		}
		if code := s.answers[key]; code != 0 {
			say(w, code, nil)
			return
		}
		answer := httptest.NewRecorder()
		do(answer, r)
		s.answers[key] = answer.Code
		w.WriteHeader(answer.Code)
		w.Write(answer.Body.Bytes())
	}
}

// options replay a file in this shop.
func (s *shop) options(file io.Reader, limit int) Options {
	s.t.Helper()
	p, err := NewPlan(file, "test", limit, Undecided)
	if err != nil {
		s.t.Fatal(err)
	}
	return Options{StorefrontURL: s.url, OperatorsURL: s.url, Key: key, Plan: p, look: time.Millisecond}
}

func (s *shop) read(r *http.Request, body any, audience string) (subject string) {
	subject, err := s.auth.Verify(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), audience)
	if err == nil && body != nil {
		err = json.NewDecoder(r.Body).Decode(body)
	}
	if err != nil {
		s.t.Errorf("%s %s: %v", r.Method, r.URL, err)
	}
	return subject
}

func say(w http.ResponseWriter, code int, body any) {
	w.WriteHeader(code)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		panic(err)
	}
}

func refuse(w http.ResponseWriter, code int, slug string) {
	say(w, code, httpserver.NewProblem(code, slug, "no"))
}

func (s *shop) list(w http.ResponseWriter, r *http.Request) {
	var body struct{ Items []listing }
	s.read(r, &body, httpserver.AudienceOperators)
	for i, p := range body.Items {
		if !s.lists(p) {
			problem := httpserver.Invalid(httpserver.Fault{Location: fmt.Sprintf("body.items[%d].sku", i), Detail: "not this one"})
			say(w, 422, problem)
			return
		}
	}
	for _, p := range body.Items {
		s.products[p.SKU] = p
	}
	say(w, 200, nil)
}

func (s *shop) offers(w http.ResponseWriter, _ *http.Request) {
	var page struct {
		Items []offer `json:"items"`
	}
	for sku, p := range s.products {
		page.Items = append(page.Items, offer{sku, p.Price, s.stock[sku]})
	}
	say(w, 200, page)
}

func (s *shop) receive(w http.ResponseWriter, r *http.Request) {
	var body struct{ Items []received }
	s.read(r, &body, httpserver.AudienceOperators)
	if s.refuseReceipts {
		refuse(w, 422, "invalid")
		return
	}
	fresh := 0
	for _, i := range body.Items {
		id := r.Header.Get("Idempotency-Key") + i.SKU + i.Warehouse
		if !s.receipts[id] {
			fresh++
			s.stock[i.SKU] += i.Quantity
			s.shelves[i.SKU] = append(s.shelves[i.SKU], shelved{i.Warehouse})
		}
		s.receipts[id] = true
	}
	say(w, 200, intake{Received: fresh, Repeated: len(body.Items) - fresh})
}

type shelved struct {
	Warehouse string `json:"warehouse"`
}

func (s *shop) level(w http.ResponseWriter, r *http.Request) {
	s.read(r, nil, httpserver.AudienceOperators)
	if there := s.shelves[r.PathValue("sku")]; there != nil {
		say(w, 200, map[string]any{"warehouses": there})
		return
	}
	refuse(w, 404, "not-found")
}

func (s *shop) place(w http.ResponseWriter, r *http.Request) {
	var body placing
	customer := s.read(r, &body, httpserver.AudienceCustomers)
	id := customer + " " + r.Header.Get("Idempotency-Key")
	o := s.byKey[id]
	if o != nil {
		w.Header().Set("Idempotent-Replayed", "true")
	} else {
		o = &sale{Customer: customer, lines: body.Lines, card: body.Token}
		o.ID, o.Status, o.Open, o.PlacedAt = fmt.Sprintf("order-%06d", len(s.orders)), "placed", true, time.Now()
		for _, l := range body.Lines {
			if l.Quantity > 900_000 || s.products[l.SKU].SKU == "" {
				refuse(w, 422, "invalid")
				return
			}
			o.Ordered.Amount += l.Quantity * s.products[l.SKU].Price.Amount
		}
		o.view = view{Status: "placed", Lines: body.Lines}
		if o.review = o.Ordered.Amount > 1_000_000; body.Fill == "fill_available" {
			last := len(body.Lines) - 1
			o.Missing, o.view.Lines = body.Lines[last:], body.Lines[:last]
		}
		s.orders, s.byKey[id] = append(s.orders, o), o
	}
	say(w, 202, map[string]any{"id": o.ID, "total": o.Ordered})
}

// states lets time pass for the open orders.
func (s *shop) states(w http.ResponseWriter, r *http.Request) {
	if s.foreign {
		refuse(w, 401, "unauthorized")
		return
	}
	if r.URL.Query().Get("limit") == "1" { // a request that only checks the key
		say(w, 200, nil)
		return
	}
	s.read(r, nil, httpserver.AudienceOperators)
	var page struct {
		Items []state `json:"items"`
	}
	for _, o := range s.orders {
		if r.URL.Query().Get("open") == "true" {
			if !o.Open {
				continue
			}
			s.live(o)
		}
		page.Items = append(page.Items, o.state)
	}
	say(w, 200, page)
}

func (s *shop) live(o *sale) {
	if o.review {
		return
	}
	if o.age++; o.age < 2 {
		return
	}
	now := time.Now()
	o.EndedAt, o.Open = &now, false
	switch {
	case o.Status == "cancelled":
	case o.card == "tok_declined":
		o.Status, o.Reason = "cancelled", "payment_declined"
	default:
		o.Status, o.ConfirmedAt = "completed", &now
		for i := range o.view.Returns {
			o.view.Returns[i].State = "received"
		}
	}
	o.view.Status = o.Status
}

func (s *shop) find(r *http.Request, audience string, body any) *sale {
	who := s.read(r, body, audience)
	i := slices.IndexFunc(s.orders, func(o *sale) bool {
		return o.ID == r.PathValue("id") && (o.Customer == who || audience == httpserver.AudienceOperators)
	})
	return s.orders[i]
}

func (s *shop) show(w http.ResponseWriter, r *http.Request) {
	say(w, 200, s.find(r, httpserver.AudienceCustomers, nil).view)
}

func (s *shop) cancel(w http.ResponseWriter, r *http.Request) {
	o := s.find(r, httpserver.AudienceCustomers, nil)
	if o.Status != "placed" && !o.asked {
		refuse(w, 409, "too-late-to-cancel")
		return
	}
	o.asked, o.Status, o.Reason = true, "cancelled", "customer_request"
	say(w, 202, nil)
}

func (s *shop) sendBack(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Lines  []item
		Reason string
	}
	o := s.find(r, httpserver.AudienceCustomers, &body)
	if o.Status != "completed" {
		refuse(w, 409, "not-delivered")
		return
	}
	s.returns++
	o.view.Returns = append(o.view.Returns, back{ID: fmt.Sprint(s.returns), State: "requested",
		Reason: body.Reason, Lines: body.Lines})
	o.Open, o.age = true, 1
	say(w, 202, nil)
}

func (s *shop) reviews(w http.ResponseWriter, r *http.Request) {
	s.read(r, nil, httpserver.AudienceOperators)
	var page struct {
		Items []review `json:"items"`
	}
	for _, o := range s.orders {
		if o.review && !s.hideReviews {
			page.Items = append(page.Items, review{o.ID})
		}
	}
	say(w, 200, page)
}

func (s *shop) decide(w http.ResponseWriter, r *http.Request) {
	var body struct{ Approve bool }
	o := s.find(r, httpserver.AudienceOperators, &body)
	if o.review = false; !body.Approve {
		o.Status, o.Reason = "cancelled", "fraud_suspected"
	}
	say(w, 200, nil)
}
