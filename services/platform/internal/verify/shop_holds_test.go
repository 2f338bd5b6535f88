package verify

import (
	"testing"

	"orderflow.example/services/order"
)

func TestAWholeShopHoldsWhateverComesFirst(t *testing.T) {
	t.Parallel()
	ends := map[order.Status]int{}
	for seed := range uint64(60) {
		s := open(t, seed)
		p := s.picture(t)
		for name, c := range p.verdict(t) {
			if !c.Holds || c.Checked == 0 {
				t.Fatalf("seed %d: %s: %v", seed, name, c)
			}
		}
		for _, told := range p.facts.orders {
			ends[told.rows.order.status]++
		}
	}
	for _, status := range []order.Status{order.Completed, order.Cancelled, order.Rejected, order.Returned} {
		if ends[status] == 0 {
			t.Errorf("no order ended %s: %v", status, ends)
		}
	}
}
