// Package model is the form in which a service says what those must know who look at the whole: which of its machines take
// part in an order, what it does not say yet, what must hold, who outside answers it, and what its events and rows mean for
// money and goods. Each service has a package model of its own; the platform's exploration and audit are the users. No
// running service decides anything by it.
package model

import (
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/audit"
	"orderflow.example/shared/saga/explore"
)

// Service is what one service says of itself. Every field may be left out.
type Service struct {
	Machines []explore.Machine // those that take part in an order, in order
	Left     []string          // the others, by name: they only watch, or are about other things than an order
	Outside  []explore.Outside // who answers what the machines ask; several services may name parts of the same one
	Variants []Variant

	// Harmless are rows without which an order still ends as it should, by form and event ("on payment.declined.v1"), and why
	// they are there. Every other row of Machines is missed by some check when it is taken out.
	Harmless map[string]string

	Start func(Scene) map[string]any  // the states of machines and the outside that are not blank where the scene begins
	Told  func(Scene) []explore.Told  // what people tell the service, or a machine that is left out says
	End   func(Ending) (wrong string) // what is wrong where nothing more can happen; "" if it is as it should be

	Money     []Money   // what its events move
	Watched   []Watched // what operators watch of its events
	Unalarmed string    // why none of Watched is worth an alert; empty where one is

	Role  audit.Role
	Event func(saga.Event) audit.Fact // what an own event counts for; nil: for nothing
	State func(any) []audit.Fact      // what a state of a machine, a row, or a state of the outside means
}

// Variant is a machine by other rules than the default, and the scenes to explore with it.
type Variant struct {
	Machine *saga.Machine // it takes the place of the one with its name
	Scenes  []Scene
}

// Ending is a whole state in which nothing more can happen.
type Ending struct {
	explore.View
	Order  audit.Order
	Parcel audit.Parcel
}

// Before is what a machine does not say yet, or any more, gathered fact by fact.
type Before []explore.Before

// Never says: where it holds, none of these is said any more.
func (b *Before) Never(holds bool, says ...saga.Kind) {
	if holds {
		for _, s := range says {
			*b = append(*b, explore.Before{Says: s})
		}
	}
}

// Until says: where it holds, this event is heard before any of those is said.
func (b *Before) Until(holds bool, hears saga.Kind, says ...saga.Kind) {
	if holds {
		for _, s := range says {
			*b = append(*b, explore.Before{Says: s, Hears: []saga.Kind{hears}})
		}
	}
}
