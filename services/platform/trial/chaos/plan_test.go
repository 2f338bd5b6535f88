package chaos

import (
	"reflect"
	"testing"
	"time"
)

func TestASeedChoosesTheSameFaultsAndOrdersEachTime(t *testing.T) {
	t.Parallel()
	faults, orders := Schedule(1, time.Minute, 19), plan(1, 100, time.Minute)
	if !reflect.DeepEqual(faults, Schedule(1, time.Minute, 19)) || !reflect.DeepEqual(orders, plan(1, 100, time.Minute)) {
		t.Error("the same seed gave another schedule")
	}
	if reflect.DeepEqual(faults, Schedule(2, time.Minute, 19)) || reflect.DeepEqual(orders, plan(2, 100, time.Minute)) {
		t.Error("another seed gave the same schedule")
	}
}

func TestEachDefaultSeedHasEveryKindOfFaultWithinItsBounds(t *testing.T) {
	t.Parallel()
	const window = 150 * time.Second
	for seed := range uint64(3) {
		seen, hit := map[Kind]int{}, map[int]bool{}
		for _, f := range Schedule(seed+1, window, 19) {
			seen[f.Kind]++
			if f.Kind == KillProcess || f.Kind == StopProcess {
				hit[f.Target] = true
			}
			if f.At > window || f.For > 8*time.Second || f.Kind == StopProcess && f.For < 200*time.Millisecond {
				t.Errorf("seed %d: %+v", seed+1, f)
			}
		}
		for _, k := range Kinds {
			if seen[k.Kind] == 0 {
				t.Errorf("seed %d: no %s in %v", seed+1, k.Kind, seen)
			}
		}
		if len(hit) < 15 {
			t.Errorf("seed %d: only %d of 19 processes are hit", seed+1, len(hit))
		}
	}
}

func TestCustomersDoEverythingThatTheyCan(t *testing.T) {
	t.Parallel()
	const orders, window = 1000, 150 * time.Second
	seen := map[string]int{}
	for i, p := range plan(1, orders, window) {
		if want := window * time.Duration(i) / orders; p.at != want {
			t.Fatalf("order %d is placed after %v, want %v", i, p.at, want)
		}
		seen[p.basket.PaymentToken]++
		seen[p.basket.FillPolicy]++
		seen[p.basket.ShipTo.Country]++
		seen[p.basket.ShipTo.Postcode]++
		if p.cancelAfter > 0 {
			seen["cancelled"]++
		}
		if p.sendsBack {
			seen["sent back"]++
		}
		if p.basket.Email != p.customer+"@example.com" {
			seen["fraud"]++
		}
		if !p.canComplete {
			seen["cannot complete"]++
		}
		for _, l := range p.basket.Lines {
			seen[l.SKU]++
		}
	}
	for _, what := range []string{"tok_ok", "tok_slow", "tok_timeout", "tok_declined", "tok_insufficient_funds", "tok_capture_fails",
		"tok_refund_fails_once", "fill_all", "fill_available", "NOWHERE 1", "LOST 1", "cancelled", "sent back",
		"fraud", limited, refill} {
		if seen[what] < 10 {
			t.Errorf("%s: %d of %d orders", what, seen[what], orders)
		}
	}
	if seen["cannot complete"] > orders/3 {
		t.Errorf("%d of %d orders cannot complete: too few are left for the faults", seen["cannot complete"], orders)
	}
}
