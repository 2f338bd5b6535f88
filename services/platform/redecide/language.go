package redecide

import (
	"slices"

	"orderflow.example/schemas/registry"
	"orderflow.example/shared/saga"
)

// language is what the service's machines say, and what is known of what this build says no more.
type language struct {
	keepers  []*keeper
	kinds    map[string]saga.Kind
	speakers map[string]int
}

func languageOf(keepers []*keeper) *language {
	return &language{keepers: keepers, kinds: map[string]saga.Kind{}, speakers: map[string]int{}}
}

// kindOf finds an event type among those that the machines know, else among all there are: what this build says no more is
// folded all the same.
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

// name is that of the version that this build knows of an event.
func (l *language) name(recorded string) string {
	if kind := l.kindOf(recorded); kind != nil {
		return kind.Name()
	}
	return recorded
}

// speaker is the number of the machine that says the events of a type; nobody where this build says them no more.
func (l *language) speaker(name string) int {
	n, known := l.speakers[name]
	if !known {
		n = slices.IndexFunc(l.keepers, func(k *keeper) bool { return k.machine.Emits(name) })
		l.speakers[name] = n
	}
	return n
}

// reactor is the machine that most likely answered an event of this type, where the answer tells nothing, as this build says
// it no more: an event is heard under the key that it is about, so it is one that keeps states of such keys.
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

// led tells whether the machine said something because of the event.
func (l *language) led(c causes, k *keeper, e *said) bool {
	return c.had(k.number, e.ID) || c.had(nobody, e.ID) && l.reactor(e.Type) == k.number
}
