package refund

import (
	"slices"

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
	byOperator     = "granted"
)

// mostTries is how often a refund is requested before the customer is owed the money.
const mostTries = 3

// moneyTaken notes the captured amount, and requests the refunds of claims noted before.
func moneyTaken(r Refund, e payment.CapturedV1) []saga.Event {
	if r.Taken {
		return nil
	}
	noted := event.Readied.Of(event.ReadiedV1{By: byCapture, Reference: e.Reference, Captured: &e.Amount, Lines: e.Lines})
	return append([]saga.Event{noted}, Evolve(r, noted).requests(Noted)...)
}

// requests asks the gateway for what is due of the claims in these states, each with a new id.
func (r Refund) requests(in ...Status) (events []saga.Event) {
	if r.IsDisputed() {
		return nil
	}
	for _, c := range r.Claims {
		if amount := r.due(c); slices.Contains(in, c.Status) && amount > 0 {
			asked := r.request(c, amount)
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
	if r.claim(c) >= 0 {
		return nil
	}
	if amount := r.due(c); amount > 0 && !r.IsDisputed() {
		return []saga.Event{r.request(c, amount)}
	}
	return []saga.Event{event.Readied.Of(event.ReadiedV1{By: c.Reason, ReturnID: c.ReturnID, Lines: c.Lines})}
}

// due is the amount of a claim, at most the amount left, in minor units. Only returned goods have a price of their own: a
// cancelled order and a lost parcel are refunded in full.
func (r Refund) due(c Claim) int64 {
	switch c.Reason {
	case byReturn:
		return min(r.worth(c), r.Left())
	case byOperator:
		return min(c.Amount, r.Left())
	}
	return r.Left()
}

// worth is the price of returned goods, in minor units, but for those that an operator refunded before.
func (r Refund) worth(c Claim) (sum int64) {
	for _, l := range c.Lines {
		quantity := l.Quantity
		if r.Sold != nil {
			quantity = min(quantity, max(0, pieces(r.Sold, l.SKU)-r.refunded(l.SKU, c)))
		}
		sum += quantity * l.UnitPrice
	}
	return sum
}

func (r Refund) request(c Claim, amount int64) saga.Event {
	return event.Requested.Of(event.RequestedV1{Reason: c.Reason, Reference: r.Reference, Amount: r.money(amount),
		ReturnID: c.ReturnID, GrantID: c.GrantID, Lines: c.Lines})
}

func giveBackAnswered(r Refund, a RefundAnswer) []saga.Event {
	i := r.asked(a.RefundID, Pending)
	if i < 0 {
		return nil
	}
	c := r.Claims[i]
	if a.Refused != "" {
		return r.failed(c, a.Refused)
	}
	return []saga.Event{r.issued(c)}
}

// refundReversed runs when a refund did not arrive. If the gateway says so before it answers the request, the refund was issued
// nevertheless: who books both must hear of both.
func refundReversed(r Refund, e payment.RefundReversedV1) []saga.Event {
	if i := r.asked(e.RefundID, Issued); i >= 0 {
		return r.failed(r.Claims[i], e.Reason)
	}
	if i := r.asked(e.RefundID, Pending); i >= 0 {
		return append([]saga.Event{r.issued(r.Claims[i])}, r.failed(r.Claims[i], e.Reason)...)
	}
	return nil
}

func (r Refund) issued(c Claim) saga.Event {
	return event.Issued.Of(event.IssuedV1{RefundID: c.RefundID, Reason: c.Reason, Amount: r.money(c.Amount),
		ReturnID: c.ReturnID, GrantID: c.GrantID, Lines: c.Lines, Instead: c.Instead, Arrears: c.Arrears})
}

func (r Refund) failed(c Claim, why string) []saga.Event {
	return []saga.Event{event.Failed.Of(event.FailedV1{RefundID: c.RefundID, Reason: why, Amount: r.money(c.Amount)})}
}

// giveUp ends the tries of a refund.
func giveUp(r Refund, e event.FailedV1) []saga.Event {
	if i := r.asked(e.RefundID, Failed); i < 0 || r.Claims[i].Tries < mostTries {
		return nil
	}
	return []saga.Event{event.Owed.Of(event.OwedV1{RefundID: e.RefundID, Reason: e.Reason, Amount: e.Amount})}
}

// tryAgain asks again for every refund that failed: an order has one such deadline, the latest, which covers all of them.
func tryAgain(r Refund, _ event.FailedV1) []saga.Event { return r.requests(Failed) }

func (r Refund) money(amount int64) schemas.Money {
	return schemas.Money{Amount: amount, Currency: r.Currency}
}
