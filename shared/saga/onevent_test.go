package saga_test

import (
	"testing"
	"time"

	"orderflow.example/shared/saga"
)

func TestADecisionMayUseTheIDAndTheTimeOfItsEventWhichAreTheSameHoweverOftenItIsConsumed(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
	m := machine(saga.OnEvent(heard, func(s state, e saga.Event, d note) []saga.Event {
		if e.ID != "cause" || !e.Time.Equal(at) || e.Type != heard.Name() || s.Key != "k" {
			t.Errorf("decides on %+v in %+v", e, s)
		}
		return []saga.Event{first.Of(d)}
	}, first))
	for range 2 {
		e := saga.Event{ID: "cause", Type: heard.Name(), Key: "k", Saga: "k", Time: at, Data: note{7}}
		step, err := m.Hear(m.Blank("k"), e, stamper())
		if err != nil || len(step.Emitted) != 1 || step.Emitted[0].Data != (note{7}) || step.Emitted[0].Cause != "cause" {
			t.Errorf("emitted %+v (%v)", step.Emitted, err)
		}
	}
}
