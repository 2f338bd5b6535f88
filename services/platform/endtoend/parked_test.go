package endtoend_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/engine/parked"
)

const (
	undelivered = 200 // orders whose parcels left, which inventory cannot process
	withdrawn   = 20  // orders cancelled after their goods left, which inventory cannot process either
)

func TestWhatOneCauseParkedIsReleasedStepByStepOnceItIsMendedWhileAllElseGoesOn(t *testing.T) {
	t.Parallel()
	bin := trial.Programs(t, "platform")
	w := watch(t)
	w.coordinate(t, "inventory")
	w.Site.Sell(t, "canary", price, 1000)
	w.Gate.Shut("/sim/gateway/v1/captures")
	buyers := w.buyMany(t, undelivered+withdrawn)
	left, cancelled := idsOf(buyers[:undelivered]), idsOf(buyers[undelivered:])
	const set = `UPDATE reservations SET status = $1 WHERE order_id = ANY($2::text[])`
	w.Damage(t, "inventory", set, "released", left)
	w.Damage(t, "inventory", set, "committed", cancelled)
	for _, b := range buyers[undelivered:] {
		b.Cancel(t)
	}
	w.parkedGroups(t, withdrawn) // before parcels can leave: an order whose parcel left cannot be withdrawn
	w.Gate.Open()
	stop := w.buyOn(t)
	groups := w.parkedGroups(t, undelivered, withdrawn)

	redrive := func(args ...string) (stdout, stderr string, code int) {
		return trial.Command(filepath.Join(bin, "orderflow"), append(append([]string{"parked"}, args...), w.Servers()...)...)
	}
	// Still broken: the redrive fails at the first saga, and touches no other.
	_, stderr, code := redrive("redrive", groups[0].ID, "--rate", "500", "--reason", "trial")
	if code != 1 || !strings.Contains(stderr, "left although nothing is set aside for it") {
		t.Errorf("still broken: exit code %d: %s", code, stderr)
	}
	ops := w.Site.Operator("inventory")
	list := trial.Read[items[parked.Redrive]](t, ops.Must(t, 200, "GET", "/v1/parked/redrives", nil)).Items
	if len(list) != 1 || list[0].State != "failed" || list[0].Failed != 1 || list[0].Left != undelivered-1 ||
		list[0].Total != undelivered {
		t.Fatalf("the redrives are %+v", list)
	}
	w.parkedGroups(t, undelivered, withdrawn)

	// Repaired: the same redrive continues, requested over HTTP, and the other cause stays parked.
	w.Damage(t, "inventory", set, "reserved", left)
	ops.Must(t, 200, "POST", "/v1/parked/redrives/"+list[0].ID+"/continue", nil)
	trial.Await(t, "the redrive", func() (bool, string) {
		a := ops.Must(t, 200, "GET", "/v1/parked/redrives/"+list[0].ID, nil)
		r := trial.Read[parked.Redrive](t, a)
		return r.State == "done" && r.Released == undelivered, a.Body
	})
	w.parkedGroups(t, withdrawn)
	w.Damage(t, "inventory", set, "reserved", cancelled)
	started := trial.Read[parked.Started](t, ops.Must(t, 202, "POST", "/v1/parked/redrive",
		map[string]any{"all": true, "per_second": 100, "reason": "trial"}, "Idempotency-Key: all"))
	if started.Total != withdrawn || started.Later != 0 {
		t.Errorf("started %+v", started)
	}
	w.parkedGroups(t)

	stop()
	for _, b := range buyers[:undelivered] {
		b.Await(t, "completed")
	}
	for _, b := range buyers[undelivered:] {
		b.Await(t, "cancelled")
	}
	trial.Await(t, "all to hold", func() (bool, string) {
		stdout, stderr, code := trial.Command(filepath.Join(bin, "orderflow"), append([]string{"verify"}, w.Servers()...)...)
		return code == 0, stdout + stderr
	})
}

// coordinate advances the redrives of a service, as each of its processes does.
func (w *watched) coordinate(t *testing.T, service string) {
	db := w.Database(t, service).Gorm()
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() {
		for ctx.Err() == nil {
			if err := parked.Advance(ctx, db); err != nil && ctx.Err() == nil {
				t.Errorf("advance: %v", err)
			}
			select {
			case <-ctx.Done():
			case <-time.After(200 * time.Millisecond):
			}
		}
	})
	t.Cleanup(func() { cancel(); all.Wait() })
}

func idsOf(buyers []*trial.Buyer) (ids pgtype.FlatArray[string]) {
	for _, b := range buyers {
		ids = append(ids, b.ID)
	}
	return ids
}

// buyMany places orders and waits until each is being prepared.
func (w *watched) buyMany(t *testing.T, n int) []*trial.Buyer {
	t.Helper()
	buyers := make([]*trial.Buyer, n)
	var all sync.WaitGroup
	slots := make(chan struct{}, 16)
	for i := range buyers {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			buyers[i] = w.Site.Buy(t, trial.NewBasket(trial.Line{SKU: "canary", Quantity: 1}))
		})
	}
	all.Wait()
	for _, b := range buyers {
		b.Await(t, "preparing")
	}
	return buyers
}

// buyOn keeps placing orders. The returned function stops that, and checks that all of them completed.
func (w *watched) buyOn(t *testing.T) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	var buyers []*trial.Buyer
	all.Go(func() {
		for ctx.Err() == nil && len(buyers) < 500 {
			buyers = append(buyers, w.Site.Buy(t, trial.NewBasket(trial.Line{SKU: "canary", Quantity: 1})))
			select {
			case <-ctx.Done():
			case <-time.After(50 * time.Millisecond):
			}
		}
	})
	return func() {
		t.Helper()
		cancel()
		all.Wait()
		for _, b := range buyers {
			b.Await(t, "completed")
		}
		t.Logf("%d orders went on meanwhile", len(buyers))
	}
}

// parkedGroups waits until exactly so many sagas are parked in inventory, one number for each cause.
func (w *watched) parkedGroups(t *testing.T, sagas ...int64) (groups []parked.Group) {
	t.Helper()
	trial.Await(t, fmt.Sprint("parked: ", sagas), func() (bool, string) {
		a := w.Site.Operator("inventory").Must(t, 200, "GET", "/v1/parked/groups", nil)
		groups = trial.Read[items[parked.Group]](t, a).Items
		same := len(groups) == len(sagas)
		for i := 0; same && i < len(sagas); i++ {
			same = groups[i].Sagas == sagas[i]
		}
		return same, a.Body
	})
	return groups
}
