package audit

import (
	"slices"
	"strings"
	"time"

	"orderflow.example/services/platform/world/gateway"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/audit"
)

// facts are the data from topics, rows and the gateway's book that the checks across services need. They are kept between
// looks.
type facts struct {
	events int64
	tell   func(events int64)

	orders  map[string]*told
	shelves map[shelf]*moved
	levels  map[shelf]audit.Level // as inventory has them
	asks    map[string]ask        // the gateway's idempotency keys: ids of events that ask it
	busy    map[string]struct{}   // orders with facts since they were compacted

	names map[string]string // interned keys and other strings

	news func(saga.Event) (message string, must bool) // what customers are sent of an event

	// Of this look:
	lag   map[stand]int64           // the highest number that a service consumes and had not applied
	await map[string]map[string]int // by order and service: events on their way
}

// shelf is a SKU in a warehouse.
type shelf struct{ sku, warehouse string }

// moved are the movements of a shelf, in pieces.
type moved struct{ received, stocked, committed, restocked, counted int64 }

// ask is a call to the gateway.
type ask struct {
	order   string
	decided bool // before the snapshot of the service that calls
}

// told are the facts about one order.
type told struct {
	rows rows

	// The sums of the gateway's book, without entries that are still kept one by one.
	sums    []account
	entries []gateway.Entry

	placed, begun int     // storefront.order_placed; order.validated or order.rejected
	labelled      int     // its parcels
	dispatched    []dealt // those that left
	back          int64   // the price of returned goods, in minor units

	// As consumed by inventory:
	sent, committed []audit.Goods

	news, told      []notice // what the customer must be told, and was told
	commits         int
	came, restocked map[string][]audit.Goods // by return
}

// dealt counts how often a parcel was handed over.
type dealt struct {
	shipment string
	times    int
}

func newFacts() *facts {
	return &facts{orders: map[string]*told{}, shelves: map[shelf]*moved{}, levels: map[shelf]audit.Level{},
		asks: map[string]ask{}, busy: map[string]struct{}{}, names: map[string]string{}, lag: map[stand]int64{},
		await: map[string]map[string]int{}}
}

// progress counts events read.
func (f *facts) progress(n int64) {
	f.events += n
	if f.tell != nil && f.events%1000 == 0 {
		f.tell(f.events)
	}
}

// forgetWaiting resets the facts of one look.
func (f *facts) forgetWaiting() {
	f.lag, f.await = map[stand]int64{}, map[string]map[string]int{}
}

// wait notes that a service consumes the event and had not applied it.
func (f *facts) wait(a *arrival, by *trace) {
	if f.await[a.Key] == nil {
		f.await[a.Key] = map[string]int{}
	}
	f.await[a.Key][by.app.Name]++
	if !by.parkedID[a.ID] {
		at := stand{by.app.Name, a.at}
		f.lag[at] = max(f.lag[at], a.sequence)
	}
}

// hear adds facts that hold as soon as the event is on the topic.
func (f *facts) hear(e saga.Event, counts audit.Fact) {
	switch c := counts.(type) {
	case audit.Placed:
		f.of(e.Key).placed++
	case audit.Begun:
		f.of(e.Key).begun++
	case audit.Asked:
		f.of(e.Key)
		f.asks[strings.Clone(e.ID)] = ask{order: e.Key}
	case audit.Labelled:
		f.of(e.Key).labelled++
	case audit.Dispatched:
		t := f.of(e.Key)
		i := slices.IndexFunc(t.dispatched, func(x dealt) bool { return x.shipment == c.Shipment })
		if i < 0 {
			i, t.dispatched = len(t.dispatched), append(t.dispatched, dealt{shipment: c.Shipment})
		}
		t.dispatched[i].times++
	case audit.CameBack:
		f.of(e.Key).back += c.Worth
	}
}

// notice is a message to a customer, or what it tells of, and when that was.
type notice struct {
	message string
	at      time.Time
	may     bool // it need not be told: what followed may have been told first
}

// note adds what the customer must be told of an event.
func (f *facts) note(e saga.Event) {
	if f.news == nil {
		return
	}
	if message, must := f.news(e); message != "" {
		t := f.of(e.Key)
		t.news = append(t.news, notice{strings.Clone(message), e.Time, !must})
	}
}

// decide adds facts that hold once the snapshot of its service includes the event.
func (f *facts) decide(e saga.Event, counts audit.Fact) {
	switch c := counts.(type) {
	case audit.Asked:
		f.asks[e.ID] = ask{order: e.Key, decided: true}
	case audit.Told: // a later one may tell of events beyond the ends of their topics in this look
		t := f.of(e.Key)
		t.told = append(t.told, notice{message: strings.Clone(c.Message), at: e.Time})
	case audit.Stocked:
		f.at(e.Key, c.Warehouse).stocked += c.Quantity
	case audit.Committed:
		t := f.of(e.Key)
		t.commits++
		t.committed = append(t.committed, c.Lines...)
		for _, l := range c.Lines {
			f.at(l.SKU, l.Warehouse).committed += l.Quantity
		}
		for _, l := range c.Counted {
			f.at(l.SKU, l.Warehouse).counted += l.Quantity
		}
	case audit.Counted:
		for _, l := range c.Lines {
			f.at(l.SKU, l.Warehouse).counted += l.Quantity
		}
	case audit.Restocked:
		t := f.of(e.Key)
		t.restocked = with(t.restocked, c.Return, append(t.restocked[c.Return], c.Lines...))
		for _, l := range c.Lines {
			f.at(l.SKU, l.Warehouse).restocked += l.Quantity
		}
	}
}

// stock adds facts that hold once the service that keeps the levels has applied the event.
func (f *facts) stock(e saga.Event, counts audit.Fact) {
	switch c := counts.(type) {
	case audit.Dispatched:
		t := f.of(e.Key)
		t.sent = append(t.sent, c.Lines...)
	case audit.CameBack:
		t := f.of(e.Key)
		t.came = with(t.came, c.Return, c.Lines)
	case audit.Received:
		f.at(e.Key, c.Warehouse).received += c.Quantity
	}
}

// name is an interned copy of the string: the strings of a record share one buffer, which any of them would keep in memory.
func (f *facts) name(word string) string {
	known, ok := f.names[word]
	if !ok {
		known = strings.Clone(word)
		f.names[known] = known
	}
	return known
}

func (f *facts) of(order string) *told {
	order = f.name(order)
	f.busy[order] = struct{}{}
	t := f.orders[order]
	if t == nil {
		t = &told{}
		f.orders[order] = t
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
