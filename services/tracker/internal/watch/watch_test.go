package watch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"orderflow.example/schemas/order"
	"orderflow.example/schemas/storefront"
	"orderflow.example/services/tracker"
	"orderflow.example/shared/embedded"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/service"
)

type nothing struct{}

var (
	placeOrder = saga.Command[storefront.OrderPlacedV1]("place_order")
	machines   = []*saga.Machine{
		saga.Choreography[nothing]{Service: "storefront", Blank: func(string) nothing { return nothing{} }, Rows: []saga.Row{
			saga.On(placeOrder, func(nothing, storefront.OrderPlacedV1) []saga.Event { return nil }, storefront.OrderPlaced)}}.Machine(),
		saga.Choreography[nothing]{Service: "order", Blank: func(string) nothing { return nothing{} }, Rows: []saga.Row{
			saga.On(storefront.OrderPlaced, func(nothing, storefront.OrderPlacedV1) []saga.Event { return nil }, order.Validated,
				order.StatusChanged),
			saga.After(24*time.Hour, order.Validated, func(nothing, order.ValidatedV1) []saga.Event { return nil }, order.Cancelled).
				Settled(order.StatusChanged)}}.Machine(),
	}
	topics = []string{"storefront.events", "order.events"}
)

const partitions = 2

// bed is a broker of its own, with records on its topics as the services would write them.
type bed struct {
	addr     string
	client   *kafka.Client
	producer *kafka.Producer
	numbers  map[place]int64
}

