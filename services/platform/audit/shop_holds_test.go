package audit

import (
	"testing"

	storefrontevent "orderflow.example/schemas/storefront"
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
			ends[order.Status(told.rows.order.Status)]++
		}
	}
	for _, status := range []order.Status{order.Completed, order.Cancelled, order.Rejected, order.Returned} {
		if ends[status] == 0 {
			t.Errorf("no order ended %s: %v", status, ends)
		}
	}
}

func TestARefundThatTheGatewayRefusesAtFirstBreaksNothing(t *testing.T) {
	t.Parallel()
	s := empty(t, 1)
	s.place("partly-back")
	s.world.Settle()
	s.refuses["partly-back"] = 2
	s.sendBack("partly-back", storefrontevent.ReturnLine{SKU: "tea", Quantity: 1})
	s.world.Settle()
	for refused, want := range []int64{300, 0} {
		p := s.picture(t)
		for name, c := range p.verdict(t) {
			if !c.Holds {
				t.Errorf("after look %d: %s: %v", refused, name, c)
			}
		}
		if got := p.facts.orders["partly-back"].rows.refund.Refused; got != want {
			t.Errorf("look %d: %d are refused, want %d", refused, got, want)
		}
		s.world.ExpireAll()
	}
}
