package saga_test

import (
	"slices"
	"testing"

	"orderflow.example/shared/saga"
)

func TestAMachineTakesInWhatOthersOfItsServiceSayAndNotWhatItSaysItself(t *testing.T) {
	t.Parallel()
	m := machine(
		saga.On(heard, emit(), first),
		saga.On(first, emit(), second), // its own: in the same step
		saga.On(third, emit(), second), // another machine's
		saga.On(command, emit(), first),
	)
	if got := m.Hears(); !slices.Equal(got, []string{heard.Name(), third.Name()}) {
		t.Errorf("hears %v", got)
	}
	if got := m.Loopbacks(); !slices.Equal(got, []string{third.Name()}) {
		t.Errorf("loopbacks are %v", got)
	}
	for name, takes := range map[string]bool{heard.Name(): true, third.Name(): true, command.Name(): true, first.Name(): false,
		second.Name(): false} {
		if m.Takes(name) != takes {
			t.Errorf("takes %s: %v", name, m.Takes(name))
		}
	}
	if !m.Emits(first.Name()) || m.Emits(third.Name()) {
		t.Error("it is told wrongly what the machine says")
	}
}

func TestAMachineIsCalledByTheKeyItDeclares(t *testing.T) {
	t.Parallel()
	for key, want := range map[saga.Key]string{saga.Order: "here", "": "here", "customer": "here (customer)"} {
		m := saga.Choreography[state]{Service: "here", Key: key, Also: []saga.Key{"day"}}.Machine()
		if m.String() != want || !m.KeptUnder(key) || !m.KeptUnder("day") || m.KeptUnder("product") {
			t.Errorf("%q is called %s, kept by %v", key, m, m.Keys())
		}
	}
	if saga.Define[note]("here.day_closed.v1").Keyed("day").KeyedBy() != "day" || first.KeyedBy() != saga.Order {
		t.Error("events are keyed by something else than was declared")
	}
}
