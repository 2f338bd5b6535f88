// Package inventory decides which goods are reserved for which order: it reserves them when an order is valid, releases them
// when it is cancelled, and changes the stock when goods leave or come in. Orders that may wait for missing goods do, first come,
// first served.
//
// An order's reservation, the levels of its SKUs and those who wait for them are decided together, so State holds all, for the
// one event at hand.
// Levels change only by addition and subtraction, so that folding the topic's partitions in any interleaving gives the
// same levels: the changes of different orders to a SKU commute.
//
// It is pure: internal/store builds a State from rows and writes it back to them.
package inventory

import (
	"slices"
	"time"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/inventory"
	"orderflow.example/shared/saga"
)

// Status is the state of the reservation of one order.
type Status string

const (
	Unknown     Status = ""            // the order has no event here
	Reserved    Status = "reserved"    // goods are set aside
	Rejected    Status = "rejected"    // too few goods were available
	Backordered Status = "backordered" // nothing is set aside: it waits for goods
	Released    Status = "released"    // cancelled: nothing is set aside, and nothing will be
	Committed   Status = "committed"   // the goods have left
)

// State is the state for one event: the reservation of its order, the levels of the SKUs concerned, and those who wait for them.
type State struct {
	Key         string // the order, or the SKU, that the event is about
	Reservation Reservation
	Levels      Levels
	Waiting     Waiting
	Receipts    []string               // of the SKU that the event is about: ids of the last receipts and counts, in order
	Holding     map[string]Reservation // of a count: by order, those who hold goods of the SKU
	Moved       []Movement             // by the events folded since the state was read; the store keeps them
}

// Remembered is how many receipts and counts of a SKU are recognised as repeats. The warehouse, which has each receipt once,
// keeps more.
const Remembered = 10

// Reservation is this service's state of one order.
type Reservation struct {
	Status  Status
	Lines   []schemas.Allocation // the goods set aside, or, once none is, dispatched
	Sent    []schemas.Allocation // the goods of parcels that have left, while those of others are set aside
	Since   time.Time            // when they were set aside; zero where they never were. Whole microseconds, UTC
	Returns []string             // ids of the returns that came back

	LeftOut []schemas.Allocation // what parcels left without, and those that did not leave had: it is free again

	Lost  []schemas.Allocation // of Lines: what a stock-taking did not find, while they are set aside
	Count string               // the id of the stock-taking; empty without Lost

	Backorder *event.BackorderedV1 // what it waits for; nil unless it is backordered
}

// Blank is the state of a key without events.
func Blank(key string) State { return State{Key: key} }

// Evolve folds the service's own events.
func Evolve(s State, e saga.Event) State {
	switch d := e.Data.(type) {
	case event.ReservedV1:
		s.Reservation, s.Waiting = Reservation{Status: Reserved, Lines: d.Lines, Since: kept(e.Time)}, s.Waiting.without(e.Key)
		s.Levels = s.Levels.moved(d.Lines, func(l *Level, n int64) { l.Reserved += n })
	case event.RejectedV1:
		s.Reservation, s.Waiting = Reservation{Status: Rejected}, s.Waiting.without(e.Key)
	case event.BackorderedV1:
		s.Reservation, s.Waiting = Reservation{Status: Backordered, Backorder: &d}, s.Waiting.with(e.Key, d)
	case event.ReleasedV1:
		if d.ShipmentID != "" {
			s.Reservation = s.Reservation.parting(d.Lines, nil, schemas.Without(d.Lines, d.WrittenOff))
		} else {
			s.Reservation, s.Waiting = Reservation{Status: Released}, s.Waiting.without(e.Key)
		}
		s.Levels = s.Levels.moved(d.Lines, func(l *Level, n int64) { l.Reserved -= n })
		if len(d.WrittenOff) > 0 {
			s.Levels = s.Levels.moved(d.WrittenOff, func(l *Level, n int64) { l.OnHand -= n })
			s = s.moved(e, Counted, -1, d.CountID, d.WrittenOff)
		}
	case event.CommittedV1:
		if d.ShipmentID != "" {
			s.Reservation = s.Reservation.parting(slices.Concat(d.Lines, d.LeftOut, d.WrittenOff), d.Lines, d.LeftOut)
		} else {
			s.Reservation.Status, s.Reservation.Lost, s.Reservation.Count = Committed, nil, ""
			s.Reservation.Lines, s.Reservation.LeftOut = d.Lines, d.LeftOut
		}
		s = s.moved(e, Dispatched, -1, "", d.Lines).moved(e, Counted, -1, d.CountID, d.WrittenOff)
		s.Levels = s.Levels.moved(slices.Concat(d.Lines, d.WrittenOff), func(l *Level, n int64) {
			l.OnHand, l.Reserved = l.OnHand-n, l.Reserved-n
		})
		s.Levels = s.Levels.moved(d.LeftOut, func(l *Level, n int64) { l.Reserved -= n })
	case event.RestockedV1:
		s.Reservation.Returns = append(slices.Clip(s.Reservation.Returns), d.ReturnID)
		s = s.moved(e, Returned, 1, d.ReturnID, d.Lines)
		s.Levels = s.Levels.moved(d.Lines, func(l *Level, n int64) { l.OnHand += n })
	case event.CountedOutV1:
		s.Reservation.Lost, s.Reservation.Count = slices.Concat(s.Reservation.Lost, d.Missing), d.CountID
	case event.CountedV1:
		s = s.remembering(d.CountID)
		s.Levels = s.Levels.changed(e.Key, d.Warehouse, func(l *Level) { l.OnHand += d.Difference })
		s = s.onShelf(e, Counted, d.Warehouse, d.Difference, d.CountID)
	case event.WrittenOffV1:
		s.Levels = s.Levels.changed(e.Key, d.Warehouse, func(l *Level) { l.OnHand -= d.Quantity })
		s = s.onShelf(e, Counted, d.Warehouse, -d.Quantity, d.CountID)
	case event.StockedV1:
		s = s.remembering(d.ReceiptID).onShelf(e, Received, d.Warehouse, d.Quantity, d.ReceiptID)
		s.Levels = s.Levels.changed(e.Key, d.Warehouse, func(l *Level) {
			l.OnHand, l.ReorderPoint = l.OnHand+d.Quantity, d.ReorderPoint
			if d.Replenishes != "" && d.Replenishes == l.Replenishment {
				if l.OnOrder = d.Rest; d.Rest == 0 {
					l.Replenishment = ""
				}
			}
		})
	case event.ReplenishmentRequestedV1:
		s.Levels = s.Levels.changed(e.Key, d.Warehouse, func(l *Level) { l.OnOrder, l.Replenishment = d.Quantity, e.ID })
	}
	return s
}

// parting is the reservation without the goods of one parcel of several, of which these have left, and those are free again.
func (r Reservation) parting(parcel, sent, leftOut []schemas.Allocation) Reservation {
	r.Lost = schemas.Without(r.Lost, parcel)
	if len(r.Lost) == 0 {
		r.Count = ""
	}
	r.Lines, r.Sent = schemas.Without(r.Lines, parcel), slices.Concat(r.Sent, sent)
	r.LeftOut = slices.Concat(r.LeftOut, leftOut)
	if len(r.Lines) == 0 && len(r.Sent) > 0 {
		r.Status, r.Lines, r.Sent = Committed, r.Sent, nil
	}
	return r
}

// remembering is the state with one more receipt or count.
func (s State) remembering(id string) State {
	s.Receipts = append(slices.Clip(s.Receipts), id)
	s.Receipts = s.Receipts[max(0, len(s.Receipts)-Remembered):]
	return s
}
