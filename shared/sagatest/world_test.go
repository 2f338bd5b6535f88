package sagatest_test

import (
	"testing"
	"time"

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
			t.Fatal("the answer to a dropped question was heard")
		}
		acted[has]++
		w.Tell("one", want.Of(nothing{}))
		if w.Settle(); len(sagatest.Said(w, paid)) != 1 {
			t.Fatal("a question asked after the dropped one was not answered")
		}
	}
	if acted[true] == 0 || acted[false] == 0 {
		t.Errorf("the outside acted in %d of 50 worlds", acted[true])
	}
}

type wish struct {
	N int64 `json:"n" schema:"min=0"`
}

func TestAWorldLooksUpNumbersAndShowsAsTheEngineDoes(t *testing.T) {
	t.Parallel()
	wished, happened := saga.Define[wish]("shop.wished.v1").Keyed("customer"), saga.Define[wish]("desk.happened.v1")
	tell := saga.Command[wish]("tell")
	shop := saga.Choreography[wish]{Service: "shop", Key: "customer", Blank: func(string) wish { return wish{} },
		Rows: []saga.Row{
			saga.On(tell, func(_ wish, w wish) []saga.Event { return []saga.Event{wished.Of(w)} }, wished),
		}}.Machine()
	desk := saga.Choreography[wish]{Service: "desk", Blank: func(string) wish { return wish{} },
		Series: []saga.Series{saga.Numbered(happened, func(wish, time.Time) string { return "all" },
			func(w wish, n int64, _ time.Time) wish { w.N += 100 * n; return w })},
		Rows: []saga.Row{saga.Known(wished), saga.OnKnown(want, wished, func(wish, nothing) string { return "ann" },
			func(_ wish, _ nothing, known *wish) []saga.Event {
				if known == nil {
					return []saga.Event{happened.Of(wish{})}
				}
				return []saga.Event{happened.Of(*known)}
			}, happened)}}.Machine()
	shelf := saga.Choreography[wish]{Service: "shelf", Key: "product", Blank: func(string) wish { return wish{} },
		Rows: []saga.Row{saga.ShowAt(happened, func(wish) []string { return []string{"tea", "mug"} },
			func(s, e wish, _ time.Time) wish {
				s.N += e.N
				return s
			})}}.Machine()
	w := sagatest.NewWorld(t, 1, shop, desk, shelf)
	w.Tell("order", want.Of(nothing{}))
	w.Tell("ann", tell.Of(wish{7}))
	w.Settle()
	w.Tell("order", want.Of(nothing{}))
	w.Settle()
	if said := sagatest.Said(w, happened); len(said) != 2 || said[0].N != 100 || said[1].N != 207 {
		t.Errorf("said %v", said)
	}
	for _, sku := range []string{"tea", "mug"} {
		if s := w.State("shelf (product)", sku); s != (wish{307}) {
			t.Errorf("%s shows %v", sku, s)
		}
	}
	sagatest.Given(t, desk, happened.Of(wish{101})).Knowing(wished.About("ann", wish{5})).
		When(want.Of(nothing{})).Then(happened.Of(wish{205}))
}
