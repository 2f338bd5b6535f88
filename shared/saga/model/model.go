// Package model is the model of a service for tools that look at all services: which of its machines take part in an
// order, which events it does not emit yet, its invariants, the outside parties that it calls, and what its events and
// rows mean for money and goods. Each service has a package model of its own; the platform's exploration and audit use
// it. Running services do not use it.
package model

import (
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/audit"
	"orderflow.example/shared/saga/explore"
)

// Service is the model of one service. Every field is optional.
type Service struct {
	Machines []explore.Machine // the machines that take part in an order, in sequence
	Left     []string          // the names of the others: projections, and machines that are not about an order
	// Listeners take part in an order too, but nobody hears them and they ask nobody: so each is explored beside Machines by
	// itself, in a few scenes, and does not multiply the states of the others.
	Listeners []explore.Machine
	Outside   []explore.Outside // the parties that answer the machines' calls; several services may share one
	Variants  []Variant

	// Harmless are rows without which an order still ends as it should, by form and event ("on payment.declined.v1"), each
	// with its reason. For any other row of Machines, some check fails when the row is missing.
	Harmless map[string]string

	// Unexplored are own events to which nothing in the scenes leads, by name, each with its reason.
	Unexplored map[string]string

	Start func(Scene) map[string]any  // the initial states of machines and outside parties that are not blank
	Told  func(Scene) []explore.Told  // commands of people, and events of machines that are not explored
	End   func(Ending) (wrong string) // what is wrong in a final state; "" if nothing

	Money     []Money   // the money that its events move
	Watched   []Watched // the questions that operators ask of its events
	Unalarmed string    // why none of Watched is worth an alert; empty where one is

	Role  audit.Role
	Event func(saga.Event) audit.Fact                  // the meaning of an own event; nil: nothing
	News  func(saga.Event) (message string, must bool) // what customers are sent of an event, of whichever service; "" for none
	State func(any) []audit.Fact                       // the meaning of a machine's state, a row, or an outside party's state
}

// Variant is a machine with other rules than the default, and the scenes to explore with it.
type Variant struct {
	Machine *saga.Machine // it takes the place of the one with its name
	Scenes  []Scene
}

// Ending is a whole state in which nothing more can happen.
type Ending struct {
	explore.View
	Order     audit.Order
	Shipments audit.Shipments
}

// Before lists the events that a machine does not emit yet, or any more.
type Before []explore.Before

// Never declares that, where it holds, none of these is emitted any more.
func (b *Before) Never(holds bool, says ...saga.Kind) {
	if holds {
		for _, s := range says {
			*b = append(*b, explore.Before{Says: s})
		}
	}
}

// Until declares that, where it holds, this event is consumed before any of those is emitted.
func (b *Before) Until(holds bool, hears saga.Kind, says ...saga.Kind) {
	if holds {
		for _, s := range says {
			*b = append(*b, explore.Before{Says: s, Hears: []saga.Kind{hears}})
		}
	}
}
