package model

import (
	event "orderflow.example/schemas/payment"
	"orderflow.example/services/payment"
	"orderflow.example/shared/saga/explore"
	"orderflow.example/shared/saga/explore/gateway"
)

// answer lists the gateway's possible outcomes of a question of payment.
func answer(b gateway.Book, id string, asked any) []explore.Outcome {
	switch d := asked.(type) {
	case event.AuthorizationRequestedV1:
		return authorize(b, id, d.Amount.Amount)
	case event.CaptureRequestedV1:
		return capture(b, d.Reference, d.Amount.Amount)
	case event.VoidRequestedV1:
		return void(b, d.Attempt)
	}
	return nil
}

// authorize refuses an attempt that was voided before it arrived.
func authorize(b gateway.Book, attempt string, amount int64) []explore.Outcome {
	refused := func(why string) explore.Outcome {
		return explore.Outcome{Does: "refuses to authorize (" + why + ")", State: b, Answer: payment.AuthorizeAnswer{Refused: why}}
	}
	if b.About(attempt) != nil {
		return []explore.Outcome{refused("voided")}
	}
	h := gateway.Hold{Attempt: attempt, Authorized: amount}
	return []explore.Outcome{
		{Does: "authorizes", State: b.With(h), Answer: payment.AuthorizeAnswer{Reference: h.Reference()}},
		refused("card_declined"),
	}
}

func capture(b gateway.Book, reference string, amount int64) []explore.Outcome {
	refused := func(why string) explore.Outcome {
		return explore.Outcome{Does: "refuses to capture (" + why + ")", State: b, Answer: payment.CaptureAnswer{Refused: why}}
	}
	h := b.Of(reference)
	switch {
	case h == nil:
		return []explore.Outcome{refused("unknown_reference")}
	case h.Captured > 0:
		return []explore.Outcome{refused("already_captured")}
	case h.Void:
		return []explore.Outcome{refused("voided")}
	}
	after := *h
	after.Captured, after.Released = amount, after.Authorized-amount
	return []explore.Outcome{{Does: "captures", State: b.With(after), Answer: payment.CaptureAnswer{}}, refused("capture_failed")}
}

// void also blocks an authorisation that has not arrived. It never voids a captured amount, however often it is asked.
func void(b gateway.Book, attempt string) []explore.Outcome {
	h := b.About(attempt)
	if h == nil {
		none := b.With(gateway.Hold{Attempt: attempt, Void: true})
		return []explore.Outcome{{Does: "finds nothing to void", State: none, Answer: payment.VoidAnswer{}}}
	}
	if h.Captured > 0 {
		return nil
	}
	after, amount := *h, h.Open()
	after.Released, after.Void = after.Released+amount, true
	return []explore.Outcome{{Does: "voids", State: b.With(after), Answer: payment.VoidAnswer{Amount: amount}}}
}
