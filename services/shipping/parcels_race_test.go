package shipping_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	event "orderflow.example/schemas/shipping"
	"orderflow.example/services/shipping"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

// fate is what was said of one parcel.
type fate struct{ gone, kept, voids, ends int }

// Whatever order the events about two parcels come in, each up to twice, each parcel is handed over or withdrawn once and never
// both, ends once, and holds no label for nothing; the order is withdrawn as a whole only where nothing has left.
func TestNoOrderOfEventsBothWithdrawsAndHandsOverOneOfSeveralParcels(t *testing.T) {
	t.Parallel()
	ends := map[string]int{}
	for seed := range uint64(5000) {
		luck := rand.New(rand.NewPCG(seed, 2))
		d := sagatest.Given(t, machine, first.asked(), second.asked())
		fates, story := map[string]*fate{first.id: {}, second.id: {}}, ""
		var steps []func()
		step := func(name string, do func()) {
			for range 1 + luck.IntN(2) {
				steps = append(steps, func() { story += " " + name; do() })
			}
		}
		when := func(name string, e saga.Event) { step(name, func() { d.When(e) }) }
		for i, p := range []sent{first, second} {
			name := func(what string) string { return fmt.Sprint(what, i+1) }
			label := p.label()
			if luck.IntN(6) == 0 {
				label = p.refused()
			}
			step(name("label"), func() { d.Answered(event.LabelRequested, label) })
			when(name("packed"), p.packed())
			when(name("captured"), p.captured())
			outcome := shipping.DeliverAnswer{ShipmentID: p.id, Lost: luck.IntN(2) == 0}
			step(name("arrives"), func() { d.Answered(event.Dispatched, outcome) })
			when(name("scan"), record(scan(shipping.ScanDelivered, p.number)))
			if luck.IntN(2) == 0 {
				when(name("withdraw"), p.withdraw())
			}
		}
		if luck.IntN(3) == 0 {
			when("withdraw", askWithdraw)
		}
		luck.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
		steps = append(steps, func() { story += " cancelled"; d.When(cancelled) })
		for _, id := range []string{first.id, second.id} { // labels that came after the end of it
			steps = append(steps, func() {
				d.Answered(event.LabelRequested, shipping.LabelAnswer{ShipmentID: id, Carrier: "royal", TrackingNumber: "T"})
			})
		}
		for _, do := range steps {
			do()
			for _, e := range d.Emitted() {
				switch said := e.Data.(type) {
				case event.DispatchedV1:
					fates[said.ShipmentID].gone++
				case event.DeliveredV1:
					fates[said.ShipmentID].ends++
				case event.LostV1:
					fates[said.ShipmentID].ends++
				case event.LabelVoidRequestedV1:
					fates[said.ShipmentID].voids++
				case event.WithdrawnV1:
					for id, f := range fates {
						if said.ShipmentID == "" && f.gone > 0 {
							t.Fatalf("seed %d:%s: the order is withdrawn though %s has left", seed, story, id)
						}
						if said.ShipmentID == id || said.ShipmentID == "" && f.kept == 0 {
							f.kept++
						}
					}
				}
			}
		}
		for _, p := range d.State().(shipping.Shipment).Parcels {
			f := fates[p.ID]
			ended := p.HandedOver() || p.Status == shipping.Withdrawn || p.Status == shipping.Rejected
			kept := p.Status == shipping.Withdrawn
			if !ended || f.gone+f.kept > 1 || f.gone == 1 != p.HandedOver() || f.kept == 1 != kept || f.ends > f.gone || f.voids > f.kept {
				t.Fatalf("seed %d:%s: %+v is %+v", seed, story, p, *f)
			}
			if kept && p.Label != shipping.NoLabel && p.Label != shipping.LabelRevoked && p.Label != shipping.LabelVoided {
				t.Fatalf("seed %d:%s: %+v is withdrawn and holds a label", seed, story, p)
			}
			ends[string(p.Status)]++
		}
	}
	for _, end := range []shipping.Status{shipping.Withdrawn, shipping.Rejected, shipping.Dispatched, shipping.Delivered,
		shipping.Lost} {
		if ends[string(end)] < 20 {
			t.Errorf("%d parcels end %s: the seeds do not cover it (%v)", ends[string(end)], end, ends)
		}
	}
}
