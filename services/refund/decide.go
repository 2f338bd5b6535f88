package refund

import (
	"orderflow.example/schemas"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	event "orderflow.example/schemas/refund"
	"orderflow.example/schemas/shipping"
	"orderflow.example/shared/saga"
)

// A refund waits for two steps: the capture, and a reason for the refund.
const (
	byCapture      = "captured"
	byCancellation = "cancelled"
	byLoss         = "lost"
	byReturn       = "returned"
)

// moneyTaken notes the captured amount, and requests the refunds of claims noted before.
func moneyTaken(r Refund, e payment.CapturedV1) []saga.Event {
	if r.Taken {
		return nil
	}
	events := []saga.Event{event.Readied.Of(event.ReadiedV1{By: byCapture, Reference: e.Reference, Captured: &e.Amount})}
	r = Evolve(r, events[0])
	for _, c := range r.Claims {
		if amount := r.due(c); amount > 0 {
			asked := request(r, c, amount)
			r = Evolve(r, asked)
			events = append(events, asked)
		}
	}
	return events
}

// orderCancelled runs for every cancelled order; most had nothing captured, and nothing follows. If a capture under way
// succeeds all the same, it is refunded then.
func orderCancelled(r Refund, _ order.CancelledV1) []saga.Event {
	return owe(r, Claim{Reason: byCancellation})
}

func parcelLost(r Refund, e shipping.LostV1) []saga.Event {
	return owe(r, Claim{Reason: byLoss, Lines: e.Lines})
}

func goodsBack(r Refund, e shipping.ReturnReceivedV1) []saga.Event {
	return owe(r, Claim{Reason: byReturn, ReturnID: e.ReturnID, Lines: e.Lines})
}

// owe asks the gateway for the amount due to a new claim, or only notes the claim if nothing is due, or not yet.
func owe(r Refund, c Claim) []saga.Event {
	if r.claim(c.Reason, c.ReturnID) >= 0 {
		return nil
	}
	if amount := r.due(c); amount > 0 {
		return []saga.Event{request(r, c, amount)}
	}
	return []saga.Event{event.Readied.Of(event.ReadiedV1{By: c.Reason, ReturnID: c.ReturnID, Lines: c.Lines})}
}

// due is the amount of a claim, at most the amount left, in minor units. Only returned goods have a price of their own: a
// cancelled order and a lost parcel are refunded in full.
func (r Refund) due(c Claim) int64 {
	if c.Reason != byReturn {
		return r.Left()
	}
	var sum int64
	for _, l := range c.Lines {
		sum += l.Quantity * l.UnitPrice
	}
	return min(sum, r.Left())
}

func request(r Refund, c Claim, amount int64) saga.Event {
	return event.Requested.Of(event.RequestedV1{
		Reason: c.Reason, Reference: r.Reference, Amount: r.money(amount), ReturnID: c.ReturnID, Lines: c.Lines,
	})
}

func giveBackAnswered(r Refund, a RefundAnswer) []saga.Event {
	i := r.asked(a.RefundID)
	if i < 0 {
		return nil
	}
	c := r.Claims[i]
	if a.Refused != "" {
		return []saga.Event{event.Failed.Of(event.FailedV1{RefundID: c.RefundID, Reason: a.Refused, Amount: r.money(c.Amount)})}
	}
	return []saga.Event{event.Issued.Of(event.IssuedV1{
		RefundID: c.RefundID, Reason: c.Reason, Amount: r.money(c.Amount), ReturnID: c.ReturnID, Lines: c.Lines,
	})}
}

// tryAgain asks again for every refund the gateway refused, each with a new id: an order has one such deadline, the latest,
// which covers all of them.
func tryAgain(r Refund, _ event.FailedV1) (events []saga.Event) {
	for _, c := range r.Claims {
		if amount := r.due(c); c.Status == Failed && amount > 0 {
			asked := request(r, c, amount)
			r = Evolve(r, asked)
			events = append(events, asked)
		}
	}
	return events
}

func (r Refund) money(amount int64) schemas.Money {
	return schemas.Money{Amount: amount, Currency: r.Currency}
}