func newBed(t testing.TB) *bed {
	t.Helper()
	dir, err := os.MkdirTemp("", "orderflow-watch-")
	if err != nil {
		t.Fatal(err)
	}
	broker, err := embedded.StartKafka(t.Context(), embedded.KafkaConfig{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	client := kafka.Dial(kafka.Config{Brokers: []string{broker.Addr()}})
	t.Cleanup(func() {
		client.Close()
		broker.Close()
		os.RemoveAll(dir)
	})
	b := &bed{addr: broker.Addr(), client: client}
	b.create(t)
	return b
}

func (b *bed) create(t testing.TB) {
	t.Helper()
	specs := []kafka.TopicSpec{{Name: engine.ReportsTopic, Partitions: 1}, {Name: engine.ControlTopic, Partitions: 1},
		{Name: service.AuditTopic, Partitions: 1}}
	for _, topic := range topics {
		specs = append(specs, kafka.TopicSpec{Name: topic, Partitions: partitions})
	}
	if _, err := b.client.CreateTopics(t.Context(), specs); err != nil {
		t.Fatal(err)
	}
	b.numbers, b.producer = map[place]int64{}, b.client.NewProducer()
}

// wipe replaces the topics. They are gone for long enough that a reader notices.
func (b *bed) wipe(t testing.TB, warnings *warnings) {
	t.Helper()
	if err := b.client.DeleteTopics(t.Context(),
		append([]string{engine.ReportsTopic, engine.ControlTopic, service.AuditTopic}, topics...)...); err != nil {
		t.Fatal(err)
	}
	await(t, "the watcher to miss them", func() bool { return warnings.Load() > 0 })
	b.create(t)
}

// warnings counts what is logged as such.
type warnings struct{ atomic.Int64 }

func (*warnings) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelWarn }
func (w *warnings) Handle(context.Context, slog.Record) error  { w.Add(1); return nil }
func (w *warnings) WithAttrs([]slog.Attr) slog.Handler         { return w }
func (w *warnings) WithGroup(string) slog.Handler              { return w }

func (b *bed) publish(t testing.TB, records ...kafka.Record) {
	t.Helper()
	byPlace := map[place][]kafka.Record{}
	for _, r := range records {
		at := place{r.Topic, r.Partition}
		b.numbers[at]++
		r.Sequence = b.numbers[at]
		byPlace[at] = append(byPlace[at], r)
	}
	var batches []kafka.Batch
	for at, list := range byPlace {
		batches = append(batches, kafka.Batch{Topic: at.topic, Partition: at.partition, Records: list})
	}
	for _, ack := range b.producer.Publish(t.Context(), batches) {
		if ack.Err != nil {
			t.Fatal(ack.Err)
		}
	}
}

// records are one order from its placing to its end, with so many more events in between.
func records(id string, at time.Time, more int) []kafka.Record {
	var all []kafka.Record
	cause := ""
	say := func(kind saga.Kind, data any) {
		text, err := json.Marshal(data)
		if err != nil {
			panic(err)
		}
		own := uuid.Must(uuid.NewV7()).String()
		all = append(all, kafka.Record{Topic: saga.Topic(kind.Name()), Partition: kafka.PartitionOf(id, partitions), Key: id,
			ID: own, Type: kind.Name(), Source: "/" + saga.Producer(kind.Name()), Correlation: id, Causation: cause, Time: at, Data: text})
		cause = own
	}
	say(storefront.OrderPlaced, storefront.OrderPlacedV1{CustomerID: "c1", Email: "ada@example.com"})
	placed := cause
	for range more {
		cause = placed
		say(order.Validated, order.ValidatedV1{CustomerID: "c1", Email: "ada@example.com"})
	}
	cause = placed
	say(order.StatusChanged, order.StatusChangedV1{Status: "completed", Final: true})
	return all
}

func (b *bed) watcher(t testing.TB) *Watcher {
	t.Helper()
	return b.watcherOf(t, 4<<10) // so that nothing is read at once
}

func (b *bed) watcherOf(t testing.TB, atOnce int) *Watcher {
	t.Helper()
	client := kafka.Dial(kafka.Config{Brokers: []string{b.addr}, PartitionBytes: atOnce})
	lookup := kafka.Dial(kafka.Config{Brokers: []string{b.addr}, PartitionBytes: 4 << 10})
	w := New(Config{Kafka: client, Lookup: lookup, Machines: machines, Topics: topics, Partitions: partitions,
		Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() {
		if w.cancel != nil {
			w.Stop(context.Background())
		}
		client.Close()
		lookup.Close()
	})
	return w
}

func await(t testing.TB, what string, yes func() bool) {
	t.Helper()
	for patience := time.Now().Add(3 * time.Minute); !yes(); time.Sleep(time.Millisecond) {
		if time.Now().After(patience) {
			t.Fatalf("%s: not after three minutes", what)
		}
	}
}

// orders are those that the watcher knows, oldest first; nil while it reads.
func orders(w *Watcher) (ids []string) {
	_ = w.Read(func(x *tracker.Index, now time.Time) {
		list, _, _ := x.Sagas(tracker.Filter{}, nil, 1000, now)
		for _, one := range list {
			ids = append(ids, one.Order)
		}
	})
	slices.Reverse(ids)
	return ids
}

func ids(n int) (list []string) {
	for range n {
		list = append(list, uuid.Must(uuid.NewV7()).String())
	}
	return list
}

func (b *bed) tell(t testing.TB, orders []string) {
	t.Helper()
	start := time.Now().Add(-time.Hour)
	for i, id := range orders {
		b.publish(t, records(id, start.Add(time.Duration(i)*time.Second), 2)...)
	}
}

func TestNothingIsSaidBeforeAllThatWasThereIsRead(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	there := ids(200) // over more than an hour, so that the partitions are read side by side
	b.tell(t, there)
	w := b.watcher(t)
	var behind Behind
	if err := w.Read(func(*tracker.Index, time.Time) { t.Error("the index was read") }); !errors.As(err, &behind) {
		t.Errorf("got %v", err)
	}
	w.Start()
	var first []string
	await(t, "everything read", func() bool { first = orders(w); return first != nil })
	if !slices.Equal(first, there) {
		t.Errorf("at first %d of %d orders were known", len(first), len(there))
	}
	next := ids(3)
	b.tell(t, next[:1])
	await(t, "an order to be heard of", func() bool { return slices.Contains(orders(w), next[0]) })
}

func TestOneOrderIsReadFromWhereItsEventsStand(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	there := ids(100)
	b.tell(t, there)
	w := b.watcher(t)
	w.Start()
	await(t, "everything read", func() bool { return orders(w) != nil })
	for _, id := range []string{there[0], there[50], there[99]} {
		told, found, err := w.Saga(t.Context(), id)
		if err != nil || !found || len(told.Events) != 4 || told.State != "completed" || told.Events[3].Key != id {
			t.Errorf("told %+v, %v, %v", told, found, err)
		}
	}
	if _, found, err := w.Saga(t.Context(), uuid.NewString()); found || err != nil {
		t.Errorf("an order that never was: %v, %v", found, err)
	}
}

func TestTopicsThatAreOthersThanBeforeAreReadAnew(t *testing.T) {
	t.Parallel()
	for name, n := range map[string]int{"shorter": 2, "longer": 30} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			b.tell(t, ids(10))
			w := b.watcher(t)
			missed := &warnings{}
			w.Log = slog.New(missed)
			w.Start()
			await(t, "everything read", func() bool { return len(orders(w)) == 10 })
			b.wipe(t, missed)
			there := ids(n)
			b.tell(t, there)
			await(t, "the new topics read", func() bool { return slices.Equal(orders(w), there) })
		})
	}
}

