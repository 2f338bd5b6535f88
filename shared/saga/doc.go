// Package saga is the vocabulary in which a service says what it does: events, the rows of its choreography, and the
// two pure functions behind every row, decide and evolve.
//
//	decide: (state, event) → events   what follows from what was heard
//	evolve: (state, own event) → state   the only way state changes
//
// A row is a reaction to an event or a command (On), perhaps with what others said of another key (OnKnown, for which Known
// keeps it); a question to the outside world (Call); a deadline (After); or a projection of what others say (Show, and
// ShowAt into the states of several keys). Own events may be Numbered without gap or repeat.
//
// It executes nothing and knows no transport, clock, store or business word. Services declare with it, shared/engine
// runs what they declared, shared/sagatest runs it in memory, and the platform draws and checks it.
package saga
