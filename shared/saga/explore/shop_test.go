package explore_test

import (
	"slices"
	"strings"
	"time"

	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/explore"
)

// A shop, the requests of a customer, a till that asks the bank, and a clerk who consumes events of both.
type nothing struct{}

var (
	wants    = saga.Define[nothing]("customer.wants.v1")
	regrets  = saga.Define[nothing]("customer.regrets.v1")
	opened   = saga.Define[nothing]("shop.opened.v1")
	done     = saga.Define[nothing]("shop.done.v1")
	failed   = saga.Define[nothing]("shop.failed.v1")
	asked    = saga.Define[nothing]("till.asked.v1")
	paid     = saga.Define[nothing]("till.paid.v1")
	refused  = saga.Define[nothing]("till.refused.v1")
	gaveUp   = saga.Define[nothing]("till.gave_up.v1")
	stopped  = saga.Define[nothing]("till.stopped.v1")
	filed    = saga.Define[nothing]("clerk.filed.v1")
	answered = saga.Define[nothing]("clerk.answered.v1")
	pay      = saga.Ask[nothing, bool]("bank.pay")
)

// said is a machine's state: the names of the events it emitted.
type said []string

func (s said) has(k saga.Kind) bool { return slices.Contains(s, k.Name()) }

func (s said) any(kinds ...saga.Kind) bool { return slices.ContainsFunc(kinds, s.has) }

// unless emits e if none of these events was emitted.
func unless(e saga.Type[nothing], none ...saga.Kind) func(said, nothing) []saga.Event {
	return func(s said, _ nothing) []saga.Event {
		if s.any(none...) {
			return nil
		}
		return []saga.Event{e.Of(nothing{})}
	}
}

func machine(service string, rows ...saga.Row) explore.Machine {
	return explore.Machine{Machine: saga.Choreography[said]{
		Service: service, Rows: rows,
		Blank:  func(string) said { return said{} },
		Evolve: func(s said, e saga.Event) said { return append(slices.Clone(s), e.Type) },
	}.Machine()}
}

// rows are the rows of the model, which tests replace one by one.
type rows map[string]saga.Row

func whole() rows {
	return rows{
		"wants":   saga.On(wants, unless(opened, opened), opened),
		"paid":    saga.On(paid, unless(done, done, failed), done),
		"refused": saga.On(refused, unless(failed, done, failed), failed),
		"gave up": saga.On(gaveUp, unless(failed, done, failed), failed),
		"opened":  saga.On(opened, unless(asked, asked, stopped), asked),
		"bank": saga.Call(asked, pay, func(s said, ok bool) []saga.Event {
			switch {
			case s.any(gaveUp, stopped):
				return nil
			case ok:
				return []saga.Event{paid.Of(nothing{})}
			}
			return []saga.Event{refused.Of(nothing{})}
		}, paid, refused),
		"deadline": saga.After(time.Minute, asked, unless(gaveUp, paid, refused, stopped), gaveUp).Settled(paid, refused, stopped),
		"file":     saga.On(opened, unless(filed, filed), filed),
		"answer":   saga.On(asked, unless(answered, answered), answered),
	}
}

// book is the money that the bank took.
type book struct{ Paid int }

var bank = explore.Outside{
	Name: "the bank", Asked: []string{pay.Name()}, Start: book{},
	Act: func(state any, _ string, _ saga.Event) []explore.Outcome {
		b := state.(book)
		return []explore.Outcome{{Does: "pays", State: book{b.Paid + 1}, Answer: true}, {Does: "refuses", State: b, Answer: false}}
	},
}

func shop(r rows, told ...saga.Event) explore.Model {
	root := explore.Root{Name: "a customer"}
	for _, e := range append([]saga.Event{wants.Of(nothing{})}, told...) {
		root.Told = append(root.Told, explore.Told{Event: e})
	}
	of := func(names ...string) (list []saga.Row) {
		for _, name := range names {
			if row, there := r[name]; there {
				list = append(list, row)
			}
		}
		return list
	}
	return explore.Model{
		Key: "k", Roots: []explore.Root{root}, Outside: []explore.Outside{bank},
		Machines: []explore.Machine{
			machine("shop", of("wants", "paid", "refused", "gave up", "more")...),
			machine("till", of("opened", "bank", "deadline", "stop")...),
			machine("clerk", of("file", "answer")...),
		},
		End: func(v explore.View) string {
			if !v.State("shop").(said).any(done, failed) {
				return "the shop waits"
			}
			return ""
		},
	}
}

// words returns the words of a violation's steps.
func words(v *explore.Violation) string {
	if v == nil {
		return "nothing is wrong"
	}
	var list []string
	for _, s := range v.Steps {
		list = append(list, s.Words)
	}
	return strings.Join(append(list, v.Why), "\n")
}
