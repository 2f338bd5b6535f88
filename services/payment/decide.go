package payment

import (
	"orderflow.example/schemas"
	"orderflow.example/schemas/fraud"
	"orderflow.example/schemas/inventory"
	"orderflow.example/schemas/order"
	event "orderflow.example/schemas/payment"
	"orderflow.example/shared/saga"
)

// The steps an authorisation waits for.
const (
	byOrder = "order"
	byGoods = "goods"
	byTrust = "trust"

	byParcel = "parcel" // what a capture of several parcels waits for
)

func orderKnown(p Payment, e order.ValidatedV1) []saga.Event {
	return readied(p, event.ReadiedV1{By: byOrder, PaymentToken: e.PaymentToken})
}

func goodsReserved(p Payment, e inventory.ReservedV1) []saga.Event {
	d := event.ReadiedV1{By: byGoods, Amount: &e.Total}
	if n := len(schemas.ByWarehouse(e.Lines)); n > 1 {
		d.Captures = int64(n)
	}
	return readied(p, d)
}

func trusted(p Payment, _ fraud.ClearedV1) []saga.Event {
	return readied(p, event.ReadiedV1{By: byTrust})
}

// readied notes one of the three steps, and asks the gateway on the last. If the cancellation came first, the payment is
// voided already and nothing is asked.
func readied(p Payment, r event.ReadiedV1) []saga.Event {
	if p.Status != Waiting {
		return nil
	}
	noted := event.Readied.Of(r)
	next := Evolve(p, noted)
	if next.Known == p.Known && next.Goods == p.Goods && next.Trust == p.Trust {
		return nil // noted before
	}
	if p = next; p.Known && p.Goods && p.Trust {
		return []saga.Event{event.AuthorizationRequested.Of(event.AuthorizationRequestedV1{
			Amount: p.Amount, PaymentToken: p.Token, Captures: p.Parcels})}
	}
	return []saga.Event{noted}
}

func authorizeAnswered(p Payment, a AuthorizeAnswer) []saga.Event {
	if p.Status != Authorizing {
		return nil // given up: an authorisation the gateway made is voided by the id of its attempt
	}
	if a.Refused != "" {
		events := []saga.Event{event.Declined.Of(event.DeclinedV1{Attempt: p.Attempt, Reason: a.Refused})}
		if p.Withdrawn {
			events = append(events, nothingHeld(p))
		}
		return events
	}
	events := []saga.Event{event.Authorized.Of(event.AuthorizedV1{Attempt: p.Attempt, Reference: a.Reference, Amount: p.Amount,
		Once: a.Once && p.Parcels > 0})}
	if p.Withdrawn {
		events = append(events, void(p))
	}
	return events
}

func giveUp(p Payment, _ event.AuthorizationRequestedV1) []saga.Event {
	if p.Status != Authorizing {
		return nil
	}
	events := []saga.Event{event.OutcomeUnknown.Of(event.OutcomeUnknownV1{Attempt: p.Attempt})}
	if p.Withdrawn {
		events = append(events, void(p))
	}
	return events
}

// expire ends the payment of an order for which nothing was requested in time.
func expire(p Payment, _ event.ReadiedV1) []saga.Event {
	if p.Status != Waiting {
		return nil
	}
	return []saga.Event{event.Expired.Of(event.ExpiredV1{})}
}

// letGo voids the payment of a cancelled order. While the gateway is being asked, its answer is awaited first: a step is
// compensated only once its outcome is known. A captured amount is refunded by the refund service.
func letGo(p Payment, _ order.CancelledV1) []saga.Event {
	switch p.Status {
	case Waiting, Declined, Expired:
		return []saga.Event{nothingHeld(p)}
	case Authorized, Unknown, CaptureFailed:
		if !p.Asks() {
			return []saga.Event{void(p)}
		}
		fallthrough
	case Authorizing, Capturing:
		if p.Withdrawn {
			return nil
		}
		return []saga.Event{event.Withdrawn.Of(event.WithdrawnV1{})}
	}
	return nil
}

func voidAnswered(p Payment, a VoidAnswer) []saga.Event {
	if p.Status != Voiding {
		return nil
	}
	return []saga.Event{event.Voided.Of(event.VoidedV1{Attempt: p.Attempt,
		Amount: &schemas.Money{Amount: a.Amount, Currency: p.Amount.Currency}, Captured: p.Captured})}
}

func void(p Payment) saga.Event {
	return event.VoidRequested.Of(event.VoidRequestedV1{Attempt: p.Attempt,
		Amount: schemas.Money{Amount: p.Open(), Currency: p.Amount.Currency}})
}

func nothingHeld(p Payment) saga.Event {
	return event.Voided.Of(event.VoidedV1{Attempt: p.Attempt})
}
