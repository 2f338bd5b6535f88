package tracker

import (
	"slices"
	"testing"
	"time"

	"orderflow.example/schemas/order"
	"orderflow.example/schemas/storefront"
)

// Of two topics that are read together either may come first.
func TestWhatIsToldOfASagaDoesNotDependOnWhichTopicIsReadFirst(t *testing.T) {
	t.Parallel()
	s := shop()
	placedLast := slices.Clone(s.records)
	slices.SortStableFunc(placedLast, func(a, b Record) int {
		switch placed := storefront.OrderPlaced.Name(); {
		case a.Type == b.Type:
			return 0
		case a.Type == placed:
			return 1
		case b.Type == placed:
			return -1
		}
		return 0
	})
	for name, records := range map[string][]Record{"as it happened": s.records, "placed last": placedLast} {
		x := New(machines())
		var told []string
		x.Began = func() { told = append(told, "begun") }
		x.Answered = func(_ ID, status string, took time.Duration) {
			told = append(told, "answered "+status+" "+took.String())
		}
		x.Ended = func(_ ID, outcome string, took time.Duration) {
			told = append(told, "ended "+outcome+" "+took.String())
		}
		x.Told = map[string]func(any){order.Cancelled.Name(): func(payload any) {
			told = append(told, payload.(order.CancelledV1).Reason)
		}}
		for _, r := range records {
			x.Add(&r)
		}
		slices.Sort(told)
		want := []string{"answered cancelling 1.3s", "answered cancelling 1.3s", "answered completed 1.2s",
			"begun", "begun", "begun", "begun", "begun", "customer_request", "customer_request", "ended cancelled 1.6s",
			"ended completed 1.2s"}
		if !slices.Equal(told, want) {
			t.Errorf("%s: told %q, want %q", name, told, want)
		}
		for _, r := range s.reports {
			x.Report(r)
		}
		if got := x.Sweep(s.at(4000)).Stuck; got[CauseConsumer]+got[CauseOutside] != 3 {
			t.Errorf("%s: stuck are %v", name, got)
		}
	}
}
