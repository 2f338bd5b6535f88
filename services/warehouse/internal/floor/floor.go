// Package floor asks the warehouses' floor system over HTTP, for the warehouse service alone: for parcels to be picked
// and for goods to be bought.
//
// Both take their time: what was put there under an id of ours is looked at again and again until it is done. Putting
// it there twice is one pick or purchase, and deleting a pick that never was keeps it from beginning later.
package floor

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/warehouse"
	"orderflow.example/services/warehouse"
	"orderflow.example/shared/engine"
)

// Client speaks to one floor system.
type Client struct {
	url  string
	http *http.Client
}

// How long one try waits for an answer, and how long after a try that found no result the next one comes: a bit longer
// each time, so that a slow floor is not asked by everybody all the time.
const (
	timeout   = 5 * time.Second
	pause     = 200 * time.Millisecond
	pauseMost = 2 * time.Second
)

// New is a client of the floor system at the URL.
func New(url string) *Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 64
	return &Client{url: url, http: &http.Client{Timeout: timeout, Transport: transport}}
}

// Answerers are the answers to the warehouse service's questions.
func (c *Client) Answerers() []engine.Answerer {
	return []engine.Answerer{
		engine.Answer(warehouse.PickOnFloor, c.pick),
		engine.Answer(warehouse.ClearFloor, c.clear),
		engine.Answer(warehouse.BuyFromSupplier, c.buy),
	}
}

type line struct {
	SKU       string `json:"sku"`
	Quantity  int64  `json:"quantity"`
	Warehouse string `json:"warehouse"`
}

type parcel struct {
	Order string `json:"order"`
	Lines []line `json:"lines"`
}

// state is where a pick (picking, packed, short or cancelled) or a purchase (ordered or delivered) stands.
type state struct {
	State   string `json:"state"`
	Missing []line `json:"missing"`
}

func (c *Client) pick(ctx context.Context, a engine.Attempt, e event.PickRequestedV1) (none warehouse.PickAnswer, err error) {
	p := parcel{Order: a.Saga}
	for _, l := range e.Lines {
		p.Lines = append(p.Lines, line{l.SKU, l.Quantity, l.Warehouse})
	}
	s, err := c.follow(ctx, a, "/v1/picks/"+url.PathEscape(e.ShipmentID), p)
	if err != nil {
		return none, err
	}
	switch s.State {
	case "packed":
		return none, nil
	case "short":
		if missing := among(e.Lines, s.Missing); len(missing) > 0 {
			return warehouse.PickAnswer{Missing: missing}, nil
		}
		return none, fmt.Errorf("floor: shipment %s is short of nothing that was to be picked; look at it there", e.ShipmentID)
	case "cancelled":
		return warehouse.PickAnswer{Missing: e.Lines}, nil // not by this service, or it will not care: nothing was packed
	case "picking":
		return none, later(a)
	}
	return none, fmt.Errorf("floor: shipment %s is in a state this service does not know: %.40q", e.ShipmentID, s.State)
}

func (c *Client) clear(ctx context.Context, _ engine.Attempt, e event.PickCancelledV1) (warehouse.ClearAnswer, error) {
	if e.ShipmentID == "" {
		return warehouse.ClearAnswer{}, nil // the floor was never asked
	}
	_, _, err := c.do(ctx, http.MethodDelete, "/v1/picks/"+url.PathEscape(e.ShipmentID), nil)
	return warehouse.ClearAnswer{}, err
}

func (c *Client) buy(ctx context.Context, a engine.Attempt, e event.PurchaseOrderedV1) (warehouse.BuyAnswer, error) {
	s, err := c.follow(ctx, a, "/v1/purchases/"+url.PathEscape(a.ID), line{SKU: e.SKU, Quantity: e.Quantity, Warehouse: e.Warehouse})
	switch {
	case err != nil:
		return warehouse.BuyAnswer{}, err
	case s.State == "delivered":
		return warehouse.BuyAnswer{PurchaseID: a.ID}, nil
	case s.State == "ordered":
		return warehouse.BuyAnswer{}, later(a)
	}
	return warehouse.BuyAnswer{}, fmt.Errorf("supplier: purchase %s is in a state this service does not know: %.40q", a.ID, s.State)
}

// follow puts the thing there, unless an earlier try did, and looks where it stands.
func (c *Client) follow(ctx context.Context, a engine.Attempt, path string, body any) (state, error) {
	if a.Number > 1 {
		if s, known, err := c.do(ctx, http.MethodGet, path, nil); err != nil || known {
			return s, err
		}
	}
	if _, _, err := c.do(ctx, http.MethodPut, path, body); err != nil {
		return state{}, err
	}
	return state{}, later(a)
}

func later(a engine.Attempt) error {
	return engine.NotYet(min(time.Duration(a.Number)*pause, pauseMost))
}

// among finds the allocations that the floor's lines speak of: it knows no prices.
func among(asked []schemas.Allocation, lines []line) []schemas.Allocation {
	var found []schemas.Allocation
	for _, l := range lines {
		for _, a := range asked {
			if n := min(a.Quantity, l.Quantity); n > 0 && a.SKU == l.SKU && a.Warehouse == l.Warehouse {
				a.Quantity = n
				l.Quantity -= n
				found = append(found, a)
			}
		}
	}
	return found
}

func (c *Client) do(ctx context.Context, method, path string, body any) (s state, known bool, err error) {
	var data []byte
	if body != nil {
		if data, err = json.Marshal(body); err != nil {
			return s, false, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, bytes.NewReader(data))
	if err != nil {
		return s, false, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := c.http.Do(req)
	if err != nil {
		return s, false, fmt.Errorf("floor: outcome unknown: %w", err)
	}
	defer res.Body.Close()
	switch {
	case method == http.MethodGet && res.StatusCode == http.StatusOK:
		if err = json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(&s); err != nil {
			err = fmt.Errorf("floor: unreadable answer to %s: %w", path, err)
		}
		return s, true, err
	case method == http.MethodGet && res.StatusCode == http.StatusNotFound:
		return s, false, nil
	case method != http.MethodGet && res.StatusCode < 300:
		_, err = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20)) // or the connection is not used again
		return s, true, err
	}
	text, _ := io.ReadAll(io.LimitReader(res.Body, 200))
	return s, false, fmt.Errorf("floor: outcome unknown: status %d: %s", res.StatusCode, text)
}
