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
		return authorize(b, id, d)
	case event.CaptureRequestedV1:
		return capture(b, d)
	case event.VoidRequestedV1:
		return void(b, d.Attempt)
	}
	return nil
}

// authorize refuses an attempt that was voided before it arrived.
func authorize(b gateway.Book, attempt string, d event.AuthorizationRequestedV1) []explore.Outcome {
	refused := func(why string) explore.Outcome {
		return explore.Outcome{Does: "refuses to authorize (" + why + ")", State: b, Answer: payment.AuthorizeAnswer{Refused: why}}
	}
	if b.About(attempt) != nil {
		return []explore.Outcome{refused("voided")}
	}
	h := gateway.Hold{Attempt: attempt, Authorized: d.Amount.Amount}
	return []explore.Outcome{
		{Does: "authorizes", State: b.With(h),
			Answer: payment.AuthorizeAnswer{Reference: h.Reference(), Once: b.Once && d.Captures > 1}},
		refused("card_declined"),
	}
}

// capture lets go of the rest, unless that is for other parcels.
func capture(b gateway.Book, d event.CaptureRequestedV1) []explore.Outcome {
	refused := func(why string) explore.Outcome {
		return explore.Outcome{Does: "refuses to capture (" + why + ")", State: b,
			Answer: payment.CaptureAnswer{ShipmentID: d.ShipmentID, Refused: why}}
	}
	h := b.Of(d.Reference)
	switch {
	case h == nil:
		return []explore.Outcome{refused("unknown_reference")}
	case h.Void:
		return []explore.Outcome{refused("voided")}
	case h.Captured > 0 && h.Open() == 0:
		return []explore.Outcome{refused("already_captured")}
	case d.Amount.Amount > h.Open():
		return []explore.Outcome{refused("exceeds_authorized")}
	}
	after := *h
	after.Captured += d.Amount.Amount
	if d.ShipmentID == "" {
		after.Released += after.Open()
	}
	return []explore.Outcome{{Does: "captures", State: b.With(after), Answer: payment.CaptureAnswer{ShipmentID: d.ShipmentID}},
		refused("capture_failed")}
}

// void also blocks an authorisation that has not arrived. It never voids a captured amount, however often it is asked.
func void(b gateway.Book, attempt string) []explore.Outcome {
	h := b.About(attempt)
	if h == nil {
		none := b.With(gateway.Hold{Attempt: attempt, Void: true})
		return []explore.Outcome{{Does: "finds nothing to void", State: none, Answer: payment.VoidAnswer{}}}
	}
	if h.Captured > 0 && h.Open() == 0 {
		return nil
	}
	after, amount := *h, h.Open()
	after.Released, after.Void = after.Released+amount, true
	return []explore.Outcome{{Does: "voids", State: b.With(after), Answer: payment.VoidAnswer{Amount: amount}}}
}
