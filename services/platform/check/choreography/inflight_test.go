package choreography_test

import (
	"slices"
	"testing"
	"time"

	"orderflow.example/services/platform/check/choreography"
	"orderflow.example/shared/saga"
)

// tillsDeclared is a till that calls on one of two events; the rest does not matter.
func tillsDeclared(rows ...saga.Row) choreography.Choreography {
	c := choreography.Describe(toy("shop", nil, shopRows...), toy("till", nil, rows...))
	return c
}

func TestWhatIsOnItsWayToARowThatIsGoneStrandsTheSaga(t *testing.T) {
	t.Parallel()
	late := saga.After(time.Hour, tillAsked, once(tillFreed), tillFreed)
	running := tillsDeclared(append(slices.Clone(tillRows), late)...)
	owed := func(kind string, k saga.Kind) choreography.Open {
		return choreography.Open{Order: "o", Said: []string{k.Name()},
			Owed: []choreography.Owed{{Service: "till", Kind: kind, Event: k.Name()}}}
	}
	for _, c := range []struct {
		open  choreography.Open
		next  choreography.Choreography
		wants string
	}{
		{owed("reaction", shopCancelled), tillsDeclared(tillRows[:2]...),
			"shop.cancelled is on its way to it, and this build of it does not hear that"},
		{owed("call", tillAsked), tillsDeclared(tillRows[0], tillRows[2]),
			"the question asked by till.asked is open, and this build of it does not know that one"},
		{owed("deadline", tillAsked), tillsDeclared(tillRows...),
			"the deadline that runs from till.asked is armed, and this build of it has none"},
	} {
		if got := choreography.InFlight(running, running, []choreography.Open{c.open}); len(got) != 0 {
			t.Errorf("the same declaration strands %v", got)
		}
		got := choreography.InFlight(running, c.next, []choreography.Open{c.open})
		if len(got) != 1 || got[0] != (choreography.Stranded{Order: "o", Service: "till", Text: c.wants}) {
			t.Errorf("got %v, want %s", got, c.wants)
		}
		if diff := choreography.Differences(running, c.next); len(diff) == 0 || diff[0][:len("− till")] != "− till" {
			t.Errorf("differences %v", diff)
		}
	}
}

func TestATriggerThatMovedToAnEventAlreadySaidStrandsTheSaga(t *testing.T) {
	t.Parallel()
	running := tillsDeclared(tillRows...)
	next := tillsDeclared(saga.On(shopDone, once(tillAsked), tillAsked), tillRows[1], tillRows[2])
	for what, c := range map[string]struct {
		open  choreography.Open
		wants int
	}{
		"passed":        {choreography.Open{Order: "o", Said: []string{shopPlaced.Name(), shopDone.Name()}}, 1},
		"still to come": {choreography.Open{Order: "o", Said: []string{shopPlaced.Name()}}, 0},
		"on its way": {choreography.Open{Order: "o", Said: []string{shopDone.Name()},
			Owed: []choreography.Owed{{Service: "till", Kind: "reaction", Event: shopDone.Name()}}}, 0},
		"asked long ago": {choreography.Open{Order: "o", Said: []string{shopDone.Name(), tillAsked.Name()}}, 0},
	} {
		if got := choreography.InFlight(running, next, []choreography.Open{c.open}); len(got) != c.wants {
			t.Errorf("%s: got %v", what, got)
		}
	}
}
