package order

import (
	"cmp"
	"maps"
	"slices"
)

// The statuses of an order that customers see.
const (
	StatusPlaced      = "placed"      // goods, trust and money are being looked for
	StatusInReview    = "in_review"   // a person decides whether it is trusted
	StatusBackordered = "backordered" // goods are waited for
	StatusConfirmed   = "confirmed"   // it will be carried out
	StatusPreparing   = "preparing"   // the parcel is being packed
	StatusCancelling  = "cancelling"  // what was done for it is being undone
	StatusShipped     = "shipped"     // the parcel is with the carrier
	StatusDelivered   = "delivered"   // the parcel is with the customer
	StatusCompleted   = "completed"   // nothing is left to do
	StatusRejected    = "rejected"    // nothing was begun
	StatusCancelled   = "cancelled"   // everything is undone, or paid back
	StatusReturned    = "returned"    // everything came back and is paid back
)

// rank orders the statuses. Two with the same rank do not follow each other, except those in which the order waits.
var rank = map[string]int{
	StatusPlaced: 1, StatusInReview: 2, StatusBackordered: 2, StatusConfirmed: 3, StatusPreparing: 4, StatusCancelling: 5,
	StatusShipped: 5, StatusDelivered: 6, StatusCompleted: 7, StatusRejected: 8, StatusCancelled: 8, StatusReturned: 8,
}

// Statuses lists all of them, those that come first first.
func Statuses() []string {
	return slices.SortedFunc(maps.Keys(rank), func(a, b string) int { return cmp.Or(rank[a]-rank[b], cmp.Compare(a, b)) })
}

// Reached tells whether an order with this status has come as far as that one. Nothing comes before placed; a word that
// is no status has come nowhere, and nothing has come as far.
func Reached(status, that string) bool { return rank[that] > 0 && rank[status] >= rank[that] }

// MayFollow tells whether next may be shown to a customer after last (empty for none): an order never goes back.
func MayFollow(last, next string) bool {
	switch waits := rank[StatusInReview]; {
	case rank[next] == 0:
		return false
	case next == last || rank[next] == waits && rank[last] == waits:
		return true
	}
	return rank[next] > rank[last]
}

// Last tells whether no other status may follow this one. Goods of a completed order may still be returned.
func Last(status string) bool { return Reached(status, StatusReturned) }

// Final tells whether an order with this status has ended.
func Final(status string) bool { return Reached(status, StatusCompleted) }
