package audit

import (
	"testing"
	"time"

	"orderflow.example/services/order"
	"orderflow.example/services/payment"
	"orderflow.example/shared/saga/audit"
)

func TestAnOpenSagaThatSomethingIsDueForIsNoOffence(t *testing.T) {
	t.Parallel()
	for name, due := range map[string]func(p *picture){
		"a call": func(p *picture) {
			p.services["shipping"].calls["completes"] = []owed{{"shipping.dispatched.v1", time.Now()}}
		},
		"a deadline": func(p *picture) {
			p.services["order"].deadlines["completes"] = []owed{{"order.confirmed.v1", time.Now()}}
		},
		"an event on its way": func(p *picture) { p.facts.await["completes"] = map[string]int{"payment": 1} },
		"something parked":    func(p *picture) { p.services["payment"].park(parked{key: "completes", form: "event", id: "x"}) },
	} {
		p := open(t, 2).picture(t)
		change(p, "order", "completes", func(s *order.Order) { s.Status = order.Shipped })
		p.tell()
		if c := checkEnds(p); c.Holds {
			t.Fatalf("%s: an order that stands still was not found", name)
		}
		due(p)
		if c := checkEnds(p); !c.Holds {
			t.Errorf("%s: %v", name, c)
		}
		if _, open := p.sagas(); open != 1 {
			t.Errorf("%s: %d sagas open", name, open)
		}
	}
}

func TestAnOrderThatSomethingIsOnItsWayForIsNotHeldToItsEnd(t *testing.T) {
	t.Parallel()
	for name, moving := range map[string]func(p *picture){
		"to a service": func(p *picture) { p.facts.await["wants-out"] = map[string]int{"payment": 1} },
		"from the gateway": func(p *picture) {
			p.services["payment"].calls["wants-out"] = []owed{{"payment.void_requested.v1", time.Now()}}
		},
	} {
		p := open(t, 0).picture(t)
		p.verdict(t)
		held := checkSettled(p).Checked
		moving(p)
		if now := checkSettled(p).Checked; now != held-1 {
			t.Errorf("%s: %d orders are held to their end, then %d", name, held, now)
		}
	}
}

func TestWhileTheGatewayAnswersItMayBeAheadOfPaymentButNotBehind(t *testing.T) {
	t.Parallel()
	for by, holds := range map[int64]bool{-1: true, +1: false} {
		p := open(t, 2).picture(t)
		p.verdict(t)
		p.services["payment"].calls["completes"] = []owed{{"payment.capture_requested.v1", time.Now()}}
		change(p, "payment", "completes", func(s *payment.Payment) { s.Captured += by })
		p.tell()
		if c := checkAgreement(p); c.Holds != holds {
			t.Errorf("payment has %+d: %v", by, c)
		}
	}
}

func TestWhatTheGatewayWasAskedAfterPaymentWasLookedAtDoesNotCountYet(t *testing.T) {
	t.Parallel()
	p := open(t, 2).picture(t)
	p.verdict(t)
	for id, a := range p.facts.asks {
		if a.order == "completes" {
			a.decided = false
			p.facts.asks[id] = a
		}
	}
	change(p, "payment", "completes", func(s *payment.Payment) { *s = payment.Blank("completes") })
	p.tell()
	if c := checkAgreement(p); !c.Holds {
		t.Error(c)
	}
	if c := checkMoney(p); !c.Holds {
		t.Error(c)
	}
}

func TestGoodsBookedTwiceAreNamed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		damage func(*told)
		check  func(*picture) Check
		says   string
	}{
		"a parcel handed over twice": {func(x *told) {
			for i := range x.dispatched {
				x.dispatched[i].times++
			}
		}, checkEnds, "was handed over 2 times"},
		"goods booked out twice":  {func(x *told) { x.commits++ }, checkParcels, "booked out 2 times"},
		"a parcel not booked out": {func(x *told) { x.committed = nil }, checkParcels, "3 pieces left, 0 are booked out"},
		"a return booked in twice": {func(x *told) {
			x.restocked["back-partly-back"] = append(x.restocked["back-partly-back"], x.came["back-partly-back"]...)
		}, checkParcels, "brought 1 pieces back, 2 are booked in"},
		"a return that did not come": {func(x *told) { x.restocked["ghost"] = []audit.Goods{{SKU: "tea", Quantity: 1}} },
			checkParcels, "return ghost is booked in and did not come"},
		"an order placed twice": {func(x *told) { x.placed++ }, checkSagas, "it was placed 2 times"},
		"a return refunded in part only": {func(x *told) { x.back += 50 }, checkSettled,
			"3.00 GBP are given back; what came back had cost, and operators granted, 3.50 GBP"},
	} {
		p := open(t, 3).picture(t)
		p.verdict(t)
		if got := c.check(p); !got.Holds {
			t.Fatalf("%s: %v", name, got)
		}
		c.damage(p.facts.orders["partly-back"])
		if got := c.check(p); got.Broken != 1 || !tells(map[string]Check{"": got}, "partly-back", c.says) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestWithoutAWitnessMoneyIsNotSaidToHold(t *testing.T) {
	t.Parallel()
	p := open(t, 1).picture(t)
	p.Book = nil
	all := p.verdict(t)
	for _, name := range []string{"money", "agreement", "settled"} {
		if c := all[name]; c.Holds || c.Skipped == "" {
			t.Error(c)
		}
	}
}
