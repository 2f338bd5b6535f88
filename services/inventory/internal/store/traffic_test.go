package store_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/inventory"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/shipping"
	"orderflow.example/schemas/warehouse"
	"orderflow.example/services/inventory"
	"orderflow.example/services/inventory/internal/store"
	"orderflow.example/shared/saga"
)

var (
	skus       = []string{"cup", "jug", "mug", "pot", "tea", "urn"}
	warehouses = []string{"bath", "leeds", "york"}
	policies   = []string{"fill_all", "fill_or_kill", "fill_available"}
)

// traffic generates possible inputs of one partition: its own orders, and its own share of the SKUs.
type traffic struct {
	random    *rand.Rand
	partition int
	of        int // partitions
	n         int
	open      []string                        // orders not yet cancelled or dispatched
	reserved  map[string][]schemas.Allocation // of those, the ones with goods set aside
	gone      map[string][]schemas.Allocation // what was dispatched and can come back
	asked     []saga.Event                    // replenishments of its SKUs, not yet received
	overtaken []string                        // orders whose cancellation comes first
}

func newTraffic(seed uint64, partition, of int) *traffic {
	return &traffic{random: rand.New(rand.NewPCG(seed, uint64(partition))), partition: partition, of: of,
		reserved: map[string][]schemas.Allocation{}, gone: map[string][]schemas.Allocation{}}
}

func (f *traffic) next() saga.Event {
	if len(f.overtaken) > 0 {
		id := f.overtaken[0]
		f.overtaken = f.overtaken[1:]
		return f.order(id)
	}
	switch f.random.IntN(11) {
	case 0, 1, 2, 3:
		f.n++
		id := fmt.Sprintf("order-%d-%d", f.partition, f.n)
		f.open = append(f.open, id)
		if f.random.IntN(10) == 0 {
			f.overtaken = append(f.overtaken, id)
			return f.cancel(len(f.open) - 1)
		}
		return f.order(id)
	case 4, 5:
		if len(f.open) > 0 {
			return f.cancel(f.random.IntN(len(f.open)))
		}
	case 6:
		if ids := slices.Sorted(maps.Keys(f.reserved)); len(ids) > 0 {
			id := ids[f.random.IntN(len(ids))]
			packed := f.reserved[id]
			if n := len(packed); f.random.IntN(4) == 0 {
				packed = packed[:max(1, n-1)] // goods were missing
			}
			delete(f.reserved, id)
			f.open = slices.DeleteFunc(f.open, func(o string) bool { return o == id })
			return heard(id, shipping.Dispatched.Of(shipping.DispatchedV1{Lines: packed}))
		}
	case 8:
		sku := skus[f.partition+f.of*f.random.IntN(len(skus)/f.of)]
		return heard(sku, inventory.CountStock.Of(inventory.Count{ID: fmt.Sprint("c", f.random.Uint64()),
			Warehouse: warehouses[f.random.IntN(len(warehouses))], Counted: f.random.Int64N(5)}))
	case 7:
		if ids := slices.Sorted(maps.Keys(f.gone)); len(ids) > 0 {
			id := ids[f.random.IntN(len(ids))]
			lines := f.gone[id][:1]
			delete(f.gone, id)
			return heard(id, shipping.ReturnReceived.Of(shipping.ReturnReceivedV1{ReturnID: id, Lines: lines}))
		}
	}
	return f.receipt()
}

func (f *traffic) order(id string) saga.Event {
	lines := make([]schemas.Line, 1+f.random.IntN(4))
	for i := range lines {
		lines[i] = schemas.Line{SKU: skus[f.random.IntN(len(skus))], Quantity: 1 + f.random.Int64N(4), UnitPrice: 100}
	}
	return heard(id, order.Validated.Of(order.ValidatedV1{Lines: lines, FillPolicy: policies[f.random.IntN(len(policies))],
		Backorder: &schemas.Backorder{SKUs: skus, Until: "2026-03-15T00:00:00Z"}}))
}

func (f *traffic) cancel(i int) saga.Event {
	id := f.open[i]
	f.open = slices.Delete(f.open, i, i+1)
	delete(f.reserved, id)
	return cancels(id)
}

func (f *traffic) receipt() saga.Event {
	d := warehouse.StockReceivedV1{ReceiptID: fmt.Sprint("r", f.random.Uint64()),
		Warehouse: warehouses[f.random.IntN(len(warehouses))], Quantity: 1 + f.random.Int64N(3)}
	own := f.partition + f.of*f.random.IntN(len(skus)/f.of)
	sku := skus[own]
	if len(f.asked) > 0 {
		e := f.asked[0]
		f.asked = f.asked[1:]
		asked := e.Data.(event.ReplenishmentRequestedV1)
		sku, d.Warehouse, d.Quantity, d.Replenishes = e.Key, asked.Warehouse, asked.Quantity, e.ID
	} else if f.random.IntN(3) == 0 {
		point := f.random.Int64N(4)
		d.ReorderPoint = &point
	}
	return heard(sku, warehouse.StockReceived.Of(d))
}

