package explore_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/explore"
)

// The bank, which the till alone asks, tells the till and the clerk as well of what it does: before its answer, or after.
func TestWhatAPartyTellsThatOneMachineAsksIsHeardBeforeItsAnswerAndAfter(t *testing.T) {
	t.Parallel()
	rings := saga.Command[nothing]("ring")
	m := shop(whole())
	m.Machines[1] = machine("till", whole()["opened"], whole()["bank"].UntilAnswered(time.Minute),
		saga.On(rings, unless(gaveUp, paid, refused, gaveUp), gaveUp))
	m.Machines[2] = machine("clerk", saga.On(rings, unless(filed, filed), filed))
	m.Outside[0].Tells = []saga.Kind{rings}
	m.Outside[0].Act = func(state any, _ string, _ saga.Event) []explore.Outcome {
		return []explore.Outcome{{Does: "pays and rings", State: book{state.(book).Paid + 1}, Answer: true,
			Tells: []saga.Event{rings.Of(nothing{})}}}
	}
	m.Roots[0].States = map[string]any{"the bank": book{}}
	less, all := ends(m, false), ends(m, true)
	if less.Violation != nil || !maps.Equal(less.ends, all.ends) {
		t.Fatalf("%d ends with the reduction, %d without\n%s", len(less.ends), len(all.ends), words(less.Violation))
	}
	answered, told := false, false
	for end := range less.ends {
		if !strings.Contains(end, filed.Name()) {
			t.Errorf("the clerk has not heard of it:\n%s", end)
		}
		answered, told = answered || strings.Contains(end, paid.Name()), told || strings.Contains(end, gaveUp.Name())
	}
	if !answered || !told {
		t.Errorf("the answer came first: %t; what was told: %t", answered, told)
	}
}
