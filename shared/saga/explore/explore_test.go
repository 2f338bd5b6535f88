package explore_test

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/explore"
)

func TestWhatIsWholeEndsWhateverHappens(t *testing.T) {
	t.Parallel()
	r := explore.Explore(shop(whole()), explore.Options{})
	if r.Violation != nil || r.States < 20 || r.Ends < 3 || r.Depth < 6 || r.Spared == 0 {
		t.Fatalf("%+v\n%s", r, words(r.Violation))
	}
}

func TestASagaThatStopsShortIsFoundByTheShortestWay(t *testing.T) {
	t.Parallel()
	r := whole()
	delete(r, "deadline")
	got := words(explore.Explore(shop(r), explore.Options{}).Violation)
	for _, line := range []string{
		"shop hears customer.wants → opened", "till hears shop.opened → asked",
		"the bank never answers (asked by till.asked); till → nothing", "nothing more can happen: the shop waits",
	} {
		if !strings.Contains(got, line) {
			t.Errorf("%q is missing in\n%s", line, got)
		}
	}
	if n := strings.Count(got, "\n"); n != 5 { // and what the clerk does
		t.Errorf("%d steps:\n%s", n, got)
	}
}

func TestABrokenPromiseOfOneStepIsFoundWithWhatLedToItAlone(t *testing.T) {
	t.Parallel()
	r := whole()
	r["paid"] = saga.On(paid, unless(done, done), done)
	r["bank"] = saga.Call(asked, pay, func(said, bool) []saga.Event { return []saga.Event{paid.Of(nothing{})} }, paid)
	m := shop(r)
	m.Machines[0].Check = func(before any, step saga.Step) string {
		if after := step.State.(said); after.has(done) && after.has(failed) {
			return "both done and failed"
		}
		return ""
	}
	m.Machines[0], m.Machines[2] = m.Machines[2], m.Machines[0] // the clerk, who does not matter, moves first
	for _, all := range []bool{false, true} {
		want := "shop hears customer.wants → opened\ntill hears shop.opened → asked\ntill: 60 seconds after asked → gave_up\n" +
			"the bank pays (asked by till.asked); till → paid\nshop hears till.gave_up → failed\nshop hears till.paid → done\n" +
			"both done and failed"
		got := words(explore.Explore(m, explore.Options{All: all}).Violation)
		if sorted(got) != sorted(want) {
			t.Errorf("all %v: got\n%s\nwant\n%s", all, got, want)
		}
	}
}

