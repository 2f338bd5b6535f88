package tracker

import (
	"fmt"
	"maps"
	"slices"
	"testing"
)

func TestTheFacetsOfAFilterCountWhatItsListLists(t *testing.T) {
	t.Parallel()
	s := behind()
	x := s.seen()
	x.Sweep(s.at(100))
	yes, no := true, false
	for _, f := range []Filter{{}, {State: "placed"}, {Attention: &yes}, {Attention: &no}, {Open: &no}, {Stuck: &yes}, {Stuck: &no},
		{Cause: CauseConsumer}, {Cause: CauseParked}, {Service: "storefront"}, {Customer: "c1"}, {Customer: "nobody"},
		{Orders: []string{"asked", "completed", "asked", "none"}}, {SKU: goods[0].SKU}, {SKU: "nothing"},
		{Customer: "c1", SKU: goods[0].SKU, Attention: &yes}} {
		list, _, _ := x.Sagas(f, nil, 100, s.at(100))
		got := x.Facets(f, s.at(100))
		states, causes, services := map[string]int{}, map[string]int{}, map[string]int{}
		for _, one := range list {
			states[one.State]++
			seen := map[string]bool{}
			for _, o := range x.owed(x.sagas[IDOf(one.Order)], s.at(100)) {
				seen["by "+o.Service], seen["for "+o.Cause] = true, true
			}
			if one.Stuck != nil {
				seen["for "+one.Stuck.Cause] = true
			}
			delete(seen, "for ")
			for what := range seen {
				if name, by := what[3:], what[:3] == "by "; by {
					services[name]++
				} else {
					causes[what[4:]]++
				}
			}
		}
		if got.Total != len(list) || !maps.Equal(got.State, states) || !maps.Equal(got.Cause, causes) ||
			!maps.Equal(got.Service, services) {
			t.Errorf("%+v: counted %+v; the list has %d: %v %v %v", f, got, len(list), states, causes, services)
		}
	}
	if n := x.Facets(Filter{Customer: "c1"}, s.at(100)).Total; n != 5 {
		t.Errorf("%d sagas of the customer who ordered all", n)
	}
}

func TestTheOverviewCountsWhatTheListsList(t *testing.T) {
	t.Parallel()
	s := behind()
	x := s.seen()
	yes := true
	got := x.Overview(s.at(100))
	if want := x.Facets(Filter{Attention: &yes}, s.at(100)).Total; got.Attention != want || want == 0 {
		t.Errorf("%d need attention, the list has %d", got.Attention, want)
	}
	if want := len(x.Obligations(ObligationFilter{Overdue: &yes}, s.at(100))); got.Overdue != want || want == 0 {
		t.Errorf("%d are overdue, the list has %d", got.Overdue, want)
	}
	if want := x.Sweep(s.at(100)); got.Sagas != want.Sagas || !maps.Equal(got.Open, want.Open) {
		t.Errorf("counted %+v, the sweep %+v", got, want)
	}
	if got.Parked.Sagas != 0 || got.Lag == nil || got.Lag.Service != "storefront" || got.Lag.Topic != "order.events" ||
		got.Lag.Events < 1 || got.Lag.Seconds < 89 {
		t.Errorf("got %+v, the worst lag %+v", got, got.Lag)
	}
	if !slices.Equal(got.Silent, []string{"inventory", "order", "payment", "storefront"}) {
		t.Errorf("long after the last report, silent are %v", got.Silent)
	}
	if now := x.Overview(s.at(62)); len(now.Silent) != 0 {
		t.Errorf("just after their reports, silent are %v", now.Silent)
	}
}

func TestASagaTellsItsMoneyAndWhetherItCanBeCancelled(t *testing.T) {
	t.Parallel()
	s := shop()
	x := s.seen()
	for order, want := range map[string]string{
		"completed": "{700 GBP} {700 GBP} {0 GBP} {0 GBP} {false it is completed already}",
		"cancelled": "{700 GBP} {0 GBP} {0 GBP} {0 GBP} {false it is cancelled already}",
		"voiding":   "{700 GBP} {700 GBP} {0 GBP} {0 GBP} {false it is cancelling already}",
		"asked":     "{700 GBP} {0 GBP} {0 GBP} {0 GBP} {true it is before the point of no return}",
	} {
		told, found := x.Saga(order, s.of(x, order), s.at(100))
		if !found || told.Version != len(told.Events) || told.Customer != "c1" || told.Lines != len(goods) {
			t.Fatalf("%s: %+v", order, told)
		}
		m := told.Money
		if got := fmt.Sprint(m.Total, m.Authorized, m.Captured, m.Refunded, told.Cancellable); got != want {
			t.Errorf("%s: got %s, want %s", order, got, want)
		}
	}
}
