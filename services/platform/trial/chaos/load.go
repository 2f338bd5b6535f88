package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"orderflow.example/shared/httpserver"
)

// customers order, cancel and return goods, and retry whatever happens to the storefronts.
type customers struct {
	fleet  *fleet
	client http.Client

	mu       sync.Mutex
	accepted map[string]bool // by order, whether it can be completed
	strange  []string        // unexpected answers
	counts   Load
}

// Load counts the requests of the customers.
type Load struct {
	Placed        int `json:"placed"`
	Accepted      int `json:"accepted"`
	Cancellations int `json:"cancellations"` // asked for, in time or not
	Returns       int `json:"returns"`       // taken
	Repeats       int `json:"repeats"`       // requests sent again, with the same key
}

func newCustomers(f *fleet) *customers {
	return &customers{fleet: f, accepted: map[string]bool{},
		client: http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
}

// request is one HTTP request.
type request struct {
	audience, subject string
	method, path, key string
	body              any
}

// send sends a request once. status is 0 if there was no answer.
func (c *customers) send(ctx context.Context, address string, q request) (status int, text string) {
	data, err := json.Marshal(q.body)
	if err != nil {
		panic(err) // of our own types
	}
	request, err := http.NewRequestWithContext(ctx, q.method, address+q.path, bytes.NewReader(data))
	if err != nil {
		return 0, err.Error()
	}
	request.Header.Set("Authorization", "Bearer "+c.fleet.token(q.audience, q.subject))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", q.key)
	response, err := c.client.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err.Error()
	}
	return response.StatusCode, string(answer)
}

// insist sends a customer's request to any storefront until the answer is final.
func (c *customers) insist(ctx context.Context, customer, method, path, key string, body any) (status int, text string) {
	q := request{httpserver.AudienceCustomers, customer, method, path, key, body}
	text = "no storefront is up"
	for {
		if up := c.fleet.storefronts(); len(up) > 0 {
			status, text = c.send(ctx, up[rand.IntN(len(up))], q)
		}
		again := status == 0 || status >= 500 || status == http.StatusTooManyRequests ||
			status == http.StatusConflict && strings.Contains(text, "idempotency-key-in-use")
		if !again {
			return status, text
		}
		c.count(func(l *Load) { l.Repeats++ })
		if !pause(ctx, 200*time.Millisecond) {
			return 0, "not answered in time; last: " + text
		}
	}
}

func (c *customers) count(add func(*Load)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	add(&c.counts)
}

func (c *customers) unexpected(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.strange = append(c.strange, fmt.Sprintf(format, args...))
}

// furnish lists the products and receives their stock, and waits until all can be bought.
func (c *customers) furnish(ctx context.Context, sold []product) error {
	var listed, received []any
	for _, p := range sold {
		listed = append(listed, map[string]any{"sku": p.sku, "description": "Goods of a trial", "backorderable": false,
			"price": map[string]any{"amount": p.price, "currency": "GBP"}})
		received = append(received, map[string]any{"sku": p.sku, "warehouse": "north", "quantity": p.pieces,
			"reorder_point": p.reorder})
	}
	for _, step := range []struct {
		service, path string
		items         []any
	}{{"catalog", "/v1/products", listed}, {"warehouse", "/v1/stock/receipts", received}} {
		for {
			status, text := c.send(ctx, c.fleet.operators(step.service), request{httpserver.AudienceOperators, "operator",
				http.MethodPost, step.path, "opening", map[string]any{"items": step.items}})
			if status == http.StatusOK {
				break
			}
			if status != 0 && status < 500 || !pause(ctx, time.Second) {
				return fmt.Errorf("%s %s: %d %s", step.service, step.path, status, text)
			}
		}
	}
	for _, p := range sold {
		for {
			_, text := c.insist(ctx, "visitor", http.MethodGet, "/v1/products/"+p.sku, "", nil)
			var seen struct{ Available int64 }
			if json.Unmarshal([]byte(text), &seen) == nil && seen.Available == p.pieces {
				break
			}
			if !pause(ctx, 100*time.Millisecond) {
				return fmt.Errorf("product %s cannot be bought: %s", p.sku, text)
			}
		}
	}
	return nil
}

// shop executes the plan, and returns once each request was answered or ctx has ended.
func (c *customers) shop(ctx context.Context, purchases []purchase) {
	start := time.Now()
	var all sync.WaitGroup
	for _, p := range purchases {
		if !pause(ctx, time.Until(start.Add(p.at))) {
			break
		}
		c.count(func(l *Load) { l.Placed++ })
		all.Go(func() { c.buy(ctx, p) })
	}
	all.Wait()
}

func (c *customers) buy(ctx context.Context, p purchase) {
	status, text := c.insist(ctx, p.customer, http.MethodPost, "/v1/orders", p.customer, p.basket)
	var placed struct{ ID string }
	if err := json.Unmarshal([]byte(text), &placed); status != http.StatusAccepted || err != nil || placed.ID == "" {
		c.unexpected("%s orders: %d %s", p.customer, status, text)
		return
	}
	c.mu.Lock()
	c.counts.Accepted++
	c.accepted[placed.ID] = p.canComplete
	c.mu.Unlock()
	path := "/v1/orders/" + placed.ID
	switch {
	case p.cancelAfter > 0:
		pause(ctx, p.cancelAfter)
		c.count(func(l *Load) { l.Cancellations++ })
		status, text = c.insist(ctx, p.customer, http.MethodPost, path+"/cancellation", p.customer+"-cancel",
			map[string]any{"reason": "changed my mind"})
		if status != http.StatusAccepted && status != http.StatusConflict {
			c.unexpected("order %s is cancelled: %d %s", placed.ID, status, text)
		}
	case p.sendsBack && c.arrives(ctx, p.customer, path):
		status, text = c.insist(ctx, p.customer, http.MethodPost, path+"/returns", p.customer+"-return",
			map[string]any{"lines": p.basket.Lines[:1], "reason": "not what I wanted"})
		switch status {
		case http.StatusAccepted:
			c.count(func(l *Load) { l.Returns++ })
		case http.StatusUnprocessableEntity, http.StatusConflict:
		default:
			c.unexpected("order %s is sent back: %d %s", placed.ID, status, text)
		}
	}
}

// arrives waits until the order has ended, and reports whether its goods were delivered.
func (c *customers) arrives(ctx context.Context, customer, path string) bool {
	for {
		status, text := c.insist(ctx, customer, http.MethodGet, path, "", nil)
		var seen struct{ Status string }
		json.Unmarshal([]byte(text), &seen)
		if status != http.StatusOK || slices.Contains([]string{"completed", "rejected", "cancelled", "returned"}, seen.Status) {
			return seen.Status == "completed"
		}
		if !pause(ctx, 500*time.Millisecond) {
			return false
		}
	}
}
