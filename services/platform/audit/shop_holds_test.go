package audit

import (
	"slices"
	"testing"

	refundevent "orderflow.example/schemas/refund"
	storefrontevent "orderflow.example/schemas/storefront"
	"orderflow.example/services/order"
	"orderflow.example/services/refund"
	"orderflow.example/services/reporting"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
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

func TestARefundThatIsOwedAndThenSettledBreaksNothingAndAJournalWithoutItIsNoticed(t *testing.T) {
	t.Parallel()
	s := empty(t, 1)
	s.place("partly-back")
	s.world.Settle()
	s.refuses["partly-back"] = 3
	s.sendBack("partly-back", storefrontevent.ReturnLine{SKU: "tea", Quantity: 1})
	for range 3 {
		s.world.Settle()
		s.world.ExpireAll()
	}
	owed := sagatest.Said(s.world, refundevent.Owed)
	if len(owed) != 1 {
		t.Fatalf("%+v are owed", owed)
	}
	for settled := range 2 {
		p := s.picture(t)
		for name, c := range p.verdict(t) {
			if !c.Holds {
				t.Errorf("settled %d: %s: %v", settled, name, c)
			}
		}
		r := p.facts.orders["partly-back"].rows
		if r.refund.Owed != 300*int64(1-settled) || r.refund.Settled != 300*int64(settled) || r.journal.Settled != r.refund.Settled ||
			r.invoice.Credited != r.refund.Settled {
			t.Errorf("settled %d: refund %+v, journal %+v, invoice %+v", settled, r.refund, r.journal, r.invoice)
		}
		s.world.Tell("partly-back", refund.SettleRefund.Of(refund.Settlement{ID: "s1", RefundID: owed[0].RefundID,
			How: refund.ByCheque, Reference: "100042", Operator: "op"}))
		s.world.Settle()
	}
	journal, about := s.keepers["reporting"][0], saga.Event{Key: "partly-back"}
	books := journal.Get(about).(reporting.Account)
	books.Entries = slices.DeleteFunc(slices.Clone(books.Entries),
		func(e reporting.Entry) bool { return e.Movement == reporting.Settled })
	journal.Put(about, books)
	if c := s.picture(t).verdict(t)["journal"]; c.Holds {
		t.Errorf("without the entry: %v", c)
	}
}
