// Package saga is the vocabulary in which a service declares what it does: events, the rows of its choreography, and the
// two pure functions behind every row, decide and evolve.
//
//	decide: (state, event) → events   what follows from a consumed event
//	evolve: (state, own event) → state   the only way state changes
//
// A row is a reaction to an event or a command (On; OnEvent where its id and time matter), which may look up the latest events
// about other keys (OnKnown, OnLook; Known stores them); a call to an outside party (Call); a deadline (After, At); or a
// projection of events of other services (Show, and ShowAt into the states of several keys). Own events may be Numbered without
// gap or repeat.
//
// A machine hears the events that it consumes and says those that it emits: these are the names in the API.
//
// The package executes nothing and knows no transport, clock, store or business term. shared/engine runs declared choreographies,
// shared/sagatest runs them in memory, and the platform draws and checks them.
package saga
