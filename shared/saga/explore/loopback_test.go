package explore_test

import (
	"strings"
	"testing"

	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/explore"
)

const customer saga.Key = "customer"

var (
	seen    = saga.Define[nothing]("shop.seen.v1").Keyed(customer)
	counted = saga.Define[nothing]("shop.counted.v1").Keyed(customer)
	told    = saga.Define[nothing]("shop.told.v1")
)

// loopback is a shop of two machines: the order's machine waits for events of the customer's machine.
func loopback(about string, customers ...saga.Row) explore.Model {
	says := func(none saga.Kind, events ...saga.Event) func(said, nothing) []saga.Event {
		return func(s said, _ nothing) []saga.Event {
			if s.any(none) {
				return nil
			}
			return events
		}
	}
	if customers == nil {
		customers = []saga.Row{saga.On(seen, says(counted, counted.Of(nothing{}), told.About("k", nothing{})), counted, told)}
	}
	orders := machine("shop", saga.On(wants, says(opened, opened.Of(nothing{}), seen.About(about, nothing{})), opened, seen),
		saga.On(told, says(done, done.Of(nothing{})), done))
	accounts := explore.Machine{Key: "c", Machine: saga.Choreography[said]{Service: "shop", Key: customer, Rows: customers,
		Blank: func(string) said { return said{} }, Evolve: func(s said, e saga.Event) said {
			if e.Type == counted.Name() {
				return append(s[:len(s):len(s)], e.Type)
			}
			return s
		}}.Machine()}
	return explore.Model{Key: "k", Machines: []explore.Machine{orders, accounts},
		Roots: []explore.Root{{Name: "a customer", Told: []explore.Told{{Event: wants.Of(nothing{})}}}},
		End: func(v explore.View) string {
			if !v.State("shop").(said).any(done) {
				return "the order waits"
			}
			return ""
		}}
}

func TestAMachineOfAnotherKeyTakesPartInTheSaga(t *testing.T) {
	t.Parallel()
	for _, all := range []bool{false, true} {
		r := explore.Explore(loopback("c"), explore.Options{All: all})
		if r.Violation != nil || r.Ends != 1 || len(r.Unsaid) != 0 {
			t.Errorf("all %v: %d ends, unsaid %v: %s", all, r.Ends, r.Unsaid, words(r.Violation))
		}
	}
}

func TestWhatIsSaidAboutAnotherKeyIsNotHeard(t *testing.T) {
	t.Parallel()
	if got := words(explore.Explore(loopback("another"), explore.Options{}).Violation); !strings.HasSuffix(got, "the order waits") {
		t.Error(got)
	}
}

func TestALoopbackThatIsTakenOutOrGoesRoundIsFound(t *testing.T) {
	t.Parallel()
	forgets := saga.On(seen, func(said, nothing) []saga.Event { return []saga.Event{counted.Of(nothing{})} }, counted)
	round := []saga.Row{
		saga.On(seen, func(said, nothing) []saga.Event { return []saga.Event{told.About("k", nothing{})} }, told)}
	for want, m := range map[string]explore.Model{
		"the order waits":          loopback("c", forgets),
		"can be repeated for ever": goesRound(loopback("c", round...)),
	} {
		if got := words(explore.Explore(m, explore.Options{}).Violation); !strings.Contains(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// goesRound makes the order's machine emit again on the event of the customer's machine.
func goesRound(m explore.Model) explore.Model {
	m.Machines[0] = machine("shop",
		saga.On(wants, func(said, nothing) []saga.Event { return []saga.Event{seen.About("c", nothing{})} }, seen),
		saga.On(told, func(said, nothing) []saga.Event { return []saga.Event{seen.About("c", nothing{})} }, seen))
	m.Machines[0].Machine = saga.Choreography[said]{Service: "shop", Rows: m.Machines[0].Rows,
		Blank: func(string) said { return said{} }}.Machine()
	return m
}
