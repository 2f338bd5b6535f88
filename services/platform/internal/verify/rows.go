package verify

import (
	"orderflow.example/schemas"
	"orderflow.example/services/inventory"
	"orderflow.example/services/order"
	"orderflow.example/services/payment"
	"orderflow.example/services/refund"
	"orderflow.example/services/storefront"
)

// rows are what the services have of one order, as far as the checks across services need it. They are kept for every
// order, so they are small: lines are kept while goods are set aside, addresses and texts never.
type rows struct {
	accepted bool // storefront has it
	order    struct {
		known  bool
		status order.Status
		total  schemas.Money
	}
	payment struct {
		known                    bool
		status                   payment.Status
		amount, captured, voided int64
		currency                 string
	}
	refund struct {
		known, taken       bool
		captured, refunded int64
		refused            int64 // by the gateway, and not given back since
		currency           string
	}
	reservation struct {
		known bool
		lines []schemas.Allocation // what is set aside; nil where nothing is
		held  bool
	}
}

// row takes in what a service has of a key.
func (f *facts) row(key string, state any) {
	switch s := state.(type) {
	case storefront.Order:
		f.of(key).rows.accepted = s.Exists()
	case order.Order:
		r := &f.of(key).rows.order
		r.known, r.status, r.total = true, order.Status(f.name(string(s.Status))), schemas.Money{Amount: s.Total.Amount, Currency: f.name(s.Total.Currency)}
	case payment.Payment:
		r := &f.of(key).rows.payment
		r.known, r.status, r.captured, r.voided = true, payment.Status(f.name(string(s.Status))), s.Captured, s.Voided
		r.amount, r.currency = s.Amount.Amount, f.name(s.Amount.Currency)
	case refund.Refund:
		r := &f.of(key).rows.refund
		r.known, r.taken, r.captured, r.refunded, r.refused, r.currency = true, s.Taken, s.Captured, s.Refunded, s.Refused(), f.name(s.Currency)
	case inventory.Reservation:
		r := &f.of(name(key)).rows.reservation
		r.known, r.held, r.lines = true, s.Status == inventory.Reserved, nil
		if r.held {
			r.lines = s.Lines
		}
	case inventory.Level:
		f.levels[shelf{s.SKU, s.Warehouse}] = s
	}
}

// gone takes in that a service has no row of a key any more. like is any state of its kind.
func (f *facts) gone(key string, like any) {
	var none rows
	switch s := like.(type) {
	case storefront.Order:
		f.of(key).rows.accepted = false
	case order.Order:
		f.of(key).rows.order = none.order
	case payment.Payment:
		f.of(key).rows.payment = none.payment
	case refund.Refund:
		f.of(key).rows.refund = none.refund
	case inventory.Reservation:
		f.of(name(key)).rows.reservation = none.reservation
	case inventory.Level:
		delete(f.levels, shelf{s.SKU, s.Warehouse})
	}
}
