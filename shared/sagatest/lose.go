package sagatest

import (
	"slices"

	"orderflow.example/shared/saga"
)

// Lose drops a machine's states, as when its database is lost, and rebuilds them in k from its own events. The machine
// consumes from the beginning all events it has consumed; those that led to events of its service are only projected, as
// in the engine. Questions and deadlines stay: the engine restores them.
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
