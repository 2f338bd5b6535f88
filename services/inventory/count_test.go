package inventory_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/inventory"
	"orderflow.example/schemas/shipping"
	"orderflow.example/services/inventory"
	"orderflow.example/shared/saga"
)

// count books a count of a SKU in Leeds.
func (s *shelf) count(sku string, n int64) event.CountedV1 {
	s.t.Helper()
	s.number++
	said := s.on(sku, inventory.CountStock.Of(inventory.Count{ID: fmt.Sprint("count ", s.number), Warehouse: "leeds", Counted: n}))
	if len(said) == 0 {
		s.t.Fatalf("a count of %s was not booked", sku)
	}
	return said[0].Data.(event.CountedV1)
}

// settle lets orders decide on what was recalled from them; those who lost goods are cancelled if cancel says so.
func (s *shelf) settle(random *rand.Rand, cancel func(order string) bool) {
	for len(s.recall) > 0 {
		i := 0
		if random != nil {
			i = random.IntN(len(s.recall))
		}
		e := s.recall[i]
		s.recall = slices.Delete(s.recall, i, i+1)
		s.hear(e.Key, func(state any, stamp saga.Stamp) (saga.Step, error) { return machine.Expire(state, e, stamp) })
		if s.orders[e.Key].Lost != nil && cancel(e.Key) {
			s.on(e.Key, cancelled)
		}
	}
}

// leaves dispatches what the order holds, without so many pieces if something is left then.
func (s *shelf) leaves(id string, without int64) []saga.Event {
	packed := slices.Clone(s.orders[id].Lines)
	for i := len(packed) - 1; i >= 0 && without > 0; i-- {
		n := min(without, packed[i].Quantity)
		if n == schemas.Pieces(packed) {
			break
		}
		without -= n
		if packed[i].Quantity -= n; packed[i].Quantity == 0 {
			packed = packed[:i]
		}
	}
	return s.on(id, shipping.Dispatched.Of(shipping.DispatchedV1{Lines: packed}))
}

func (s *shelf) level(sku string) inventory.Level { return s.levels.Of(sku)[0] }

func always(string) bool { return true }

func TestACountThatDiffersIsBooked(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.receive("tea", 5)
	s.wants("a", "fill_or_kill", line("tea", 2))
	for _, c := range []struct{ counted, difference, onHand int64 }{{5, 0, 5}, {7, 2, 7}, {2, -5, 2}} {
		if d := s.count("tea", c.counted); d.Difference != c.difference || d.Missing != 0 || s.level("tea").OnHand != c.onHand {
			t.Errorf("counted %d: %+v, %+v", c.counted, d, s.level("tea"))
		}
	}
	s.is(inventory.Reserved, "a")
	var changes []int64
	for _, m := range s.moved {
		changes = append(changes, m.Change)
	}
	if !slices.Equal(changes, []int64{5, 2, -5}) || s.moved[2].Cause != inventory.Counted || s.moved[2].Reference == "" {
		t.Errorf("moved %+v", s.moved)
	}
}

func TestACountIsBookedOnceAndNotAgainstBooksThatHaveChanged(t *testing.T) {
	t.Parallel()
	s, five := newShelf(t), int64(5)
	s.receive("tea", 5)
	first := inventory.CountStock.Of(inventory.Count{ID: "c", Warehouse: "leeds", Counted: 4, Expected: &five})
	if said := s.on("tea", first); len(said) != 2 {
		t.Fatalf("said %+v", said)
	}
	for name, c := range map[string]inventory.Count{
		"again":                 {ID: "c", Warehouse: "leeds", Counted: 4},
		"the books changed":     {ID: "d", Warehouse: "leeds", Counted: 3, Expected: &five},
		"it was never in there": {ID: "e", Warehouse: "york", Counted: 3},
	} {
		if said := s.on("tea", inventory.CountStock.Of(c)); said != nil {
			t.Errorf("%s: said %+v", name, said)
		}
	}
	if l := s.level("tea"); l.OnHand != 4 {
		t.Errorf("%+v", l)
	}
}

func TestOfGoodsThatAreMissingTheOldestOrdersKeepTheirs(t *testing.T) {
	t.Parallel()
	s, random := newShelf(t), rand.New(rand.NewPCG(1, 1))
	s.receive("tea", 7)
	for _, id := range []string{"o-1", "o-2", "o-3"} {
		s.wants(id, "fill_all", line("tea", 2))
	}
	s.wants("o-4", "fill_all", line("tea", 5)) // waits, and holds none
	if d := s.count("tea", 3); d.Difference != -1 || d.Missing != 3 {
		t.Errorf("%+v", d)
	}
	s.settle(random, func(string) bool { return false })
	if s.orders["o-1"].Lost != nil || len(s.orders["o-2"].Lost) != 1 || s.orders["o-2"].Lost[0].Quantity != 1 ||
		s.orders["o-3"].Lost[0].Quantity != 2 || s.level("tea").OnHand != 6 {
		t.Errorf("%+v %+v", s.orders, s.levels)
	}
	if d := s.count("tea", 3); d.Difference != 0 || d.Missing != 0 { // nothing has changed since
		t.Errorf("%+v", d)
	}
	s.leaves("o-3", 0) // it has left after all
	s.on("o-2", cancelled)
	if l := s.level("tea"); l.OnHand != 3 || l.Reserved != 2 {
		t.Errorf("%+v", l)
	}
	s.is(inventory.Backordered, "o-4")
}

