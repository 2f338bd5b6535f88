package recommendation

import (
	"maps"
	"math"
	"slices"
	"time"
)

// The method's settings, chosen on July 2011 of the retailer's orders.
const (
	halfLife        = 120 * 24 * time.Hour // of what an order counts for
	historyHalfLife = 240 * 24 * time.Hour // of what a customer's own order counts for
	reach           = 20                   // rows; goods further apart on an order count together, and do not weigh
	neighbours      = 30                   // of a good
	ridge           = 1.5
	historyWeight   = 0.12

	// Each order has the neighbours computed again of those of its goods whose mass grew most since, and of some other goods in
	// turn, whatever they are: what is not ordered any more fades too. So the work for an order is bounded.
	mostGrown = 16
	inTurn    = 5
)

// Basket is what one order taught: its goods, once each, in the order of its lines.
type Basket struct {
	N        int64 // which one it is, from 1 on
	Order    string
	Customer string
	At       time.Time // when the order was confirmed
	SKUs     []string
}

// Model is what was learnt. It is never changed in place, so that a state that was not committed leaves nothing behind; a new one
// shares what is the same. An exclusive one is: see Exclusive.
//
// Its arithmetic is that of float64 in one order, each product rounded before it is added, so that a replay has the same bits on
// every kind of CPU. Weights grow with the time of the order (forward decay): nothing is ever scaled down, and no clock is read.
type Model struct {
	Baskets int64
	At      time.Time // of the latest order
	ids     map[string]int32
	goods   []*good
	owner   *owner // nil where the model is shared
}

// owner marks the goods that an exclusive model may change in place.
type owner struct{ _ byte }

// Exclusive is the model for one who learns many baskets and keeps no earlier model: Learn changes its goods in place, once each
// was copied, so that little garbage is made. No earlier model may be used after it has learnt.
func (m Model) Exclusive() Model {
	m.goods, m.ids, m.owner = slices.Clone(m.goods), maps.Clone(m.ids), &owner{}
	return m
}

// Shared is the model for those who may keep earlier ones.
func (m Model) Shared() Model {
	m.owner = nil
	return m
}

// good is a product that was ordered.
type good struct {
	sku    string
	orders int64   // whole ones
	mass   float64 // what its orders weigh
	pairs  []pair  // with other goods, by id
	owner  *owner
	Solved
}

// Solved is the outcome of computing a good's neighbours.
type Solved struct {
	Basket     int64   // with which they were computed; 0: never
	Mass       float64 // of the good then
	Neighbours []Neighbour
}

// Neighbour is a good whose presence in a basket speaks for another, and how much.
type Neighbour struct {
	SKU    string  `json:"sku"`
	Weight float64 `json:"weight"`
}

type pair struct {
	id     int32
	orders int32   // whole ones with both
	weight float64 // what they weigh, by closeness
}

// Learn is the model after one more order.
func (m Model) Learn(b Basket) Model {
	m, ids := m.Count(b)
	due := slices.Clone(ids)
	slices.SortStableFunc(due, func(a, b int32) int {
		one, other := m.goods[a], m.goods[b]
		return compare(float64(other.mass*one.Mass), float64(one.mass*other.Mass))
	})
	due = due[:min(len(due), mostGrown)]
	for k := range int64(min(inTurn, len(m.goods))) {
		due = append(due, int32((m.Baskets*inTurn+k)%int64(len(m.goods))))
	}
	lambda := float64(ridge * weightAt(b.At, halfLife))
	for _, id := range due {
		g := *m.goods[id]
		if g.Basket == m.Baskets {
			continue // it was also its turn
		}
		g.Solved = Solved{Basket: m.Baskets, Mass: g.mass, Neighbours: m.solve(id, lambda)}
		m.goods[id] = &g
	}
	return m
}

