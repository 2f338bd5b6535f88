// Package gateway models the payment gateway for explorations: its book, which is the outside witness for money. It moves
// money as the simulated gateway does. The services that call it declare their calls and the answers.
package gateway

import (
	"fmt"
	"slices"

	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/explore"
)

// Name is the name of the outside party whose state is a Book.
const Name = "the gateway"

// Refusals is how many refunds of an order the gateway may refuse.
const Refusals = 2

// Outside returns the gateway as one service calls it.
func Outside(act func(b Book, id string, asked any) []explore.Outcome, questions ...string) explore.Outside {
	return explore.Outside{Name: Name, Asked: questions, Start: Book{},
		Check: func(state any) string { return state.(Book).wrong() },
		Act:   func(state any, _ string, e saga.Event) []explore.Outcome { return act(state.(Book), e.ID, e.Data) }}
}

// Book is the gateway's state.
type Book struct {
	Holds    []Hold
	Refusals int  // refunds refused
	Notifies bool // of what it is asked as well, perhaps before it answers
	Once     bool // an authorisation can be captured only once
}

// Hold is the money of one authorisation, in minor units.
type Hold struct {
	Attempt                                  string
	Authorized, Captured, Released, Refunded int64
	Void                                     bool // voided, perhaps before the authorisation arrived

	Charged  int64  // taken back by a dispute
	Dispute  string // open, won by the shop, or lost; "" before
	Refund   string // the first refund: the id of the event that asked
	Given    int64  // its amount
	Reversed bool   // it did not arrive
}

// Left is the amount that can still be refunded or disputed.
func (h Hold) Left() int64 { return h.Captured - h.Refunded - h.Charged }

// Open is the amount still authorised.
func (h Hold) Open() int64 { return h.Authorized - h.Captured - h.Released }

// Reference is the gateway's name for the hold.
func (h Hold) Reference() string { return "au " + h.Attempt }

// About finds the hold of an attempt.
func (b Book) About(attempt string) *Hold {
	for i := range b.Holds {
		if b.Holds[i].Attempt == attempt {
			return &b.Holds[i]
		}
	}
	return nil
}

// Of finds the hold of a reference. A hold that was voided before the authorisation arrived has none.
func (b Book) Of(reference string) *Hold {
	for i, h := range b.Holds {
		if h.Reference() == reference && h.Authorized > 0 {
			return &b.Holds[i]
		}
	}
	return nil
}

// With returns a copy in which one hold is new or changed.
func (b Book) With(h Hold) Book {
	b.Holds = slices.Clone(b.Holds)
	if old := b.About(h.Attempt); old != nil {
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
		sum.Charged += h.Charged
	}
	return sum
}

// wrong tells whether money is not conserved, and how.
func (b Book) wrong() string {
	held := 0
	for _, h := range b.Holds {
		switch {
		case h.Open() < 0 || h.Captured < 0 || h.Released < 0:
			return fmt.Sprintf("the gateway's book: authorized %d is not captured %d, voided %d and still open %d",
				h.Authorized, h.Captured, h.Released, h.Open())
		case h.Left() < 0:
			return fmt.Sprintf("the gateway's book: refunded %d and charged back %d of %d captured", h.Refunded, h.Charged, h.Captured)
		case h.Open() > 0 || h.Captured > 0:
			held++
		}
	}
	if held > 1 {
		return fmt.Sprintf("the gateway's book: money is held or taken by %d authorizations at once", held)
	}
	return ""
}
