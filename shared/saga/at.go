package saga

import (
	"fmt"
	"time"
)

// Farthest is how far from the event that carries it a deadline's time may be: the same day of the next year still is, a
// number of milliseconds taken for seconds is not.
const Farthest = 366 * 24 * time.Hour

// At declares a deadline at a time that the service's own event carries: then decide, which is given that event again.
// A decide that finds nothing left to do returns no events.
//
// A time that has passed is due at once: what is heard late, after a standstill or a redrive, leads on late rather than
// never. No time, which is what due returns of a text that is none, or one farther away than Farthest is a mistake: the
// event is not said, and what led to it is parked.
//
// An event about another key than the one at hand sets the deadline of that key. So work that recurs has keys of its own:
// when a day ends, its machine says the event that is about the next day and carries its end.
func At[S, E any](since Type[E], due func(E) time.Time, decide func(S, E) []Event, emits ...Kind) Row {
	return Row{Form: Deadline, On: since, Emits: emits, at: func(data any) time.Time { return due(data.(E)) },
		decide: func(state, data any) []Event { return decide(state.(S), data.(E)) }}
}

// TellsWhen says that the deadline falls due at a time that its event carries.
func (r *Row) TellsWhen() bool { return r.at != nil }

// FallsDue is when the deadline falls due that runs from the event.
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
