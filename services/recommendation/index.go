package recommendation

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Index answers queries about a model that is followed basket by basket. It is changed in place; whoever shares it locks it.
type Index struct {
	model   Model
	cited   [][]citation          // by id: of which goods it is a neighbour
	baskets map[string][]purchase // by customer, in the order learnt
}

type citation struct {
	id     int32
	weight float64
}

type purchase struct {
	at    time.Time
	goods []int32
}

// mostPurchases of a customer are kept, the latest.
const mostPurchases = 200

// Query is what is asked for.
type Query struct {
	Goods    []Wanted // the basket, or what somebody looked at
	Customer string   // whose own purchases count too; empty: nobody's
	Own      bool     // the customer's latest purchases stand for a basket
}

// Wanted is a good of the basket, and how much it counts; 1 in a basket.
type Wanted struct {
	SKU    string
	Weight float64
}

// Why a good is recommended.
const (
	BoughtTogether = "bought_together" // with the good of the basket that speaks most for it
	BoughtBefore   = "bought_before"   // by this customer
	Popular        = "popular"         // nothing else speaks for it
)

// Recommendation is one good and the reason for it.
type Recommendation struct {
	SKU    string
	Score  float64
	Reason string
	With   string // the good it was bought with
	Orders int64  // in how many whole orders: with both, of this customer, or of all
}

// Baskets is how many baskets the index has followed.
func (x *Index) Baskets() int64 { return x.model.Baskets }

// Learn follows one basket, and then the goods whose neighbours were computed since. A basket that was followed is skipped.
func (x *Index) Learn(b Basket) {
	if b.N != x.model.Baskets+1 {
		return
	}
	var ids []int32
	x.model, ids = x.model.Count(b)
	if b.Customer != "" {
		if x.baskets == nil {
			x.baskets = map[string][]purchase{}
		}
		all := append(x.baskets[b.Customer], purchase{b.At, ids})
		x.baskets[b.Customer] = all[max(0, len(all)-mostPurchases):]
	}
}

// Solve takes in a good's neighbours.
func (x *Index) Solve(sku string, s Solved) {
	id, known := x.model.ids[sku]
	if !known {
		return
	}
	g := *x.model.goods[id]
	x.cited = append(x.cited, make([][]citation, len(x.model.goods)-len(x.cited))...)
	for _, n := range g.Neighbours {
		at := x.model.ids[n.SKU]
		x.cited[at] = slices.DeleteFunc(x.cited[at], func(c citation) bool { return c.id == id })
	}
	for _, n := range s.Neighbours {
		if at, known := x.model.ids[n.SKU]; known {
			x.cited[at] = append(x.cited[at], citation{id, n.Weight})
		}
	}
	g.Solved = s
	x.model.goods[id] = &g
}

// Ask ranks goods, best first, at most n, and leaves those out that are in the basket. Goods of the same score are by SKU.
func (x *Index) Ask(q Query, n int) []Recommendation {
	a := asking{Index: x, answers: make([]answer, len(x.model.goods))}
	for _, w := range q.Goods {
		if id, known := x.model.ids[w.SKU]; known {
			a.answers[id].out = true
			a.cite(id, w.Weight)
		}
	}
	a.history(q)
	best := top{most: n}
	for id := range a.answers {
		if w := &a.answers[id]; w.score > 0 && !w.out {
			best.add(Recommendation{SKU: x.model.goods[id].sku, Score: w.score})
		}
	}
	for i := range best.list {
		a.explain(&best.list[i])
	}
	return best.list
}

// Rank is Ask, and after what speaks for itself the popular goods.
func (x *Index) Rank(q Query, n int) []Recommendation {
	list := x.Ask(q, n)
	if len(list) == n {
		return list
	}
	except := make(map[string]bool, len(list)+len(q.Goods))
	for _, r := range list {
		except[r.SKU] = true
	}
	for _, w := range q.Goods {
		except[w.SKU] = true
	}
	return append(list, x.Popular(n-len(list), except)...)
}

// Popular ranks goods by what their orders weigh.
func (x *Index) Popular(n int, except map[string]bool) []Recommendation {
	best := top{most: n}
	now := weightAt(x.model.At, halfLife)
	for _, g := range x.model.goods {
		if !except[g.sku] {
			best.add(Recommendation{SKU: g.sku, Score: g.mass / now, Reason: Popular, Orders: g.orders})
		}
	}
	return best.list
}

// top is the first of a ranking.
type top struct {
	most int
	list []Recommendation
}

func (t *top) add(r Recommendation) {
	if t.most < 1 || len(t.list) == t.most && rank(t.list[t.most-1], r) < 0 {
		return
	}
	at, _ := slices.BinarySearchFunc(t.list, r, rank)
	t.list = slices.Insert(t.list, at, r)[:min(len(t.list)+1, t.most)]
}

func rank(a, b Recommendation) int {
	return cmp.Or(compare(b.Score, a.Score), cmp.Compare(a.SKU, b.SKU))
}

// asking is one query.
type asking struct {
	*Index
	answers []answer // by id
}

// answer is what is found about one good.
type answer struct {
	score float64
	best  citation // the good that speaks most for it
	own   int64    // the customer's orders with it
	out   bool
}

func (a *asking) cite(id int32, weight float64) {
	if int(id) >= len(a.cited) {
		return
	}
	for _, c := range a.cited[id] {
		w, of := float64(c.weight*weight), &a.answers[c.id]
		of.score += w
		if w > of.best.weight {
			of.best = citation{id, w}
		}
	}
}

// history adds what the customer bought before: each good's decayed count, over the root of the decayed orders. Times are
// compared with the latest order of all, not with a clock.
func (a *asking) history(q Query) {
	all := a.baskets[q.Customer]
	if q.Customer == "" || len(all) == 0 {
		return
	}
	now := weightAt(a.model.At, historyHalfLife)
	var orders float64
	counts := make([]float64, len(a.answers))
	for _, p := range all {
		w := weightAt(p.at, historyHalfLife) / now
		orders += w
		for _, id := range p.goods {
			counts[id] += w
			a.answers[id].own++
		}
	}
	root := math.Sqrt(orders)
	for id, count := range counts {
		if count == 0 {
			continue
		}
		weight := historyWeight * (count / root)
		a.answers[id].score += weight
		if q.Own {
			a.cite(int32(id), weight)
		}
	}
}

func (a *asking) explain(r *Recommendation) {
	id := a.model.ids[r.SKU]
	of := &a.answers[id]
	if of.best.weight > 0 && (of.own == 0 || of.best.weight >= r.Score/2) {
		with := a.model.goods[of.best.id]
		if n := int64(with.pair(id).orders); n > 0 {
			r.Reason, r.With, r.Orders = BoughtTogether, with.sku, n
			return
		}
	}
	r.Reason, r.Orders = BoughtBefore, of.own
}
