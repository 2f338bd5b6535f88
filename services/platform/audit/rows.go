package audit

import "orderflow.example/shared/saga/audit"

// rows are the services' rows of one order, as far as the checks across services need them. They are kept for every order, so
// they are small: lines are kept while goods are reserved, addresses and texts never.
type rows struct {
	accepted bool // by who takes orders
	order    struct {
		known bool
		audit.Order
	}
	payment struct {
		known bool
		audit.Payment
	}
	refund struct {
		known bool
		audit.Refund
	}
	invoice audit.Invoice
	journal struct {
		known bool
		audit.Journal
	}
	reservation struct {
		known bool
		lines []audit.Goods // what is set aside; nil where nothing is
		held  bool
	}
}

// row records a service's row of a key.
func (f *facts) row(key string, has []audit.Fact) {
	for _, fact := range has {
		switch s := fact.(type) {
		case audit.Accepted:
			f.of(key).rows.accepted = s.Exists
		case audit.Order:
			r := &f.of(key).rows.order
			s.Status, s.Currency = f.name(s.Status), f.name(s.Currency)
			r.known, r.Order = true, s
		case audit.Payment:
			r := &f.of(key).rows.payment
			s.Currency = f.name(s.Currency)
			r.known, r.Payment = true, s
		case audit.Refund:
			r := &f.of(key).rows.refund
			s.Currency = f.name(s.Currency)
			r.known, r.Refund = true, s
		case audit.Invoice:
			s.Currency = f.name(s.Currency)
			for i, n := range s.Numbers {
				s.Numbers[i].Series = f.name(n.Series)
			}
			f.of(key).rows.invoice = s
		case audit.Journal:
			r := &f.of(key).rows.journal
			s.Currency = f.name(s.Currency)
			r.known, r.Journal = true, s
		case audit.Reservation:
			r := &f.of(name(key)).rows.reservation
			r.known, r.held, r.lines = true, s.Held, nil
			if r.held {
				r.lines = s.Lines
			}
		case audit.Level:
			f.levels[shelf{s.SKU, s.Warehouse}] = s
		}
	}
}

// gone records that a service deleted the row of a key. like is the meaning of any state of its kind.
func (f *facts) gone(key string, like []audit.Fact) {
	var none rows
	for _, fact := range like {
		switch s := fact.(type) {
		case audit.Accepted:
			f.of(key).rows.accepted = false
		case audit.Order:
			f.of(key).rows.order = none.order
		case audit.Payment:
			f.of(key).rows.payment = none.payment
		case audit.Refund:
			f.of(key).rows.refund = none.refund
		case audit.Invoice:
			f.of(key).rows.invoice = none.invoice
		case audit.Journal:
			f.of(key).rows.journal = none.journal
		case audit.Reservation:
			f.of(name(key)).rows.reservation = none.reservation
		case audit.Level:
			delete(f.levels, shelf{s.SKU, s.Warehouse})
		}
	}
}
