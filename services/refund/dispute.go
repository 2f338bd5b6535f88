package refund

import (
	"orderflow.example/schemas"
	"orderflow.example/schemas/payment"
	event "orderflow.example/schemas/refund"
	"orderflow.example/shared/saga"
)

func chargedBack(r Refund, e payment.ChargedBackV1) []saga.Event {
	if r.dispute(e.DisputeID) >= 0 {
		return nil
	}
	return r.disputed(e.DisputeID, DisputeOpen, e.Amount)
}

func chargebackReversed(r Refund, e payment.ChargebackReversedV1) []saga.Event {
	return r.disputed(e.DisputeID, DisputeWon, e.Amount)
}

func disputeLost(r Refund, e payment.DisputeLostV1) []saga.Event {
	return r.disputed(e.DisputeID, DisputeLost, e.Amount)
}

// disputed notes the state of a dispute. When the last one ends, the refunds that waited for that are requested.
func (r Refund) disputed(id, state string, amount schemas.Money) []saga.Event {
	now := Dispute{ID: id, State: state, Amount: amount.Amount}
	if i := r.dispute(id); i >= 0 && r.Disputes[i] == now {
		return nil
	}
	noted := event.DisputeNoted.Of(event.DisputeNotedV1{DisputeID: id, State: state, Amount: amount})
	return append([]saga.Event{noted}, Evolve(r, noted).requests(Noted, Failed)...)
}
