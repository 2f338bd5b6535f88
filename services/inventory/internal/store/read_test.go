package store_test

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"orderflow.example/schemas"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/warehouse"
	"orderflow.example/services/inventory"
	"orderflow.example/services/inventory/internal/store"
)

// movements reads all movements of a SKU, some at a time.
func movements(s *shop, sku string) (all []inventory.Movement) {
	s.t.Helper()
	read, before := store.NewReader(s.store, s.db.Gorm()), store.Moment{}
	for {
		some, err := read.Movements(s.t.Context(), sku, before, 3)
		if err != nil {
			s.t.Fatal(err)
		}
		if all = append(all, some...); len(some) < 3 {
			return all
		}
		before = store.Moment{At: some[2].At, Event: some[2].Event, Line: some[2].Line}
	}
}

func TestMovementsAreThoseOfTheEventsTheNewestFirst(t *testing.T) {
	t.Parallel()
	s, f := open(t), newTraffic(3, 0, 1)
	for range 150 {
		f.learn(s.batch(f.next()))
	}
	want := map[string][]inventory.Movement{}
	for _, key := range slices.Sorted(maps.Keys(s.said)) {
		state := inventory.Blank(key)
		for _, e := range s.said[key] {
			state = machine.Evolve(state, e).(inventory.State)
		}
		for _, m := range state.Moved {
			want[m.SKU] = append(want[m.SKU], m)
		}
	}
	causes := map[inventory.Cause]int{}
	for sku, list := range want {
		slices.SortFunc(list, func(a, b inventory.Movement) int {
			return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.Event, a.Event), cmp.Compare(b.Line, a.Line))
		})
		if got := movements(s, sku); !reflect.DeepEqual(got, list) {
			t.Errorf("%s: got %+v\nwant %+v", sku, got, list)
		}
		for _, m := range list {
			causes[m.Cause]++
		}
	}
	if len(causes) < 3 {
		t.Errorf("the traffic covers too little: %v", causes)
	}
	// A row that somebody takes away is missed.
	if err := s.db.Gorm().Exec("DELETE FROM movements WHERE sku = 'tea' AND cause = 'received'").Error; err != nil {
		t.Fatal(err)
	}
	if rows := s.rows(); reflect.DeepEqual(rows, fold(t, s.said, rand.New(rand.NewPCG(1, 1)))) {
		t.Error("nobody misses the movements that are gone")
	}
}

func TestStockIsListedBySKUAndThoseWhoHoldGoodsOrWaitAreFound(t *testing.T) {
	t.Parallel()
	s := open(t)
	point := int64(3)
	low := received(`a"b/C`, "york", 2)
	d := low.Data.(warehouse.StockReceivedV1)
	d.ReorderPoint = &point
	low.Data = d
	s.batch(received("mug", "leeds", 9), received("mug", "york", 1), low, wants("o-2", "mug", 8))
	waits := wants("o-3", "mug", 5)
	w := waits.Data.(order.ValidatedV1)
	w.FillPolicy, w.Backorder = "fill_all", &schemas.Backorder{SKUs: []string{"mug"}, Until: "2026-03-15T00:00:00Z"}
	waits.Data = w
	s.batch(waits, wants("o-1", `a"b/C`, 1), wants("gone", "mug", 1), cancels("gone"))

	read := store.NewReader(s.store, s.db.Gorm())
	skus := func(q string, low bool, after string, limit int) (list []string) {
		found, err := read.List(t.Context(), q, low, after, limit)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range found {
			list = append(list, l.SKU)
			if l.SKU == "mug" && (l.OnHand != 10 || l.Reserved != 8) {
				t.Errorf("%+v", l)
			}
		}
		return list
	}
	for got, want := range map[*[]string][]string{
		ptr(skus("", false, "", 5)): {`a"b/C`, "mug"}, ptr(skus("", false, "", 1)): {`a"b/C`},
		ptr(skus("", false, `a"b/C`, 5)): {"mug"},
		ptr(skus("B/c", false, "", 5)):   {`a"b/C`}, ptr(skus("%", false, "", 5)): nil, ptr(skus("", true, "", 5)): {`a"b/C`},
	} {
		if !slices.Equal(*got, want) {
			t.Errorf("got %q, want %q", *got, want)
		}
	}
	held := func(sku, after string) (orders []string) {
		found, err := read.Reservations(t.Context(), sku, after, 5)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range found {
			lines, waited := h.Pieces(sku)
			if len(lines) == 0 && waited == 0 {
				t.Errorf("%s has nothing to do with %s", h.Order, sku)
			}
			orders = append(orders, h.Order)
		}
		return orders
	}
	if a, b, c := held("mug", ""), held("mug", "o-2"), held(`a"b/C`, ""); !slices.Equal(a, []string{"o-2", "o-3"}) ||
		!slices.Equal(b, []string{"o-3"}) || !slices.Equal(c, []string{"o-1"}) {
		t.Errorf("%v %v %v", a, b, c)
	}
}

func ptr(list []string) *[]string { return &list }
