package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"orderflow.example/schemas/order"
	"orderflow.example/shared/kafka"
)

// placed is an order that was accepted, or whose first event was read before the answer.
type placed struct {
	confirmed, ended time.Time     // when its event was read here
	end              string        // the event that ended it
	done             chan struct{} // closed when it has ended
}

type line struct {
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity"`
}

// basket is the body of an order of so many lines; with a hot product, one line is always of that.
func basket(lines int, hot bool) []byte {
	chosen := make([]line, lines)
	for i, n := range rand.Perm(products - 1)[:lines] {
		chosen[i] = line{sku(n + 1), 1}
	}
	if hot {
		chosen[0].SKU = sku(0)
	}
	body, err := json.Marshal(map[string]any{"lines": chosen, "email": "ada@example.com", "payment_token": "tok_ok",
		"ship_to": map[string]string{"name": "Ada Example", "line1": "1 Long Road", "city": "Leeds", "postcode": "LS1 1AA",
			"country": "GB"}})
	if err != nil {
		panic(err) // of our own types
	}
	return body
}

// busyShop is the answer of a storefront that sheds orders.
type busyShop struct{ again time.Duration }

func (b busyShop) Error() string { return fmt.Sprintf("orders are shed for %v", b.again) }

// place places an order. The error is a busyShop if the storefront sheds it.
func (s *shop) place(ctx context.Context, key string, body []byte) (*placed, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.platform.StorefrontURL+"/v1/orders", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+s.tokens[rand.IntN(len(s.tokens))])
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", key)
	response, err := s.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode == http.StatusServiceUnavailable && bytes.Contains(text, []byte("/overloaded")) {
		if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil {
			return nil, busyShop{time.Duration(seconds) * time.Second}
		}
	}
	var answer struct{ ID string }
	if err := json.Unmarshal(text, &answer); err != nil || response.StatusCode != http.StatusAccepted || answer.ID == "" {
		return nil, fmt.Errorf("an order was answered %d: %s", response.StatusCode, bytes.TrimSpace(text))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.order(answer.ID), nil
}

// order returns the order of this id. The caller holds the lock.
func (s *shop) order(id string) *placed {
	p := s.orders[id]
	if p == nil {
		p = &placed{done: make(chan struct{})}
		s.orders[id] = p
	}
	return p
}

// follow reads the order service's topic, as any other consumer would, until ctx ends.
func (s *shop) follow(ctx context.Context) error {
	for ctx.Err() == nil {
		fetched, err := s.kafka.Fetch(ctx, s.positions, time.Second)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("follow the orders: %w", err)
		}
		now := time.Now()
		for _, f := range fetched {
			if f.Err != nil {
				return fmt.Errorf("follow the orders: %w", f.Err)
			}
			s.hear(f, now)
		}
	}
	return nil
}

func (s *shop) hear(f kafka.Fetched, now time.Time) {
	for i := range s.positions {
		if p := &s.positions[i]; p.Partition == f.Partition {
			p.Offset = f.Next
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range f.Records {
		switch r := &f.Records[i]; r.Type {
		case order.Confirmed.Name():
			s.order(r.Key).confirmed = now
		case order.Completed.Name(), order.Cancelled.Name(), order.Rejected.Name():
			if p := s.order(r.Key); p.end == "" {
				p.ended, p.end = now, r.Type
				close(p.done)
			}
		}
	}
}

// wait returns once the order is completed.
func (s *shop) wait(ctx context.Context, p *placed) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case <-p.done:
		if p.end != order.Completed.Name() {
			return fmt.Errorf("an order that should complete ended with %s", p.end)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("an order that was accepted has not ended: %w", ctx.Err())
	}
}