// Count is Learn without computing neighbours. It returns the basket's goods by id.
func (m Model) Count(b Basket) (Model, []int32) {
	m.Baskets++
	if b.At.After(m.At) {
		m.At = b.At
	}
	ids := m.name(b.SKUs)
	if m.owner == nil {
		m.goods = append(make([]*good, 0, len(m.goods)+len(m.goods)/64), m.goods...)
	}
	weight := weightAt(b.At, halfLife) / math.Sqrt(float64(len(ids)))
	var closeness [reach + 1]float64
	for gap := range closeness {
		closeness[gap] = weight / (1 + float64(gap)/3)
	}
	rows := make([]int, len(ids)) // in the order of their ids
	for row := range rows {
		rows[row] = row
	}
	slices.SortFunc(rows, func(a, b int) int { return int(ids[a]) - int(ids[b]) })
	with := make([]pair, 0, len(ids))
	for row, id := range ids {
		g := *m.goods[id]
		with = with[:0]
		for _, other := range rows {
			if other == row {
				continue
			}
			p := pair{id: ids[other], orders: 1}
			if gap := max(row-other, other-row); gap <= reach {
				p.weight = closeness[gap]
			}
			with = append(with, p)
		}
		if g.orders, g.mass = g.orders+1, g.mass+weight; m.owner != nil && g.owner == m.owner {
			g.pairs = add(g.pairs, with)
		} else {
			g.pairs, g.owner = added(g.pairs, with), m.owner
		}
		m.goods[id] = &g
	}
	return m, ids
}

// name finds the ids of goods, and gives one to those that are new.
func (m *Model) name(skus []string) []int32 {
	ids, copied := make([]int32, len(skus)), m.owner != nil && m.ids != nil
	for i, sku := range skus {
		id, known := m.ids[sku]
		if !known {
			if !copied {
				names := make(map[string]int32, len(m.ids)+1)
				for name, id := range m.ids {
					names[name] = id
				}
				m.ids, m.goods, copied = names, slices.Clip(m.goods), true
			}
			id = int32(len(m.goods))
			m.ids[sku], m.goods = id, append(m.goods, &good{sku: sku})
		}
		ids[i] = id
	}
	return ids
}

// added is the sum of two lists, which are in the order of ids. The first is mostly the longer.
func added(a, b []pair) []pair {
	sum := make([]pair, 0, len(a)+len(b))
	for _, p := range b {
		at := find(a, p.id)
		sum, a = append(sum, a[:at]...), a[at:]
		if len(a) > 0 && a[0].id == p.id {
			p.orders, p.weight, a = p.orders+a[0].orders, p.weight+a[0].weight, a[1:]
		}
		sum = append(sum, p)
	}
	return append(sum, a...)
}

// add is added, in place.
func add(a, b []pair) []pair {
	at := 0
	for _, p := range b {
		at += find(a[at:], p.id)
		if at < len(a) && a[at].id == p.id {
			a[at].orders, a[at].weight = p.orders+a[at].orders, p.weight+a[at].weight
		} else {
			a = slices.Insert(a, at, p)
		}
	}
	return a
}

// find is the place of an id, or where it would be. Written out: it is most of what learning costs.
func find(list []pair, id int32) int {
	low, high := 0, len(list)
	for low < high {
		if middle := int(uint(low+high) >> 1); list[middle].id < id {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

// pair finds a good's pair with another; the zero pair if there is none.
func (g *good) pair(other int32) pair {
	if at := find(g.pairs, other); at < len(g.pairs) && g.pairs[at].id == other {
		return g.pairs[at]
	}
	return pair{}
}

// Good returns what was computed of a good, and in how many orders it was.
func (m Model) Good(sku string) (s Solved, orders int64) {
	if id, known := m.ids[sku]; known {
		return m.goods[id].Solved, m.goods[id].orders
	}
	return Solved{}, 0
}

// Together counts the orders with both goods.
func (m Model) Together(a, b string) int64 {
	one, known := m.ids[a]
	other, also := m.ids[b]
	if !known || !also {
		return 0
	}
	return int64(m.goods[one].pair(other).orders)
}

// With is the model with what was computed of goods, which its baskets hold.
func (m Model) With(solved map[string]Solved) Model {
	m.goods = slices.Clone(m.goods)
	for sku, s := range solved {
		if id, known := m.ids[sku]; known {
			g := *m.goods[id]
			g.Solved = s
			m.goods[id] = &g
		}
	}
	return m
}

// SolvedWith visits the goods whose neighbours were computed after the basket of this number.
func (m Model) SolvedWith(after int64, fn func(sku string, s Solved)) {
	for _, g := range m.goods {
		if g.Basket > after {
			fn(g.sku, g.Solved)
		}
	}
}

func compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
