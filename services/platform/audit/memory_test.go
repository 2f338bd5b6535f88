package audit

import (
	"fmt"
	"runtime"
	"testing"

	"orderflow.example/services/warehouse"
)

// Not parallel: it measures the heap.
func TestAFinishedOrderIsKeptInLittleMemory(t *testing.T) {
	const orders, most = 1000, 384 // bytes, for each row that services keep of an order
	s := &series{shop: empty(t, 1)}
	for _, sku := range []string{"tea", "mug"} {
		s.world.Tell(sku, warehouse.ReceiveStock.Of(warehouse.Receipt{ID: "more-" + sku, Warehouse: "leeds", Quantity: 100_000}))
	}
	for i := range orders {
		s.place(fmt.Sprintf("0193b0a0-7c00-7000-8000-%012d", i))
		s.world.Settle()
	}
	for range 2 * keptLooks {
		if all := s.look(t, nil); listed(all) != nil {
			t.Fatal(texts(all))
		}
	}
	rows := int64(0)
	for _, tr := range s.p.traces {
		for _, f := range tr.folds {
			rows += int64(len(f.rows))
		}
	}
	s.p.services, s.rows = nil, nil
	for _, tr := range s.p.traces {
		tr.snapshot = nil
	}
	s.p.Kafka, s.p.stands, s.p.outbox, s.p.Book = nil, nil, nil, nil
	for _, tr := range s.p.traces {
		tr.reading.Log = nil
	}
	with := heap()
	s.p = nil
	each := (int64(with) - int64(heap())) / orders
	t.Logf("%d bytes for each order of two lines, of which services keep %d rows", each, rows/orders)
	if each < 100 || each > most*rows/orders {
		t.Errorf("%d bytes are kept of each order, want at most %d for each of its %d rows", each, most, rows/orders)
	}
	runtime.KeepAlive(s)
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
