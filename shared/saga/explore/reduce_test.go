package explore_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/explore"
)

// random is a model of some machines with random rows: each emits one of its events on some of those of lower rank, unless it
// emitted another one before. So nothing goes round.
func random(r *rand.Rand) explore.Model {
	const machines, ranks = 4, 3
	event := func(machine, rank int) saga.Type[nothing] {
		return saga.Define[nothing](fmt.Sprintf("m%d.e%d.v1", machine, rank))
	}
	m := explore.Model{Key: "k", Roots: []explore.Root{{Name: "some events",
		Told: []explore.Told{{Event: wants.Of(nothing{})}, {Event: regrets.Of(nothing{})}}}}}
	for i := range machines {
		first := []saga.Type[nothing]{wants, regrets}[r.IntN(2)]
		list := []saga.Row{saga.On(first, unless(event(i, 0), event(i, 0), event(i, r.IntN(ranks))), event(i, 0))}
		for other := range machines {
			for rank := range ranks - 1 {
				if says := event(i, rank+1); other != i && r.IntN(5) == 0 {
					list = append(list, saga.On(event(other, rank), unless(says, says, event(i, r.IntN(ranks))), says))
				}
			}
		}
		for rank := range ranks {
			if says, late := event(i, rank), event(i, ranks+rank); r.IntN(5) == 0 {
				list = append(list, saga.After(time.Minute, says, unless(late, event(i, r.IntN(ranks))), late))
			}
		}
		m.Machines = append(m.Machines, machine(fmt.Sprintf("m%d", i), list...))
	}
	return m
}

func TestTheReductionLosesNoEndOfAnyChoreography(t *testing.T) {
	t.Parallel()
	spared := 0
	for seed := range uint64(200) {
		m := random(rand.New(rand.NewPCG(seed, 1)))
		less, all := ends(m, false), ends(m, true)
		if !maps.Equal(less.ends, all.ends) || less.Violation != nil || all.Violation != nil {
			t.Fatalf("seed %d: %d ends with the reduction, %d without\n%s", seed, len(less.ends), len(all.ends), words(less.Violation))
		}
		for i, p := range less.Parts {
			if p != all.Parts[i] {
				t.Fatalf("seed %d: with the reduction %+v, without %+v", seed, p, all.Parts[i])
			}
		}
		spared += all.States - less.States
	}
	if spared < 100_000 {
		t.Errorf("the reduction spared %d states in all: nothing was tried", spared)
	}
}

func TestWhatAModelPromisesOfAnOutsidePartyIsChecked(t *testing.T) {
	t.Parallel()
	rings := saga.Command[nothing]("ring")
	m := shop(whole(), regrets.Of(nothing{}))
	m.Machines[0] = machine("shop",
		append(slices.Clone(m.Machines[0].Rows), saga.On(rings, unless(failed, done, failed), failed))...)
	m.Machines[2] = machine("clerk",
		append(slices.Clone(m.Machines[2].Rows), greets(), saga.On(rings, unless(filed, filed), filed))...)
	o := &m.Outside[0]
	o.Asked, o.Tells = append(slices.Clone(o.Asked), greet.Name()), []saga.Kind{rings}
	m.Roots[0].Told = append(m.Roots[0].Told, explore.Told{To: o.Name, Event: rings.Of(nothing{})})
	o.Act = func(state any, question string, e saga.Event) []explore.Outcome {
		b := state.(book)
		switch {
		case question == greet.Name():
			return []explore.Outcome{{Does: "greets", State: b, Answer: true}}
		case question == "" && b.Paid > 0: // once, after it was asked to pay
			return []explore.Outcome{{Does: "rings", State: b, Tells: []saga.Event{rings.Of(nothing{})}}}
		case question == "":
			return nil
		}
		return bank.Act(state, question, e)
	}
	quiet := func(until ...saga.Kind) func(any) []explore.Before {
		return func(any) []explore.Before { return []explore.Before{{Says: rings, Hears: until}} }
	}
	o.Before = quiet(asked)
	if got := words(explore.Explore(m, explore.Options{}).Violation); !strings.Contains(got,
		"the model is wrong: it promises that the bank does not say ring yet") {
		t.Error(got)
	}
	o.Before = nil
	without := ends(m, false)
	o.Before = func(state any) []explore.Before {
		if state.(book).Paid > 0 {
			return quiet(rings)(state)
		}
		return append(quiet(asked)(state), quiet(rings)(state)...)
	}
	with, all := ends(m, false), ends(m, true)
	if with.Violation != nil || !maps.Equal(with.ends, all.ends) || with.States == without.States {
		t.Errorf("%d states and %d ends with the promise, %d and %d without the reduction; %d states without the promise\n%s",
			with.States, len(with.ends), all.States, len(all.ends), without.States, words(with.Violation))
	}
}