func TestALogIsKnownAgainByTheRecordReadLast(t *testing.T) {
	t.Parallel()
	record := func(offset int64, id string) kafka.Record {
		return kafka.Record{Topic: "order.events", Offset: offset, Sequence: offset + 1, ID: id, Type: "order.validated.v1", Key: "o1"}
	}
	for name, c := range map[string]struct {
		match bool
		got   kafka.Fetched
		lost  bool
		next  int64
	}{
		"the next ones": {false, kafka.Fetched{Records: []kafka.Record{record(5, "e5")}, Next: 6, HighWatermark: 6}, false,
			6},
		"the last one and more": {true, kafka.Fetched{Records: []kafka.Record{record(4, "e4"), record(5, "e5")}, Next: 6,
			HighWatermark: 6}, false, 6},
		"another in its place": {true, kafka.Fetched{Records: []kafka.Record{record(4, "x4"), record(5, "x5")}, Next: 6,
			HighWatermark: 6}, true, 5},
		"a shorter log":            {true, kafka.Fetched{HighWatermark: 4, Next: 4}, true, 5},
		"nothing said this time":   {true, kafka.Fetched{HighWatermark: 5, Next: 4}, false, 5},
		"a broker that is away":    {true, kafka.Fetched{HighWatermark: -1, Next: 4, Err: errors.New("away")}, false, 5},
		"the place does not exist": {false, kafka.Fetched{HighWatermark: -1, Err: kafka.OffsetOutOfRange}, true, 5},
	} {
		r := newReading(New(Config{Machines: machines, Log: slog.New(slog.DiscardHandler)}))
		cursor := &cursor{topic: "order.events", next: 5, id: "e4", match: c.match}
		err := r.take(cursor, &c.got)
		if errors.Is(err, errOtherLog) != c.lost || cursor.next != c.next {
			t.Errorf("%s: %v, to go on from %d", name, err, cursor.next)
		}
	}
}

func TestWhatServicesSayOfThemselvesIsHeard(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	id := uuid.Must(uuid.NewV7()).String()
	b.publish(t, records(id, time.Now(), 1)[:1]...)
	w := b.watcher(t)
	w.Start()
	owed := func() (n int) {
		_ = w.Read(func(x *tracker.Index, now time.Time) {
			n = len(x.Obligations(tracker.ObligationFilter{Order: id}, now))
		})
		return n
	}
	await(t, "what order owes", func() bool { return owed() == 1 })
	p := kafka.PartitionOf(id, partitions)
	data, err := json.Marshal(engine.Report{Service: "order", Process: "p", At: time.Now(), Every: 3,
		Partitions: []engine.PartitionProgress{{Partition: p, Epoch: 1, Applied: map[string]int64{"storefront.events": 1}}}})
	if err != nil {
		t.Fatal(err)
	}
	b.publish(t, kafka.Record{Topic: engine.ReportsTopic, ID: uuid.NewString(), Type: engine.ReportType, Source: "/order",
		Key: "order", Time: time.Now(), Data: data})
	await(t, "order to have taken it in", func() bool { return owed() == 0 })
}

