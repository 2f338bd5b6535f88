// Package model declares the refund service's part in exploration, audit and demo.
package model

import (
	"fmt"

	goods "orderflow.example/schemas/inventory"
	payments "orderflow.example/schemas/payment"
	event "orderflow.example/schemas/refund"
	"orderflow.example/services/refund"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/audit"
	"orderflow.example/shared/saga/explore"
	"orderflow.example/shared/saga/explore/gateway"
	"orderflow.example/shared/saga/model"
)

// Service is the refund service's part in an order.
var Service = model.Service{
	Watched: watched,
	Machines: []explore.Machine{{Machine: refund.Choreography.Machine(), Before: before, Check: refundsWhatWasTaken,
		Known: []saga.Event{goods.Reserved.Of(goods.ReservedV1{})}}},
	Outside: []explore.Outside{gateway.Outside(giveBack, refund.GiveBack.Name())},
	Unexplored: map[string]string{
		event.Settled.Name(): "no operator settles in the scenes what is owed; the tests of refund try it",
		event.Granted.Name(): "no operator grants a refund in the scenes; the tests of refund try it, with all that money can do",
	},
	End:  end,
	Role: audit.Refunds,
	Money: []model.Money{{Event: event.Issued, Movement: "refunded", Of: func(payload any) (int64, string) {
		m := payload.(event.IssuedV1).Amount
		return m.Amount, m.Currency
	}}, {Event: event.Settled, Movement: "settled", Of: func(payload any) (int64, string) {
		m := payload.(event.SettledV1).Amount
		return m.Amount, m.Currency
	}}},
	Event: func(e saga.Event) audit.Fact {
		if _, asked := e.Data.(event.RequestedV1); asked {
			return audit.Asked{}
		}
		return nil
	},
	State: func(state any) []audit.Fact {
		r, is := state.(refund.Refund)
		if !is {
			return nil
		}
		return []audit.Fact{audit.Refund{Taken: r.Taken, Captured: r.Captured, Refunded: r.Refunded,
			Refused: r.Refused(), Owed: owed(r), Settled: r.Settled(), Granted: r.Granted(),
			Currency: r.Currency}}
	},
}

func owed(r refund.Refund) (sum int64) {
	for _, c := range r.Claims {
		if c.Status == refund.Owed {
			sum += c.Amount
		}
	}
	return sum
}

func before(state any) []explore.Before {
	r, b := state.(refund.Refund), model.Before{}
	all := []saga.Kind{event.Granted, event.Requested, event.Issued, event.Failed, event.Owed}
	b.Until(!r.Taken, payments.Captured, all...)
	if r.Taken && r.Refunded == r.Captured {
		next := []saga.Kind{payments.RefundReversed}
		if len(r.Captures) > 0 { // there may be more
			next = append(next, payments.Captured)
		}
		for _, s := range all {
			b = append(b, explore.Before{Says: s, Hears: next})
		}
	}
	return b
}

func refundsWhatWasTaken(_ any, step saga.Step) string {
	r := step.State.(refund.Refund)
	if r.Refunded+r.Pending > r.Captured {
		return fmt.Sprintf("%d is refunded or pending, and %d captured", r.Refunded+r.Pending, r.Captured)
	}
	for _, t := range r.Captures {
		given := int64(0)
		for _, c := range r.Claims {
			if c.ShipmentID == t.ShipmentID && (c.Status == refund.Pending || c.Status == refund.Issued) {
				given += c.Amount
			}
		}
		if given > t.Amount {
			return fmt.Sprintf("%d is refunded or pending of %s, and %d captured for it", given, t.ShipmentID, t.Amount)
		}
	}
	return ""
}

// giveBack lists the gateway's possible outcomes of a refund.
func giveBack(b gateway.Book, id string, asked any) []explore.Outcome {
	d := asked.(event.RequestedV1)
	refused := func(why string) explore.Outcome {
		after := b
		after.Refusals++
		return explore.Outcome{Does: "refuses to refund (" + why + ")", State: after,
			Answer: refund.RefundAnswer{RefundID: id, Refused: why}}
	}
	h := b.Of(d.Reference)
	if h == nil || h.Left() < d.Amount.Amount {
		return []explore.Outcome{refused("exceeds_captured")}
	}
	after := *h
	after.Refunded += d.Amount.Amount
	if after.Refund == "" {
		after.Refund, after.Given = id, d.Amount.Amount
	}
	outcomes := []explore.Outcome{{Does: "refunds", State: b.With(after), Answer: refund.RefundAnswer{RefundID: id}}}
	if b.Refusals < gateway.Refusals {
		outcomes = append(outcomes, refused("try_later"))
	}
	return outcomes
}

// end checks that refund's amounts are the gateway's, and that nothing is left to refund.
func end(v model.Ending) string {
	r, sum := v.State("refund").(refund.Refund), v.State(gateway.Name).(gateway.Book).Sum()
	charged := int64(0)
	for _, d := range r.Disputes {
		if d.State != refund.DisputeWon {
			charged += d.Amount
		}
	}
	if r.Captured != sum.Captured || r.Refunded != sum.Refunded || charged != sum.Charged || r.Pending != 0 {
		return fmt.Sprintf("refund has %d captured, %d refunded and %d charged back, the gateway %d, %d and %d",
			r.Captured, r.Refunded, charged, sum.Captured, sum.Refunded, sum.Charged)
	}
	return ""
}
