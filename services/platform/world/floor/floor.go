// Package floor simulates the warehouse floor, where people pick and pack, and the supplier. The SKUs that are never
// found are listed in package world.
//
// It keeps no stock levels: those are inventory's. It has no background work: a pick's state follows from the time it
// began.
package floor

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"orderflow.example/services/platform/world/answer"
	"orderflow.example/services/platform/world/chance"
	"orderflow.example/services/platform/world/journal"
	"orderflow.example/shared/database"
)

// Floor simulates the floor and the supplier.
type Floor struct {
	luck    chance.Chance
	faults  bool
	now     func() time.Time
	jobs    jobs
	journal *journal.Journal
}

// Open takes over the floor of this database, with all picks and purchases. With faults, people miscount one pick in a
// hundred.
func Open(ctx context.Context, db *database.DB, luck chance.Chance, faults bool, now func() time.Time,
	log *slog.Logger) (*Floor, error) {
	f := &Floor{luck: luck, faults: faults, now: func() time.Time { return now().UTC().Truncate(time.Microsecond) }}
	var err error
	f.journal, err = journal.Open(ctx, db, "floor", &f.jobs, log)
	return f, err
}

// Close ends it; all its answers are durable.
func (f *Floor) Close() { f.journal.Close() }

// Routes adds the operations to mux.
func (f *Floor) Routes(mux *http.ServeMux) {
	mux.HandleFunc("PUT /v1/picks/{id}", answer.Handle(f.pick))
	mux.HandleFunc("GET /v1/picks/{id}", f.handle(f.picked))
	mux.HandleFunc("DELETE /v1/picks/{id}", f.handle(f.cancel))
	mux.HandleFunc("PUT /v1/purchases/{id}", answer.Handle(f.buy))
	mux.HandleFunc("GET /v1/purchases/{id}", f.handle(f.bought))
}

// Line is a quantity of one product in one warehouse.
type Line struct {
	SKU       string `json:"sku"`
	Quantity  int64  `json:"quantity"`
	Warehouse string `json:"warehouse"`
}

func (l Line) valid() bool { return l.SKU != "" && l.Warehouse != "" && l.Quantity > 0 }

// PickList is the request for a pick.
type PickList struct {
	Order   string `json:"order"`
	Lines   []Line `json:"lines"`
	Partial bool   `json:"partial,omitempty"` // what is there is packed without the rest
}

// Progress is the state of a pick or a purchase. A parcel may be packed without some goods, which are missing.
type Progress struct {
	State   string `json:"state"` // picking, packed, short, cancelled; ordered, delivered
	Missing []Line `json:"missing,omitempty"`
	Arrived int64  `json:"arrived,omitempty"` // pieces of a purchase that is ordered and came in part
}

// do runs a change and replies once it is durable.
func (f *Floor) do(change func() answer.Reply) (reply answer.Reply) {
	if f.journal.Do(func() { reply = change() }) != nil {
		return answer.Refuse(http.StatusServiceUnavailable, "try_again")
	}
	return reply
}

// handle adapts operations that take only the id.
func (f *Floor) handle(fn func(id string) answer.Reply) http.HandlerFunc {
	return answer.Handle(func(r *http.Request) answer.Reply {
		id := r.PathValue("id")
		return f.do(func() answer.Reply { return fn(id) })
	})
}

var (
	accepted = answer.Reply{Status: http.StatusAccepted}
	another  = answer.Refuse(http.StatusUnprocessableEntity, "id_reused")
	unknown  = answer.Refuse(http.StatusNotFound, "unknown_id")
)

