// Package carrier asks the carriers over HTTP, for the shipping service alone: it buys and voids labels, has parcels
// collected and tracks them.
//
// Only an unambiguous reply is an answer: a label has a carrier and a tracking number, a refusal a known reason.
package carrier

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/shipping"
	"orderflow.example/services/shipping"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/outside"
)

// Client is a client of the carriers behind one address.
type Client struct{ outside *outside.Client }

// New is a client of the carriers at the URL.
func New(url string) *Client { return &Client{outside.New("carrier", url)} }

// Answerers binds the shipping service's questions to the carriers.
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
	Parcel *schemas.Parcel  `json:"parcel,omitempty"` // which of several
}

type labelReply struct {
	Carrier        string `json:"carrier"`
	TrackingNumber string `json:"tracking_number"`
	Code           string `json:"code"` // why it was refused
}

func (c *Client) buyLabel(ctx context.Context, a engine.Attempt, e event.LabelRequestedV1) (shipping.LabelAnswer, error) {
	r, err := c.label(ctx, a, labelRequest{Order: a.Saga, Kind: "outbound", ShipTo: &e.ShipTo, Pieces: pieces(e.Lines),
		Parcel: e.Parcel})
	return shipping.LabelAnswer{ShipmentID: a.ID, Carrier: r.Carrier, TrackingNumber: r.TrackingNumber, Refused: r.Code}, err
}

func (c *Client) buyReturnLabel(ctx context.Context, a engine.Attempt,
	e event.ReturnLabelRequestedV1) (shipping.ReturnLabelAnswer, error) {
	r, err := c.label(ctx, a, labelRequest{Order: a.Saga, Kind: "return", Pieces: pieces(e.Lines)})
	answer := shipping.ReturnLabelAnswer{ReturnID: e.ReturnID, Carrier: r.Carrier, TrackingNumber: r.TrackingNumber,
		Refused: r.Code}
	return answer, err
}

// notTaken are the reasons for which no label is sold.
var notTaken = []string{"no_carrier"}

// label buys a label. A refusal for an unknown reason is a fault of the request: the question is parked.
func (c *Client) label(ctx context.Context, a engine.Attempt, body labelRequest) (r labelReply, err error) {
	status, err := c.outside.Ask(ctx, a, outside.Question{
		Method: http.MethodPost, Path: "/v1/labels", Inquire: "/v1/labels/" + url.PathEscape(a.ID), Body: body,
		Answers: []int{http.StatusOK, http.StatusUnprocessableEntity},
	}, &r)
	switch {
	case err != nil:
		return labelReply{}, err
	case status == http.StatusUnprocessableEntity && slices.Contains(notTaken, r.Code):
		return labelReply{Code: r.Code}, nil
	case status == http.StatusUnprocessableEntity:
		return labelReply{}, c.outside.Refused("the label was refused for an unknown reason")
	case r.Carrier == "" || r.TrackingNumber == "":
		return labelReply{}, c.outside.Unclear("a label without its carrier or its tracking number")
	}
	return labelReply{Carrier: r.Carrier, TrackingNumber: r.TrackingNumber}, nil
}

// voidLabel voids a label. A conflict means that the label was used.
func (c *Client) voidLabel(ctx context.Context, a engine.Attempt, e event.LabelVoidRequestedV1) (
	none shipping.VoidAnswer, err error) {

	var r struct {
		Code string `json:"code"`
	}
	status, err := c.outside.Ask(ctx, a, outside.Question{
		Method: http.MethodDelete, Path: "/v1/labels/" + url.PathEscape(e.TrackingNumber),
		Answers: []int{http.StatusNoContent, http.StatusConflict},
	}, &r)
	switch {
	case err != nil:
		return none, err
	case status == http.StatusConflict && r.Code != "collected":
		return none, c.outside.Unclear("the label was not voided, for an unknown reason")
	}
	return shipping.VoidAnswer{ShipmentID: e.ShipmentID, Used: status == http.StatusConflict}, nil
}

func pieces(lines []schemas.Allocation) (n int64) {
	for _, l := range lines {
		n += l.Quantity
	}
	return n
}
