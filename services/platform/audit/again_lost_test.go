package audit

import (
	"fmt"
	"slices"
	"testing"

	storefrontevent "orderflow.example/schemas/storefront"
	"orderflow.example/services/storefront"
	"orderflow.example/services/warehouse"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/saga"
)

// lose makes a service anew from its topic, in the middle of whatever goes on.
func (s *shop) lose(service string) {
	for _, app := range s.apps {
		if app.Name != service {
			continue
		}
		s.keepers[service] = nil
		for i, b := range engine.WithLookups(app.Bindings) {
			states := b.Store.Memory()
			s.keepers[service] = append(s.keepers[service], states)
			if i == len(app.Bindings) {
				b.Machine = s.world.Lookups(app.Bindings[0].Machine)
			}
			s.world.Lose(b.Machine, states)
		}
	}
}

func (s *shop) receive(n int) {
	for i := range n {
		s.world.Tell("tea", warehouse.ReceiveStock.Of(warehouse.Receipt{ID: fmt.Sprint("more-", i), Warehouse: "leeds", Quantity: 1}))
	}
	s.world.Settle()
}

func brief(events []saga.Event) (list []string) {
	for _, e := range events {
		list = append(list, fmt.Sprintf("%s of %s after %s", e.Type, e.Key, e.Cause))
	}
	return list
}

func TestAServiceThatHearsEverythingAgainSaysNothingNew(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		s := open(t, seed)
		s.receive(2 * warehouse.Remembered) // more than anybody remembers
		before := len(s.world.Log)
		for _, app := range s.apps {
			s.lose(app.Name)
			s.world.Settle()
			if more := s.world.Log[before:]; len(more) > 0 {
				t.Fatalf("seed %d: %s says again: %v", seed, app.Name, brief(more))
			}
		}
		if broken := listed(s.picture(t).verdict(t)); broken != nil {
			t.Errorf("seed %d: %v", seed, broken)
		}
	}
}

func TestAServiceLostAtAnyMomentGoesOnAsIfNothingHadHappened(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		for i, app := range apps {
			s := empty(t, seed)
			for _, fate := range fates {
				s.place(fate)
				s.world.Steps(int(seed % 11))
			}
			s.world.Steps(int(seed*13+uint64(i)*29) % 250)
			s.world.Tell("wants-out", storefront.RequestCancellation.Of(storefrontevent.CancellationRequestedV1{Reason: "r"}))
			s.world.Steps(int(seed % 5))
			lost := []string{app.Name}
			if seed%2 == 1 { // two at once
				lost = append(lost, apps[(i+int(seed))%len(apps)].Name)
			}
			said := map[[3]string]bool{}
			for _, e := range s.world.Log {
				if e.Via == "" && e.Cause != "" {
					said[[3]string{e.Cause, e.Type, e.Key}] = true
				}
			}
			before := len(s.world.Log)
			for _, name := range slices.Compact(lost) {
				s.lose(name)
			}
			s.world.Settle()
			for _, e := range s.world.Log[before:] {
				if said[[3]string{e.Cause, e.Type, e.Key}] {
					t.Fatalf("seed %d, %v lost: %s of %s is said again of %s", seed, lost, e.Type, e.Key, e.Cause)
				}
			}
			s.sendBack("sent-back", storefrontevent.ReturnLine{SKU: "tea", Quantity: 2},
				storefrontevent.ReturnLine{SKU: "mug", Quantity: 1})
			s.world.Settle()
			if broken := listed(s.picture(t).verdict(t)); broken != nil {
				t.Fatalf("seed %d, %v lost: %v", seed, lost, broken)
			}
		}
	}
}
