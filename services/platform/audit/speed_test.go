package audit

import (
	"fmt"
	"testing"

	"orderflow.example/services/warehouse"
)

// BenchmarkCheck reads, folds and checks a thousand orders whose topics are in memory.
func BenchmarkCheck(b *testing.B) {
	s := empty(b, 1)
	s.world.Tell("tea", warehouse.ReceiveStock.Of(warehouse.Receipt{ID: "more-tea", Warehouse: "leeds", Quantity: 100_000}))
	s.world.Tell("mug", warehouse.ReceiveStock.Of(warehouse.Receipt{ID: "more-mugs", Warehouse: "leeds", Quantity: 100_000}))
	for i := range 1000 {
		s.place(fmt.Sprint("order-", i))
		s.world.Settle()
	}
	events := 0
	for b.Loop() {
		b.StopTimer()
		p := s.picture(b)
		b.StartTimer()
		r, err := p.check(b.Context())
		if err != nil || !r.Holds() {
			b.Fatal(r, err)
		}
		events += int(r.Events)
	}
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
}
