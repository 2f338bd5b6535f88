package order_test

import (
	"slices"
	"testing"

	"orderflow.example/schemas/order"
)

// follow lists the statuses that may follow each status, beside the same again.
var follow = map[string][]string{
	"": {"placed", "in_review", "backordered", "confirmed", "preparing", "cancelling", "shipped", "delivered",
		"completed", "rejected", "cancelled", "returned"},
	"placed": {"in_review", "backordered", "confirmed", "preparing", "cancelling", "shipped", "delivered", "completed",
		"rejected", "cancelled", "returned"},
	"in_review": {"backordered", "confirmed", "preparing", "cancelling", "shipped", "delivered", "completed", "rejected",
		"cancelled", "returned"},
	"backordered": {"in_review", "confirmed", "preparing", "cancelling", "shipped", "delivered", "completed", "rejected",
		"cancelled", "returned"},
	"confirmed": {"preparing", "cancelling", "shipped", "delivered", "completed", "rejected", "cancelled", "returned"},
	"preparing": {"cancelling", "shipped", "delivered", "completed", "rejected", "cancelled", "returned"},
	// never shipped: either it is stopped, or it has left
	"cancelling": {"delivered", "completed", "rejected", "cancelled", "returned"},
	"shipped":    {"delivered", "completed", "rejected", "cancelled", "returned"},
	"delivered":  {"completed", "rejected", "cancelled", "returned"},
	"completed":  {"rejected", "cancelled", "returned"},
	"rejected":   {},
	"cancelled":  {},
	"returned":   {},
	"unheard_of": {"placed", "in_review", "backordered", "confirmed", "preparing", "cancelling", "shipped", "delivered", "completed",
		"rejected", "cancelled", "returned"},
}

func TestWhatIsToldOfAnOrderNeverGoesBack(t *testing.T) {
	t.Parallel()
	for last, nexts := range follow {
		for next := range follow {
			want := slices.Contains(nexts, next) || next == last && next != "" && next != "unheard_of"
			if got := order.MayFollow(last, next); got != want {
				t.Errorf("%q after %q: %v, want %v", next, last, got, want)
			}
		}
		final := slices.Contains([]string{"completed", "rejected", "cancelled", "returned"}, last)
		if order.Final(last) != final {
			t.Errorf("%q is final: %v", last, !final)
		}
	}
	if order.Reached("shipped", "delivered") || !order.Reached("shipped", "shipped") || order.Reached("", "") ||
		order.Reached("", "placed") {
		t.Error("how far an order has come is wrong")
	}
}
