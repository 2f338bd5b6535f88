package sagatest

import (
	"slices"

	"orderflow.example/shared/saga"
)

// Lose takes a machine's states away, as where its database is lost, and makes them anew in k from its own events. It hears
// from the beginning whatever it has heard; what led to events of its service is only shown, as the
// engine does it. Questions and deadlines stay: the engine restores them.
func (w *World) Lose(m *saga.Machine, k Keeper) {
	w.t.Helper()
	w.keepers[m], w.answered[m] = k, map[string]bool{}
	says := m.Says()
	for _, e := range w.Log {
		if slices.Contains(says, e.Type) {
			k.Put(e, m.Evolve(k.Get(e), e))
		}
		if saga.Producer(e.Type) == m.Service && e.Via == "" {
			w.answered[m][e.Cause] = true
		}
	}
	again := w.heard[m]
	delete(w.heard, m)
	waiting := w.queues
	w.queues = nil
	for _, e := range again {
		w.enqueue(m, saga.Producer(e.Type), e)
	}
	for _, q := range waiting {
		for _, e := range q.events {
			w.enqueue(q.to, q.producer, e)
		}
	}
}
