package trial

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"orderflow.example/schemas/order"
	"orderflow.example/shared/httpserver"
)

// Site gives access to an installation's listeners. Addresses are looked up each time, as they change with a restart.
type Site struct {
	Storefront func() string
	Operators  func(service string) string // of the process in which the service runs
	Key        []byte
}

// Customer calls the storefront.
func (s *Site) Customer(name string) Caller {
	return Caller{s.Storefront(), s.token(httpserver.AudienceCustomers, name)}
}

// Operator calls the operators' listener of a service.
func (s *Site) Operator(service string) Caller {
	return Caller{s.Operators(service), s.token(httpserver.AudienceOperators, "operator")}
}

func (s *Site) token(audience, subject string) string {
	token, err := httpserver.Mint(s.Key, audience, subject, time.Hour)
	if err != nil {
		panic(err)
	}
	return token
}

// Sell lists a product, receives so many pieces, and waits until customers see them.
func (s *Site) Sell(t testing.TB, sku string, price, pieces int64) {
	t.Helper()
	s.SellAt(t, sku, price, pieces, "north")
}

// SellAt is Sell in this warehouse.
func (s *Site) SellAt(t testing.TB, sku string, price, pieces int64, warehouse string) {
	t.Helper()
	s.Operator("catalog").Must(t, 200, "POST", "/v1/products", map[string]any{"items": []any{
		map[string]any{"sku": sku, "description": "Goods of a trial", "price": money{price, "GBP"}, "backorderable": false}}})
	s.Operator("warehouse").Must(t, 200, "POST", "/v1/stock/receipts", map[string]any{"items": []any{
		map[string]any{"sku": sku, "warehouse": warehouse, "quantity": pieces}}}, "Idempotency-Key: trial-"+sku)
	Await(t, "product "+sku+" on sale", func() (bool, string) {
		a, err := s.Customer("visitor").Send("GET", "/v1/products/"+url.PathEscape(sku), nil)
		if err != nil || a.Status != 200 {
			return false, fmt.Sprint(a, err)
		}
		return Read[struct{ Available int64 }](t, a).Available == pieces, a.Body
	})
}

// Stock is the level of a SKU.
type Stock struct {
	OnHand    int64 `json:"on_hand"`
	Reserved  int64
	Available int64
}

// Free is stock without reservations.
func Free(pieces int64) Stock { return Stock{OnHand: pieces, Available: pieces} }

// Stock reads the level of a SKU.
func (s *Site) Stock(t testing.TB, sku string) Stock {
	t.Helper()
	return Read[Stock](t, s.Operator("inventory").Must(t, 200, "GET", "/v1/stock/"+url.PathEscape(sku), nil))
}

// Entry is an entry of the gateway's book.
type Entry struct {
	Order  string
	Kind   string
	Amount int64
}

// Ledger sums up the gateway's book for an order, in minor units.
type Ledger struct{ Authorized, Captured, Voided, Refunded, ChargedBack int64 }

// Book reads the gateway's book of an order. It fails when the gateway authorised or captured twice.
func (s *Site) Book(t testing.TB, order string) Ledger {
	t.Helper()
	return s.BookOf(t, order, 1)
}

// BookOf is Book of an order that leaves in so many parcels, each captured at most once.
func (s *Site) BookOf(t testing.TB, order string, parcels int) Ledger {
	t.Helper()
	entries := Read[struct{ Items []Entry }](t, s.Operator("world").Must(t, 200, "GET", "/sim/gateway/book?order="+order, nil)).Items
	for kind, most := range map[string]int{"authorized": 1, "captured": parcels} {
		if n := count(entries, kind); n > most {
			t.Fatalf("order %s: %s %d times: %+v", order, kind, n, entries)
		}
	}
	return Sum(entries)
}

// Sum adds up the money that entries moved.
func Sum(entries []Entry) (l Ledger) {
	for _, e := range entries {
		switch e.Kind {
		case "authorized":
			l.Authorized += e.Amount
		case "captured":
			l.Captured += e.Amount
		case "voided":
			l.Voided += e.Amount
		case "refunded":
			l.Refunded += e.Amount
		case "refund_reversed":
			l.Refunded -= e.Amount
		case "charged_back":
			l.ChargedBack += e.Amount
		case "chargeback_reversed":
			l.ChargedBack -= e.Amount
		}
	}
	return l
}

func count(entries []Entry, kind string) (n int) {
	for _, e := range entries {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// Final reports whether the status is final.
func Final(status string) bool {
	return order.Final(status)
}
