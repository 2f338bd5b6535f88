package saga

import (
	"fmt"
	"slices"
	"strings"
)

// Older is an earlier version of an event type, and how it reads as a newer one.
type Older struct {
	Kind // the earlier version
	up   func(data any) any
}

// Upcast declares how an event of the version before reads as one of the next, beside the types: it is the next, and reads
// all earlier ones as well. Whoever hears, shows or folds the next takes earlier records in as if they had been said so. What
// the next tells and the earlier does not must be made up by up, the same every time.
func Upcast[A, B any](before Type[A], next Type[B], up func(A) B) Type[B] {
	older := Older{Kind: before, up: func(data any) any { return up(data.(A)) }}
	all := []Older{older}
	for _, o := range before.Older() {
		all = append(all, Older{Kind: o.Kind, up: func(data any) any { return older.up(o.up(data)) }})
	}
	next.older = &all
	return next
}

// Older are the earlier versions that read as this one, the one before first.
func (t Type[E]) Older() []Older {
	if t.older == nil {
		return nil
	}
	return *t.older
}

// upcast reads an earlier version as the kind it goes by.
type upcast struct {
	Kind
	from Older
}

func (u *upcast) Decode(data []byte) (any, error) {
	old, err := u.from.Decode(data)
	if err != nil {
		return nil, err
	}
	return u.raise(old)
}

// raise turns the earlier payload into the newer. An error means that it cannot be read, now or later.
func (u *upcast) raise(old any) (data any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s: read as %s: panic: %v", u.from.Name(), u.Name(), p)
		}
	}()
	return u.from.up(old), nil
}

// As is the kind by which a record of the type reads as k: k itself, or of an earlier version what raises it; nil for others.
// Its name is k's.
func As(k Kind, name string) Kind {
	if k.Name() == name {
		return k
	}
	for _, o := range k.Older() {
		if o.Name() == name {
			return &upcast{k, o}
		}
	}
	return nil
}

// indexOlder lets the machine read the earlier versions of what it knows, but for those that it has rows for.
func (m *Machine) indexOlder() {
	raised := map[string]Kind{}
	for _, k := range m.kinds {
		for _, o := range k.Older() {
			if m.kinds[o.Name()] == nil {
				raised[o.Name()] = &upcast{k, o}
			}
		}
	}
	for name, k := range raised {
		m.kinds[name] = k
	}
}

// newest is the name by which the machine goes on with records of this type.
func (m *Machine) newest(name string) string {
	if k := m.kinds[name]; k != nil {
		return k.Name()
	}
	return name
}

// Current is the event in the version that the machine knows. It is for those who read an event once for several machines; who
// reads by Machine.Kind has it so already, and gives the event the kind's name.
func (m *Machine) Current(e Event) (Event, error) {
	u, older := m.kinds[e.Type].(*upcast)
	if !older {
		return e, nil
	}
	data, err := u.raise(e.Data)
	if err == nil {
		e.Type, e.Data = u.Name(), data
	}
	return e, err
}

// older are the names of the earlier versions of an event.
func older(k Kind) (names []string) {
	for _, o := range k.Older() {
		names = append(names, o.Name())
	}
	return names
}

// What is the event without its version: "payment.authorized".
func What(eventType string) string { return eventType[:max(strings.LastIndexByte(eventType, '.'), 0)] }

// Readable tells whether a record of the type on a topic can be taken in by these machines, of one service: it is of a
// version that one of them reads, or no version of it concerns any. What the service said itself concerns it.
func Readable(machines []*Machine, eventType string) bool {
	all := slices.Clip(machines)
	if l := Lookups(machines...); l != nil {
		all = append(all, l)
	}
	concerns := false
	for _, m := range all {
		if m.Kind(eventType) != nil {
			return true
		}
		concerns = concerns || Producer(eventType) == m.Service
		for name := range m.kinds {
			concerns = concerns || What(name) == What(eventType)
		}
	}
	return !concerns
}
