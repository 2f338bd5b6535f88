package refund

import (
	"cmp"
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

// moneyTaken notes a captured amount, and requests the refunds of claims noted before.
func moneyTaken(r Refund, e payment.CapturedV1) []saga.Event {
	if r.isTaken(e.ShipmentID) {
		return nil
	}
	noted := event.Readied.Of(event.ReadiedV1{By: byCapture, Reference: e.Reference, Captured: &e.Amount, Lines: e.Lines,
		ShipmentID: e.ShipmentID})
	return append([]saga.Event{noted}, Evolve(r, noted).requests(Noted)...)
}

// requests asks the gateway for what is due of the claims in these states, each with a new id.
func (r Refund) requests(in ...Status) []saga.Event {
	claims := append(slices.Clone(r.Claims), r.cancelled()...)
	return r.ask(slices.DeleteFunc(claims, func(c Claim) bool { return !slices.Contains(in, c.Status) }))
}

// cancelled are the claims of a cancelled order that leaves in several parcels: for each that was captured and was not cancelled
// before.
func (r Refund) cancelled() (claims []Claim) {
	if r.claim(Claim{Reason: byCancellation}) < 0 {
		return nil
	}
	for _, t := range r.Captures {
		c := Claim{Reason: byCancellation, Lines: t.Lines, ShipmentID: t.ShipmentID, Status: Noted}
		if r.claim(c) < 0 {
			claims = append(claims, c)
		}
	}
	return claims
}

func (r Refund) ask(claims []Claim) (events []saga.Event) {
	if r.IsDisputed() {
		return nil
	}
	for _, c := range claims {
		if amount := r.due(c); amount > 0 {
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
	noted := owe(r, Claim{Reason: byCancellation})
	if len(noted) == 0 || len(r.Captures) == 0 {
		return noted
	}
	r = Evolve(r, noted[0])
	return append(noted, r.ask(r.cancelled())...)
}

func parcelCancelled(r Refund, e order.ParcelCancelledV1) []saga.Event {
	return owe(r, Claim{Reason: byCancellation, Lines: e.Lines, ShipmentID: e.ShipmentID})
}

func parcelLost(r Refund, e shipping.LostV1) []saga.Event {
	return owe(r, Claim{Reason: byLoss, Lines: e.Lines})
}

// goodsBack makes a claim of a return, or one for each parcel that its goods came in.
func goodsBack(r Refund, e shipping.ReturnReceivedV1) (events []saga.Event) {
	parcels := schemas.ByWarehouse(e.Lines)
	if r.isTaken("") {
		parcels = [][]schemas.Allocation{e.Lines}
	}
	for _, lines := range parcels {
		for _, said := range owe(r, Claim{Reason: byReturn, ReturnID: e.ReturnID, Lines: lines}) {
			r, events = Evolve(r, said), append(events, said)
		}
	}
	return events
}

// owe asks the gateway for the amount due to a new claim, or only notes the claim if nothing is due, or not yet.
func owe(r Refund, c Claim) []saga.Event {
	if r.claim(c) >= 0 {
		return nil
	}
	if amount := r.due(c); amount > 0 && !r.IsDisputed() {
		return []saga.Event{r.request(c, amount)}
	}
	t, _ := r.about(c)
	return []saga.Event{event.Readied.Of(event.ReadiedV1{By: c.Reason, ReturnID: c.ReturnID, Lines: c.Lines,
		ShipmentID: cmp.Or(t.ShipmentID, c.ShipmentID)})}
}

// due is the amount of a claim, at most what is left of its capture, in minor units. Only returned goods have a price of their
// own: a cancelled order, or parcel, and a lost parcel are refunded in full.
func (r Refund) due(c Claim) int64 {
	t, known := r.about(c)
	if !known {
		return 0
	}
	left := r.LeftOf(t)
	switch c.Reason {
	case byReturn:
		return min(r.worth(c, t), left)
	case byOperator:
		return min(c.Amount, left)
	}
	if amount, isPart := t.of(c); isPart {
		return min(amount, left)
	}
	return left
}

// worth is the price of returned goods, in minor units, but for those that an operator refunded before.
func (r Refund) worth(c Claim, t Capture) (sum int64) {
	for _, l := range c.Lines {
		quantity := l.Quantity
		if t.Lines != nil {
			quantity = min(quantity, max(0, pieces(t.Lines, l.SKU)-r.refunded(l.SKU, t, c)))
		}
		sum += quantity * l.UnitPrice
	}
	return sum
}

func (r Refund) request(c Claim, amount int64) saga.Event {
	t, _ := r.about(c)
	return event.Requested.Of(event.RequestedV1{Reason: c.Reason, Reference: r.Reference, Amount: r.money(amount),
		ReturnID: c.ReturnID, GrantID: c.GrantID, Lines: c.Lines, ShipmentID: t.ShipmentID})
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
		ReturnID: c.ReturnID, GrantID: c.GrantID, Lines: c.Lines, Instead: c.Instead, Arrears: c.Arrears,
		ShipmentID: c.ShipmentID})
}

func (r Refund) failed(c Claim, why string) []saga.Event {
	return []saga.Event{event.Failed.Of(event.FailedV1{RefundID: c.RefundID, Reason: why, Amount: r.money(c.Amount),
		ShipmentID: c.ShipmentID})}
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
