package explore_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/explore"
)

var (
	halt     = saga.Ask[nothing, bool]("bank.halt")
	greet    = saga.Ask[nothing, bool]("bank.greet")
	wish     = saga.Command[nothing]("wish")
	another  = saga.Command[nothing]("another")
	settling = saga.Define[nothing]("till.settling.v1")
)

// account is the state of a bank that is asked to pay, and to halt where it is too late to ask for that.
type account struct{ Paid, Late, Halted bool }

// impatient is a till that asks the bank to pay, drops the question after a while, and then asks the bank to halt. Its
// decision on the bank's answer relies on the question's being dropped.
func impatient(question func(saga.Row) saga.Row, more ...saga.Row) explore.Model {
	says := func(e saga.Type[nothing]) []saga.Event { return []saga.Event{e.Of(nothing{})} }
	till := machine("till",
		saga.On(wants, unless(asked, asked), asked),
		question(saga.Call(asked, pay, func(said, bool) []saga.Event { return says(paid) }, paid)),
		saga.After(time.Minute, asked, unless(gaveUp, paid), gaveUp).Settled(paid),
		saga.Call(gaveUp, halt, func(said, bool) []saga.Event { return says(stopped) }, stopped).UntilAnswered(time.Hour))
	till.Check = func(before any, step saga.Step) string {
		if before.(said).has(gaveUp) && step.State.(said).has(paid) {
			return "it takes an answer to what it gave up"
		}
		return ""
	}
	m := explore.Model{Key: "k", Machines: []explore.Machine{till},
		Roots: []explore.Root{{Name: "a customer", Told: []explore.Told{{Event: wants.Of(nothing{})}}}},
		Outside: []explore.Outside{{Name: "the bank", Asked: []string{pay.Name(), halt.Name()}, Start: account{},
			Act: func(state any, question string, _ saga.Event) []explore.Outcome {
				a := state.(account)
				switch question {
				case pay.Name():
					a.Paid, a.Late = true, a.Halted
					return []explore.Outcome{{Does: "pays", State: a, Answer: true}}
				case halt.Name():
					a.Halted = true
					return []explore.Outcome{{Does: "halts", State: a, Answer: true}}
				}
				return []explore.Outcome{{Does: "greets", State: a, Answer: true}}
			}}}}
	if len(more) > 0 {
		m.Machines = append(m.Machines, machine("clerk", more...))
		m.Outside[0].Asked = append(m.Outside[0].Asked, greet.Name())
	}
	return m
}

func greets() saga.Row {
	return saga.Call(filed, greet, func(said, bool) []saga.Event { return nil }).UntilAnswered(time.Hour)
}

func TestADroppedQuestionIsAnsweredNoMoreAndMayHaveBeenActedOnByThenLaterOrNever(t *testing.T) {
	t.Parallel()
	dropped := func(r saga.Row) saga.Row { return r.DroppedBy(gaveUp) }
	file := saga.On(wants, unless(filed, filed), filed)
	for name, m := range map[string]explore.Model{
		"asked of one's own":                 impatient(dropped),
		"asked of one's own, until answered": impatient(func(r saga.Row) saga.Row { return dropped(r).UntilAnswered(time.Hour) }),
		"asked where others ask":             impatient(dropped, file, greets()),
	} {
		for _, all := range []bool{false, true} {
			found := map[string]bool{}
			r := explore.Explore(m, explore.Options{All: all, Ends: func(v explore.View) {
				if v.State("till").(said).has(gaveUp) {
					found[fmt.Sprintf("%+v", v.State("the bank"))] = true
				}
			}})
			if r.Violation != nil {
				t.Errorf("%s: %s", name, words(r.Violation))
			}
			want := []string{"{Paid:false Late:false Halted:true}", "{Paid:true Late:false Halted:true}",
				"{Paid:true Late:true Halted:true}"}
			if got := slices.Sorted(maps.Keys(found)); !slices.Equal(got, want) {
				t.Errorf("%s: given up, the bank ends as %v, want %v", name, got, want)
			}
		}
	}
	kept := func(r saga.Row) saga.Row { return r }
	if got := words(explore.Explore(impatient(kept), explore.Options{}).Violation); !strings.Contains(got,
		"it takes an answer to what it gave up") {
		t.Errorf("the question is not dropped: %s", got)
	}
}

func TestWhatIsDroppedMayBeActedOnBeforeSomethingElseIsAskedAndAnswered(t *testing.T) {
	t.Parallel()
	m := impatient(func(r saga.Row) saga.Row { return r })
	m.Machines = []explore.Machine{machine("till",
		saga.On(wants, func(s said, _ nothing) []saga.Event {
			if s.has(asked) {
				return nil
			}
			return []saga.Event{asked.Of(nothing{}), gaveUp.Of(nothing{})}
		}, asked, gaveUp),
		saga.Call(asked, pay, func(said, bool) []saga.Event { return []saga.Event{paid.Of(nothing{})} }, paid).
			UntilAnswered(time.Hour).DroppedBy(stopped),
		saga.Call(gaveUp, halt, func(said, bool) []saga.Event { return []saga.Event{stopped.Of(nothing{})} }, stopped).
			UntilAnswered(time.Hour))}
	before := false
	explore.Explore(m, explore.Options{Ends: func(v explore.View) {
		before = before || !v.State("till").(said).has(paid) && v.State("the bank") == any(account{Paid: true, Halted: true})
	}})
	if !before {
		t.Error("the exploration misses: the bank pays before it is halted, and the till does not hear of it")
	}
}

func TestOnlyTheQuestionsAskedBeforeAreDropped(t *testing.T) {
	t.Parallel()
	says := func(e saga.Type[nothing]) func(said, nothing) []saga.Event {
		return func(said, nothing) []saga.Event { return []saga.Event{e.Of(nothing{})} }
	}
	answers := 0
	m := explore.Model{Key: "k", Outside: []explore.Outside{bank},
		Roots: []explore.Root{{Name: "two wishes", Told: []explore.Told{{Event: wish.Of(nothing{})}, {Event: another.Of(nothing{})}}}},
		Machines: []explore.Machine{machine("till",
			saga.On(wish, says(asked), asked),
			saga.On(another, func(said, nothing) []saga.Event {
				return []saga.Event{settling.Of(nothing{}), asked.Of(nothing{})}
			}, settling, asked),
			saga.Call(asked, pay, func(said, bool) []saga.Event { return []saga.Event{paid.Of(nothing{})} }, paid).
				UntilAnswered(time.Hour).DroppedBy(settling))}}
	r := explore.Explore(m, explore.Options{Ends: func(v explore.View) {
		n := 0
		for _, name := range v.State("till").(said) {
			if name == paid.Name() {
				n++
			}
		}
		answers |= 1 << n
	}})
	if r.Violation != nil || answers != 1<<1|1<<2 { // the first was answered by then, or was not
		t.Errorf("answers seen: %b, %s", answers, words(r.Violation))
	}
}

func TestWhatThisModelCannotForgetIsRefused(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("a question that must be answered is dropped where others ask: accepted")
		}
	}()
	explore.Explore(impatient(func(r saga.Row) saga.Row { return r.DroppedBy(gaveUp).UntilAnswered(time.Hour) }, greets()),
		explore.Options{})
}
