package verify

import (
	"slices"

	"orderflow.example/schemas"
	"orderflow.example/services/inventory"
)

// checkStock: for each SKU in each warehouse, what came and what went explain what is there.
func checkStock(p *picture) Check {
	t := newTally("stock", "received = on hand + shipped − returned; 0 ≤ reserved ≤ on hand", "SKUs in warehouses")
	if why := p.without("inventory", "warehouse", "shipping"); why != "" {
		return t.skip(why)
	}
	shelves := map[shelf]inventory.Level{}
	for at := range p.facts.shelves {
		shelves[at] = inventory.Level{SKU: at.sku, Warehouse: at.warehouse}
	}
	for _, l := range states[inventory.Level](p, "inventory") {
		shelves[shelf{l.SKU, l.Warehouse}] = l
	}
	for at, l := range shelves {
		t.check.Checked++
		m := p.facts.shelves[at]
		if m == nil {
			m = &moved{}
		}
		id := at.sku + " at " + at.warehouse
		if m.received != m.stocked {
			t.broken(id, "%d pieces came into the warehouse, %d are booked in", m.received, m.stocked)
		}
		if want := m.stocked - m.committed + m.restocked; l.OnHand != want {
			t.broken(id, "%d pieces are on hand; %d received − %d shipped + %d returned are %d", l.OnHand, m.stocked, m.committed, m.restocked, want)
		}
		if l.Reserved < 0 || l.Reserved > l.OnHand {
			t.broken(id, "%d pieces are reserved of %d on hand", l.Reserved, l.OnHand)
		}
	}
	return t.done()
}

// checkParcels: what inventory heard has left is booked out once, and what came back is booked in once.
func checkParcels(p *picture) Check {
	t := newTally("parcels", "every parcel handed over or returned is booked once", "orders shipped")
	if why := p.without("inventory", "shipping"); why != "" {
		return t.skip(why)
	}
	for key, told := range p.facts.orders {
		if len(told.sent) > 0 || told.commits > 0 {
			t.check.Checked++
		}
		switch {
		case told.commits > 1:
			t.broken(key, "its goods were booked out %d times", told.commits)
		case !same(told.sent, told.committed):
			t.broken(key, "%d pieces left, %d are booked out", pieces(told.sent), pieces(told.committed))
		}
		for id, lines := range told.came {
			if !same(lines, told.restocked[id]) {
				t.broken(key, "return %s brought %d pieces back, %d are booked in", id, pieces(lines), pieces(told.restocked[id]))
			}
		}
		for id := range told.restocked {
			if told.came[id] == nil {
				t.broken(key, "return %s is booked in and did not come", id)
			}
		}
	}
	return t.done()
}

// checkReservations: what is reserved is reserved for orders that still go on.
func checkReservations(p *picture) Check {
	t := newTally("reservations", "reserved = what open orders hold; ended orders hold nothing", "reservations")
	if why := p.without("inventory", "order"); why != "" {
		return t.skip(why)
	}
	held := map[shelf]int64{}
	ended := p.ended()
	for key, r := range states[inventory.Reservation](p, "inventory") {
		t.check.Checked++
		if r.Status != inventory.Reserved {
			continue
		}
		for _, l := range r.Lines {
			held[shelf{l.SKU, l.Warehouse}] += l.Quantity
		}
		if o, over := ended[name(key)]; over {
			t.broken(name(key), "it is %s, and %d pieces are still reserved for it", o.Status, pieces(r.Lines))
		}
	}
	for _, l := range states[inventory.Level](p, "inventory") {
		if at := (shelf{l.SKU, l.Warehouse}); held[at] != l.Reserved {
			t.broken(l.SKU+" at "+l.Warehouse, "%d pieces are reserved; orders hold %d", l.Reserved, held[at])
		}
	}
	return t.done()
}

// same tells whether two lists of lines mean the same goods from the same places.
func same(a, b []schemas.Allocation) bool {
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

func pieces(lines []schemas.Allocation) (n int64) {
	for _, l := range lines {
		n += l.Quantity
	}
	return n
}
