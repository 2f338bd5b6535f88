package explore

import (
	"fmt"
	"strings"
	"time"

	"orderflow.example/shared/saga"
)

// form is how an input reaches a part.
type form uint8

const (
	heard    form = iota // an event of others
	answered             // the outside's answer to an own event
	expired              // the deadline that runs from an own event
	asked                // a question, which the outside party is to answer
)

var forms = [...]string{"hears", "answered", "expires", "asked"}

// input is something that a part can consume: from one queue in order, or from the bag in any order.
type input struct {
	form   form
	event  int32  // the event heard, or the own event that asked or that the deadline runs from
	from   int    // the machine that asked
	answer any    // of answered
	words  string // the sender, or the act of the outside party
	past   pivots // heard: the pivots behind it when it was emitted
}

// event numbers an event, without the fields that differ between the ways to the same state.
func (s *system) event(e saga.Event) int32 {
	e.Cause, e.Via, e.Time, e.Saga = "", "", time.Time{}, s.model.Key
	return s.events.number(e.Type+" "+e.Key+" "+e.ID+" "+text(e.Data), func() saga.Event { return e })
}

func (s *system) input(in input) int32 {
	key := fmt.Sprint(in.form, in.event, in.from, in.past, " ", in.words, " ", text(in.answer))
	return s.inputs.number(key, func() input { return in })
}

// waiting describes the inputs that a part has not consumed yet.
func (s *system) waiting(c *config) (list []string) {
	for _, in := range c.inputs() {
		input := s.inputs.at[in]
		e := s.events.at[input.event]
		list = append(list, forms[input.form]+" "+e.Type+" "+e.Key+" "+e.ID+" "+text(e.Data)+" "+text(input.answer))
	}
	return list
}

// bare is an event's name without the first version; own leaves its service out as well.
func bare(event string) string { return strings.TrimSuffix(event, ".v1") }

func own(service, event string) string { return strings.TrimPrefix(bare(event), service+".") }

// duration formats a duration for people.
func duration(d time.Duration) string {
	for _, unit := range []struct {
		name string
		of   time.Duration
	}{{"days", 24 * time.Hour}, {"hours", time.Hour}, {"minutes", time.Minute}, {"seconds", time.Second}} {
		if n := d / unit.of; n > 1 && d%unit.of == 0 {
			return fmt.Sprintf("%d %s", n, unit.name)
		}
	}
	return d.String()
}
