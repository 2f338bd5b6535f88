package carrier

import (
	"context"
	"math"
	"net/http"
	"net/url"
	"time"

	event "orderflow.example/schemas/shipping"
	"orderflow.example/services/shipping"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/outside"
)

// The carrier's states of a parcel.
const (
	labelCreated = "label_created"
	inTransit    = "in_transit"
	delivered    = "delivered"
	lost         = "lost"
	voided       = "voided"
)

func (c *Client) deliver(ctx context.Context, a engine.Attempt, e event.DispatchedV1) (shipping.DeliverAnswer, error) {
	state, err := c.follow(ctx, a, e.TrackingNumber)
	if err == nil && state == voided {
		err = c.outside.Unclear("the parcel was handed over, but its label is voided: ask the carrier where it is")
	}
	return shipping.DeliverAnswer{ShipmentID: e.ShipmentID, Lost: state == lost}, err
}

func (c *Client) awaitReturn(ctx context.Context, a engine.Attempt, e event.ReturnAuthorizedV1) (shipping.ReturnAnswer, error) {
	state, err := c.follow(ctx, a, e.TrackingNumber)
	return shipping.ReturnAnswer{ReturnID: e.ReturnID, Back: state == delivered}, err
}

// follow has a parcel collected and tracks it until it is delivered, lost or voided. It inquires first, so that a retry does
// not hand over a parcel that travels already.
func (c *Client) follow(ctx context.Context, a engine.Attempt, trackingNumber string) (string, error) {
	var r struct {
		State string `json:"state"`
	}
	look := outside.Question{
		Method: http.MethodGet, Path: "/v1/tracking/" + url.PathEscape(trackingNumber), Answers: []int{http.StatusOK},
	}
	if _, err := c.outside.Ask(ctx, a, look, &r); err != nil {
		return "", err
	}
	switch r.State {
	case delivered, lost, voided:
		return r.State, nil
	case inTransit:
		return "", engine.NotYet(patience(a.Number))
	case labelCreated:
		collect := outside.Question{ // a conflict: it was voided meanwhile, as the next look tells
			Method: http.MethodPost, Path: "/v1/collections", Answers: []int{http.StatusNoContent, http.StatusConflict},
			Body: map[string]string{"tracking_number": trackingNumber},
		}
		if _, err := c.outside.Ask(ctx, a, collect, nil); err != nil {
			return "", err
		}
		return "", engine.NotYet(patience(a.Number))
	}
	return "", c.outside.Unclear("the parcel is in an unknown state")
}

// patience is the back-off after so many tries: a fifth of a second at first, growing to a minute, so that a change within
// seconds is seen at once, and a parcel that takes days is not polled all the time.
func patience(tries int) time.Duration {
	wait := 0.2 * math.Pow(1.05, max(0, float64(tries-20)))
	return time.Duration(min(wait, 60) * float64(time.Second))
}
