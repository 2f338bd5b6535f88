package audit

import (
	"slices"
	"testing"

	refundevent "orderflow.example/schemas/refund"
	storefrontevent "orderflow.example/schemas/storefront"
	"orderflow.example/services/invoice"
	"orderflow.example/services/order"
	"orderflow.example/services/payment"
	"orderflow.example/services/platform/world/gateway"
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

// reverse lets the gateway take back the order's last refund, which did not arrive, and notify of it.
func (s *shop) reverse(t *testing.T, order string) {
	t.Helper()
	for _, e := range slices.Backward(s.book) {
		if e.Order != order || e.Kind != gateway.Refunded {
			continue
		}
		s.enter(gateway.Entry{Order: order, Kind: gateway.RefundReversed, Amount: e.Amount, Currency: e.Currency,
			Reference: e.Reference, About: e.Key})
		s.world.Tell(order, payment.RecordNotification.Of(payment.Notification{Kind: payment.NoticeRefundReversed, Order: order,
			Reference: e.Reference, RefundID: e.Key, Amount: pounds(e.Amount), Reason: "card_closed"}))
		s.world.Settle()
		return
	}
	t.Fatalf("nothing is refunded of %s", order)
}

func TestInvoicesLessCreditNotesAreWhatIsKeptHoweverARefundComesBack(t *testing.T) {
	t.Parallel()
	s := empty(t, 2)
	s.place("partly-back")
	s.world.Settle()
	s.sendBack("partly-back", storefrontevent.ReturnLine{SKU: "tea", Quantity: 1})
	s.world.Settle()
	holds := func(what string, paid int64, notes int) {
		t.Helper()
		p := s.picture(t)
		for name, c := range p.verdict(t) {
			if !c.Holds {
				t.Errorf("%s: %s: %v", what, name, c)
			}
		}
		i := s.keepers["invoice"][0].Get(saga.Event{Key: "partly-back"}).(invoice.Invoice)
		if i.Paid() != paid || i.Credited() != 300 || len(i.CreditNotes) != notes {
			t.Errorf("%s: %d of %d credited are paid: %+v", what, i.Paid(), i.Credited(), i.CreditNotes)
		}
	}
	holds("refunded", 300, 1)
	for range 2 {
		s.reverse(t, "partly-back")
		holds("it did not arrive", 0, 1)
		s.world.ExpireAll()
		holds("refunded once more", 300, 1)
	}
	s.reverse(t, "partly-back")
	holds("owed", 0, 1)
	owed := sagatest.Said(s.world, refundevent.Owed)
	if len(owed) != 1 {
		t.Fatalf("%+v are owed", owed)
	}
	s.world.Tell("partly-back", refund.SettleRefund.Of(refund.Settlement{ID: "s1", RefundID: owed[0].RefundID,
		How: refund.ByTransfer, Reference: "FT-1", Operator: "op"}))
	s.world.Settle()
	holds("settled", 300, 1)
}

func TestAChargebackChangesNoInvoiceAndTheBooksHold(t *testing.T) {
	t.Parallel()
	s := empty(t, 3)
	s.place("completes")
	s.world.Settle()
	taken := s.book[slices.IndexFunc(s.book, func(e gateway.Entry) bool { return e.Kind == gateway.Captured })]
	notify := func(kind payment.Notice, entry gateway.Kind) {
		s.enter(gateway.Entry{Order: "completes", Kind: entry, Amount: taken.Amount, Currency: "GBP", Reference: taken.Reference,
			About: "dp"})
		s.world.Tell("completes", payment.RecordNotification.Of(payment.Notification{Kind: kind, Order: "completes",
			Reference: taken.Reference, DisputeID: "dp", Amount: pounds(taken.Amount), Reason: "fraudulent"}))
		s.world.Settle()
		p := s.picture(t)
		for name, c := range p.verdict(t) {
			if !c.Holds {
				t.Errorf("%s: %s: %v", kind, name, c)
			}
		}
		i := s.keepers["invoice"][0].Get(saga.Event{Key: "completes"}).(invoice.Invoice)
		if i.Issued == nil || i.Issued.Amount.Amount != taken.Amount || len(i.CreditNotes) > 0 {
			t.Errorf("%s: %+v", kind, i)
		}
	}
	notify(payment.NoticeDisputeOpened, gateway.ChargedBack)
	notify(payment.NoticeDisputeWon, gateway.ChargebackReversed)
}
