// Package floor asks the warehouses' floor system over HTTP, for the warehouse service alone, to pick parcels and to buy goods.
//
// Both take time: a pick or purchase is PUT under an id of ours and polled until it is done. A repeated PUT is the same pick
// or purchase, and a DELETE of a pick that does not exist keeps it from beginning later.
package floor

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/warehouse"
	"orderflow.example/services/warehouse"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/outside"
)

// Client is a client of one floor system.
type Client struct{ outside *outside.Client }

// The back-off of a poll without a result: it grows, so that a slow floor is not polled for every order all the time.
const (
	pause     = 200 * time.Millisecond
	pauseMost = 2 * time.Second
)

// New is a client of the floor system at the URL.
func New(url string) *Client { return &Client{outside.New("floor", url)} }

// Answerers binds the warehouse service's questions to the floor.
func (c *Client) Answerers() []engine.Answerer {
	return []engine.Answerer{
		engine.Answer(warehouse.PickOnFloor, c.pick),
		engine.Answer(warehouse.ClearFloor, c.clearOrder),
		engine.Answer(warehouse.ClearParcel, c.clearParcel),
		engine.Answer(warehouse.BuyFromSupplier, c.buy),
		engine.Answer(warehouse.AwaitRest, c.rest),
	}
}

type line struct {
	SKU       string `json:"sku"`
	Quantity  int64  `json:"quantity"`
	Warehouse string `json:"warehouse"`
}

type parcel struct {
	Order   string `json:"order"`
	Lines   []line `json:"lines"`
	Partial bool   `json:"partial,omitempty"` // pack what is there
}

// state is the state of a pick (picking, packed, short or cancelled) or a purchase (ordered or delivered; of one that is ordered,
// how many pieces have arrived). A parcel that is packed without some goods names them as missing.
type state struct {
	State   string `json:"state"`
	Missing []line `json:"missing"`
	Arrived int64  `json:"arrived"`
}

func (c *Client) pick(ctx context.Context, a engine.Attempt, e event.PickRequestedV1) (none warehouse.PickAnswer, err error) {
	p := parcel{Order: a.Saga, Partial: e.Partial}
	for _, l := range e.Lines {
		p.Lines = append(p.Lines, line{l.SKU, l.Quantity, l.Warehouse})
	}
	s, err := c.follow(ctx, a, "/v1/picks/"+url.PathEscape(e.ShipmentID), p)
	if err != nil {
		return none, err
	}
	missing := among(e.Lines, s.Missing)
	switch s.State {
	case "packed":
		if len(s.Missing) == 0 {
			return warehouse.PickAnswer{ShipmentID: e.ShipmentID}, nil
		}
		if packed := schemas.Without(e.Lines, missing); e.Partial && len(missing) > 0 && len(packed) > 0 {
			return warehouse.PickAnswer{ShipmentID: e.ShipmentID, Missing: missing, Packed: packed}, nil
		}
		return none, c.outside.Unclear("the parcel is packed without goods, but not as was requested: look at it on the floor")
	case "short":
		if len(missing) > 0 {
			return warehouse.PickAnswer{ShipmentID: e.ShipmentID, Missing: missing}, nil
		}
		return none, c.outside.Unclear("the pick is short, but of no goods that were requested: look at it on the floor")
	case "cancelled":
		// Not by this service, or it no longer matters: nothing was packed.
		return warehouse.PickAnswer{ShipmentID: e.ShipmentID, Missing: e.Lines}, nil
	case "picking":
		return none, later(a)
	}
	return none, c.outside.Unclear("the pick is in an unknown state")
}

func (c *Client) clearOrder(ctx context.Context, a engine.Attempt, e event.PickCancelledV1) (warehouse.ClearAnswer, error) {
	if e.ShipmentID == "" {
		return warehouse.ClearAnswer{}, nil // the floor was never asked
	}
	return c.clear(ctx, a, e.ShipmentID)
}

func (c *Client) clearParcel(ctx context.Context, a engine.Attempt, e event.ParcelCancelledV1) (warehouse.ClearAnswer, error) {
	return c.clear(ctx, a, e.ShipmentID)
}

func (c *Client) clear(ctx context.Context, a engine.Attempt, shipment string) (warehouse.ClearAnswer, error) {
	_, err := c.outside.Ask(ctx, a, outside.Question{Method: http.MethodDelete, Path: "/v1/picks/" + url.PathEscape(shipment),
		Answers: []int{http.StatusOK, http.StatusAccepted, http.StatusNoContent}}, nil)
	return warehouse.ClearAnswer{}, err
}

func (c *Client) buy(ctx context.Context, a engine.Attempt, e event.PurchaseOrderedV1) (warehouse.BuyAnswer, error) {
	s, err := c.follow(ctx, a, "/v1/purchases/"+url.PathEscape(a.ID), line{SKU: e.SKU, Quantity: e.Quantity, Warehouse: e.Warehouse})
	if err != nil {
		return warehouse.BuyAnswer{}, err
	}
	return c.arrived(a, s, a.ID, 0)
}

// rest asks for the rest of a purchase that came in part.
func (c *Client) rest(ctx context.Context, a engine.Attempt, e event.RestAwaitedV1) (warehouse.BuyAnswer, error) {
	var s state
	_, err := c.outside.Ask(ctx, a, outside.Question{Method: http.MethodGet, Path: "/v1/purchases/" + url.PathEscape(e.PurchaseID),
		Answers: []int{http.StatusOK}}, &s)
	if err != nil {
		return warehouse.BuyAnswer{}, err
	}
	return c.arrived(a, s, e.PurchaseID, e.Arrived)
}

// arrived is an answer once more than before has arrived.
func (c *Client) arrived(a engine.Attempt, s state, purchase string, before int64) (none warehouse.BuyAnswer, err error) {
	switch {
	case s.State == "delivered":
		return warehouse.BuyAnswer{PurchaseID: purchase}, nil
	case s.State == "ordered" && s.Arrived > before:
		return warehouse.BuyAnswer{PurchaseID: purchase, Arrived: s.Arrived}, nil
	case s.State == "ordered":
		return none, later(a)
	}
	return none, c.outside.Unclear("the purchase is in an unknown state")
}

// follow PUTs a pick or purchase, unless an earlier try did, and returns its state.
func (c *Client) follow(ctx context.Context, a engine.Attempt, path string, body any) (s state, err error) {
	status, err := c.outside.Ask(ctx, a, outside.Question{Method: http.MethodPut, Path: path, Inquire: path, Body: body,
		Answers: []int{http.StatusOK, http.StatusAccepted}}, &s)
	if err == nil && status == http.StatusAccepted {
		err = later(a)
	}
	return s, err
}

func later(a engine.Attempt) error {
	return engine.NotYet(min(time.Duration(a.Number)*pause, pauseMost))
}

// among finds the allocations of the floor's lines, which have no prices.
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
