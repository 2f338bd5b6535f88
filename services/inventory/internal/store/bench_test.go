package store_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"orderflow.example/schemas"
	"orderflow.example/schemas/order"
	"orderflow.example/shared/saga"
)

// BenchmarkReservations decides and stores batches of 500 orders of three lines on 3,000 products.
func BenchmarkReservations(b *testing.B) {
	s := open(b)
	random := rand.New(rand.NewPCG(1, 1))
	var stock []saga.Event
	for i := range 3000 {
		stock = append(stock, received(fmt.Sprint("sku-", i), "leeds", 1_000_000_000))
	}
	s.batch(stock...)
	n := 0
	for b.Loop() {
		orders := make([]saga.Event, 500)
		for i := range orders {
			n++
			lines := make([]schemas.Line, 3)
			for j := range lines {
				lines[j] = schemas.Line{SKU: fmt.Sprint("sku-", random.IntN(3000)), Quantity: 1, UnitPrice: 100}
			}
			orders[i] = heard(fmt.Sprint("order-", n), order.Validated.Of(order.ValidatedV1{Lines: lines}))
		}
		s.batch(orders...)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "orders/s")
}
