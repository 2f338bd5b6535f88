package inventory_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/inventory"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/warehouse"
	"orderflow.example/services/inventory"
	"orderflow.example/shared/saga"
)

// shelf is the state of all orders and of one set of levels, as the store keeps it.
type shelf struct {
	t      *testing.T
	orders map[string]inventory.Reservation
	levels inventory.Levels
	clock  time.Time
	offers []string // orders with an offer that waits to be decided on
	recall []saga.Event
	moved  []inventory.Movement
	booked map[string][]string // by SKU, ids of receipts and counts
	number int
}

func newShelf(t *testing.T) *shelf {
	return &shelf{t: t, orders: map[string]inventory.Reservation{}, booked: map[string][]string{},
		clock: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}
}

// hear lets the machine react, and keeps the order's and the levels' state.
func (s *shelf) hear(key string, do func(state any, stamp saga.Stamp) (saga.Step, error)) []saga.Event {
	state := inventory.State{Key: key, Reservation: s.orders[key], Levels: s.levels, Holding: s.orders, Receipts: s.booked[key]}
	for id, r := range s.orders {
		state.Waiting = append(state.Waiting, r.Waits(id)...)
	}
	state.Waiting.Sort()
	step, err := do(state, func(e *saga.Event) { s.number++; e.ID, e.Time = fmt.Sprint(s.number), s.clock })
	if err != nil {
		s.t.Fatal(err)
	}
	after := step.State.(inventory.State)
	s.orders[key], s.levels, s.moved = after.Reservation, after.Levels, append(s.moved, after.Moved...)
	s.booked[key] = after.Receipts
	for _, e := range step.Emitted {
		if e.Type == event.Offered.Name() {
			s.offers = append(s.offers, e.Key)
		}
		if e.Type == event.Recalled.Name() {
			s.recall = append(s.recall, e)
		}
	}
	return step.Emitted
}

func (s *shelf) on(key string, e saga.Event) []saga.Event {
	s.clock = s.clock.Add(time.Millisecond)
	e.Key, e.Time, e.ID = key, s.clock, fmt.Sprint("heard ", s.clock.UnixNano())
	return s.hear(key, func(state any, stamp saga.Stamp) (saga.Step, error) { return machine.Hear(state, e, stamp) })
}

// decide lets all orders with an offer decide on it, in any order.
func (s *shelf) decide(shuffle *rand.Rand) {
	for len(s.offers) > 0 {
		i := 0
		if shuffle != nil {
			i = shuffle.IntN(len(s.offers))
		}
		key := s.offers[i]
		s.offers = slices.Delete(s.offers, i, i+1)
		offered := event.Offered.About(key, event.OfferedV1{})
		s.hear(key, func(state any, stamp saga.Stamp) (saga.Step, error) { return machine.Expire(state, offered, stamp) })
	}
}

func (s *shelf) wants(id, policy string, lines ...schemas.Line) []saga.Event {
	skus := make([]string, len(lines))
	for i, l := range lines {
		skus[i] = l.SKU
	}
	return s.on(id, order.Validated.Of(order.ValidatedV1{Lines: lines, Total: pounds(schemas.Total(lines)), FillPolicy: policy,
		Backorder: &schemas.Backorder{SKUs: skus, Until: "2026-03-15T09:00:00Z"}}))
}

func (s *shelf) receive(sku string, n int64) []saga.Event {
	s.number++
	return s.on(sku, warehouse.StockReceived.Of(warehouse.StockReceivedV1{ReceiptID: fmt.Sprint("receipt ", s.number),
		Warehouse: "leeds", Quantity: n}))
}

func (s *shelf) is(status inventory.Status, ids ...string) {
	s.t.Helper()
	for _, id := range ids {
		if got := s.orders[id].Status; got != status {
			s.t.Errorf("order %s is %q, want %q", id, got, status)
		}
	}
}

func TestWhoWaitsGetsWhatComesInFirstComeFirstServed(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.receive("tea", 1)
	s.wants("a", "fill_all", line("tea", 3))
	s.wants("b", "fill_all", line("tea", 2))
	s.wants("c", "fill_all", line("tea", 60))
	s.is(inventory.Backordered, "a", "b", "c")

	s.receive("tea", 5)
	s.wants("late", "fill_or_kill", line("tea", 1)) // asks before they took it
	s.decide(nil)
	s.is(inventory.Reserved, "a", "b")
	s.is(inventory.Backordered, "c")
	s.is(inventory.Rejected, "late")
	s.receive("tea", 50)
	s.decide(nil)
	s.is(inventory.Backordered, "c")
	s.receive("tea", 10)
	s.decide(nil)
	s.is(inventory.Reserved, "c")
	s.wants("next", "fill_or_kill", line("tea", 1))
	s.is(inventory.Reserved, "next")
}

