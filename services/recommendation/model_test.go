package recommendation

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"
)

var day = time.Date(2011, 8, 1, 10, 0, 0, 0, time.UTC)

// baskets are orders of goods that belong together in groups of four, with some of chance.
func baskets(n int) (list []Basket) {
	random := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		group := random.IntN(10)
		skus := []string{}
		for _, k := range random.Perm(4)[:2+random.IntN(3)] {
			skus = append(skus, fmt.Sprintf("G%d%d", group, k))
		}
		if extra := fmt.Sprintf("X%02d", random.IntN(30)); random.IntN(2) == 0 {
			skus = append(skus, extra)
		}
		list = append(list, Basket{N: int64(i + 1), Order: fmt.Sprint("o", i), Customer: fmt.Sprint("c", random.IntN(20)),
			At: day.Add(time.Duration(i) * time.Hour), SKUs: skus})
	}
	return list
}

func learnt(list []Basket) (m Model, x *Index) {
	x = &Index{}
	for _, b := range list {
		m = m.Learn(b)
		x.Learn(b)
		m.SolvedWith(b.N-1, x.Solve)
	}
	return m, x
}

func TestCountsAreThoseOfWholeOrdersHoweverFarApartTheGoodsAre(t *testing.T) {
	t.Parallel()
	long := Basket{N: 1, At: day}
	for i := range 300 {
		long.SKUs = append(long.SKUs, fmt.Sprintf("S%03d", i))
	}
	m := Model{}.Learn(long).Learn(Basket{N: 2, At: day, SKUs: []string{"S299", "S000"}})
	if m.Together("S000", "S299") != 2 || m.Together("S299", "S000") != 2 || m.Together("S000", "S001") != 1 ||
		m.Together("S000", "none") != 0 {
		t.Error(m.Together("S000", "S299"), m.Together("S000", "S001"))
	}
	if _, orders := m.Good("S000"); orders != 2 {
		t.Error(orders)
	}
}

func TestWhatWasLearntBeforeIsNotChangedByLearningOn(t *testing.T) {
	t.Parallel()
	all := baskets(200)
	m, _ := learnt(all[:100])
	copied, _ := learnt(all[:100])
	for range 3 { // each from the same state, as after transactions that failed
		next := m
		for _, b := range all[100:] {
			next = next.Learn(b)
		}
	}
	if !reflect.DeepEqual(m, copied) {
		t.Error("the model changed")
	}
}

func TestAnExclusiveModelLearnsTheSameToTheLastBitAndLeavesTheOneItCameFrom(t *testing.T) {
	t.Parallel()
	all := baskets(400)
	want, _ := learnt(all)
	first, _ := learnt(all[:100])
	copied, _ := learnt(all[:100])
	m := first
	for from := 100; from < 400; from += 100 { // as transactions of a replay do
		m = m.Exclusive()
		for _, b := range all[from : from+100] {
			m = m.Learn(b)
		}
		m = m.Shared()
	}
	for _, g := range m.goods {
		g.owner = nil
	}
	if !reflect.DeepEqual(m, want) {
		t.Error("it learnt something else")
	}
	if !reflect.DeepEqual(first, copied) {
		t.Error("the model that it came from changed")
	}
}

func TestCountsOfTheBasketsAndTheNeighboursOfTheRowsAreTheModelToTheLastBit(t *testing.T) {
	t.Parallel()
	all := baskets(300)
	want, _ := learnt(all)
	var got Model
	for _, b := range all {
		got, _ = got.Count(b)
	}
	solved := map[string]Solved{}
	want.SolvedWith(0, func(sku string, s Solved) { solved[sku] = s })
	if got = got.With(solved); !reflect.DeepEqual(got, want) {
		t.Error("it differs")
	}
}

func TestGoodsThatAreBoughtTogetherAreRecommendedWithTheCountOfTheirOrders(t *testing.T) {
	t.Parallel()
	m, x := learnt(baskets(500))
	for group := range 10 {
		first := fmt.Sprintf("G%d0", group)
		list := x.Ask(Query{Goods: []Wanted{{first, 1}}}, 3)
		for _, r := range list {
			if r.SKU[:2] != first[:2] || r.SKU == first || r.Reason != BoughtTogether || r.With != first ||
				r.Orders != m.Together(first, r.SKU) || r.Orders == 0 {
				t.Errorf("for %s: %+v", first, r)
			}
		}
		if len(list) != 3 {
			t.Errorf("for %s: %v", first, list)
		}
	}
}

