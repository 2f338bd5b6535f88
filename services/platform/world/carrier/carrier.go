// Package carrier is the simulated parcel carriers behind one interface, as a shipping broker offers it: rates, labels,
// collection and tracking. The special postcodes and countries are listed in package world.
//
// A parcel's state follows from the time of its collection. Webhooks that are not sent when the process ends are lost. Of an
// address it keeps only the country.
package carrier

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"orderflow.example/schemas"
	"orderflow.example/services/platform/world/answer"
	"orderflow.example/services/platform/world/chance"
	"orderflow.example/services/platform/world/journal"
	"orderflow.example/shared/database"
)

// Carrier simulates all carriers.
type Carrier struct {
	luck    chance.Chance
	now     func() time.Time
	labels  labels
	journal *journal.Journal
	log     *slog.Logger
	sender  atomic.Pointer[sender] // of webhooks; nil sends none
	scanned []scan                 // by the change that runs
}

// Open takes over the carriers of this database, with all parcels.
func Open(ctx context.Context, db *database.DB, luck chance.Chance, now func() time.Time, log *slog.Logger) (*Carrier, error) {
	c := &Carrier{luck: luck, now: func() time.Time { return now().UTC().Truncate(time.Microsecond) },
		log: log}
	var err error
	c.journal, err = journal.Open(ctx, db, "carrier", &c.labels, log)
	return c, err
}

// Close ends it; all its answers are durable.
func (c *Carrier) Close() {
	if s := c.sender.Load(); s != nil {
		s.stop()
	}
	c.journal.Close()
}

// Routes adds the operations to mux.
func (c *Carrier) Routes(mux *http.ServeMux) {
	mux.HandleFunc("POST /v1/labels", answer.Handle(c.create))
	mux.HandleFunc("GET /v1/labels/{key}", c.handle(c.inquire))
	mux.HandleFunc("DELETE /v1/labels/{number}", c.handle(c.void))
	mux.HandleFunc("POST /v1/collections", answer.Handle(c.collect))
	mux.HandleFunc("GET /v1/tracking/{number}", c.handle(c.track))
	mux.HandleFunc("GET /v1/rates", answer.Handle(c.quote))
}

// Address is a parcel's destination. Other fields of the request are ignored.
type Address struct {
	Name     string `json:"name"`
	Line1    string `json:"line1"`
	Line2    string `json:"line2,omitempty"`
	City     string `json:"city"`
	Postcode string `json:"postcode"`
	Country  string `json:"country"`
}

// Order is the request for a label.
type Order struct {
	Order  string   `json:"order"`
	Kind   string   `json:"kind"` // outbound or return
	ShipTo *Address `json:"ship_to,omitempty"`
	Pieces int64    `json:"pieces"`

	Parcel *schemas.Parcel `json:"parcel,omitempty"` // which of several of the order
}

// Made is the body of the response to an Order.
type Made struct {
	Carrier        string `json:"carrier"`
	TrackingNumber string `json:"tracking_number"`
}

// Parcel is the body of a tracking response.
type Parcel struct {
	State string `json:"state"`
	Scans []Scan `json:"scans"`
}

const (
	outbound = "outbound"
	back     = "return"
)

// do runs a change and replies once it is durable.
func (c *Carrier) do(change func() answer.Reply) (reply answer.Reply) {
	var scanned []scan
	if c.journal.Do(func() { c.scanned = nil; reply = change(); scanned = c.scanned }) != nil {
		return answer.Refuse(http.StatusServiceUnavailable, "try_again")
	}
	if s := c.sender.Load(); s != nil {
		s.plan(scanned)
	}
	return reply
}

// handle adapts operations that take only the last segment of the path.
func (c *Carrier) handle(fn func(name string) answer.Reply) http.HandlerFunc {
	return answer.Handle(func(r *http.Request) answer.Reply {
		name := r.PathValue("number") + r.PathValue("key")
		return c.do(func() answer.Reply { return fn(name) })
	})
}

func (c *Carrier) create(r *http.Request) answer.Reply {
	key, err := answer.Key(r)
	if err != nil {
		return answer.Invalid(err.Error())
	}
	o, fingerprint, err := answer.Read[Order](r)
	switch {
	case err != nil:
		return answer.Invalid(err.Error())
	case o.Order == "" || o.Pieces < 1 || o.Kind != outbound && o.Kind != back:
		return answer.Invalid("required: order, kind outbound or return, at least one piece")
	case o.Kind == outbound && o.ShipTo == nil:
		return answer.Invalid("required: ship_to")
	case o.Parcel != nil && (o.Parcel.Number < 1 || o.Parcel.Number > o.Parcel.Of):
		return answer.Invalid("required: parcel with a number from 1 to of")
	}
	return c.do(func() answer.Reply {
		if l := c.labels.byKey[key]; l == nil {
			c.label(key, fingerprint, o)
		} else if l.Fingerprint != fingerprint {
			return answer.Refuse(http.StatusUnprocessableEntity, "idempotency_key_reused")
		}
		return c.inquire(key)
	})
}

