package tracker

import (
	"slices"
	"testing"
)

// behind is the shop after the storefront has stopped taking in what the order service says in one partition: of an order that
// has ended, and of two that have not.
func behind() *scene {
	s := shop()
	delete(s.report(62, "storefront").Applied, "order.events")
	return s
}

func (s *scene) chosen(x *Index, f Filter) (orders []string) {
	list, _, _ := x.Sagas(f, nil, 100, s.at(100))
	for _, one := range list {
		orders = append(orders, one.Order)
	}
	return orders
}

func TestASagaThatHasEndedAndStillOwesNeedsAttention(t *testing.T) {
	t.Parallel()
	s := behind()
	x := s.seen()
	x.Sweep(s.at(100))
	yes, no := true, false
	for name, c := range map[string]struct {
		f    Filter
		want []string
	}{
		"attention":           {Filter{Attention: &yes}, []string{"voiding", "placed", "cancelled"}},
		"no attention":        {Filter{Attention: &no}, []string{"asked", "completed"}},
		"stuck":               {Filter{Stuck: &yes}, []string{"voiding", "placed"}},
		"ended, attention":    {Filter{Attention: &yes, Open: &no}, []string{"cancelled"}},
		"cause":               {Filter{Cause: CauseConsumer}, []string{"voiding", "placed", "cancelled"}},
		"another cause":       {Filter{Cause: CauseParked}, nil},
		"who owes":            {Filter{Service: "storefront"}, []string{"voiding", "placed", "cancelled"}},
		"who owes nothing":    {Filter{Service: "inventory"}, nil},
		"began between":       {Filter{From: s.at(20), To: s.at(40)}, []string{"placed", "asked"}},
		"another reason":      {Filter{Reason: "declined"}, nil},
		"attention and state": {Filter{Attention: &yes, State: "placed"}, []string{"placed"}},
	} {
		if got := s.chosen(x, c.f); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func TestAListSaysWhatASagaWaitsFor(t *testing.T) {
	t.Parallel()
	s := behind()
	list, _, _ := s.seen().Sagas(Filter{Prefix: "cancelled"}, nil, 1, s.at(100))
	if len(list) != 1 || list[0].Overdue == 0 || list[0].Stuck != nil || list[0].Waits == nil ||
		list[0].Waits.Service != "storefront" || list[0].Waits.Cause != CauseConsumer || list[0].Waits.Until.IsZero() {
		t.Errorf("got %+v", list)
	}
}
