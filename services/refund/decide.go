package refund

import (
	"orderflow.example/schemas"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	event "orderflow.example/schemas/refund"
	"orderflow.example/schemas/shipping"
	"orderflow.example/shared/saga"
)

// What a refund waits for: the money that was taken, and a reason to give it back.
const (
	byCapture      = "captured"
	byCancellation = "cancelled"
	byLoss         = "lost"
	byReturn       = "returned"
)

// moneyTaken notes what there is to give back, and gives back what was owed before this was known.
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

// orderCancelled is heard for every cancelled order; most had nothing taken, and nothing follows. Where the money is
// taken all the same, because the gateway was being asked, it goes back then.
func orderCancelled(r Refund, _ order.CancelledV1) []saga.Event {
	return owe(r, Claim{Reason: byCancellation})
}

func parcelLost(r Refund, e shipping.LostV1) []saga.Event {
	return owe(r, Claim{Reason: byLoss, Lines: e.Lines})
}

func goodsBack(r Refund, e shipping.ReturnReceivedV1) []saga.Event {
	return owe(r, Claim{Reason: byReturn, ReturnID: e.ReturnID, Lines: e.Lines})
}

// owe asks the gateway for what a new claim is due, or notes the claim where that is nothing, now or yet.
func owe(r Refund, c Claim) []saga.Event {
	if r.claim(c.Reason, c.ReturnID) >= 0 {
		return nil
	}
	if amount := r.due(c); amount > 0 {
		return []saga.Event{request(r, c, amount)}
	}
	return []saga.Event{event.Readied.Of(event.ReadiedV1{By: c.Reason, ReturnID: c.ReturnID, Lines: c.Lines})}
}

// due is what a claim is worth, at most what is left, in minor units. Only returned goods have a price of their own: a
// cancelled order and a lost parcel are owed in full.
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

// tryAgain asks for everything the gateway refused, each with an id of its own: an order has one such deadline, the
// latest, so that it falls due for all of them.
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
