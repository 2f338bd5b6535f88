package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/inventory"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/warehouse"
	"orderflow.example/services/inventory"
	"orderflow.example/services/inventory/internal/store"
	"orderflow.example/shared/database"
	"orderflow.example/shared/embedded/embeddedtest"
	"orderflow.example/shared/saga"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }

var machine = inventory.Choreography.Machine()

// shop runs batches as the engine does, and keeps the emitted events, key by key in the order of commits.
type shop struct {
	t     testing.TB
	db    *database.DB
	store *store.Stock
	ids   atomic.Int64

	mu   sync.Mutex
	said map[string][]saga.Event
}

func open(t testing.TB) *shop {
	t.Helper()
	db, err := database.Open(context.Background(), database.Options{URL: embeddedtest.Database(t), MaxConns: 16})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if _, err := database.Migrate(context.Background(), db, store.Migrations, "migrations"); err != nil {
		t.Fatal(err)
	}
	return &shop{t: t, db: db, store: store.New(), said: map[string][]saga.Event{}}
}

func (s *shop) stamp(e *saga.Event) {
	n := s.ids.Add(1)
	e.ID, e.Time = fmt.Sprintf("event-%d", n), time.Date(2026, 3, 1, 9, 0, 0, int(n)*1500, time.UTC) // as finely as events are
}

// batch decides the inputs in one transaction and returns the events emitted.
func (s *shop) batch(inputs ...saga.Event) (said []saga.Event) {
	err := database.Transact(context.Background(), s.db, func(tx *gorm.DB) error {
		states, err := s.store.Load(tx, inputs)
		if err != nil {
			return err
		}
		for _, e := range inputs {
			step, err := machine.Hear(states.Get(e), e, s.stamp)
			if err != nil {
				return err
			}
			states.Put(e, step.State)
			said = append(said, step.Emitted...)
		}
		if err := states.Save(tx); err != nil {
			return err
		}
		// Noted while the rows are still locked, as the outbox numbers events.
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, e := range said {
			s.said[e.Key] = append(s.said[e.Key], e)
		}
		return nil
	})
	if err != nil {
		s.t.Error(err)
	}
	return said
}

// rows reads all tables.
func (s *shop) rows() map[string]any {
	s.t.Helper()
	all := map[string]any{}
	if err := s.store.Each(s.db.Gorm(), collect(all)); err != nil {
		s.t.Fatal(err)
	}
	return all
}

func collect(into map[string]any) func(string, any) error {
	return func(key string, state any) error { into[key] = state; return nil }
}

// fold replays the emitted events, the keys interleaved at random.
func fold(t testing.TB, said map[string][]saga.Event, random *rand.Rand) map[string]any {
	t.Helper()
	var queues [][]saga.Event
	for _, events := range said {
		queues = append(queues, events)
	}
	states := store.New().Memory()
	for len(queues) > 0 {
		i := random.IntN(len(queues))
		e := queues[i][0]
		states.Put(e, machine.Evolve(states.Get(e), e))
		if queues[i] = queues[i][1:]; len(queues[i]) == 0 {
			queues[i] = queues[len(queues)-1]
			queues = queues[:len(queues)-1]
		}
	}
	all := map[string]any{}
	if err := states.Each(collect(all)); err != nil {
		t.Fatal(err)
	}
	return all
}

func heard(key string, e saga.Event) saga.Event {
	e.Key, e.Saga = key, key
	return e
}

func wants(id string, sku string, n int64) saga.Event {
	return heard(id, order.Validated.Of(order.ValidatedV1{
		Lines: []schemas.Line{{SKU: sku, Quantity: n, UnitPrice: 100}}, Total: schemas.Money{Amount: n * 100, Currency: "GBP"}}))
}

func cancels(id string) saga.Event { return heard(id, order.Cancelled.Of(order.CancelledV1{})) }

var receipts atomic.Int64

func received(sku, at string, n int64) saga.Event {
	return heard(sku, warehouse.StockReceived.Of(warehouse.StockReceivedV1{ReceiptID: fmt.Sprint("r", receipts.Add(1)),
		Warehouse: at, Quantity: n}))
}

func kinds(events []saga.Event) []string {
	var names []string
	for _, e := range events {
		names = append(names, e.Type)
	}
	return names
}

func TestTwoOrdersInOneBatchCannotBothTakeTheLastPiece(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.batch(received("tea", "leeds", 1))
	got := kinds(s.batch(wants("first", "tea", 1), wants("second", "tea", 1), cancels("first"), wants("third", "tea", 1)))
	want := []string{event.Reserved.Name(), event.StockChanged.Name(), event.Rejected.Name(),
		event.Released.Name(), event.StockChanged.Name(), event.Reserved.Name(), event.StockChanged.Name()}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

func TestGoodsReceivedInTheSameBatchCanBePromised(t *testing.T) {
	t.Parallel()
	s := open(t)
	got := kinds(s.batch(wants("early", "tea", 1), received("tea", "leeds", 1), wants("late", "tea", 1), received("tea", "york", 1)))
	want := []string{event.Rejected.Name(), event.Stocked.Name(), event.StockChanged.Name(),
		event.Reserved.Name(), event.StockChanged.Name(), event.Stocked.Name(), event.StockChanged.Name()}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	if rows := s.rows(); !reflect.DeepEqual(rows, fold(t, s.said, rand.New(rand.NewPCG(1, 1)))) {
		t.Errorf("got %+v", rows)
	}
}

func TestTheDatabaseRefusesWhatMustNotBe(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.batch(received("tea", "leeds", 1))
	for _, wrong := range []string{"on_hand = -1", "reserved = 2", "reserved = -1"} {
		if err := s.db.Gorm().Exec("UPDATE stock SET " + wrong).Error; !database.IsConstraint(err, "never_oversold") {
			t.Errorf("%s: got %v", wrong, err)
		}
	}
}

func TestThoseWhoWaitAreFoundWhateverTheirGoodsAreCalledAndServedInTheirOrder(t *testing.T) {
	t.Parallel()
	for _, sku := range []string{"tea", `a"b\c,{d} é`, "NULL", " "} {
		s := open(t)
		waits := func(id string, n int64, second int) {
			e := wants(id, sku, n)
			d := e.Data.(order.ValidatedV1)
			d.FillPolicy, d.Backorder = "fill_all", &schemas.Backorder{SKUs: []string{sku}, Until: "2026-03-15T00:00:00Z"}
			e.Data, e.Time = d, time.Date(2026, 3, 1, 9, 0, second, 0, time.UTC)
			if got := kinds(s.batch(e)); !slices.Contains(got, event.Backordered.Name()) {
				t.Errorf("%q: %s: %v", sku, id, got)
			}
		}
		s.batch(received(sku, "leeds", 1))
		waits("first", 3, 0)
		waits("second", 2, 1)
		if got := kinds(s.batch(wants("third", sku, 1))); !slices.Equal(got, []string{event.Rejected.Name()}) {
			t.Errorf("%q: what others wait for was taken: %v", sku, got)
		}
		var offered []string
		for _, e := range s.batch(received(sku, "leeds", 4)) {
			if e.Type == event.Offered.Name() {
				offered = append(offered, e.Key)
			}
		}
		if !slices.Equal(offered, []string{"first", "second"}) {
			t.Errorf("%q: offered to %v", sku, offered)
		}
	}
}