func (f *Floor) pick(r *http.Request) answer.Reply {
	list, _, err := answer.Read[PickList](r)
	if err != nil {
		return answer.Invalid(err.Error())
	}
	if list.Order == "" || len(list.Lines) == 0 || slices.ContainsFunc(list.Lines, func(l Line) bool { return !l.valid() }) {
		return answer.Invalid("required: order and lines, each with sku, warehouse and a positive quantity")
	}
	id := r.PathValue("id")
	return f.do(func() answer.Reply {
		p := f.jobs.picks[id]
		switch {
		case p == nil:
			now := f.now()
			f.jobs.addPick(&Pick{ShipmentID: id, OrderID: list.Order, Lines: list.Lines, Partial: list.Partial,
				Missing: f.missing(id, list.Lines), BegunAt: now, ReadyAt: now.Add(f.luck.Between(time.Second, 3*time.Second, "pick", id))})
		case p.OrderID == "": // cancelled before it came
		case p.OrderID != list.Order || !slices.Equal(p.Lines, list.Lines) || p.Partial != list.Partial:
			return another
		}
		return accepted
	})
}

// missing returns the lines that will not be found.
func (f *Floor) missing(id string, lines []Line) []Line {
	missing := []Line{}
	for _, l := range lines {
		if l.SKU == "SHORT-1" {
			missing = append(missing, l)
		}
	}
	if len(missing) == 0 && f.faults && f.luck.Of("short", id) < 0.01 {
		l := lines[0]
		l.Quantity = 1
		missing = append(missing, l)
	}
	return missing
}

func (f *Floor) picked(id string) answer.Reply {
	p := f.jobs.picks[id]
	if p == nil {
		return unknown
	}
	progress := Progress{State: "packed"}
	switch {
	case p.CancelledAt != nil:
		progress.State = "cancelled"
	case f.now().Before(p.ReadyAt):
		progress.State = "picking"
	case len(p.Missing) > 0:
		if progress.Missing = p.Missing; !p.Partial || slices.Equal(p.Missing, p.Lines) {
			progress.State = "short"
		}
	}
	return answer.Reply{Status: http.StatusOK, Body: progress}
}

// cancel stops a pick, puts a packed one back on the shelf, and records one that has not been requested yet.
func (f *Floor) cancel(id string) answer.Reply {
	now := f.now()
	p := f.jobs.picks[id]
	if p == nil {
		p = &Pick{ShipmentID: id, Lines: []Line{}, Missing: []Line{}, BegunAt: now, ReadyAt: now}
	}
	if p.CancelledAt == nil {
		p.CancelledAt = &now
		f.jobs.addPick(p)
	}
	return answer.Reply{Status: http.StatusNoContent}
}

func (f *Floor) buy(r *http.Request) answer.Reply {
	l, _, err := answer.Read[Line](r)
	if err != nil {
		return answer.Invalid(err.Error())
	}
	if !l.valid() {
		return answer.Invalid("required: sku, warehouse and a positive quantity")
	}
	id := r.PathValue("id")
	return f.do(func() answer.Reply {
		if p := f.jobs.purchases[id]; p == nil {
			now := f.now()
			f.jobs.addPurchase(&Purchase{ID: id, SKU: l.SKU, Warehouse: l.Warehouse, Quantity: l.Quantity, OrderedAt: now,
				ArrivesAt: now.Add(f.luck.Between(5*time.Second, 10*time.Second, "purchase", id))})
		} else if (Line{p.SKU, p.Quantity, p.Warehouse}) != l {
			return another
		}
		return accepted
	})
}

func (f *Floor) bought(id string) answer.Reply {
	p := f.jobs.purchases[id]
	if p == nil {
		return unknown
	}
	now, said := f.now(), Progress{State: "delivered"}
	if now.Before(p.ArrivesAt) {
		said.State = "ordered"
		half := p.OrderedAt.Add(p.ArrivesAt.Sub(p.OrderedAt) / 2)
		if f.faults && f.luck.Of("in part", p.ID) < .3 && !now.Before(half) {
			said.Arrived = p.Quantity * 2 / 5
		}
	}
	return answer.Reply{Status: http.StatusOK, Body: said}
}
