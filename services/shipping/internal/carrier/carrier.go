// Package carrier asks the carriers over HTTP, for the shipping service alone: it buys and voids labels, has parcels
// collected and follows them.
//
// The id of the question is the idempotency key of a label. Any answer but a clear one is an error, which means that the
// outcome is unknown: the engine asks again with the same id, and a second try inquires before it asks.
package carrier

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
	event "orderflow.example/schemas/shipping"
	"orderflow.example/services/shipping"
	"orderflow.example/shared/engine"
)

// Client speaks to the carriers behind one address.
type Client struct {
	url  string
	http *http.Client
}

// timeout is how long one try waits for the carrier's answer.
const timeout = 5 * time.Second

// New is a client of the carriers at the URL.
func New(url string) *Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 64
	return &Client{url: url, http: &http.Client{Timeout: timeout, Transport: transport}}
}

// Answerers are the answers to the shipping service's questions.
func (c *Client) Answerers() []engine.Answerer {
	return []engine.Answerer{
		engine.Answer(shipping.BuyLabel, c.buyLabel),
		engine.Answer(shipping.Deliver, c.deliver),
		engine.Answer(shipping.VoidLabel, c.voidLabel),
		engine.Answer(shipping.BuyReturnLabel, c.buyReturnLabel),
		engine.Answer(shipping.AwaitReturn, c.awaitReturn),
	}
}

type labelRequest struct {
	Order  string           `json:"order"`
	Kind   string           `json:"kind"` // outbound or return
	ShipTo *schemas.Address `json:"ship_to,omitempty"`
	Pieces int64            `json:"pieces"`
}

type labelReply struct {
	Carrier        string `json:"carrier"`
	TrackingNumber string `json:"tracking_number"`
	Code           string `json:"code"` // why it was refused
}

func (c *Client) buyLabel(ctx context.Context, a engine.Attempt, e event.LabelRequestedV1) (shipping.LabelAnswer, error) {
	r, err := c.label(ctx, a, labelRequest{Order: a.Saga, Kind: "outbound", ShipTo: &e.ShipTo, Pieces: pieces(e.Lines)})
	return shipping.LabelAnswer{Carrier: r.Carrier, TrackingNumber: r.TrackingNumber, Refused: r.Code}, err
}

func (c *Client) buyReturnLabel(ctx context.Context, a engine.Attempt, e event.ReturnLabelRequestedV1) (shipping.ReturnLabelAnswer, error) {
	r, err := c.label(ctx, a, labelRequest{Order: a.Saga, Kind: "return", Pieces: pieces(e.Lines)})
	return shipping.ReturnLabelAnswer{ReturnID: e.ReturnID, Carrier: r.Carrier, TrackingNumber: r.TrackingNumber, Refused: r.Code}, err
}

func (c *Client) voidLabel(ctx context.Context, a engine.Attempt, e event.LabelVoidRequestedV1) (shipping.VoidAnswer, error) {
	status, err := c.do(ctx, http.MethodDelete, "/v1/labels/"+url.PathEscape(e.TrackingNumber), a.ID, nil, nil,
		http.StatusNoContent, http.StatusConflict)
	return shipping.VoidAnswer{ShipmentID: e.ShipmentID, Used: status == http.StatusConflict}, err
}

// label buys a label; from the second try on it first looks whether an earlier one arrived.
func (c *Client) label(ctx context.Context, a engine.Attempt, body labelRequest) (r labelReply, err error) {
	if a.Number > 1 {
		status, err := c.do(ctx, http.MethodGet, "/v1/labels/"+url.PathEscape(a.ID), a.ID, nil, &r,
			http.StatusOK, http.StatusUnprocessableEntity, http.StatusNotFound)
		if err != nil || status != http.StatusNotFound {
			return checked(r, status, err)
		}
	}
	status, err := c.do(ctx, http.MethodPost, "/v1/labels", a.ID, body, &r, http.StatusOK, http.StatusUnprocessableEntity)
	return checked(r, status, err)
}

// checked refuses an answer that is neither a label nor a reason.
func checked(r labelReply, status int, err error) (labelReply, error) {
	switch {
	case err != nil:
		return labelReply{}, err
	case status == http.StatusOK && r.TrackingNumber != "":
		return labelReply{Carrier: r.Carrier, TrackingNumber: r.TrackingNumber}, nil
	case status == http.StatusUnprocessableEntity && r.Code != "":
		return labelReply{Code: r.Code}, nil
	}
	return labelReply{}, fmt.Errorf("carrier: outcome unknown: status %d with neither a tracking number nor a code", status)
}

// do sends one request and reads a JSON answer of one of the statuses wanted; any other is an error.
// Errors never repeat what was sent: it holds an address.
func (c *Client) do(ctx context.Context, method, path, id string, body, into any, want ...int) (int, error) {
	var data []byte
	if body != nil {
		var err error
		if data, err = json.Marshal(body); err != nil {
			return 0, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, bytes.NewReader(data))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", id)
	res, err := c.http.Do(req)
	if err != nil {
		return 0, fmt.Errorf("carrier: outcome unknown: %w", err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return 0, fmt.Errorf("carrier: outcome unknown: %w", err)
	}
	for _, status := range want {
		if res.StatusCode != status {
			continue
		}
		if into == nil || status == http.StatusNoContent || status == http.StatusNotFound {
			return status, nil
		}
		if err := json.Unmarshal(text, into); err != nil {
			return 0, fmt.Errorf("carrier: %s %s: status %d: the answer is not the JSON expected", method, path, status)
		}
		return status, nil
	}
	return 0, fmt.Errorf("carrier: outcome unknown: %s %s: status %d", method, path, res.StatusCode)
}

func pieces(lines []schemas.Allocation) (n int64) {
	for _, l := range lines {
		n += l.Quantity
	}
	return n
}
