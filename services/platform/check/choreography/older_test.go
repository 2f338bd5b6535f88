package choreography_test

import (
	"strings"
	"testing"

	"orderflow.example/services/platform/check/choreography"
	"orderflow.example/shared/saga"
)

func TestTheRuleAboutEarlierVersionsFindsItsFaults(t *testing.T) {
	t.Parallel()
	type was struct{}
	type is struct{}
	up := func(was) is { return is{} }
	first, told := saga.Define[was]("shop.told.v1"), saga.Define[was]("shop.said.v1")
	second := saga.Upcast(first, saga.Define[is]("shop.told.v2"), up)
	hears := func(on ...saga.Row) []*saga.Machine {
		return []*saga.Machine{declared("desk", saga.Order, nil, on...).Machine()}
	}
	on := func(k saga.Type[is]) saga.Row { return saga.On(k, func(seen, is) []saga.Event { return nil }) }
	none := func(seen, was) []saga.Event { return nil }
	for name, c := range map[string]struct {
		events   []saga.Kind
		machines []*saga.Machine
		says     string // "" where nothing is wrong
	}{
		"one version after another": {[]saga.Kind{first, second}, hears(on(second)), ""},
		"kept for lookups": {[]saga.Kind{second}, hears(saga.Known(second), saga.OnKnown(told, second,
			func(seen, was) string { return "" }, func(seen, was, *is) []saga.Event { return nil })), ""},
		"nobody": {[]saga.Kind{second}, hears(saga.On(told, none)), "reads shop.told.v1 as shop.told.v2, which nobody says or hears"},
		"another event": {nil, hears(on(saga.Upcast(told, saga.Define[is]("shop.told.v2"), up))),
			"reads shop.said.v1 as shop.told.v2, which is another event"},
		"two ways": {[]saga.Kind{second}, hears(on(saga.Upcast(first, saga.Define[is]("shop.told.v2"), up))),
			"reads shop.told.v1 as shop.told.v2, and as shop.told.v2: declare one upcaster"},
		"a gap": {nil, hears(on(saga.Upcast(first, saga.Define[is]("shop.told.v3"), up))),
			"reads shop.told.v1 as shop.told.v3 and leaves a version out"},
		"in both versions": {[]saga.Kind{second}, append(hears(on(second)), declared("desk", "purse", nil, saga.On(first, none)).
			Machine()),
			"has a row on shop.told.v1, and desk of the same service knows it as shop.told.v2"},
	} {
		var found []string
		for _, r := range choreography.Check(language(c.events...), c.machines...) {
			for _, f := range r.Faults {
				if r.Name == "older is read" {
					found = append(found, f.Service+": "+f.Text)
				}
				if name == "one version after another" && f.Text == "no row emits shop.told: remove it from the language, or say it" {
					found = append(found, f.Text) // topics hold it
				}
			}
		}
		if all := strings.Join(found, "\n"); c.says == "" && all != "" || !strings.Contains(all, c.says) || len(found) > 1 {
			t.Errorf("%s: found %q, want %q", name, all, c.says)
		}
	}
}