// label makes the label with the cheapest carrier, or records that no carrier takes the parcel. A return without an
// address is domestic. Its customer posts it after one to two seconds.
func (c *Carrier) label(key, fingerprint string, o Order) {
	to := Address{Country: "GB"}
	if o.ShipTo != nil {
		to = *o.ShipTo
	}
	now := c.now()
	l := &Label{Key: key, Fingerprint: fingerprint, OrderID: o.Order, Kind: o.Kind, Pieces: o.Pieces, CreatedAt: now,
		Country: strings.ToUpper(strings.TrimSpace(to.Country)),
		Lost:    o.Kind == outbound && o.meets("LOST")}
	if offers := rates(l.Country, o.Pieces); len(offers) > 0 && !o.meets("NOWHERE") {
		l.Serial = c.labels.serial + 1
		l.Carrier, l.TrackingNumber = offers[0].Carrier, number(offers[0].prefix, l.Serial)
		if l.Kind == back {
			c.goes(l, now.Add(c.luck.Between(time.Second, 2*time.Second, "post", l.Key)))
		}
	}
	c.labels.add(l)
	c.labels.changed[l] = true
	for _, w := range l.Notices() {
		c.scanned = append(c.scanned, scan{l, w})
	}
}

// meets tells whether the postcode is a special one: of this fate for every parcel of the order, or for the one of this number.
func (o Order) meets(fate string) bool {
	if o.ShipTo == nil {
		return false
	}
	postcode := strings.ToUpper(strings.TrimSpace(o.ShipTo.Postcode))
	return postcode == fate+" 1" || o.Parcel != nil && postcode == fmt.Sprintf("%s PARCEL %d", fate, o.Parcel.Number)
}

// change changes a label, and notes which scans follow from that.
func (c *Carrier) change(l *Label, change func()) {
	before := l.Notices()
	change()
	c.labels.changed[l] = true
	for _, w := range l.Notices() {
		if !slices.Contains(before, w) {
			c.scanned = append(c.scanned, scan{l, w})
		}
	}
}

// goes sets the time of collection, and thereby the time of arrival.
func (c *Carrier) goes(l *Label, at time.Time) {
	arrives := at.Add(c.luck.Between(2*time.Second, 6*time.Second, "transit", l.Key))
	l.CollectedAt, l.ArrivesAt = &at, &arrives
}

func (c *Carrier) inquire(key string) answer.Reply {
	switch l := c.labels.byKey[key]; {
	case l == nil:
		return answer.Refuse(http.StatusNotFound, "unknown_key")
	case l.Carrier == "":
		return answer.Refuse(http.StatusUnprocessableEntity, "no_carrier")
	default:
		return answer.Reply{Status: http.StatusOK, Body: Made{l.Carrier, l.TrackingNumber}}
	}
}

func (c *Carrier) void(number string) answer.Reply {
	now := c.now()
	switch l := c.labels.byNumber[number]; {
	case l == nil:
		return answer.Refuse(http.StatusNotFound, "unknown_tracking_number")
	case l.VoidedAt != nil:
	case l.collected(now):
		return answer.Refuse(http.StatusConflict, "collected")
	default:
		c.change(l, func() { l.VoidedAt = &now })
	}
	return answer.Reply{Status: http.StatusNoContent}
}

func (c *Carrier) collect(r *http.Request) answer.Reply {
	asked, _, err := answer.Read[struct {
		TrackingNumber string `json:"tracking_number"`
	}](r)
	if err != nil {
		return answer.Invalid(err.Error())
	}
	return c.do(func() answer.Reply {
		switch l := c.labels.byNumber[asked.TrackingNumber]; {
		case l == nil:
			return answer.Refuse(http.StatusNotFound, "unknown_tracking_number")
		case l.VoidedAt != nil:
			return answer.Refuse(http.StatusConflict, "voided")
		case l.CollectedAt == nil:
			c.change(l, func() { c.goes(l, c.now()) })
		}
		return answer.Reply{Status: http.StatusNoContent}
	})
}

func (c *Carrier) track(number string) answer.Reply {
	l := c.labels.byNumber[number]
	if l == nil {
		return answer.Refuse(http.StatusNotFound, "unknown_tracking_number")
	}
	now := c.now()
	return answer.Reply{Status: http.StatusOK, Body: Parcel{l.state(now), l.scans(now)}}
}

func (c *Carrier) quote(r *http.Request) answer.Reply {
	query := r.URL.Query()
	pieces := int64(1)
	if s := query.Get("pieces"); s != "" {
		n, err := strconv.ParseInt(s, 10, 32)
		if err != nil || n < 1 {
			return answer.Invalid("pieces must be a positive number")
		}
		pieces = n
	}
	return answer.Reply{Status: http.StatusOK, Body: map[string]any{"items": rates(strings.ToUpper(query.Get("country")), pieces)}}
}
