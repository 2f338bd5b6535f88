package saga_test

import (
	"encoding/json"
	"testing"
	"time"

	"orderflow.example/shared/saga"
)

// byWish says first with what is known of the key that the state or the event gives.
func byWish(key string) saga.Row {
	return saga.OnKnown(heard, shown, func(s state, _ note) string { return key }, func(_ state, e note, wish *note) []saga.Event {
		if wish == nil {
			return []saga.Event{second.Of(e)}
		}
		wish.N++ // a copy
		return []saga.Event{first.Of(*wish)}
	}, first, second)
}

func TestADecisionIsGivenWhatIsKnownAndNothingIsACaseOfItsOwn(t *testing.T) {
	t.Parallel()
	wish := note{6}
	look := func(known saga.Kind, key string) any {
		if known.Name() == shown.Name() && key == "ann" {
			return wish
		}
		return nil
	}
	for _, test := range []struct {
		key  string
		look saga.Look
		want saga.Event
	}{
		{"ann", look, first.Of(note{7})}, {"bob", look, second.Of(note{1})},
		{"", look, second.Of(note{1})}, {"ann", nil, second.Of(note{1})},
	} {
		step, err := hear(t, machine(saga.Known(shown), byWish(test.key)).Knowing(test.look))
		if err != nil || len(step.Emitted) != 1 || step.Emitted[0].Type != test.want.Type || step.Emitted[0].Data != test.want.Data {
			t.Errorf("%q: got %+v, %v", test.key, step.Emitted, err)
		}
	}
	if wish.N != 6 {
		t.Error("a decision changed what is known")
	}
}

func TestOfWhatIsLookedUpTheLatestIsKeptForEachKeyAndType(t *testing.T) {
	t.Parallel()
	m := machine(saga.Known(shown), byWish("ann"))
	if m.Kind(shown.Name()) != nil || len(m.Hears()) != 2 {
		t.Errorf("takes %v itself, hears %v", m.Kind(shown.Name()), m.Hears())
	}
	l := saga.Lookups(m, machine(saga.Known(heard), saga.Known(shown)))
	s := l.Blank("ann")
	for n := range int64(3) {
		s = l.Show(s, saga.Event{Type: shown.Name(), Key: "ann", Data: note{n}})
	}
	before := s
	s = l.Show(s, saga.Event{Type: heard.Name(), Key: "ann", Data: note{9}})
	for k, want := range map[saga.Kind]any{shown: note{2}, heard: note{9}, first: nil} {
		if got, err := s.(saga.Said).Of(k); got != want || err != nil {
			t.Errorf("of %s %v is known (%v), want %v", k.Name(), got, err, want)
		}
	}
	if got, _ := before.(saga.Said).Of(heard); got != nil {
		t.Error("what points to the state before has changed")
	}
	broken := saga.Said{Key: "ann", Latest: map[string]json.RawMessage{shown.Name(): json.RawMessage(`{}`)}}
	if _, err := broken.Of(shown); err == nil {
		t.Error("what cannot be read is no error")
	}
	if saga.Lookups(machine(saga.On(heard, emit()))) != nil {
		t.Error("something is kept that nobody looks up")
	}
}

func TestALookupThatCannotBeFoundIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	refused(t, "a command", func() { machine(saga.Known(command)) })
	refused(t, "an own event", func() { machine(saga.Known(first), saga.On(heard, emit(), first)) })
	refused(t, "what is not kept", func() { machine(byWish("ann")) })
	refused(t, "what another event keeps", func() { machine(saga.Known(heard), byWish("ann")) })
}

// refused fails where a declaration is accepted.
func refused(t *testing.T, what string, declare func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Errorf("%s is accepted", what)
		}
	}()
	declare()
}

func TestAnEventIsShownInTheStateOfEachKeyThatItNamesOnce(t *testing.T) {
	t.Parallel()
	keys := []string{"b", "a", "b"}
	show := func(s state, e note, at time.Time) state { s.Shown += int(e.N); return s }
	m := machine(saga.ShowAt(shown, func(note) []string { return keys }, show), saga.Show(heard, show))
	about, err := m.About(saga.Event{Type: shown.Name(), Key: "order", Data: note{2}})
	if err != nil || len(about) != 2 || about[0].Key != "a" || about[1].Key != "b" || keys[0] != "b" {
		t.Fatalf("it is about %+v, %v (%v)", about, err, keys)
	}
	if s := m.Show(m.Blank("a"), about[0]).(state); s.Key != "a" || s.Shown != 2 {
		t.Errorf("shown as %+v", s)
	}
	if about, err := m.About(saga.Event{Type: heard.Name(), Key: "a"}); err != nil || len(about) != 1 || about[0].Key != "a" {
		t.Errorf("what is about one key is about %+v, %v", about, err)
	}
	keys = []string{"a", ""}
	if _, err := m.About(saga.Event{Type: shown.Name(), Data: note{2}}); err == nil {
		t.Error("the empty key has a state")
	}
	if _, err := m.About(saga.Event{Type: shown.Name(), Data: "no note"}); err == nil {
		t.Error("keys that cannot be told are no error")
	}
}

func TestWhatIsShownInSeveralStatesIsOnlyShown(t *testing.T) {
	t.Parallel()
	show := func(s state, _ note, _ time.Time) state { return s }
	spread := saga.ShowAt(shown, func(note) []string { return nil }, show)
	refused(t, "a decision beside it", func() { machine(spread, saga.On(heard, emit())) })
	refused(t, "a lookup beside it", func() { machine(spread, saga.Known(heard)) })
	refused(t, "a second row on the event", func() { machine(spread, saga.Show(shown, show)) })
}
