package explore_test

import (
	"strings"
	"testing"
	"time"

	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/explore"
)

func TestNothingIrrevocableComesBeforeThePivotItNames(t *testing.T) {
	t.Parallel()
	file := func(heard saga.Type[nothing]) saga.Row {
		return saga.On(heard, unless(filed, filed), filed).Irrevocably().Past(paid)
	}
	once := func(heard, says saga.Type[nothing]) saga.Row { return saga.On(heard, unless(says, says), says) }
	for name, c := range map[string]struct {
		change map[string]saga.Row
		want   string
	}{
		"it is heard before": {map[string]saga.Row{"file": file(opened)},
			"clerk does what cannot be taken back before till.paid: shop.opened"},
		"it follows through another": {map[string]saga.Row{"file": file(done)}, ""},
		"it follows through another, which also says it otherwise": {
			map[string]saga.Row{"file": file(done), "gave up": once(gaveUp, done)},
			"clerk does what cannot be taken back before till.paid: shop.done"},
		"it follows on something else, said by one who has heard the pivot": {map[string]saga.Row{
			"file": file(failed), "refused": {}, "gave up": {}, "more": saga.On(another, func(s said, _ nothing) []saga.Event {
				if !s.has(done) || s.has(failed) {
					return nil
				}
				return []saga.Event{failed.Of(nothing{})}
			}, failed)}, ""},
		"any of several will do": {map[string]saga.Row{
			"file": saga.On(failed, unless(filed, filed), filed).Irrevocably().Past(refused, gaveUp)}, ""},
		"it follows on what the part says itself": {map[string]saga.Row{
			"stop": saga.On(asked, unless(stopped, stopped), stopped).Irrevocably().Past(paid)},
			"till does what cannot be taken back before till.paid: asked"},
		"it is asked outside": {map[string]saga.Row{"bank": whole()["bank"].Irrevocably().Past(opened, done)}, ""},
		"it is asked outside too early": {map[string]saga.Row{"bank": whole()["bank"].Irrevocably().Past(done)},
			"till does what cannot be taken back before shop.done: asked"},
		"a pivot of the saga is none it names": {map[string]saga.Row{"file": file(opened), "wants": whole()["wants"].Pivot(opened),
			"bank": whole()["bank"].Pivot(paid)},
			"clerk does what cannot be taken back before till.paid: shop.opened"},
	} {
		r := whole()
		for row, changed := range c.change {
			r[row] = changed
			if changed.On == nil {
				delete(r, row)
			}
		}
		m := shop(r, another.Of(nothing{}))
		m.End = nil
		for _, all := range []bool{false, true} {
			got := explore.Explore(m, explore.Options{All: all}).Violation
			if c.want == "" && got != nil || c.want != "" && !strings.HasSuffix(words(got), c.want) {
				t.Errorf("%s (all %v): %s", name, all, words(got))
			}
		}
	}
}

func TestWhatLeadsOnOnlyPastAPivotAsksNothingOutsideBefore(t *testing.T) {
	t.Parallel()
	r := whole()
	r["opened"] = r["opened"].Past(done)
	early := "till asks outside what it declares to ask only past shop.done: shop.opened"
	if got := words(explore.Explore(shop(r), explore.Options{}).Violation); !strings.HasSuffix(got, early) {
		t.Error(got)
	}
	r["opened"] = r["opened"].Past(opened)
	if got := explore.Explore(shop(r), explore.Options{}); got.Violation != nil {
		t.Error(words(got.Violation))
	}
	r["gave up"] = r["gave up"].Past(done) // it refuses before, and asks nothing
	if got := explore.Explore(shop(r), explore.Options{}); got.Violation != nil {
		t.Error(words(got.Violation))
	}
}

func TestADeadlineAtATimeItsEventCarriesFallsDueAtAnyTime(t *testing.T) {
	t.Parallel()
	r := whole()
	at := func(due time.Time) saga.Row {
		return saga.At(asked, func(nothing) time.Time { return due }, unless(gaveUp), gaveUp)
	}
	late := func(before any, step saga.Step) string {
		if before.(said).any(paid, refused) && len(step.Emitted) > 0 {
			return "it gave up after the answer"
		}
		return ""
	}
	explored := func(deadline saga.Row) string {
		r["deadline"] = deadline
		m := shop(r)
		m.Machines[1].Check = late
		return words(explore.Explore(m, explore.Options{}).Violation)
	}
	someday := time.Date(2031, 5, 6, 0, 0, 0, 0, time.UTC)
	got := explored(at(someday))
	if !strings.Contains(got, "till: at the time of asked → gave_up") || !strings.HasSuffix(got, "it gave up after the answer") {
		t.Error(got)
	}
	if got := explored(at(someday).Settled(paid, refused, stopped)); got != "nothing is wrong" {
		t.Error(got)
	}
	if got := explored(at(time.Time{})); !strings.HasSuffix(got, "parked: till: till.asked.v1 carries no time for its deadline") {
		t.Error(got)
	}
}

func TestADayEndsThoughItArmsTheNext(t *testing.T) {
	t.Parallel()
	begun := saga.Define[nothing]("report.begun.v1").Keyed("day")
	closed := saga.Define[nothing]("report.closed.v1").Keyed("day")
	day := explore.Machine{Machine: saga.Choreography[bool]{Service: "report", Key: "day",
		Blank:  func(string) bool { return false },
		Evolve: func(ended bool, e saga.Event) bool { return ended || e.Type == closed.Name() },
		Rows: []saga.Row{
			saga.On(wish, func(ended bool, _ nothing) []saga.Event {
				if ended {
					return nil
				}
				return []saga.Event{begun.Of(nothing{})}
			}, begun),
			saga.At(begun, func(nothing) time.Time { return time.Unix(1, 0) }, func(bool, nothing) []saga.Event {
				return []saga.Event{begun.About("the next", nothing{}), closed.Of(nothing{})}
			}, begun, closed).Settled(closed),
		}}.Machine(),
		Check: func(ended any, step saga.Step) string {
			if ended.(bool) && len(step.Emitted) > 0 {
				return "it ends again"
			}
			return ""
		}}
	r := explore.Explore(explore.Model{Key: "a day", Machines: []explore.Machine{day},
		Roots: []explore.Root{{Name: "it begins", Told: []explore.Told{{Event: wish.Of(nothing{})}}}},
		End: func(v explore.View) string {
			if v.State("report (day)") != any(true) {
				return "it has not ended"
			}
			return ""
		}}, explore.Options{})
	if r.Violation != nil || r.Ends != 1 {
		t.Errorf("%d ends, %s", r.Ends, words(r.Violation))
	}
}
