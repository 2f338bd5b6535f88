package audit

import (
	"maps"
	"slices"

	"orderflow.example/shared/saga/audit"
)

// checkStock: for each SKU in each warehouse the movements add up to the level.
func checkStock(p *picture) Check {
	t := newTally("stock", "on hand = received − shipped + returned + counted = sum of movements ≥ reserved ≥ 0",
		"SKUs in warehouses")
	if why := p.without(audit.Reserves, audit.Receives, audit.Ships); why != "" {
		return t.skip(why)
	}
	shelves := map[shelf]audit.Level{}
	for at := range p.facts.shelves {
		shelves[at] = audit.Level{SKU: at.sku, Warehouse: at.warehouse}
	}
	maps.Copy(shelves, p.facts.levels)
	for at, l := range shelves {
		t.check.Checked++
		m := p.facts.shelves[at]
		if m == nil {
			m = &moved{}
		}
		id := at.sku + " at " + at.warehouse
		if m.received != m.stocked {
			t.broken(id, "%d pieces came into the warehouse, %d are booked in", m.received, m.stocked).numbers(m.received, m.stocked, "")
		}
		if want := m.stocked - m.committed + m.restocked + m.counted; l.OnHand != want {
			t.broken(id, "%d pieces are on hand; %d received − %d shipped + %d returned %+d counted are %d", l.OnHand, m.stocked,
				m.committed, m.restocked, m.counted, want).
				numbers(want, l.OnHand, "")
		}
		if l.Moved != l.OnHand {
			t.broken(id, "%d pieces are on hand; its movements add up to %d", l.OnHand, l.Moved).numbers(l.Moved, l.OnHand, "")
		}
		if l.Reserved < 0 || l.Reserved > l.OnHand {
			t.broken(id, "%d pieces are reserved of %d on hand", l.Reserved, l.OnHand).numbers(l.OnHand, l.Reserved, "")
		}
	}
	return t.done()
}

// checkParcels: dispatched goods are booked out once, and returned goods are booked in once.
func checkParcels(p *picture) Check {
	t := newTally("parcels", "every parcel handed over or returned is booked once", "orders shipped")
	if why := p.without(audit.Reserves, audit.Ships); why != "" {
		return t.skip(why)
	}
	for key, told := range p.facts.orders {
		if len(told.sent) > 0 || told.commits > 0 {
			t.check.Checked++
		}
		switch {
		case told.commits > max(1, len(told.dispatched)):
			t.broken(key, "its goods were booked out %d times, and left in %d", told.commits, len(told.dispatched)).
				numbers(int64(len(told.dispatched)), int64(told.commits), "")
		case !same(told.sent, told.committed):
			t.broken(key, "%d pieces left, %d are booked out", audit.Pieces(told.sent), audit.Pieces(told.committed)).
				numbers(audit.Pieces(told.sent), audit.Pieces(told.committed), "")
		}
		for id, lines := range told.came {
			if !same(lines, told.restocked[id]) {
				t.broken(key, "return %s brought %d pieces back, %d are booked in", id, audit.Pieces(lines),
					audit.Pieces(told.restocked[id])).
					numbers(audit.Pieces(lines), audit.Pieces(told.restocked[id]), "")
			}
		}
		for id := range told.restocked {
			if told.came[id] == nil {
				t.broken(key, "return %s is booked in and did not come", id).numbers(0, audit.Pieces(told.restocked[id]), "")
			}
		}
	}
	return t.done()
}

// checkReservations: goods are reserved only for open orders.
func checkReservations(p *picture) Check {
	t := newTally("reservations", "reserved = what open orders hold; ended orders hold nothing", "reservations")
	if why := p.without(audit.Reserves, audit.Decides); why != "" {
		return t.skip(why)
	}
	held := map[shelf]int64{}
	for key, told := range p.facts.orders {
		r := told.rows.reservation
		if r.known {
			t.check.Checked++
		}
		if !r.held {
			continue
		}
		for _, l := range r.lines {
			held[shelf{l.SKU, l.Warehouse}] += l.Quantity
		}
		if p.ended(key, told) {
			t.broken(key, "it is %s, and %d pieces are still reserved for it", told.rows.order.Status, audit.Pieces(r.lines)).
				numbers(0, audit.Pieces(r.lines), "")
		}
	}
	for at, l := range p.facts.levels {
		if held[at] != l.Reserved {
			t.broken(at.sku+" at "+at.warehouse, "%d pieces are reserved; orders hold %d", l.Reserved, held[at]).
				numbers(held[at], l.Reserved, "")
		}
	}
	return t.done()
}

// same tells whether two lists of lines mean the same goods from the same places.
func same(a, b []audit.Goods) bool {
	if slices.Equal(a, b) {
		return true
	}
	left := map[shelf]int64{}
	for _, l := range a {
		left[shelf{l.SKU, l.Warehouse}] += l.Quantity
	}
	for _, l := range b {
		left[shelf{l.SKU, l.Warehouse}] -= l.Quantity
	}
	for _, n := range left {
		if n != 0 {
			return false
		}
	}
	return true
}
