package inventory

import (
	"slices"
	"time"

	"orderflow.example/schemas"
	"orderflow.example/shared/saga"
)

// Cause tells why there is more or less on a shelf.
type Cause string

const (
	Received   Cause = "received"   // goods came in; the reference is the receipt
	Dispatched Cause = "dispatched" // a parcel was handed over
	Returned   Cause = "returned"   // goods came back; the reference is the return
	Counted    Cause = "counted"    // a stock-taking found more or fewer; the reference is the count
)

// Movement is a change of how much of a SKU is on hand in a warehouse, and its cause. A level is the sum of its movements: both
// follow from the same event.
type Movement struct {
	SKU       string
	Warehouse string
	At        time.Time // whole microseconds, UTC
	Event     string    // the id of the event that moved the goods
	Line      int       // of the event: it may name a SKU more than once
	Change    int64     // pieces, negative where they left
	Cause     Cause
	Order     string // of goods that left, came back, or were set aside and are missing
	Reference string
}

// Balance is the sum of a shelf's movements, and how many there are.
type Balance struct{ Sum, Movements int64 }

// Shelf is a level with the balance of its movements, which are too many to be looked at one by one all the time.
type Shelf struct {
	Level
	Balance
}

// moved notes that the lines of an event about an order moved, in this direction.
func (s State) moved(e saga.Event, cause Cause, direction int64, reference string, lines []schemas.Allocation) State {
	s.Moved = slices.Clip(s.Moved)
	before := 0
	for _, m := range s.Moved {
		if m.Event == e.ID {
			before++
		}
	}
	for i, l := range lines {
		s.Moved = append(s.Moved, Movement{SKU: l.SKU, Warehouse: l.Warehouse, At: kept(e.Time), Event: e.ID, Line: before + i,
			Change: direction * l.Quantity, Cause: cause, Order: e.Key, Reference: reference})
	}
	return s
}

// onShelf notes that the pieces of the SKU of an event are more or fewer, if they are.
func (s State) onShelf(e saga.Event, cause Cause, warehouse string, change int64, reference string) State {
	if change != 0 {
		s.Moved = append(slices.Clip(s.Moved), Movement{SKU: e.Key, Warehouse: warehouse, At: kept(e.Time), Event: e.ID,
			Change: change, Cause: cause, Reference: reference})
	}
	return s
}

// kept is a time as a row keeps it.
func kept(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
