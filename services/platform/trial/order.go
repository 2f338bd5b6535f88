package trial

import (
	"crypto/rand"
	"fmt"
	"slices"
	"testing"
)

type money struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

// Line is a quantity of a product.
type Line struct {
	SKU      string `json:"sku"`
	Quantity int64  `json:"quantity"`
}

// Address is the address of delivery.
type Address struct {
	Name     string `json:"name"`
	Line1    string `json:"line1"`
	City     string `json:"city"`
	Postcode string `json:"postcode"`
	Country  string `json:"country"`
}

// Basket is the body of an order.
type Basket struct {
	Lines        []Line  `json:"lines"`
	ShipTo       Address `json:"ship_to"`
	Email        string  `json:"email"`
	PaymentToken string  `json:"payment_token"`
	FillPolicy   string  `json:"fill_policy,omitempty"`
}

// NewBasket returns a basket that can be completed, unless goods are missing.
func NewBasket(lines ...Line) Basket {
	return Basket{Lines: lines, Email: "ada@example.com", PaymentToken: "tok_ok",
		ShipTo: Address{"Ada Example", "1 Long Road", "Leeds", "LS1 1AA", "GB"}}
}

// Order is an order as its customer sees it.
type Order struct {
	ID      string
	Status  string
	Reason  string
	Total   money
	Lines   []Line
	Payment struct {
		State                          string
		Authorized, Captured, Refunded money
		ChargedBack                    money `json:"charged_back"`
	}
	Returns   []Shipment
	Shipments []Shipment
	Timeline  []struct{ Status, Text string }
}

// Shipment is one parcel, or a return, as the customer sees it.
type Shipment struct {
	ID, Carrier, State string
	TrackingNumber     string `json:"tracking_number"`
}

// Buyer is one customer with one order.
type Buyer struct {
	Site *Site
	Name string
	ID   string // of the order
}

// Buy places an order for a customer of its own.
func (s *Site) Buy(t testing.TB, basket Basket) *Buyer {
	t.Helper()
	return s.BuyAs(t, "customer-"+rand.Text(), basket)
}

// BuyAs places an order for this customer.
func (s *Site) BuyAs(t testing.TB, name string, basket Basket) *Buyer {
	t.Helper()
	b := &Buyer{Site: s, Name: name}
	b.ID = Read[Order](t, b.call().Must(t, 202, "POST", "/v1/orders", basket, "Idempotency-Key: "+rand.Text())).ID
	return b
}

func (b *Buyer) call() Caller { return b.Site.Customer(b.Name) }

// Order reads the order.
func (b *Buyer) Order(t testing.TB) Order {
	t.Helper()
	return Read[Order](t, b.call().Must(t, 200, "GET", "/v1/orders/"+b.ID, nil))
}

// Await waits until the order has one of these statuses, or had it by its timeline.
func (b *Buyer) Await(t testing.TB, statuses ...string) (o Order) {
	t.Helper()
	Await(t, fmt.Sprintf("order %s %v", b.ID, statuses), func() (bool, string) {
		o = b.Order(t)
		for _, e := range o.Timeline {
			if slices.Contains(statuses, e.Status) {
				return true, ""
			}
		}
		return false, fmt.Sprintf("%+v", o)
	})
	return o
}

// Cancel requests the cancellation; it must be accepted.
func (b *Buyer) Cancel(t testing.TB) {
	t.Helper()
	b.call().Must(t, 202, "POST", "/v1/orders/"+b.ID+"/cancellation", map[string]any{"reason": "changed my mind"},
		"Idempotency-Key: "+rand.Text())
}

// CancelTooLate requests the cancellation; it must be refused.
func (b *Buyer) CancelTooLate(t testing.TB) {
	t.Helper()
	b.call().Must(t, 409, "POST", "/v1/orders/"+b.ID+"/cancellation", map[string]any{"reason": "changed my mind"},
		"Idempotency-Key: "+rand.Text())
}

// Return requests a return.
func (b *Buyer) Return(t testing.TB, lines ...Line) {
	t.Helper()
	b.call().Must(t, 202, "POST", "/v1/orders/"+b.ID+"/returns", map[string]any{"lines": lines, "reason": "not what I wanted"},
		"Idempotency-Key: "+rand.Text())
}

// Outcome is the end of an order and its goods.
type Outcome struct {
	Status string
	Reason string
	Money  Ledger
	Stock  Stock // of the given SKU
}

// AwaitOutcome waits until the order, the stock of the SKU and the gateway's book are exactly as given, and fails when the
// customer sees something else.
func (b *Buyer) AwaitOutcome(t testing.TB, sku string, want Outcome) {
	t.Helper()
	Await(t, fmt.Sprintf("order %s as %+v", b.ID, want), func() (bool, string) {
		got, seen := b.outcome(t, sku)
		return got == want && seen == want.Money.seen(), fmt.Sprintf("%+v, the customer sees %+v", got, seen)
	})
}

// seen is the part of the book that customers see.
func (l Ledger) seen() Ledger {
	l.Voided = 0
	return l
}

func (b *Buyer) outcome(t testing.TB, sku string) (got Outcome, seen Ledger) {
	t.Helper()
	o := b.Order(t)
	got = Outcome{Status: o.Status, Reason: o.Reason, Money: b.Site.Book(t, b.ID), Stock: b.Site.Stock(t, sku)}
	return got, Ledger{Authorized: o.Payment.Authorized.Amount, Captured: o.Payment.Captured.Amount,
		Refunded: o.Payment.Refunded.Amount, ChargedBack: o.Payment.ChargedBack.Amount}
}

// Check is AwaitOutcome without waiting: nothing may have changed since then.
func (b *Buyer) Check(t testing.TB, sku string, want Outcome) {
	t.Helper()
	if got, seen := b.outcome(t, sku); got != want || seen != want.Money.seen() {
		t.Errorf("order %s: ended as %+v, later is %+v, the customer sees %+v", b.ID, want, got, seen)
	}
}
