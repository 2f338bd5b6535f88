package exploration

import (
	"fmt"
	"slices"

	events "orderflow.example/schemas/payment"
	refunds "orderflow.example/schemas/refund"
	"orderflow.example/services/payment"
	"orderflow.example/services/refund"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/explore"
)

// Refusals is how many refunds of an order the gateway may refuse.
const Refusals = 2

// Book is what the gateway knows: the outside's own witness for money. It does as the simulated gateway does.
type Book struct {
	Holds    []Hold
	Refusals int // refunds refused
}

// Hold is what became of one authorisation's money, in minor units.
type Hold struct {
	Attempt                                  string
	Authorized, Captured, Released, Refunded int64
	Void                                     bool // voided, perhaps before it came
}

// Open is what is still set aside.
func (h Hold) Open() int64 { return h.Authorized - h.Captured - h.Released }

const reference = "au " // before the attempt, a hold's reference

var gateway = explore.Outside{
	Name:  "the gateway",
	Asked: []string{payment.Authorize.Name(), payment.Capture.Name(), payment.Void.Name(), refund.GiveBack.Name()},
	Start: Book{},
	Act: func(state any, _ string, e saga.Event) []explore.Outcome {
		b := state.(Book)
		switch d := e.Data.(type) {
		case events.AuthorizationRequestedV1:
			return b.authorize(e.ID, d.Amount.Amount)
		case events.CaptureRequestedV1:
			return b.capture(d.Reference, d.Amount.Amount)
		case events.VoidRequestedV1:
			return b.void(d.Attempt)
		case refunds.RequestedV1:
			return b.giveBack(e.ID, d.Reference, d.Amount.Amount)
		}
		return nil
	},
	Check: func(state any) string { return state.(Book).wrong() },
}

// authorize refuses what was voided before it came.
func (b Book) authorize(attempt string, amount int64) []explore.Outcome {
	refused := func(why string) explore.Outcome {
		return explore.Outcome{Does: "refuses to authorize (" + why + ")", State: b, Answer: payment.AuthorizeAnswer{Refused: why}}
	}
	if b.about(attempt) != nil {
		return []explore.Outcome{refused("voided")}
	}
	return []explore.Outcome{
		{Does: "authorizes", State: b.with(Hold{Attempt: attempt, Authorized: amount}), Answer: payment.AuthorizeAnswer{Reference: reference + attempt}},
		refused("card_declined"),
	}
}

func (b Book) capture(ref string, amount int64) []explore.Outcome {
	refused := func(why string) explore.Outcome {
		return explore.Outcome{Does: "refuses to capture (" + why + ")", State: b, Answer: payment.CaptureAnswer{Refused: why}}
	}
	h := b.of(ref)
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
	return []explore.Outcome{{Does: "captures", State: b.with(after), Answer: payment.CaptureAnswer{}}, refused("capture_failed")}
}

// void leaves word for an authorisation that has not come. What is captured it does not let go of, however often it is
// asked.
func (b Book) void(attempt string) []explore.Outcome {
	h := b.about(attempt)
	if h == nil {
		return []explore.Outcome{{Does: "finds nothing to void", State: b.with(Hold{Attempt: attempt, Void: true}), Answer: payment.VoidAnswer{}}}
	}
	if h.Captured > 0 {
		return nil
	}
	after, amount := *h, h.Open()
	after.Released, after.Void = after.Released+amount, true
	return []explore.Outcome{{Does: "voids", State: b.with(after), Answer: payment.VoidAnswer{Amount: amount}}}
}

func (b Book) giveBack(id, ref string, amount int64) []explore.Outcome {
	refused := func(why string) explore.Outcome {
		after := b
		after.Refusals++
		return explore.Outcome{Does: "refuses to refund (" + why + ")", State: after, Answer: refund.RefundAnswer{RefundID: id, Refused: why}}
	}
	h := b.of(ref)
	if h == nil || h.Captured-h.Refunded < amount {
		return []explore.Outcome{refused("exceeds_captured")}
	}
	after := *h
	after.Refunded += amount
	outcomes := []explore.Outcome{{Does: "refunds", State: b.with(after), Answer: refund.RefundAnswer{RefundID: id}}}
	if b.Refusals < Refusals {
		outcomes = append(outcomes, refused("try_later"))
	}
	return outcomes
}

func (b Book) about(attempt string) *Hold {
	for i := range b.Holds {
		if b.Holds[i].Attempt == attempt {
			return &b.Holds[i]
		}
	}
	return nil
}

// of finds the hold of a reference. One that was voided before it came has none.
func (b Book) of(ref string) *Hold {
	for i, h := range b.Holds {
		if reference+h.Attempt == ref && h.Authorized > 0 {
			return &b.Holds[i]
		}
	}
	return nil
}

// with is a copy in which one hold is new, or changed.
func (b Book) with(h Hold) Book {
	b.Holds = slices.Clone(b.Holds)
	if old := b.about(h.Attempt); old != nil {
		*old = h
	} else {
		b.Holds = append(b.Holds, h)
	}
	return b
}

// Sum adds the holds up.
func (b Book) Sum() (sum Hold) {
	for _, h := range b.Holds {
		sum.Authorized += h.Authorized
		sum.Captured += h.Captured
		sum.Released += h.Released
		sum.Refunded += h.Refunded
	}
	return sum
}

// wrong tells where money is not conserved.
func (b Book) wrong() string {
	held := 0
	for _, h := range b.Holds {
		switch {
		case h.Open() < 0 || h.Captured < 0 || h.Released < 0:
			return fmt.Sprintf("the gateway's book: authorized %d is not captured %d, voided %d and still open %d", h.Authorized, h.Captured, h.Released, h.Open())
		case h.Refunded > h.Captured:
			return fmt.Sprintf("the gateway's book: refunded %d of %d captured", h.Refunded, h.Captured)
		case h.Open() > 0 || h.Captured > 0:
			held++
		}
	}
	if held > 1 {
		return fmt.Sprintf("the gateway's book: money is held or taken by %d authorizations at once", held)
	}
	return ""
}
