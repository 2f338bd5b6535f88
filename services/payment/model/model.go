// Package model declares the payment service's part in exploration, audit and demo.
package model

import (
	"fmt"
	"slices"

	"orderflow.example/schemas"
	frauds "orderflow.example/schemas/fraud"
	goods "orderflow.example/schemas/inventory"
	orders "orderflow.example/schemas/order"
	event "orderflow.example/schemas/payment"
	picks "orderflow.example/schemas/warehouse"
	"orderflow.example/services/payment"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/audit"
	"orderflow.example/shared/saga/explore"
	"orderflow.example/shared/saga/explore/gateway"
	"orderflow.example/shared/saga/model"
)

// Service is the payment service's part in an order.
var Service = model.Service{
	Watched:  watched,
	Machines: []explore.Machine{{Machine: payment.Choreography.Machine(), Before: before, Apart: parcel}},
	Outside:  []explore.Outside{outside()},
	Variants: []model.Variant{{Machine: payment.Choreography.Machine(), Scenes: scenes}},
	Start:    start,
	Told:     told,
	End:      end,
	Role:     audit.Charges,
	Money: []model.Money{
		moves(event.Captured, "captured", func(e event.CapturedV1) schemas.Money { return e.Amount }),
		moves(event.ChargedBack, "charged_back", func(e event.ChargedBackV1) schemas.Money { return e.Amount }),
		moves(event.ChargebackReversed, "chargeback_reversed", func(e event.ChargebackReversedV1) schemas.Money { return e.Amount }),
		moves(event.RefundReversed, "refund_reversed", func(e event.RefundReversedV1) schemas.Money { return e.Amount }),
	},
	Event: func(e saga.Event) audit.Fact {
		switch e.Data.(type) {
		case event.AuthorizationRequestedV1, event.CaptureRequestedV1, event.VoidRequestedV1:
			return audit.Asked{}
		}
		return nil
	},
	State: has,
}

func moves[E any](of saga.Type[E], movement string, amount func(E) schemas.Money) model.Money {
	return model.Money{Event: of, Movement: movement, Of: func(payload any) (int64, string) {
		m := amount(payload.(E))
		return m.Amount, m.Currency
	}}
}

// parcel is the one of several that is captured.
func parcel(own saga.Event) string {
	switch d := own.Data.(type) {
	case event.CaptureRequestedV1:
		return d.ShipmentID
	case event.CapturedV1:
		return d.ShipmentID
	}
	return ""
}

func has(state any) []audit.Fact {
	p, is := state.(payment.Payment)
	if !is {
		return nil
	}
	f := audit.Payment{Captured: p.Captured, Voided: p.Voided, ChargedBack: p.ChargedBack(), Currency: p.Amount.Currency}
	switch p.Status {
	case payment.Authorized, payment.CaptureFailed:
		f.Open, f.Settling = p.Open(), p.Asks()
	case payment.Waiting, payment.Declined, payment.Captured, payment.Voided, payment.Expired:
	default:
		f.Settling = true
	}
	return []audit.Fact{f}
}

func before(state any) []explore.Before {
	p, b := state.(payment.Payment), model.Before{}
	in := func(s ...payment.Status) bool { return slices.Contains(s, p.Status) }
	waiting := in(payment.Waiting)
	taken := p.Captured > 0 || in(payment.Waiting, payment.Authorizing, payment.Authorized, payment.Capturing, payment.Captured)
	early := in(payment.Waiting, payment.Authorizing, payment.Authorized)
	nothingAsked := early && !slices.ContainsFunc(p.Parts, func(c payment.Part) bool {
		return c.Status != payment.PartPacked && c.Status != payment.PartWithdrawn
	})
	b.Never(!taken, event.ChargedBack, event.ChargebackReversed, event.DisputeLost, event.RefundReversed)
	b.Never(!waiting, event.Expired)
	b.Never(!waiting, event.AuthorizationRequested)
	b.Never(!in(payment.Waiting, payment.Authorizing, payment.Authorized), event.CaptureRequested)
	b.Never(!in(payment.Waiting, payment.Authorizing), event.Authorized, event.Declined, event.OutcomeUnknown)
	b.Never(!in(payment.Waiting, payment.Authorizing, payment.Authorized, payment.Capturing), event.Captured, event.CaptureFailed)
	next := []saga.Kind{picks.Packed}
	if p.Once || in(payment.Waiting, payment.Authorizing) { // captured together: the last of the others may not leave
		next = append(next, orders.ParcelCancelled)
	}
	if early {
		b = append(b, explore.Before{Says: event.CaptureRequested, Hears: next})
	}
	if nothingAsked {
		for _, moved := range []saga.Kind{event.ChargedBack, event.ChargebackReversed, event.DisputeLost, event.RefundReversed} {
			b = append(b, explore.Before{Says: moved, Hears: next})
		}
	}
	b.Never(p.Withdrawn, event.CaptureRequested)
	b.Never(in(payment.Voided, payment.Voiding, payment.Captured), event.VoidRequested)
	b.Never(in(payment.Voided, payment.Captured), event.Voided)
	asks := []saga.Kind{event.AuthorizationRequested, event.CaptureRequested}
	b.Until(waiting && !p.Known, orders.Validated, asks...)
	b.Until(waiting && !p.Goods, goods.Reserved, asks...)
	b.Until(waiting && !p.Trust, frauds.Cleared, asks...)
	return b
}

// end checks that payment's amounts are the gateway's.
func end(v model.Ending) string {
	p, sum := v.State("payment").(payment.Payment), v.State(gateway.Name).(gateway.Book).Sum()
	if p.ChargedBack() != sum.Charged {
		return fmt.Sprintf("payment has %d charged back, the gateway %d", p.ChargedBack(), sum.Charged)
	}
	released := p.Voided
	if p.Status == payment.Captured { // the last capture lets go of what it does not take
		released += p.Amount.Amount - p.Captured
	}
	if p.Captured != sum.Captured || released != sum.Released {
		return fmt.Sprintf("payment has %d captured and %d let go of, the gateway %d and %d",
			p.Captured, released, sum.Captured, sum.Released)
	}
	return ""
}
