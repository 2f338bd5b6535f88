package shipping_test

import (
	"fmt"
	"testing"

	"orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	event "orderflow.example/schemas/shipping"
	"orderflow.example/schemas/warehouse"
	"orderflow.example/services/shipping"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

// permutations calls try with every order of 0 … n-1.
func permutations(n int, try func([]int)) {
	var grow func(order, left []int)
	grow = func(order, left []int) {
		if len(left) == 0 {
			try(order)
		}
		for i := range left {
			rest := append(append([]int{}, left[:i]...), left[i+1:]...)
			grow(append(order[:len(order):len(order)], left[i]), rest)
		}
	}
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	grow(nil, all)
}

func TestNoOrderOfEventsBothWithdrawsAndHandsOver(t *testing.T) {
	t.Parallel()
	answers := map[string]shipping.LabelAnswer{"label": labelled, "no carrier": noCarrier}
	dispatches, withdrawals := 0, 0
	permutations(6, func(p []int) {
		for name, answer := range answers {
			d := sagatest.Given(t, machine)
			said := map[string]int{}
			story := name
			for _, step := range p {
				before := d.State().(shipping.Shipment)
				switch step {
				case 0:
					d.When(confirmed)
				case 1:
					if len(before.Parcels) == 0 { // not asked: no answer either
						continue
					}
					d.Answered(event.LabelRequested, answer)
				case 2:
					d.When(packed)
				case 3:
					d.When(captured)
				case 4:
					d.When(askWithdraw)
				case 5:
					d.When(cancelled)
				}
				story += fmt.Sprint(" ", step)
				for _, e := range d.Emitted() {
					said[e.Type]++
				}
			}
			gone, kept := said[event.Dispatched.Name()], said[event.Withdrawn.Name()]
			label := shipping.NoLabel
			for _, p := range d.State().(shipping.Shipment).Parcels {
				label = p.Label
			}
			if gone+kept != 1 {
				t.Fatalf("%s: dispatched %d times and withdrawn %d times, want exactly one of both", story, gone, kept)
			}
			if gone == 1 && said[event.WithdrawalRefused.Name()] != 1 {
				t.Fatalf("%s: handed over, and the question was not answered", story)
			}
			if kept == 1 && (label == shipping.LabelBought || said[event.LabelVoidRequested.Name()] > 1) {
				t.Fatalf("%s: withdrawn, the label is %q after %d requests to void it", story, label, said[event.LabelVoidRequested.Name()])
			}
			if gone == 1 && said[event.LabelVoidRequested.Name()] != 0 {
				t.Fatalf("%s: handed over, and its label voided", story)
			}
			dispatches, withdrawals = dispatches+gone, withdrawals+kept
		}
	})
	if dispatches == 0 || withdrawals == 0 {
		t.Fatalf("%d hand-overs and %d withdrawals seen: the orders do not cover them", dispatches, withdrawals)
	}
}

// others are the services around shipping, reduced to the events that shipping consumes.
func others() []*saga.Machine {
	type none struct{}
	blank := func(string) none { return none{} }
	machineOf := func(service string, rows ...saga.Row) *saga.Machine {
		return saga.Choreography[none]{Service: service, Blank: blank, Rows: rows}.Machine()
	}
	return []*saga.Machine{
		machineOf("order",
			saga.On(event.Withdrawn, func(none, event.WithdrawnV1) []saga.Event { return []saga.Event{cancelled} }, order.Cancelled),
			saga.On(event.Rejected, func(none, event.RejectedV1) []saga.Event { return []saga.Event{cancelled} }, order.Cancelled)),
		machineOf("warehouse",
			saga.On(event.Prepared, func(none, event.PreparedV1) []saga.Event { return []saga.Event{packed} }, warehouse.Packed)),
		machineOf("payment",
			saga.On(warehouse.Packed, func(none, warehouse.PackedV1) []saga.Event { return []saga.Event{captured} }, payment.Captured)),
	}
}

func TestAShipmentThatTheCustomerStopsAtAnyMomentEndsOneWayAndHoldsNoLabelForNothing(t *testing.T) {
	t.Parallel()
	ends := map[shipping.Status]int{}
	for seed := range uint64(500) {
		w := sagatest.NewWorld(t, seed, append(others(), machine)...)
		live := map[string]bool{} // the carrier's labels
		sagatest.Outside(w, shipping.BuyLabel, func(e saga.Event, _ event.LabelRequestedV1) (shipping.LabelAnswer, bool) {
			if seed%7 == 0 {
				return noCarrier, true
			}
			live["T"+e.ID] = true
			return shipping.LabelAnswer{Carrier: "royal", TrackingNumber: "T" + e.ID}, true
		})
		sagatest.Outside(w, shipping.VoidLabel, func(_ saga.Event, asked event.LabelVoidRequestedV1) (shipping.VoidAnswer, bool) {
			delete(live, asked.TrackingNumber)
			return shipping.VoidAnswer{ShipmentID: asked.ShipmentID}, true
		})
		sagatest.Outside(w, shipping.Deliver, func(_ saga.Event, asked event.DispatchedV1) (shipping.DeliverAnswer, bool) {
			if !live[asked.TrackingNumber] {
				t.Fatalf("seed %d: handed over under a label that is void", seed)
			}
			return shipping.DeliverAnswer{Lost: seed%5 == 0}, true
		})
		w.Tell(sagatest.Order, confirmed)
		w.Steps(int(seed % 11))
		w.Tell(sagatest.Order, askWithdraw)
		w.Settle()
		p := w.State("shipping", sagatest.Order).(shipping.Shipment).Parcels[0]
		ends[p.Status]++
		gone, kept := len(sagatest.Said(w, event.Dispatched)), len(sagatest.Said(w, event.Withdrawn))
		if gone+kept != 1 {
			t.Fatalf("seed %d: dispatched %d times, withdrawn %d times", seed, gone, kept)
		}
		if kept == 1 && (len(live) > 0 || p.Label != shipping.LabelVoided && p.Label != shipping.NoLabel) {
			t.Fatalf("seed %d: withdrawn, and the carrier still holds %v; shipping says %q", seed, live, p.Label)
		}
	}
	for _, end := range []shipping.Status{shipping.Delivered, shipping.Lost, shipping.Withdrawn} {
		if ends[end] == 0 {
			t.Errorf("no run ended %s: the seeds do not cover it (%v)", end, ends)
		}
	}
}
