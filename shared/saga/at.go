package saga

import (
	"fmt"
	"time"
)

// Farthest bounds the time from an event to the deadline that it carries. The same day of the next year is allowed; a number of
// milliseconds taken for seconds is not.
const Farthest = 366 * 24 * time.Hour

// At declares a deadline at a time that the service's own event carries. decide is given that event again.
// A decide that finds nothing left to do returns no events.
//
// A time in the past is due at once: after a standstill or a redrive a deadline fires late rather than never. The zero time,
// which due returns for a text that is no time, or a time beyond Farthest is a mistake: the event is not emitted, and the input
// that led to it is parked.
//
// An event about another key sets the deadline of that key. So recurring work has keys of its own: at the end of a day its
// machine emits the event that is about the next day and carries its end.
func At[S, E any](since Type[E], due func(E) time.Time, decide func(S, E) []Event, emits ...Kind) Row {
	return Row{Form: Deadline, On: since, Emits: emits, at: func(data any) time.Time { return due(data.(E)) },
		decide: func(state, data any) []Event { return decide(state.(S), data.(E)) }}
}

// TellsWhen tells whether the deadline is due at a time that its event carries.
func (r *Row) TellsWhen() bool { return r.at != nil }

// FallsDue is when the deadline that runs from the event is due.
func (r *Row) FallsDue(since Event) (time.Time, error) {
	if r.at == nil {
		return since.Time.Add(r.After), nil
	}
	due := r.at(since.Data)
	if due.IsZero() {
		return due, fmt.Errorf("%s carries no time for its deadline", since.Type)
	}
	if away := due.Sub(since.Time); away > Farthest || away < -Farthest {
		return due, fmt.Errorf("%s carries %s for its deadline, which is more than a year away from when it is said, %s",
			since.Type, due.UTC().Format(time.RFC3339), since.Time.UTC().Format(time.RFC3339))
	}
	return due, nil
}
