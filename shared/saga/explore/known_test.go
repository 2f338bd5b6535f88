package explore_test

import (
	"strings"
	"testing"
	"time"

	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/explore"
)

var banned = saga.Define[nothing]("police.banned.v1").Keyed("customer")

// trusting is the shop whose till asks nobody who is banned.
func trusting(decide func(s said, e nothing, ban *nothing) []saga.Event) explore.Model {
	r := whole()
	r["more"] = saga.On(stopped, unless(failed, done, failed), failed)
	m := shop(r)
	looksUp := saga.OnKnown(opened, banned, func(said, nothing) string { return "customer" }, decide, asked, stopped)
	m.Machines[1] = machine("till", saga.Known(banned), looksUp, r["bank"], r["deadline"])
	m.Machines[1].Known = []saga.Event{banned.Of(nothing{})}
	return m
}

func careful(s said, e nothing, ban *nothing) []saga.Event {
	if ban != nil {
		return unless(stopped, asked, stopped)(s, e)
	}
	return unless(asked, asked, stopped)(s, e)
}

func TestADecisionIsExploredWithAndWithoutWhatItLooksUp(t *testing.T) {
	t.Parallel()
	for _, all := range []bool{false, true} {
		if r := explore.Explore(trusting(careful), explore.Options{All: all}); r.Violation != nil || len(r.Unsaid) > 0 {
			t.Errorf("%s; never said: %v", words(r.Violation), r.Unsaid)
		}
	}
	withNothing := trusting(careful)
	withNothing.Machines[1].Machine = withNothing.Machines[1].Knowing(nil)
	withNothing.Machines[1].Known = nil
	defer func() {
		if recover() == nil {
			t.Error("a model without Known for a lookup was explored")
		}
	}()
	explore.Explore(withNothing, explore.Options{})
}

func TestADecisionWithoutAnAnswerToNothingOrToSomethingIsFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		decide func(said, nothing, *nothing) []saga.Event
		want   string
	}{
		"needs to know": {func(s said, e nothing, ban *nothing) []saga.Event { return unless(asked, asked, stopped)(s, *ban) },
			"till hears shop.opened → nothing (nothing is known of police.banned)"},
		"cannot bear to know": {func(s said, e nothing, ban *nothing) []saga.Event {
			if ban != nil {
				panic("banned")
			}
			return unless(asked, asked, stopped)(s, e)
		}, "till hears shop.opened → nothing (police.banned is known as {})"},
		"forgets what it decided": {func(s said, e nothing, ban *nothing) []saga.Event {
			if ban != nil {
				return unless(stopped, stopped)(s, e)
			}
			return unless(asked, asked, stopped)(s, e)
		}, "till hears shop.opened again: "},
	} {
		m := trusting(c.decide)
		r := explore.Explore(m, explore.Options{})
		if r.Violation == nil || !strings.Contains(words(r.Violation), c.want) {
			t.Errorf("%s: %s", name, words(r.Violation))
			continue
		}
		if _, why, err := explore.Replay(m, *r.Violation); err != nil || why != r.Violation.Why {
			t.Errorf("%s is replayed as %q, %v", name, why, err)
		}
		if _, why, err := explore.Replay(trusting(careful), *r.Violation); why != "" {
			t.Errorf("%s is not seen to be repaired: %q, %v", name, why, err)
		}
	}
}

func TestNumbersAreToldApartInWhatIsExplored(t *testing.T) {
	t.Parallel()
	type number struct {
		N int64 `json:"n"`
	}
	told := saga.Define[number]("desk.told.v1")
	desk := saga.Choreography[[]int64]{Service: "desk", Blank: func(string) []int64 { return nil },
		Evolve: func(s []int64, e saga.Event) []int64 { return append(s[:len(s):len(s)], e.Data.(number).N) },
		Series: []saga.Series{saga.Numbered(told, func(number, time.Time) string { return "all" },
			func(e number, n int64, _ time.Time) number { e.N = n; return e })},
		Rows: []saga.Row{saga.On(wants, func(s []int64, _ nothing) []saga.Event {
			if len(s) > 0 {
				return nil
			}
			return []saga.Event{told.Of(number{}), told.Of(number{})}
		}, told)}}.Machine()
	root := explore.Root{Name: "a customer", Told: []explore.Told{{Event: wants.Of(nothing{})}}}
	m := explore.Model{Key: "k", Machines: []explore.Machine{{Machine: desk}}, Roots: []explore.Root{root},
		End: func(v explore.View) string {
			if s := v.State("desk").([]int64); len(s) != 2 || s[0] != 1 || s[1] != 2 {
				return "not numbered"
			}
			return ""
		}}
	if r := explore.Explore(m, explore.Options{}); r.Violation != nil || r.Ends != 1 {
		t.Errorf("%s after %d ends", words(r.Violation), r.Ends)
	}
}
