package api

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"orderflow.example/services/inventory"
	"orderflow.example/services/inventory/internal/store"
	"orderflow.example/shared/httpserver"
)

type movement struct {
	At        time.Time       `json:"at"`
	Warehouse string          `json:"warehouse"`
	Change    int64           `json:"change" doc:"Pieces; negative where they left"`
	What      inventory.Cause `json:"what" enum:"received,dispatched,returned,counted"`
	Order     string          `json:"order,omitempty"`
	Reference string          `json:"reference,omitempty" doc:"The receipt or the return"`
	Event     string          `json:"event" doc:"The id of the event that moved the goods"`
}

type movementPage struct {
	Items      []movement `json:"items" nullable:"false"`
	NextCursor string     `json:"next_cursor,omitempty"`
	AsOf       time.Time  `json:"as_of"`
}

func movements(c *gin.Context, r Reader, sku string) {
	q, before := httpserver.NewQuery(c, "of"), store.Moment{}
	limit := q.Limit(defaultLimit, maxLimit)
	q.Cursor(&before)
	if q.Refused() || levels(c, r, sku) == nil {
		return
	}
	p := movementPage{Items: []movement{}, AsOf: time.Now().UTC()}
	found, err := r.Movements(c.Request.Context(), sku, before, limit+1)
	if err != nil {
		httpserver.WriteUnavailable(c, err)
		return
	}
	if len(found) > limit {
		found = found[:limit]
		last := found[limit-1]
		p.NextCursor = httpserver.EncodeCursor(store.Moment{At: last.At, Event: last.Event, Line: last.Line})
	}
	for _, m := range found {
		p.Items = append(p.Items, movement{At: m.At, Warehouse: m.Warehouse, Change: m.Change, What: m.Cause, Order: m.Order,
			Reference: m.Reference, Event: m.Event})
	}
	c.JSON(http.StatusOK, p)
}

type reservation struct {
	Order     string    `json:"order"`
	State     string    `json:"state" enum:"reserved,waiting" doc:"waiting: for goods that are to come; nothing is set aside"`
	Warehouse string    `json:"warehouse,omitempty" doc:"Where the goods are that are set aside"`
	Quantity  int64     `json:"quantity"`
	Since     time.Time `json:"since"`
}

type reservationPage struct {
	Items      []reservation `json:"items" nullable:"false"`
	NextCursor string        `json:"next_cursor,omitempty"`
	AsOf       time.Time     `json:"as_of"`
}

// reservations lists the orders that hold goods of a SKU or wait for them, those of an order together on one page.
func reservations(c *gin.Context, r Reader, sku string) {
	q, after := httpserver.NewQuery(c, "of"), ""
	limit := q.Limit(defaultLimit, maxLimit)
	q.Cursor(&after)
	if q.Refused() || levels(c, r, sku) == nil {
		return
	}
	p := reservationPage{Items: []reservation{}, AsOf: time.Now().UTC()}
	found, err := r.Reservations(c.Request.Context(), sku, after, limit+1)
	if err != nil {
		httpserver.WriteUnavailable(c, err)
		return
	}
	if len(found) > limit {
		found = found[:limit]
		p.NextCursor = httpserver.EncodeCursor(found[limit-1].Order)
	}
	for _, h := range found {
		held, waited := h.Pieces(sku)
		for _, l := range held {
			p.Items = append(p.Items, reservation{h.Order, "reserved", l.Warehouse, l.Quantity, h.Reservation.Since})
		}
		if waited > 0 {
			p.Items = append(p.Items, reservation{h.Order, "waiting", "", waited, h.Reservation.WaitsSince()})
		}
	}
	c.JSON(http.StatusOK, p)
}
