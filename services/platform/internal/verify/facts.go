package verify

import (
	"sync"

	"orderflow.example/schemas"
	"orderflow.example/schemas/inventory"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/refund"
	"orderflow.example/schemas/shipping"
	"orderflow.example/schemas/storefront"
	"orderflow.example/schemas/warehouse"
	"orderflow.example/shared/saga"
)

// facts are what the topics tell that the checks across services need, gathered while they are read.
type facts struct {
	mu     sync.Mutex
	events int64
	tell   func(events int64)

	orders  map[string]*told
	shelves map[shelf]*moved
	asks    map[string]ask            // the gateway's idempotency keys: ids of events that ask it
	lag     map[stand]int64           // the highest number that a service hears and had not applied
	await   map[string]map[string]int // by order and service: events on their way
}

// shelf is a SKU in a warehouse.
type shelf struct{ sku, warehouse string }

// moved is what happened to a shelf, in pieces.
type moved struct{ received, stocked, committed, restocked int64 }

// ask is a question to the gateway.
type ask struct {
	order   string
	decided bool // before the snapshot of the service that asks
}

// told is what the topics tell of one order.
type told struct {
	placed, begun int            // storefront.order_placed; order.validated or order.rejected
	dispatched    map[string]int // by shipment: how often it was handed over
	back          int64          // what the goods that came back had cost, in minor units
	notRefunded   int64          // refunds the gateway refused, in minor units

	// As inventory had heard of it:
	sent, committed []schemas.Allocation
	commits         int
	came, restocked map[string][]schemas.Allocation // by return
}

func newFacts() *facts {
	return &facts{orders: map[string]*told{}, shelves: map[shelf]*moved{}, asks: map[string]ask{}, lag: map[stand]int64{},
		await: map[string]map[string]int{}}
}

// progress counts events read.
func (f *facts) progress(n int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.events += n
	if f.tell != nil && f.events%1000 == 0 {
		f.tell(f.events)
	}
}

// behind notes that a service had not applied a record of a topic it hears.
func (f *facts) behind(service string, at place, sequence int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lag[stand{service, at}] = max(f.lag[stand{service, at}], sequence)
}

// add takes in an event. decided tells whether it was there when its service was looked at; waiting are the services
// that hear it and had not applied it when they were.
func (f *facts) add(e saga.Event, decided bool, waiting []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	stocks := true // inventory had heard of it, or it is its own
	for _, service := range waiting {
		if f.await[e.Key] == nil {
			f.await[e.Key] = map[string]int{}
		}
		f.await[e.Key][service]++
		stocks = stocks && service != "inventory"
	}
	switch d := e.Data.(type) {
	case storefront.OrderPlacedV1:
		f.of(e).placed++
	case order.ValidatedV1, order.RejectedV1:
		f.of(e).begun++
	case payment.AuthorizationRequestedV1, payment.CaptureRequestedV1, payment.VoidRequestedV1, refund.RequestedV1:
		f.asks[e.ID] = ask{e.Key, decided}
	case refund.FailedV1:
		if decided {
			f.of(e).notRefunded += d.Amount.Amount
		}
	case shipping.DispatchedV1:
		t := f.of(e)
		t.dispatched = with(t.dispatched, d.ShipmentID, t.dispatched[d.ShipmentID]+1)
		if stocks {
			t.sent = append(t.sent, d.Lines...)
		}
	case shipping.ReturnReceivedV1:
		t := f.of(e)
		for _, l := range d.Lines {
			t.back += l.Quantity * l.UnitPrice
		}
		if stocks {
			t.came = with(t.came, d.ReturnID, d.Lines)
		}
	case warehouse.StockReceivedV1:
		if stocks {
			f.at(e.Key, d.Warehouse).received += d.Quantity
		}
	default:
		if decided {
			f.stocked(e)
		}
	}
}

// stocked takes in what inventory did.
func (f *facts) stocked(e saga.Event) {
	switch d := e.Data.(type) {
	case inventory.StockedV1:
		f.at(e.Key, d.Warehouse).stocked += d.Quantity
	case inventory.CommittedV1:
		t := f.of(e)
		t.commits++
		t.committed = append(t.committed, d.Lines...)
		for _, l := range d.Lines {
			f.at(l.SKU, l.Warehouse).committed += l.Quantity
		}
	case inventory.RestockedV1:
		t := f.of(e)
		t.restocked = with(t.restocked, d.ReturnID, append(t.restocked[d.ReturnID], d.Lines...))
		for _, l := range d.Lines {
			f.at(l.SKU, l.Warehouse).restocked += l.Quantity
		}
	}
}

func (f *facts) of(e saga.Event) *told {
	t := f.orders[e.Key]
	if t == nil {
		t = &told{}
		f.orders[e.Key] = t
	}
	return t
}

func (f *facts) at(sku, warehouse string) *moved {
	m := f.shelves[shelf{sku, warehouse}]
	if m == nil {
		m = &moved{}
		f.shelves[shelf{sku, warehouse}] = m
	}
	return m
}

func with[V any](m map[string]V, key string, v V) map[string]V {
	if m == nil {
		m = map[string]V{}
	}
	m[key] = v
	return m
}
