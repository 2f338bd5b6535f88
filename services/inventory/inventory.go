// Package inventory decides which goods are promised to which order: it sets them aside when an order is valid, frees
// them when it is cancelled, and books them out when they leave and in when they come.
//
// An order's reservation and the levels of its SKUs are decided together, so State is both, for the one event at hand.
// Levels change only by adding and subtracting, so that folding the topic's partitions in any interleaving gives the
// same levels: what one order's events and another's do to a SKU commutes.
//
// It is pure: internal/store puts a State together from rows and takes it apart again.
package inventory

import (
	"slices"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/inventory"
	"orderflow.example/shared/saga"
)

// Status is where the reservation of one order stands.
type Status string

const (
	Unknown   Status = ""          // nothing was heard of the order
	Reserved  Status = "reserved"  // goods are set aside
	Rejected  Status = "rejected"  // the goods were not there
	Released  Status = "released"  // cancelled: nothing is set aside, nothing will be
	Committed Status = "committed" // the goods have left
)

// State is what one event is decided on: the reservation of its order and the levels of the SKUs concerned.
type State struct {
	Key         string // the order, or the SKU, that the event is about
	Reservation Reservation
	Levels      Levels
	Receipts    []string // of the SKU that the event is about: the ids of the last, the newest at the end
}

// Remembered is how many receipts of a SKU are known again. The warehouse, which counts each receipt once, remembers more.
const Remembered = 10

// Reservation is what this service knows of one order.
type Reservation struct {
	Status  Status
	Lines   []schemas.Allocation // what is set aside, or has left
	Returns []string             // ids of the returns that came back
}

// Blank is the state of a key nothing is known of.
func Blank(key string) State { return State{Key: key} }

// Evolve folds the service's own events.
func Evolve(s State, e saga.Event) State {
	switch d := e.Data.(type) {
	case event.ReservedV1:
		s.Reservation = Reservation{Status: Reserved, Lines: d.Lines}
		s.Levels = s.Levels.moved(d.Lines, func(l *Level, n int64) { l.Reserved += n })
	case event.RejectedV1:
		s.Reservation.Status = Rejected
	case event.ReleasedV1:
		s.Reservation = Reservation{Status: Released}
		s.Levels = s.Levels.moved(d.Lines, func(l *Level, n int64) { l.Reserved -= n })
	case event.CommittedV1:
		s.Reservation.Status = Committed
		s.Levels = s.Levels.moved(d.Lines, func(l *Level, n int64) { l.OnHand, l.Reserved = l.OnHand-n, l.Reserved-n })
	case event.RestockedV1:
		s.Reservation.Returns = append(slices.Clip(s.Reservation.Returns), d.ReturnID)
		s.Levels = s.Levels.moved(d.Lines, func(l *Level, n int64) { l.OnHand += n })
	case event.StockedV1:
		s.Receipts = append(slices.Clip(s.Receipts), d.ReceiptID)
		s.Receipts = s.Receipts[max(0, len(s.Receipts)-Remembered):]
		s.Levels = s.Levels.changed(e.Key, d.Warehouse, func(l *Level) {
			l.OnHand, l.ReorderPoint = l.OnHand+d.Quantity, d.ReorderPoint
			if d.Replenishes != "" && d.Replenishes == l.Replenishment {
				l.OnOrder, l.Replenishment = 0, ""
			}
		})
	case event.ReplenishmentRequestedV1:
		s.Levels = s.Levels.changed(e.Key, d.Warehouse, func(l *Level) { l.OnOrder, l.Replenishment = d.Quantity, e.ID })
	}
	return s
}