func sorted(text string) string {
	lines := strings.Split(text, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func TestASagaThatGoesRoundIsFound(t *testing.T) {
	t.Parallel()
	on := func(heard, says saga.Type[nothing]) saga.Row {
		return saga.On(heard, func(nothing, nothing) []saga.Event { return []saga.Event{says.Of(nothing{})} }, says)
	}
	of := func(service string, rows ...saga.Row) explore.Machine {
		return explore.Machine{Machine: saga.Choreography[nothing]{Service: service, Rows: rows,
			Blank: func(string) nothing { return nothing{} }}.Machine()}
	}
	m := shop(whole())
	m.Machines = []explore.Machine{of("clerk", on(wants, filed), on(opened, filed)), of("shop", on(filed, opened))}
	m.Outside, m.End = nil, nil
	for _, all := range []bool{false, true} {
		if got := words(explore.Explore(m, explore.Options{All: all}).Violation); !strings.HasSuffix(got,
			"the last 2 steps can be repeated for ever") {
			t.Errorf("all %v: %s", all, got)
		}
	}
}

func TestAMachineThatCannotTakeSomethingInIsFound(t *testing.T) {
	t.Parallel()
	r := whole()
	r["paid"] = saga.On(paid, func(said, nothing) []saga.Event { panic("impossible") }, done)
	if got := words(explore.Explore(shop(r), explore.Options{}).Violation); !strings.Contains(got,
		"parked: shop: on till.paid.v1: panic: impossible") {
		t.Error(got)
	}
}

func TestARecordThatComesAgainChangesNothing(t *testing.T) {
	t.Parallel()
	r := whole()
	r["file"] = saga.On(opened, unless(filed), filed) // as often as it is heard
	v := explore.Explore(shop(r), explore.Options{}).Violation
	got := words(v)
	if _, why, err := explore.Replay(shop(r), *v); why != v.Why || err != nil {
		t.Errorf("replayed: %q, %v", why, err)
	}
	if !strings.Contains(got, "clerk hears shop.opened again: then it is [clerk.filed.v1 clerk.filed.v1], not [clerk.filed.v1]") ||
		!strings.Contains(got, "clerk hears shop.opened → filed") {
		t.Error(got)
	}
}

func TestOnlyAQuestionNotAskedUntilAnsweredMayStayOpen(t *testing.T) {
	t.Parallel()
	r := whole()
	delete(r, "deadline")
	r["bank"] = r["bank"].UntilAnswered(1)
	if got := explore.Explore(shop(r), explore.Options{}); got.Violation != nil {
		t.Error(words(got.Violation))
	}
}

func TestNothingIrrevocableComesBeforeAPivot(t *testing.T) {
	t.Parallel()
	r := whole()
	r["file"] = r["file"].Irrevocably()
	if got := words(explore.Explore(shop(r), explore.Options{}).Violation); !strings.Contains(got,
		"clerk does what cannot be taken back before any pivot") {
		t.Error(got)
	}
	r["wants"] = r["wants"].Pivot(opened)
	if got := explore.Explore(shop(r), explore.Options{}); got.Violation != nil {
		t.Error(words(got.Violation))
	}
}

func TestAnExplorationIsTheSameEveryTime(t *testing.T) {
	t.Parallel()
	a, b := explore.Explore(shop(whole()), explore.Options{}), explore.Explore(shop(whole()), explore.Options{})
	if !reflect.DeepEqual(a, b) {
		t.Errorf("%+v\n%+v", a, b)
	}
}

func TestTheReductionLosesNoEnd(t *testing.T) {
	t.Parallel()
	regretted := whole()
	regretted["more"] = saga.On(regrets, unless(failed, done, failed), failed)
	regretted["stop"] = saga.On(failed, unless(stopped, paid, stopped), stopped)
	for name, m := range map[string]explore.Model{
		"whole": shop(whole()), "regretted": shop(regretted, regrets.Of(nothing{})),
	} {
		less, all := ends(m, false), ends(m, true)
		if !maps.Equal(less.ends, all.ends) || len(all.ends) == 0 {
			t.Errorf("%s: %d ends with the reduction, %d without", name, len(less.ends), len(all.ends))
		}
		if less.States >= all.States {
			t.Errorf("%s: %d states with the reduction, %d without", name, less.States, all.States)
		}
	}
}

type endings struct {
	explore.Result
	ends map[string]bool
}

func ends(m explore.Model, all bool) endings {
	e := endings{ends: map[string]bool{}}
	e.Result = explore.Explore(m, explore.Options{All: all, Ends: func(v explore.View) { e.ends[v.String()] = true }})
	return e
}

func TestWhatAModelPromisesOfAMachineIsChecked(t *testing.T) {
	t.Parallel()
	m := shop(whole())
	m.Machines[1].Before = func(any) []explore.Before { return []explore.Before{{Says: paid}} }
	if got := words(explore.Explore(m, explore.Options{}).Violation); !strings.Contains(got,
		"the model is wrong: it promises that till does not say paid yet") {
		t.Error(got)
	}
	m.Machines[1].Before = func(s any) []explore.Before {
		if s.(said).has(asked) {
			return nil
		}
		return []explore.Before{{Says: paid, Hears: []saga.Kind{opened}}}
	}
	if got := explore.Explore(m, explore.Options{}); got.Violation != nil {
		t.Error(words(got.Violation))
	}
}

func TestWhatIsMoreThanANoteIsNotTakenForOne(t *testing.T) {
	t.Parallel()
	r := whole()
	r["more"] = saga.On(regrets, unless(failed, done, failed), failed)
	m := shop(r, regrets.Of(nothing{}))
	want := ends(m, true)
	m.Machines[0].Notes = []saga.Kind{paid} // but it matters whether the customer's regrets come first
	if got := ends(m, false); got.NoNotes == "" || !maps.Equal(got.ends, want.ends) {
		t.Errorf("%q, %d ends, want %d", got.NoNotes, len(got.ends), len(want.ends))
	}
	m = shop(whole())
	m.Machines[2].Notes = []saga.Kind{opened, asked}
	m.Machines[2].Same = func(s any) any { return said(slices.Sorted(slices.Values(s.(said)))) }
	if got := ends(m, false); got.NoNotes != "" || got.Violation != nil {
		t.Errorf("%q %s", got.NoNotes, words(got.Violation))
	}
}

func TestACounterExampleIsReplayedAndNoticesTheRepair(t *testing.T) {
	t.Parallel()
	r := whole()
	delete(r, "deadline")
	broken := shop(r)
	data, err := json.Marshal(explore.Explore(broken, explore.Options{}).Violation)
	if err != nil {
		t.Fatal(err)
	}
	var v explore.Violation
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	frames, why, err := explore.Replay(broken, v)
	if err != nil || why != v.Why || len(frames) != len(v.Steps)+1 {
		t.Fatalf("%d frames, %q, %v", len(frames), why, err)
	}
	if last := frames[len(frames)-1].State; !strings.Contains(last, "till: [till.asked.v1]") {
		t.Error(last)
	}
	if _, why, err = explore.Replay(shop(whole()), v); why != "" || err != nil {
		t.Errorf("%q, %v after the repair", why, err)
	}
	v.Steps[0].Part = "nobody"
	if _, _, err = explore.Replay(broken, v); err == nil {
		t.Error("a step of nobody was replayed")
	}
}

func TestADeadlineFallsDueAtAnyTimeUntilItIsSettled(t *testing.T) {
	t.Parallel()
	r := whole()
	r["deadline"] = saga.After(time.Minute, asked, unless(gaveUp), gaveUp)
	late := func(before any, step saga.Step) string {
		if after := step.State.(said); before.(said).any(paid, refused) && len(after) > len(before.(said)) {
			return "it gave up after the answer"
		}
		return ""
	}
	m := shop(r)
	m.Machines[1].Check = late
	if got := words(explore.Explore(m, explore.Options{}).Violation); !strings.HasSuffix(got, "it gave up after the answer") {
		t.Error(got)
	}
	r["deadline"] = r["deadline"].Settled(paid, refused)
	m = shop(r)
	m.Machines[1].Check = late
	if got := explore.Explore(m, explore.Options{}); got.Violation != nil {
		t.Error(words(got.Violation))
	}
}

func TestOfSeveralDeadlinesOfAKindTheLatestRunsAlone(t *testing.T) {
	t.Parallel()
	again := func(said, nothing) []saga.Event { return []saga.Event{opened.Of(nothing{})} }
	m := explore.Model{Key: "k",
		Roots: []explore.Root{{Name: "two wishes", Told: []explore.Told{{Event: wants.Of(nothing{})}, {Event: regrets.Of(nothing{})}}}},
		Machines: []explore.Machine{machine("shop",
			saga.On(wants, again, opened), saga.On(regrets, again, opened),
			saga.After(time.Minute, opened, func(said, nothing) []saga.Event { return []saga.Event{done.Of(nothing{})} }, done))}}
	least := 3
	explore.Explore(m, explore.Options{Ends: func(v explore.View) {
		n := 0
		for _, name := range v.State("shop").(said) {
			if name == done.Name() {
				n++
			}
		}
		least = min(least, n)
	}})
	if least != 1 {
		t.Errorf("at least %d deadlines fell due, want 1", least)
	}
}

func TestStatesThatAreNotTheSameAreNotTakenForIt(t *testing.T) {
	t.Parallel()
	m := shop(whole())
	m.Machines[1].Same = func(s any) any { // as if it did not matter that it gave up
		return slices.DeleteFunc(slices.Clone(s.(said)), func(name string) bool { return name == gaveUp.Name() })
	}
	if got := words(explore.Explore(m, explore.Options{}).Violation); !strings.Contains(got, "the model is wrong: to till") {
		t.Error(got)
	}
}