func TestGoodsMissingFromAnOrderThatLetGoOfThemAreMissedWhereTheyAre(t *testing.T) {
	t.Parallel()
	s, random := newShelf(t), rand.New(rand.NewPCG(1, 1))
	s.receive("tea", 4)
	s.wants("o-1", "fill_or_kill", line("tea", 2))
	s.wants("o-2", "fill_or_kill", line("tea", 2))
	s.count("tea", 2)
	s.on("o-2", cancelled) // before it is told
	s.wants("o-3", "fill_or_kill", line("tea", 1))
	s.settle(random, always)
	s.is(inventory.Reserved, "o-1")
	s.is(inventory.Released, "o-3")
	if l := s.level("tea"); l.OnHand != 2 || l.Reserved != 2 {
		t.Errorf("%+v", l)
	}
}

func TestWhatAParcelLeavesWithoutIsFreeAgain(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.receive("tea", 3)
	s.wants("o-1", "fill_available", line("tea", 3))
	s.wants("o-2", "fill_all", line("tea", 1))
	said := s.leaves("o-1", 1)
	want := event.CommittedV1{Lines: []schemas.Allocation{alloc("tea", 2, "leeds")},
		LeftOut: []schemas.Allocation{alloc("tea", 1, "leeds")}}
	if got := said[0].Data; !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if l := s.level("tea"); l.OnHand != 1 || l.Reserved != 0 {
		t.Errorf("%+v", l)
	}
	s.decide(nil)
	s.is(inventory.Reserved, "o-2") // it has waited for a piece
}

func TestWhatAParcelLeavesWithoutIsWrittenOffWhereACountDidNotFindItEither(t *testing.T) {
	t.Parallel()
	for name, told := range map[string]bool{"told before it left": true, "told after it left": false} {
		s := newShelf(t)
		s.receive("tea", 2)
		s.wants("o-1", "fill_available", line("tea", 2))
		s.count("tea", 1)
		if told {
			s.settle(nil, func(string) bool { return false })
		}
		said := s.leaves("o-1", 1)
		if got := said[0].Data.(event.CommittedV1); (len(got.WrittenOff) == 1) != told || (len(got.LeftOut) == 1) == told {
			t.Errorf("%s: %+v", name, got)
		}
		s.settle(nil, always)
		if l := s.level("tea"); l.OnHand != 0 || l.Reserved != 0 {
			t.Errorf("%s: %+v", name, l)
		}
		if sum := s.moved[0].Change + s.moved[1].Change + s.moved[2].Change; len(s.moved) != 3 || sum != 0 {
			t.Errorf("%s: it was moved %+v", name, s.moved)
		}
	}
}

// Whatever is counted while orders come and go: never is more reserved than there is, movements add up, and once the orders
// concerned have let go the books say what was counted last.
func TestStockTakingAmongOrdersNeverPromisesWhatIsNotThere(t *testing.T) {
	t.Parallel()
	lost := 0
	for seed := range uint64(300) {
		random, s := rand.New(rand.NewPCG(seed, 7)), newShelf(t)
		skus, ids := []string{"tea", "mug"}, []string{}
		for _, sku := range skus {
			s.receive(sku, 4)
		}
		holds := func() {
			sums := map[string]int64{}
			for _, m := range s.moved {
				sums[m.SKU] += m.Change
			}
			for _, l := range s.levels {
				if l.Reserved < 0 || l.Reserved > l.OnHand || sums[l.SKU] != l.OnHand {
					t.Fatalf("seed %d: %+v, moved %d", seed, l, sums[l.SKU])
				}
			}
		}
		for n := range 60 {
			switch random.IntN(6) {
			case 0, 1:
				id := fmt.Sprintf("order %03d", n)
				ids = append(ids, id)
				s.wants(id, "fill_all", line(skus[random.IntN(2)], 1+random.Int64N(2)), line(skus[random.IntN(2)], 1))
			case 2:
				s.receive(skus[random.IntN(2)], 1+random.Int64N(4))
			case 3:
				s.count(skus[random.IntN(2)], random.Int64N(6))
			case 4:
				if len(ids) > 0 {
					s.on(ids[random.IntN(len(ids))], cancelled)
				}
			case 5:
				if len(ids) > 0 {
					if id := ids[random.IntN(len(ids))]; s.orders[id].Status == inventory.Reserved {
						s.leaves(id, random.Int64N(2)*random.Int64N(3))
						ids = slices.DeleteFunc(ids, func(other string) bool { return other == id })
					}
				}
			}
			if random.IntN(3) == 0 {
				s.decide(random)
			}
			if random.IntN(3) == 0 {
				s.settle(random, func(string) bool { return random.IntN(2) == 0 })
			}
			holds()
		}
		finish := func() {
			s.decide(random)
			s.settle(random, always)
			for _, id := range ids {
				if s.orders[id].Lost != nil {
					lost++
					s.on(id, cancelled)
				}
			}
			s.decide(random)
		}
		finish()
		for _, sku := range skus {
			n := random.Int64N(6)
			s.count(sku, n)
			finish()
			holds()
			if l := s.level(sku); l.OnHand != n {
				t.Fatalf("seed %d: counted %d, and the books say %+v %+v", seed, n, l, s.orders)
			}
		}
	}
	if lost < 200 {
		t.Errorf("only %d orders lost goods: this covers too little", lost)
	}
}