// learn notes the events that inventory emitted.
func (f *traffic) learn(said []saga.Event) {
	for _, e := range said {
		switch d := e.Data.(type) {
		case event.ReservedV1:
			f.reserved[e.Key] = d.Lines
		case event.ReleasedV1:
			delete(f.reserved, e.Key)
		case event.CommittedV1:
			f.gone[e.Key] = d.Lines
		case event.ReplenishmentRequestedV1:
			if slices.Index(skus, e.Key)%f.of == f.partition {
				f.asked = append(f.asked, e)
			}
		}
	}
}

func TestRacingTransactionsNeitherDeadlockNorOversellAndTheirEventsFoldToTheRows(t *testing.T) {
	t.Parallel()
	s := open(t)
	const partitions, batches = 3, 60
	var workers sync.WaitGroup
	for p := range partitions {
		workers.Go(func() {
			f := newTraffic(7, p, partitions)
			for range batches {
				inputs := make([]saga.Event, 8)
				for i := range inputs {
					inputs[i] = f.next()
				}
				f.learn(s.batch(inputs...))
			}
		})
	}
	workers.Wait()
	rows := s.rows()
	for seed := range uint64(5) {
		if folded := fold(t, s.said, rand.New(rand.NewPCG(seed, seed))); !reflect.DeepEqual(rows, folded) {
			t.Fatalf("the rows are not the fold of the events\nrows   %+v\nfolded %+v", rows, folded)
		}
	}
	if len(rows) < 100 {
		t.Errorf("only %d rows: the traffic covers too little", len(rows))
	}
}

func TestNothingIsEverPromisedTwiceWhateverHappens(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		states := store.New().Memory()
		f := newTraffic(seed, 0, 1)
		ids := 0
		moved := map[string]int64{} // the expected stock of each SKU, by the events emitted
		for range 150 {
			e := f.next()
			step, err := machine.Hear(states.Get(e), e, func(e *saga.Event) { ids++; e.ID = fmt.Sprint("event-", ids) })
			if err != nil {
				t.Fatal(err)
			}
			states.Put(e, step.State)
			f.learn(step.Emitted)
			count(moved, step.Emitted)
			check(t, seed, states.Each, moved)
		}
	}
}

func count(moved map[string]int64, said []saga.Event) {
	for _, e := range said {
		switch d := e.Data.(type) {
		case event.StockedV1:
			moved[e.Key] += d.Quantity
		case event.CountedV1:
			moved[e.Key] += d.Difference
		case event.CommittedV1:
			for _, l := range d.Lines {
				moved[l.SKU] -= l.Quantity
			}
		case event.RestockedV1:
			for _, l := range d.Lines {
				moved[l.SKU] += l.Quantity
			}
		}
	}
}

// check holds the invariants: nothing negative, nothing oversold, the reserved goods are those of the reservations, and
// a SKU that runs low is on order.
func check(t *testing.T, seed uint64, each func(func(string, any) error) error, moved map[string]int64) {
	t.Helper()
	promised, reserved, onHand := map[string]int64{}, map[string]int64{}, map[string]int64{}
	each(func(key string, state any) error {
		switch v := state.(type) {
		case inventory.Reservation:
			if v.Status == inventory.Reserved {
				for _, l := range v.Lines {
					promised[l.SKU+l.Warehouse] += l.Quantity
				}
			}
		case inventory.Shelf:
			if v.Reserved < 0 || v.Reserved > v.OnHand {
				t.Fatalf("seed %d: %s: %+v", seed, key, v)
			}
			if v.ReorderPoint > 0 && v.Available() <= v.ReorderPoint && v.OnOrder == 0 {
				t.Fatalf("seed %d: %s ran low and nothing is on order: %+v", seed, key, v)
			}
			if v.Reserved > 0 {
				reserved[v.SKU+v.Warehouse] = v.Reserved
			}
			if v.Sum != v.OnHand {
				t.Fatalf("seed %d: %s: %d on hand, and its movements add up to %d", seed, key, v.OnHand, v.Sum)
			}
			onHand[v.SKU] += v.OnHand
		}
		return nil
	})
	if !maps.Equal(promised, reserved) {
		t.Fatalf("seed %d: promised %v, reserved %v", seed, promised, reserved)
	}
	if !maps.Equal(onHand, moved) {
		t.Fatalf("seed %d: on hand %v, moved %v", seed, onHand, moved)
	}
}
