package sagatest_test

import (
	"testing"

	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

type nothing struct{}

var (
	asked   = saga.Define[nothing]("till.asked.v1")
	paid    = saga.Define[nothing]("till.paid.v1")
	stopped = saga.Define[nothing]("till.stopped.v1")
	want    = saga.Command[nothing]("want")
	stop    = saga.Command[nothing]("stop")
	pay     = saga.Ask[nothing, nothing]("bank.pay")
)

func TestADroppedQuestionIsNotAnsweredThoughTheOutsideMayHaveActed(t *testing.T) {
	t.Parallel()
	says := func(e saga.Type[nothing]) func(nothing, nothing) []saga.Event {
		return func(nothing, nothing) []saga.Event { return []saga.Event{e.Of(nothing{})} }
	}
	till := saga.Choreography[nothing]{Service: "till", Blank: func(string) nothing { return nothing{} }, Rows: []saga.Row{
		saga.On(want, says(asked), asked), saga.On(stop, says(stopped), stopped),
		saga.Call(asked, pay, says(paid), paid).DroppedBy(stopped),
	}}.Machine()
	acted := map[bool]int{}
	for seed := range uint64(50) {
		w := sagatest.NewWorld(t, seed, till)
		has := false
		sagatest.Outside(w, pay, func(saga.Event, nothing) (nothing, bool) { has = true; return nothing{}, true })
		w.Tell("one", want.Of(nothing{}))
		w.Tell("other", want.Of(nothing{}))
		w.Tell("other", stop.Of(nothing{}))
		w.Tell("one", stop.Of(nothing{}))
		if w.Settle(); len(sagatest.Said(w, paid)) > 0 {
			t.Fatal("an answer to what was given up is heard")
		}
		acted[has]++
		w.Tell("one", want.Of(nothing{}))
		if w.Settle(); len(sagatest.Said(w, paid)) != 1 {
			t.Fatal("what was asked after it is not answered")
		}
	}
	if acted[true] == 0 || acted[false] == 0 {
		t.Errorf("the outside acted in %d of 50 worlds", acted[true])
	}
}
