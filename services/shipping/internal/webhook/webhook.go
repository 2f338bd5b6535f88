// Package webhook takes the carriers' scans. What a scan means for a parcel is decided by the shipping service's machine.
package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"orderflow.example/services/shipping"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/webhook"
)

// Path is where carriers send their webhooks, on the customers' listener.
const Path = "/v1/webhooks/carriers"

// Parts are what the route needs.
type Parts = webhook.Parts[shipping.Scan]

// Register adds the route to the API.
func Register(api huma.API, p Parts) {
	p.Head = func(n shipping.Scan) webhook.Head {
		return webhook.Head{ID: n.ID, Kind: string(n.State), About: n.Order}
	}
	p.Texts = func(n shipping.Scan) map[string]string {
		return map[string]string{"order": n.Order, "tracking_number": n.TrackingNumber}
	}
	p.Unfit = []string{shipping.IgnoredUnknownType, shipping.IgnoredUnknownParcel}
	webhook.Register(api, huma.Operation{OperationID: "receive-carrier-webhook", Path: Path,
		Summary:     "Take a carrier's scan of a parcel",
		Description: ". Each id is taken once. A scan of an unknown parcel, or of an unknown type, is kept and changes nothing."}, p)
}

// scan is the body of a carrier's webhook. It may grow.
type scan struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	Data struct {
		Order          string    `json:"order"`
		TrackingNumber string    `json:"tracking_number"`
		At             time.Time `json:"at"`
	} `json:"data"`
}

// Scans reads the carriers' webhooks, which are signed with the secret.
type Scans struct{ Secret func() ([]byte, error) }

// Read checks a webhook and says what was scanned. The error is an httpserver.ErrSignature or a webhook.ErrUnavailable, or says
// what is wrong with the body.
func (w Scans) Read(_ context.Context, header http.Header, body []byte, now time.Time) (n shipping.Scan, err error) {
	secret, err := w.Secret()
	if err != nil {
		return n, fmt.Errorf("%w: %w", webhook.ErrUnavailable, err)
	}
	if err := httpserver.CheckSignature(secret, header.Get(httpserver.SignatureHeader), body, now); err != nil {
		return n, err
	}
	var said scan
	if json.Unmarshal(body, &said) != nil {
		return n, errors.New("want a JSON object with id, type and data, its time as in RFC 3339")
	}
	return shipping.Scan{ID: said.ID, State: shipping.ScanState(said.Type), Order: said.Data.Order,
		TrackingNumber: said.Data.TrackingNumber, At: said.Data.At}, nil
}
