package sagatest

import (
	"encoding/json"
	"fmt"
	"testing"

	"orderflow.example/shared/saga"
)

// kept watches a state while a step is taken from it. A step that changes what the state points to is a fault: stores write only
// what differs from the state before, and the exploration goes on from the same state in many ways.
func kept(t testing.TB, m *saga.Machine, before any) (check func()) {
	t.Helper()
	was := written(before)
	return func() {
		t.Helper()
		if is := written(before); is != was {
			t.Fatalf("%s changes its state in place, instead of a copy:\n%s\n%s", m, was, is)
		}
	}
}

func written(state any) string {
	text, err := json.Marshal(state)
	if err != nil { // a map whose keys are structs
		return fmt.Sprintf("%+v", state)
	}
	return string(text)
}
