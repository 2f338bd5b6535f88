package interactions

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	event "orderflow.example/schemas/storefront"
)

// kept are the interactions recorded, by visitor.
type kept struct {
	mu    sync.Mutex
	by    map[string]int
	calls int
	fail  error
	ended map[string]int // by what became of them
}

func (k *kept) count(outcome string, n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ended == nil {
		k.ended = map[string]int{}
	}
	k.ended[outcome] += n
}

func (k *kept) record(_ context.Context, visitor string, e event.InteractionsRecordedV1) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.calls++
	k.by[visitor] += len(e.Interactions)
	return k.fail
}

func TestOfManyInteractionsASampleIsRecordedInBatches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		k := &kept{by: map[string]int{}, fail: errors.New("down")}
		r := New(ctx, 100, k.record, k.count, slog.New(slog.DiscardHandler))
		for n := range 1000 { // as many as come in ten times what is recorded
			r.Keep(fmt.Sprint("guest:", n%5), event.Interaction{Kind: "view", SKU: "MUG"})
		}
		time.Sleep(time.Second)
		sum := 0
		for _, n := range k.by {
			sum += n
		}
		if sum != 25 || k.calls > 5 { // a quarter of a second's
			t.Errorf("%d in %d calls", sum, k.calls)
		}
		if k.ended[LeftOut] != 975 || k.ended[Lost] != 25 { // the record fails
			t.Error(k.ended)
		}
		k.fail = nil
		r.Keep("guest:late", event.Interaction{Kind: "view", SKU: "MUG"})
		time.Sleep(time.Second)
		if k.by["guest:late"] != 1 {
			t.Errorf("after a pause: %v", k.by)
		}
		if k.ended[Recorded] != 1 {
			t.Error(k.ended)
		}
	})
}

func TestNothingIsRecordedWhereThatIsSwitchedOffOrHasEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		k := &kept{by: map[string]int{}}
		off, ended := New(ctx, 0, k.record, k.count, nil), New(ctx, 10, k.record, k.count, nil)
		off.Keep("guest:1", event.Interaction{Kind: "view"})
		cancel()
		ended.Keep("guest:1", event.Interaction{Kind: "view"})
		time.Sleep(time.Second)
		if k.calls != 0 || k.ended[LeftOut] != 2 {
			t.Error(k.by, k.ended)
		}
	})
}

func TestFewASecondAreNoMoreThanThat(t *testing.T) {
	t.Parallel()
	for _, most := range []int{1, 3, 4, 10} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			k := &kept{by: map[string]int{}}
			r := New(ctx, most, k.record, k.count, slog.New(slog.DiscardHandler))
			const seconds = 10
			for range seconds * 100 {
				r.Keep("guest:1", event.Interaction{Kind: "view", SKU: "MUG"})
				time.Sleep(time.Second / 100)
			}
			if n := k.by["guest:1"]; n > seconds*most || n < seconds*most/2 {
				t.Errorf("of %d a second %d were recorded in %d seconds", most, n, seconds)
			}
		})
	}
}