func TestTheShopDoesNotOfferWhatOthersWaitFor(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.receive("tea", 4)
	said := s.wants("a", "fill_all", line("tea", 9))
	if last := said[len(said)-1]; last.Type != event.StockChanged.Name() || last.Data.(event.StockChangedV1).Available != 0 ||
		last.Data.(event.StockChangedV1).OnHand != 4 {
		t.Errorf("emitted %+v", said)
	}
	said = s.on("a", cancelled)
	if last := said[len(said)-1]; last.Type != event.StockChanged.Name() || last.Data.(event.StockChangedV1).Available != 4 {
		t.Errorf("emitted %+v", said)
	}
}

func TestAnOrderThatGivesUpItsPlaceLetsThoseBehindItGo(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(s *shelf){
		"cancelled": func(s *shelf) { s.on("a", cancelled) },
		"too late": func(s *shelf) {
			e := event.Backordered.About("a", *s.orders["a"].Backorder)
			s.hear("a", func(state any, stamp saga.Stamp) (saga.Step, error) { return machine.Expire(state, e, stamp) })
			s.is(inventory.Rejected, "a")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			s.receive("tea", 4)
			s.receive("mug", 1)
			s.wants("a", "fill_all", line("mug", 2), line("tea", 3))
			s.wants("b", "fill_all", line("tea", 2))
			s.is(inventory.Backordered, "a", "b")
			leave(s)
			s.decide(nil)
			s.is(inventory.Reserved, "b")
		})
	}
}

func TestNobodyWaitsForGoodsThatMayNotBeWaitedForOrNeverCame(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.receive("tea", 1)
	s.on("a", validated("fill_all", line("tea", 2)))
	s.wants("b", "fill_or_kill", line("tea", 2))
	s.wants("c", "fill_all", line("never", 1))
	s.is(inventory.Rejected, "a", "b", "c")
}

// Whatever comes and goes in whatever order: nothing is set aside twice, nobody who waits is passed by one who came later to the
// same goods, and nobody waits for what is there.
func TestNoGoodsAreIdleWhileTheFirstInLineCouldHaveThem(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		random, s := rand.New(rand.NewPCG(seed, 0)), newShelf(t)
		skus, ids := []string{"tea", "mug", "cup"}, []string{}
		for _, sku := range skus {
			s.receive(sku, 1)
		}
		for n := range 60 {
			switch random.IntN(4) {
			case 0, 1:
				id, lines := fmt.Sprint("order ", n), []schemas.Line{}
				for _, sku := range skus {
					if random.IntN(2) == 0 {
						lines = append(lines, line(sku, 1+random.Int64N(3)))
					}
				}
				if len(lines) > 0 {
					s.wants(id, "fill_all", lines...)
					ids = append(ids, id)
				}
			case 2:
				s.receive(skus[random.IntN(3)], 1+random.Int64N(4))
			case 3:
				if len(ids) > 0 {
					s.on(ids[random.IntN(len(ids))], cancelled)
				}
			}
			if random.IntN(3) == 0 {
				s.decide(random)
			}
		}
		s.decide(random)
		for _, l := range s.levels {
			if l.Reserved < 0 || l.Reserved > l.OnHand {
				t.Fatalf("seed %d: %+v", seed, l)
			}
		}
		claimed := map[string]int64{}
		slices.SortFunc(ids, func(a, b string) int { return since(s, a).Compare(since(s, b)) })
		for _, id := range ids {
			r := s.orders[id]
			if r.Status != inventory.Backordered {
				continue
			}
			has := true
			for _, w := range r.Waits(id) {
				claimed[w.SKU] += w.Quantity
				has = has && claimed[w.SKU] <= s.levels.Available(w.SKU)
			}
			if has {
				t.Fatalf("seed %d: %s waits although all it needs is there: %+v %+v", seed, id, r.Backorder, s.levels)
			}
		}
	}
}

func since(s *shelf, id string) time.Time {
	b := s.orders[id].Backorder
	if b == nil {
		return time.Time{}
	}
	at, _ := time.Parse(time.RFC3339Nano, b.Since)
	return at
}
