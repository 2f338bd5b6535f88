package saga

import "time"

// Form tells the kinds of rows apart.
type Form int

const (
	Reaction   Form = iota // on an event, decide
	Calling                // on an own event, call an outside party, decide on its answer
	Deadline               // some time after an own event, or at a time it carries, decide, unless something happened first
	Projection             // on an event of another service, show it; decides nothing
	Lookup                 // store the latest event of another service for each key, for decisions about other keys
)

func (f Form) String() string { return [...]string{"on", "call", "after", "show", "known"}[f] }

// What Event.Via says.
const (
	ViaAnswer   = "answer"
	ViaDeadline = "deadline"
)

func (f Form) via() string {
	switch f {
	case Calling:
		return ViaAnswer
	case Deadline:
		return ViaDeadline
	}
	return ""
}

// Row is one line of a choreography. Make one with On, OnEvent, OnKnown, OnLook, Call, After, At, Show, ShowAt or Known.
type Row struct {
	Form        Form
	On          Kind          // the event consumed; for Calling and Deadline an own event
	Emits       []Kind        // everything its decide may return; anything else is refused
	Ask         string        // Calling: the name of the question
	After       time.Duration // Deadline: how long after On; of one that At declares On tells when, see FallsDue
	Unless      []Kind        // Deadline: own events that settle it first. Calling: own events by which it is dropped
	Undoes      []Kind        // the events this row compensates
	Pivots      []Kind        // of Emits: once one of them is emitted, only forward
	Due         time.Duration // Calling: when the answer is overdue; asked on until it comes. 0: a deadline ends the wait
	Behind      []Kind        // runs only after one of these
	Irrevocable bool          // its effect is seen by people or cannot be undone; with Behind empty: past any pivot
	Knows       []Kind        // Reaction: what is looked up
	at          func(data any) time.Time
	decide      func(state any, data any) []Event
	show        func(state any, data any, at time.Time) any
	decodeReply func([]byte) (any, error)

	decideEvent   func(state, data any, e Event) []Event   // of a row that OnEvent declares
	lookups       func(state, data any) []string           // the keys that may be looked up
	decideLooking func(state, data any, look Look) []Event // with lookups
	keysOf        func(data any) []string                  // of the states in which it is shown; nil: its own key
}

// On declares a reaction: on the event, decide, which may return the events named. The event may be another
// service's, a command, another machine's of the service (a loopback), or the machine's own; an own event is reacted to in
// the transaction that emitted it.
func On[S, E any](heard Type[E], decide func(S, E) []Event, emits ...Kind) Row {
	return Row{Form: Reaction, On: heard, Emits: emits,
		decide: func(state, data any) []Event { return decide(state.(S), data.(E)) }}
}

// OnEvent is On for a decide that also needs what the event was stamped with: its id, by which bookkeeping knows its source, and
// when it was decided, which tells its business day. Both are the same whenever the event is consumed, by whomever.
func OnEvent[S, E any](heard Type[E], decide func(S, Event, E) []Event, emits ...Kind) Row {
	return Row{Form: Reaction, On: heard, Emits: emits,
		decideEvent: func(state, data any, e Event) []Event { return decide(state.(S), e, data.(E)) }}
}

// Question names a call to an outside party: the request is an E, the answer an A. Its id is the id of the event that started it,
// the same on every retry.
type Question[E, A any] struct{ name string }

// Ask declares a question.
func Ask[E, A any](name string) Question[E, A] { return Question[E, A]{name} }

// Name is the question's name, "gateway.authorize".
func (q Question[E, A]) Name() string { return q.name }

// Call declares that the service's own event calls an outside party, and what is decided on the answer.
func Call[S, E, A any](asks Type[E], q Question[E, A], decide func(S, A) []Event, emits ...Kind) Row {
	return Row{Form: Calling, On: asks, Emits: emits, Ask: q.name,
		decide:      func(state, data any) []Event { return decide(state.(S), data.(A)) },
		decodeReply: Type[A]{name: q.name}.Decode}
}

// After declares a deadline at this time after the service's own event. decide is given that event again.
// A decide that finds nothing left to do returns no events.
func After[S, E any](d time.Duration, since Type[E], decide func(S, E) []Event, emits ...Kind) Row {
	return Row{Form: Deadline, On: since, Emits: emits, After: d,
		decide: func(state, data any) []Event { return decide(state.(S), data.(E)) }}
}

// Show declares a projection: the event of another service, or of another machine of this one, becomes visible in this
// machine's state. No decision uses a projection. Each of its fields comes from the events of one producer, so that the
// interleaving of topics does not matter. show is passed the time at which the event was decided.
func Show[S, E any](heard Type[E], show func(S, E, time.Time) S) Row {
	return Row{Form: Projection, On: heard,
		show: func(state, data any, at time.Time) any { return show(state.(S), data.(E), at) }}
}

// Settled names the own events that settle a deadline: it is cancelled when one of them is emitted.
func (r Row) Settled(by ...Kind) Row { r.Unless = by; return r }

// DroppedBy names the own events that give a call up: when one of them is emitted, all open calls of this row for the key are
// dropped, and a later answer is ignored. The outside party may have acted all the same, so that another row must undo that.
func (r Row) DroppedBy(events ...Kind) Row { r.Unless = events; return r }

// Compensates names the events whose effect this row undoes.
func (r Row) Compensates(events ...Kind) Row { r.Undoes = events; return r }

// Pivot names, of the events this row emits, the point of no return: steps before it can be compensated, steps after it only go
// forward.
func (r Row) Pivot(events ...Kind) Row { r.Pivots = events; return r }

// Irrevocably declares that the row's effect is seen by people or cannot be undone: a parcel on its way, a mail, an invoice. It
// must lie behind a pivot, or behind one of the events that Past names.
func (r Row) Irrevocably() Row { r.Irrevocable = true; return r }

// Past declares that the row runs only after one of the events.
//
// Of an irrevocable row it names the pivot of that one effect: a confirmation may be mailed though the order can still be
// cancelled. The declaration must prove it: every way to the row leads through one of the events.
//
// Of any other row it states that its decide ensures this, which no declaration shows. So if an event is the pivot of the saga,
// the row's call needs no compensation. The exploration checks that the row makes no call before.
func (r Row) Past(events ...Kind) Row { r.Behind = append([]Kind{}, events...); return r }

// UntilAnswered declares that a call is retried until it is answered, however long that takes, because no other decision is
// possible before. After due operators see it as overdue. A call without it needs a deadline.
func (r Row) UntilAnswered(due time.Duration) Row { r.Due = due; return r }