func TestWhatACustomerBoughtBeforeCountsForThatCustomerAlone(t *testing.T) {
	t.Parallel()
	all := baskets(200)
	for i := range 5 {
		n := int64(201 + i)
		all = append(all, Basket{N: n, Order: fmt.Sprint("own", i), Customer: "ann", At: day.Add(time.Duration(n) * time.Hour),
			SKUs: []string{"OWN"}})
	}
	_, x := learnt(all)
	list := x.Ask(Query{Customer: "ann", Goods: []Wanted{{"G00", 1}}}, 50)
	at := slices.IndexFunc(list, func(r Recommendation) bool { return r.SKU == "OWN" })
	if at < 0 || list[at].Reason != BoughtBefore || list[at].Orders != 5 {
		t.Error(list)
	}
	for _, customer := range []string{"", "bob"} {
		if slices.ContainsFunc(x.Ask(Query{Customer: customer, Goods: []Wanted{{"G00", 1}}}, 50),
			func(r Recommendation) bool { return r.SKU == "OWN" }) {
			t.Errorf("for %q", customer)
		}
	}
}

func TestWhatNobodyKnowsGetsThePopularAndNothingOfTheBasket(t *testing.T) {
	t.Parallel()
	_, x := learnt(baskets(100))
	popular := x.Rank(Query{Goods: []Wanted{{"NEW", 1}}}, 5)
	if len(popular) != 5 || popular[0].Reason != Popular || popular[0].Orders == 0 {
		t.Fatal(popular)
	}
	for _, r := range x.Rank(Query{Goods: []Wanted{{popular[0].SKU, 1}}}, 1000) {
		if r.SKU == popular[0].SKU {
			t.Error("it is in the basket")
		}
	}
	if list := (&Index{}).Rank(Query{Customer: "ann", Own: true}, 5); len(list) != 0 {
		t.Error(list)
	}
}

func TestAnOrderOfHundredsOfGoodsComputesTheNeighboursOfFew(t *testing.T) {
	t.Parallel()
	long := Basket{N: 1, At: day}
	for i := range 500 {
		long.SKUs = append(long.SKUs, fmt.Sprintf("S%03d", i))
	}
	m := Model{}.Learn(long)
	solved := 0
	m.SolvedWith(0, func(_ string, s Solved) {
		solved++
		if len(s.Neighbours) > neighbours {
			t.Error(len(s.Neighbours))
		}
	})
	if solved < mostGrown || solved > mostGrown+inTurn {
		t.Error(solved)
	}
}

func TestWeightsDoubleWithEachHalfLifeAndNeverReadTheClock(t *testing.T) {
	t.Parallel()
	for _, days := range []int{-4000, -1, 0, 1, 119, 120, 121, 3650} {
		at := epoch.AddDate(0, 0, days)
		if got, want := weightAt(at, halfLife), math.Exp2(float64(days)/120); math.Abs(got/want-1) > 1e-3 {
			t.Errorf("after %d days %v, want %v", days, got, want)
		}
	}
	for _, at := range []time.Time{{}, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)} {
		if w := weightAt(at, halfLife); w <= 0 || math.IsInf(w, 0) || math.IsNaN(w) {
			t.Errorf("%v: %v", at, w)
		}
	}
}

func TestASingularSystemHasASolution(t *testing.T) {
	t.Parallel()
	b := []float64{1, 1}
	cholesky([]float64{0, 0, 0, 0}, b)
	if b[0] != 0 || b[1] != 0 {
		t.Error(b)
	}
	a, b := []float64{4, 0, 2, 3}, []float64{8, 7}
	if cholesky(a, b); math.Abs(b[0]-1.25) > 1e-9 || math.Abs(b[1]-1.5) > 1e-9 {
		t.Error(b)
	}
}

func BenchmarkLearningAnOrderOf25Goods(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	var m Model
	n := int64(0)
	basket := func() Basket {
		n++
		o := Basket{N: n, At: day.Add(time.Duration(n) * time.Minute)}
		for _, i := range random.Perm(1000)[:25] {
			o.SKUs = append(o.SKUs, fmt.Sprintf("S%03d", i))
		}
		return o
	}
	for range 3000 {
		m, _ = m.Count(basket())
	}
	for b.Loop() {
		m = m.Learn(basket())
	}
}
