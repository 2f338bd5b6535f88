package redecide

import (
	"slices"

	"orderflow.example/schemas/registry"
	"orderflow.example/shared/saga"
)

// language maps event types to the service's machines, also types that this build does not emit any more.
type language struct {
	keepers  []*keeper
	kinds    map[string]saga.Kind
	speakers map[string]int
}

func languageOf(keepers []*keeper) *language {
	return &language{keepers: keepers, kinds: map[string]saga.Kind{}, speakers: map[string]int{}}
}

// kindOf finds an event type among those that the machines know, else among all: types that this build does not emit any more
// are folded too.
func (l *language) kindOf(name string) saga.Kind {
	kind, known := l.kinds[name]
	if known {
		return kind
	}
	for _, k := range l.keepers {
		if kind = k.machine.Kind(name); kind != nil {
			break
		}
	}
	for _, other := range registry.Events() {
		if kind == nil && other.Name() == name {
			kind = other
		}
	}
	l.kinds[name] = kind
	return kind
}

// name returns an event's type in the version that this build knows.
func (l *language) name(recorded string) string {
	if kind := l.kindOf(recorded); kind != nil {
		return kind.Name()
	}
	return recorded
}

// speaker is the number of the machine that emits the events of a type; nobody if this build does not emit them any more.
func (l *language) speaker(name string) int {
	n, known := l.speakers[name]
	if !known {
		n = slices.IndexFunc(l.keepers, func(k *keeper) bool { return k.machine.Emits(name) })
		l.speakers[name] = n
	}
	return n
}

// reactor is the machine that most likely reacted to an event of this type, for reactions that this build does not emit any more:
// a machine whose states have the event's kind of key.
func (l *language) reactor(name string) int {
	n, kind := nobody, l.kindOf(name)
	for _, k := range l.keepers {
		if kind == nil || k.machine.KeptUnder(kind.KeyedBy()) {
			if k.hears(name) {
				return k.number
			}
			if n == nobody {
				n = k.number
			}
		}
	}
	return max(n, 0)
}

// led tells whether the machine emitted something because of the event.
func (l *language) led(c causes, k *keeper, e *said) bool {
	return c.had(k.number, e.ID) || c.had(nobody, e.ID) && l.reactor(e.Type) == k.number
}
