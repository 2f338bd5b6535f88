package redecide

import (
	"fmt"
	"testing"

	"orderflow.example/schemas"
	storefrontevent "orderflow.example/schemas/storefront"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/service"
)

type (
	stampV1 struct {
		Pence int64 `json:"pence"`
	}
	stampV2 struct {
		Price    int64  `json:"price"`
		Currency string `json:"currency"`
	}
	book struct {
		Key  string `gorm:"primaryKey"`
		Sold int64
	}
)

func (book) TableName() string { return "books" }

var (
	priced   = saga.Define[stampV1]("stamps.priced.v1")
	pricedIn = saga.Upcast(priced, saga.Define[stampV2]("stamps.priced.v2"),
		func(e stampV1) stampV2 { return stampV2{e.Pence, "GBP"} })
	sold   = saga.Define[stampV1]("stamps.sold.v1")
	soldIn = saga.Upcast(sold, saga.Define[stampV2]("stamps.sold.v2"), func(e stampV1) stampV2 { return stampV2{e.Pence, "GBP"} })
)

// stamps is a service of two machines: one prices an order, the other consumes that and sells, once per customer.
func stamps[E any](price, sell saga.Type[E], of func(pence int64) E, pence func(E) int64) service.App {
	blank := func(key string) book { return book{Key: key} }
	same := func(b book) book { return b }
	store := func() engine.Store {
		return engine.NewTable(blank, func(b book) string { return b.Key }, same, same)
	}
	orders := saga.Choreography[book]{Service: "stamps", Key: saga.Order, Blank: blank, Rows: []saga.Row{
		saga.On(storefrontevent.OrderPlaced, func(_ book, e storefrontevent.OrderPlacedV1) []saga.Event {
			return []saga.Event{price.About(e.CustomerID, of(e.Total.Amount))}
		}, price)}}
	customers := saga.Choreography[book]{Service: "stamps", Key: schemas.KeyCustomer, Blank: blank,
		Evolve: func(b book, e saga.Event) book {
			if d, ok := e.Data.(E); ok && e.Type == sell.Name() {
				b.Sold += pence(d)
			}
			return b
		}, Rows: []saga.Row{saga.On(price, func(b book, e E) []saga.Event {
			if b.Sold > 2000 {
				return nil
			}
			return []saga.Event{sell.Of(of(pence(e) + b.Sold))}
		}, sell)}}
	return service.App{Name: "stamps", Bindings: []engine.Binding{
		{Machine: orders.Machine(), Store: store()}, {Machine: customers.Machine(), Store: store()}}}
}

func TestWhatWasHeardAndSaidInAnEarlierVersionIsDecidedAgainInTheNewer(t *testing.T) {
	t.Parallel()
	first := stamps(priced.Keyed(schemas.KeyCustomer), sold.Keyed(schemas.KeyCustomer), func(n int64) stampV1 { return stampV1{n} },
		func(e stampV1) int64 { return e.Pence })
	second := func(more int64) service.App {
		return stamps(pricedIn.Keyed(schemas.KeyCustomer), soldIn.Keyed(schemas.KeyCustomer),
			func(n int64) stampV2 { return stampV2{n, "GBP"} },
			func(e stampV2) int64 { return e.Price + more })
	}
	s := open(t, 1, append(apps(), first))
	for n := range 20 {
		s.world.Tell(fmt.Sprint("order-", n), shopOrder(s, n))
		s.world.Steps(s.random.IntN(20))
	}
	s.world.Settle()
	log := s.record()
	want := log.again(t, first)
	r := log.again(t, second(0))
	if want.Seconds, r.Seconds = 0, 0; !r.Holds() || text(t, r) != text(t, want) || r.Decided < 24 || r.Silent == 0 {
		t.Errorf("the version that emitted it\n%s\nthe next\n%s", text(t, want), text(t, r))
	}
	for _, row := range log.again(t, second(1)).Rows {
		if row.Machine != "stamps (customer)" || row.On != "stamps.priced.v2" {
			t.Errorf("the changed rule is reported under %s on %s", row.Machine, row.On)
		}
	}
	if log.again(t, second(1)).Holds() {
		t.Error("the changed rule is not reported")
	}
}
