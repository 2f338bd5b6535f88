package choreography_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"orderflow.example/services/platform/check/choreography"
	"orderflow.example/shared/saga"
)

// faultsOf returns the faults that one rule finds in the toys.
func faultsOf(rule string, till, van []saga.Row) (texts []string) {
	machines := []*saga.Machine{toy("shop", shopFinal, shopRows...), toy("till", tillFinal, till...), toy("van", vanFinal, van...)}
	for _, f := range choreography.Faults(choreography.Check(language(allEvents...), machines...)) {
		if f.Check == rule {
			texts = append(texts, f.Service+": "+f.Text)
		}
	}
	return texts
}

var (
	leaves = saga.Call(vanLoaded, roadDrive, once(vanLeft), vanLeft).UntilAnswered(time.Minute).Compensates(tillPaid).Irrevocably()
	loads  = saga.On(tillPaid, once(vanLoaded), vanLoaded)
	early  = saga.On(shopPlaced, once(vanLoaded), vanLoaded)

	haunted = saga.On(event("shop.haunted"), once(tillNoted), tillNoted) // on an event that is never emitted
)

func with(row saga.Row) []saga.Row { return append(slices.Clone(tillRows), row) }

func TestWhatComesAfterANamedPivotOnEveryWayIsAccepted(t *testing.T) {
	t.Parallel()
	for name, van := range map[string][]saga.Row{
		"one way":                                   {loads, leaves.Past(tillPaid)},
		"another way on which its decide waits":     {loads, early.Past(tillPaid), leaves.Past(tillPaid)},
		"its decide waits for what comes later yet": {loads, leaves.Past(tillAsked), early.Past(tillPaid)},
	} {
		if got := faultsOf("irrevocable", tillRows, van); got != nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestEachFaultOfANamedPivotIsFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		till, van []saga.Row
		says      string
	}{
		"it comes first": {slices.Concat(tillRows[:1], []saga.Row{tillRows[1].Irrevocably().Past(tillPaid)}, tillRows[2:]), vanRows,
			"till: does on till.asked what cannot be taken back, and till.asked may happen before till.paid"},
		"a way leads past it": {tillRows, []saga.Row{loads, early, leaves.Past(tillPaid)},
			"van: does on van.loaded what cannot be taken back, and van.loaded may happen before till.paid"},
		"a way leads past it where a decide waits for less": {tillRows, []saga.Row{
			loads, early.Past(tillAsked), saga.On(tillAsked, once(vanLoaded)), leaves.Past(tillPaid),
		},
			"van: does on van.loaded what cannot be taken back, and van.loaded may happen before till.paid"},
		"nobody says it": {tillRows, []saga.Row{loads, leaves.Past(tillNoted)},
			"van: waits on van.loaded for till.noted, which nobody says"},
		"no row reaches it": {with(haunted), []saga.Row{loads, leaves.Past(tillPaid, tillNoted)},
			"van: waits on van.loaded for till.noted, and no row reaches that"},
		"it does not lead there": {tillRows, []saga.Row{loads, leaves.Past(tillPaid, shopCancelled)},
			"van: waits on van.loaded for shop.cancelled, from which nothing leads to van.loaded"},
		"its decide cannot know": {with(saga.On(shopCancelled, once(tillNoted), tillNoted).Past(vanLeft)), vanRows,
			"till: leads on on shop.cancelled only past van.left, which it can not know of"},
		"the pivot of the saga is another row's": {tillRows, []saga.Row{loads.Pivot(vanLeft), leaves},
			"van: declares van.left the pivot on till.paid, where it does not say it"},
		"no row reaches the pivot of the saga": {with(haunted.Pivot(tillNoted)), vanRows,
			"till: declares till.noted the pivot, and no row reaches it"},
	} {
		found := func(text string) bool { return strings.HasPrefix(text, c.says) }
		if got := faultsOf("irrevocable", c.till, c.van); !slices.ContainsFunc(got, found) {
			t.Errorf("%s: found %q", name, got)
		}
	}
}

func TestADeadlineAtNoTimeThatCanBeIsFound(t *testing.T) {
	t.Parallel()
	at := func(due func(note) time.Time) saga.Row { return saga.At(tillAsked, due, once(tillFreed), tillFreed) }
	for name, c := range map[string]struct {
		row  saga.Row
		says string
	}{
		"at once":     {saga.After(0, tillAsked, once(tillFreed), tillFreed), "falls due before it begins: after 0s"},
		"in the past": {saga.After(-time.Hour, tillAsked, once(tillFreed), tillFreed), "falls due before it begins: after -1h0m0s"},
		"after too long": {saga.After(saga.Farthest+1, tillAsked, once(tillFreed), tillFreed),
			"falls due after more than a year: 8784h0m0"},
		"at no time":  {at(func(note) time.Time { return time.Time{} }), "its example carries none"},
		"unreadable":  {at(func(note) time.Time { panic("of mine") }), "reading it out of the example panics"},
		"a year":      {saga.After(saga.Farthest, tillAsked, once(tillFreed), tillFreed), ""},
		"at any time": {at(func(note) time.Time { return time.Unix(1, 0) }), ""},
	} {
		got := strings.Join(faultsOf("dated", with(c.row), vanRows), "\n")
		if (c.says == "") != (got == "") || !strings.Contains(got, c.says) {
			t.Errorf("%s: found %q, want %q", name, got, c.says)
		}
	}
}