func TestAnActIsKnownFromItsIntentAndSurvivesTheWatcher(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	audit := service.NewAudit(b.client, nil)
	cut := openapi.Act{ID: "a1", At: time.Now(), By: "ann", What: "move-deadline", On: map[string]string{"deadline": "d1"}}
	done := openapi.Act{ID: "a2", At: time.Now(), By: "bea", What: "cancel-order", On: map[string]string{"order": "o1"}}
	for _, a := range []openapi.Act{cut, done} {
		if err := audit.Intend(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	done.Outcome = "done"
	audit.End(t.Context(), done)
	for range 2 {
		w := b.watcher(t)
		w.Start()
		var list []openapi.Act
		await(t, "both acts", func() bool {
			list, _, _ = w.Acts(ActFilter{}, "", 10)
			return len(list) == 2 && list[0].Outcome != ""
		})
		if list[0].By != "bea" || list[0].Outcome != "done" || list[1].By != "ann" || list[1].Outcome != "" {
			t.Errorf("they are %+v", list)
		}
		for f, want := range map[ActFilter]int{{By: "ann"}: 1, {On: "o1"}: 1, {What: "cancel-order", By: "ann"}: 0, {On: "d2"}: 0} {
			if list, all, err := w.Acts(f, "", 10); len(list) != want || !all || err != nil {
				t.Errorf("%+v: %v %v %v", f, list, all, err)
			}
		}
		if list, all, _ := w.Acts(ActFilter{}, "", 1); len(list) != 1 || all {
			t.Errorf("the first is %v, and all: %t", list, all)
		}
		if list, all, _ := w.Acts(ActFilter{}, "a2", 1); len(list) != 1 || list[0].ID != "a1" || !all {
			t.Errorf("the second is %v, and all: %t", list, all)
		}
	}
}

func TestMovingADeadlineThatHasFiredTellsWhatHappened(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	w := b.watcher(t)
	w.Start()
	now, later := time.Now().Add(-time.Second), time.Now().Add(time.Hour)
	for due, want := range map[*time.Time]error{&now: nil, &later: ErrSettled} {
		id := uuid.Must(uuid.NewV7()).String()
		placed := records(id, time.Now(), 1)[:2]
		b.publish(t, placed...)
		var d tracker.Deadline
		await(t, "the deadline", func() bool {
			_ = w.Read(func(x *tracker.Index, now time.Time) {
				for _, d = range x.Deadlines(id, now) {
				}
			})
			return d.ID != ""
		})
		done := make(chan error)
		go func() {
			_, after, err := w.Move(t.Context(), d.ID, due, "op")
			if err == nil && !after.DueAt.Equal(due.Truncate(time.Microsecond)) {
				err = fmt.Errorf("moved to %v", after.DueAt)
			}
			done <- err
		}()
		// Its service goes on as if there were no such deadline, and has a sooner one.
		p, at, next := kafka.PartitionOf(id, partitions), time.Now(), time.Now().Add(time.Minute)
		var got error
		await(t, "an answer", func() bool {
			at = at.Add(time.Second)
			data, err := json.Marshal(engine.Report{Service: "order", Process: "p", At: at, Every: 3,
				Partitions: []engine.PartitionProgress{
					{Partition: p, Epoch: 1, Applied: map[string]int64{}, Committed: 100, NextDeadline: &next}}})
			if err != nil {
				t.Fatal(err)
			}
			b.publish(t, kafka.Record{Topic: engine.ReportsTopic, ID: uuid.NewString(), Type: engine.ReportType,
				Source: "/order", Key: "order", Time: at, Data: data})
			select {
			case got = <-done:
				return true
			case <-time.After(50 * time.Millisecond):
				return false
			}
		})
		if !errors.Is(got, want) {
			t.Errorf("due %v: %v, want %v", due, got, want)
		}
		if _, _, err := w.Move(t.Context(), d.ID, due, "op"); !errors.Is(err, ErrSettled) {
			t.Errorf("due %v, once more: %v", due, err)
		}
	}
}

// BenchmarkRebuild reads 10,000 orders of 32 events from the topics, and reports the speed.
func BenchmarkRebuild(b *testing.B) {
	const sagas, events = 10_000, 32
	bed := newBed(b)
	start := time.Now().Add(-time.Hour)
	var waiting []kafka.Record
	for i, id := range ids(sagas) {
		waiting = append(waiting, records(id, start.Add(time.Duration(i)*time.Millisecond), events-2)...)
		if len(waiting) > 5000 || i == sagas-1 {
			bed.publish(b, waiting...)
			waiting = waiting[:0]
		}
	}
	for b.Loop() {
		w := bed.watcherOf(b, 1<<20)
		w.Start()
		await(b, "everything read", func() bool { return w.Read(func(*tracker.Index, time.Time) {}) == nil })
		b.StopTimer()
		w.Stop(context.Background())
		w.cancel = nil
		b.StartTimer()
	}
	b.ReportMetric(float64(sagas*events*b.N)/b.Elapsed().Seconds(), "events/s")
}
