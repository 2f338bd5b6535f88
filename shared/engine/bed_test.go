package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	kafkago "github.com/segmentio/kafka-go"

	"orderflow.example/shared/database"
	"orderflow.example/shared/embedded/embeddedtest"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }

// The tally service of these tests hears what a feeder sends and counts it.
type (
	sentV1 struct {
		N  int64  `json:"n"`
		Do string `json:"do,omitempty"`
	}
	countedV1 struct {
		N int64 `json:"n"`
	}
	add struct{ N int64 }
)

type names struct {
	feeder, service string
	sent            saga.Type[sentV1]
	counted         saga.Type[countedV1]
	asked           saga.Type[countedV1]
	told            saga.Type[countedV1]
	promised        saga.Type[countedV1]
	settled         saga.Type[countedV1]
	due             saga.Type[countedV1]
	add             saga.Type[add]
	question        saga.Question[countedV1, countedV1]
}

// giveUp is the command that gives up what is asked.
const giveUp = 777

// poisonAnswer cannot be decided on while poison still is.
const poisonAnswer = 666

// tally is what the service knows of one key.
type tally struct {
	Key  string
	Seen []int64
}

// bed is a broker, a database and as many engines of one service as a test starts.
type bed struct {
	t          *testing.T
	names      names
	partitions int
	url        string
	brokers    string
	client     *kafka.Client
	db         *database.DB
	producer   *kafka.Producer
	sequence   map[int]int64
	poison     atomic.Bool   // whether "poison" still is
	halts      atomic.Int32  // so many decisions on "halt" never end
	halted     chan struct{} // closed by the first of them
	ask        func(context.Context, engine.Attempt, countedV1) (countedV1, error)
	within     time.Duration
	panics     string // what "poison" panics with
}

var beds atomic.Int64

func newBed(t *testing.T) *bed {
	t.Helper()
	t.Parallel()
	n := beds.Add(1)
	feeder, service := fmt.Sprintf("feeder%d%d", os.Getpid(), n), fmt.Sprintf("tally%d%d", os.Getpid(), n)
	b := &bed{t: t, partitions: 2, sequence: map[int]int64{}, within: time.Hour, panics: "poison",
		brokers: embeddedtest.Kafka(t), url: embeddedtest.Database(t),
		names: names{feeder: feeder, service: service,
			sent: saga.Define[sentV1](feeder + ".sent.v1"), counted: saga.Define[countedV1](service + ".counted.v1"),
			asked: saga.Define[countedV1](service + ".asked.v1"), told: saga.Define[countedV1](service + ".told.v1"),
			promised: saga.Define[countedV1](service + ".promised.v1"), settled: saga.Define[countedV1](service + ".settled.v1"),
			due: saga.Define[countedV1](service + ".fell_due.v1"), add: saga.Command[add]("add"),
			question: saga.Ask[countedV1, countedV1]("outside.tell")},
		ask: func(_ context.Context, _ engine.Attempt, asked countedV1) (countedV1, error) { return asked, nil },
	}
	b.poison.Store(true)
	b.halts.Store(1)
	b.halted = make(chan struct{})
	b.client = kafka.Dial(kafka.Config{Brokers: []string{b.brokers}})
	t.Cleanup(b.client.Close)
	b.producer = b.client.NewProducer()
	b.createTopics()
	db, err := database.Open(t.Context(), database.Options{URL: b.url})
	b.must(err)
	t.Cleanup(func() { db.Close() })
	b.db = db
	_, err = database.Migrate(t.Context(), db, engine.Migrations, "engine_version")
	b.must(err)
	_, err = database.Migrate(t.Context(), db, fstest.MapFS{"00001_tally.sql": {Data: []byte(
		"-- +goose Up\nCREATE TABLE tallies (key text PRIMARY KEY, seen jsonb NOT NULL, sum bigint NOT NULL CHECK (sum >= 0));")}},
		"tally_version")
	b.must(err)
	return b
}

func (b *bed) createTopics() {
	b.t.Helper()
	keep := map[string]string{"cleanup.policy": "delete", "retention.ms": "-1"}
	_, err := b.client.CreateTopics(b.t.Context(), []kafka.TopicSpec{
		{Name: b.names.feeder + ".events", Partitions: b.partitions, ReplicationFactor: 1, Config: keep},
		{Name: b.names.service + ".events", Partitions: b.partitions, ReplicationFactor: 1, Config: keep},
		{Name: engine.ControlTopic, Partitions: 1, ReplicationFactor: 1, Config: keep},
		{Name: engine.ReportsTopic, Partitions: 1, ReplicationFactor: 1, Config: keep},
	})
	b.must(err)
}

func (b *bed) machine() *saga.Machine {
	n := b.names
	return saga.Choreography[tally]{
		Service: n.service,
		Blank:   func(key string) tally { return tally{Key: key} },
		Evolve: func(s tally, e saga.Event) tally {
			if d, ok := e.Data.(countedV1); ok && e.Type == n.counted.Name() {
				s.Seen = append(append([]int64(nil), s.Seen...), d.N)
			}
			return s
		},
		Rows: []saga.Row{
			saga.On(n.sent, func(_ tally, e sentV1) []saga.Event {
				switch e.Do {
				case "poison":
					if b.poison.Load() {
						panic(b.panics)
					}
				case "halt":
					if b.halts.Add(-1) >= 0 {
						close(b.halted)
						<-b.t.Context().Done()
					}
				case "ask":
					return []saga.Event{n.asked.Of(countedV1{e.N})}
				case "promise":
					return []saga.Event{n.promised.Of(countedV1{e.N})}
				case "settle":
					return []saga.Event{n.settled.Of(countedV1{e.N})}
				case "overflow":
					return []saga.Event{n.counted.Of(countedV1{1 << 53})} // more than a contract lets an integer be
				case "ignore":
					return nil
				}
				return []saga.Event{n.counted.Of(countedV1{e.N})}
			}, n.counted, n.asked, n.promised, n.settled),
			saga.On(n.add, func(_ tally, c add) []saga.Event {
				switch {
				case c.N < 0:
					return []saga.Event{n.asked.Of(countedV1(c))}
				case c.N == giveUp:
					return []saga.Event{n.settled.Of(countedV1(c))}
				}
				return []saga.Event{n.counted.Of(countedV1(c))}
			}, n.counted, n.asked, n.settled),
			saga.Call(n.asked, n.question, func(_ tally, a countedV1) []saga.Event {
				if a.N == poisonAnswer && b.poison.Load() {
					panic("poison")
				}
				return []saga.Event{n.told.Of(a)}
			}, n.told).DroppedBy(n.settled),
			saga.After(b.within, n.promised, func(_ tally, e countedV1) []saga.Event { return []saga.Event{n.due.Of(e)} }, n.due).
				Settled(n.settled),
		},
	}.Machine()
}

type tallyRow struct {
	Key  string  `gorm:"primaryKey"`
	Seen []int64 `gorm:"type:jsonb;serializer:json"`
	Sum  int64
}

func (tallyRow) TableName() string { return "tallies" }

func store() engine.Store { return storeWith(func([]int64) {}) }

// storeWith looks at each row that it reads.
func storeWith(look func(seen []int64)) engine.Store {
	return engine.NewTable(func(key string) tally { return tally{Key: key} },
		func(r tallyRow) string { return r.Key },
		func(s tally) tallyRow {
			row := tallyRow{Key: s.Key, Seen: append([]int64{}, s.Seen...)}
			for _, n := range s.Seen {
				row.Sum += n
			}
			return row
		},
		func(r tallyRow) tally { look(r.Seen); return tally{Key: r.Key, Seen: r.Seen} })
}

// process is one process of the service; kill makes it vanish without a farewell.
type process struct {
	*engine.Engine
	db     *database.DB
	client *kafka.Client
	link   *link // to the broker
	base   *link // to the database
	ended  bool

	metrics *prometheus.Registry
}

func (b *bed) start(options ...func(*engine.Config)) *process {
	b.t.Helper()
	p := b.process(options...)
	b.must(p.Start(b.t.Context()))
	return p
}

// process is one that is not started.
func (b *bed) process(options ...func(*engine.Config)) *process {
	b.t.Helper()
	p := &process{link: newLink(), base: newLink(), metrics: prometheus.NewRegistry()}
	db, err := database.Open(b.t.Context(), database.Options{URL: p.base.through(b.t, b.url), MaxConns: 12})
	b.must(err)
	p.db = db
	p.client = kafka.Dial(kafka.Config{Brokers: []string{b.brokers}, Dial: p.link.dial})
	level := slog.LevelError + 1
	if testing.Verbose() {
		level = slog.LevelInfo
	}
	c := engine.Config{Service: b.names.service, Bindings: []engine.Binding{{Machine: b.machine(), Store: store()}},
		Answerers: []engine.Answerer{engine.Answer(b.names.question,
			func(ctx context.Context, a engine.Attempt, e countedV1) (countedV1, error) { return b.ask(ctx, a, e) })},
		Partitions: b.partitions, DB: db, Kafka: p.client, LeaseExpiry: time.Second, Registerer: p.metrics, ValidateProduced: true,
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))}
	for _, o := range options {
		o(&c)
	}
	p.Engine, err = engine.New(c)
	b.must(err)
	b.t.Cleanup(p.stop)
	return p
}

// lagging tells whether the process shows a lag on the topic, once it has measured.
func (p *process) lagging(topic string) bool {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		families, err := p.metrics.Gather()
		if err != nil {
			return false
		}
		for _, f := range families {
			for _, m := range f.GetMetric() {
				if f.GetName() == "orderflow_lag_seconds" && m.GetLabel()[1].GetValue() == topic && m.GetGauge().GetValue() > 0 {
					return true
				}
			}
		}
	}
	return false
}

// kill ends the process without a farewell: its connections break, and nothing it still does has an effect.
func (p *process) kill() {
	p.link.kill()
	p.base.kill()
	p.stop()
}

func (p *process) freeze(frozen bool) {
	p.link.freeze(frozen)
	p.base.freeze(frozen)
}

func (p *process) stop() {
	if p.ended {
		return
	}
	p.ended = true
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	p.Stop(ctx)
	p.client.Close()
	p.db.Close()
}

// send appends records to the feeder's topic, numbered as the feeder's outbox would.
func (b *bed) send(key string, events ...sentV1) {
	b.t.Helper()
	partition := kafka.PartitionOf(key, b.partitions)
	var records []kafka.Record
	for _, e := range events {
		b.sequence[partition]++
		records = append(records, b.record(key, b.sequence[partition], e))
	}
	b.append(partition, records...)
}

func (b *bed) record(key string, sequence int64, e sentV1) kafka.Record {
	data, _ := json.Marshal(e)
	return kafka.Record{Key: key, ID: fmt.Sprintf("%s-%d-%d", b.names.feeder, kafka.PartitionOf(key, b.partitions), sequence),
		Type: b.names.sent.Name(), Source: "/" + b.names.feeder, Correlation: key, Time: time.Now().UTC(), Sequence: sequence,
		Data: data}
}

// records are those that the feeder numbered from first to last, each telling its number.
func (b *bed) records(key string, first, last int64) []kafka.Record {
	var list []kafka.Record
	for n := first; n <= last; n++ {
		list = append(list, b.record(key, n, sentV1{N: n}))
	}
	return list
}

func (b *bed) append(partition int, records ...kafka.Record) {
	b.t.Helper()
	acks := b.producer.Publish(b.t.Context(), []kafka.Batch{{Topic: b.names.feeder + ".events", Partition: partition,
		Records: records}})
	b.must(acks[0].Err)
}

// appendRaw appends a record that our own producer would refuse.
func (b *bed) appendRaw(partition int, r kafka.Record) {
	b.t.Helper()
	headers := []kafkago.Header{{Key: "ce_specversion", Value: []byte("1.0")},
		{Key: "content-type", Value: []byte("application/json")}}
	for name, value := range map[string]string{"ce_id": r.ID, "ce_type": r.Type, "ce_source": r.Source,
		"ce_correlationid": r.Correlation,
		"ce_causationid":   r.Causation, "ce_time": r.Time.Format(time.RFC3339Nano), "ce_sequence": strconv.FormatInt(r.Sequence, 10)} {
		headers = append(headers, kafkago.Header{Key: name, Value: []byte(value)})
	}
	c := &kafkago.Client{Addr: kafkago.TCP(b.brokers), Transport: &kafkago.Transport{}}
	response, err := c.Produce(b.t.Context(), &kafkago.ProduceRequest{Topic: b.names.feeder + ".events", Partition: partition,
		RequiredAcks: kafkago.RequireAll,
		Records: kafkago.NewRecordReader(kafkago.Record{Key: kafkago.NewBytes([]byte(r.Key)), Value: kafkago.NewBytes(r.Data),
			Headers: headers})})
	b.must(err)
	b.must(response.Error)
}

// seen is what the service has counted for a key.
func (b *bed) seen(key string) []int64 {
	b.t.Helper()
	var rows []tallyRow
	b.must(b.db.Gorm().Find(&rows, "key = ?", key).Error)
	if len(rows) == 0 {
		return nil
	}
	return rows[0].Seen
}

// published reads the service's own topic: the numbers of one event type for one key, in the order of the log, each
// sequence number once.
func (b *bed) published(kind saga.Kind, key string) []int64 {
	b.t.Helper()
	var said []int64
	partition := kafka.PartitionOf(key, b.partitions)
	last := int64(0)
	for _, r := range b.log(partition) {
		if r.Sequence <= last {
			continue
		}
		if r.Sequence != last+1 {
			b.t.Fatalf("own topic: number %d follows on %d", r.Sequence, last)
		}
		last = r.Sequence
		if r.Type == kind.Name() && r.Key == key {
			var d countedV1
			b.must(json.Unmarshal(r.Data, &d))
			said = append(said, d.N)
		}
	}
	return said
}

func (b *bed) log(partition int) []kafka.Record {
	b.t.Helper()
	return b.logOf(b.names.service, partition)
}

func (b *bed) logOf(service string, partition int) []kafka.Record {
	b.t.Helper()
	topic := service + ".events"
	first, next, err := b.client.Offsets(b.t.Context(), topic, []int{partition})
	b.must(err)
	var records []kafka.Record
	for at := first[partition]; at < next[partition]; {
		fetched, err := b.client.Fetch(b.t.Context(), []kafka.Position{{Topic: topic, Partition: partition, Offset: at}}, time.Second)
		b.must(err)
		b.must(fetched[0].Err)
		records = append(records, fetched[0].Records...)
		at = fetched[0].Next
	}
	return records
}

func (b *bed) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// patience is how long a test waits for what must come true; scripts/mutants.sh, where much never does, gives less.
var patience = func() time.Duration {
	if d, err := time.ParseDuration(os.Getenv("ORDERFLOW_TEST_PATIENCE")); err == nil {
		return d
	}
	return 2 * time.Minute
}()

// eventually waits for what must come true.
func (b *bed) eventually(what string, holds func() bool) {
	b.t.Helper()
	deadline := time.Now().Add(patience)
	for !holds() {
		if time.Now().After(deadline) {
			b.t.Fatalf("never came true: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (b *bed) eventuallySeen(key string, want ...int64) {
	b.t.Helper()
	var got []int64
	defer func() {
		if b.t.Failed() {
			b.t.Logf("%s: seen %v, want %v", key, got, want)
		}
	}()
	b.eventually(key+" is counted", func() bool { got = b.seen(key); return equal(got, want) })
}

func equal(a, b []int64) bool { return fmt.Sprint(a) == fmt.Sprint(b) }

func upTo(n int64) []int64 {
	list := make([]int64, n)
	for i := range list {
		list[i] = int64(i) + 1
	}
	return list
}

func sends(ns []int64) []sentV1 {
	list := make([]sentV1, len(ns))
	for i, n := range ns {
		list[i] = sentV1{N: n}
	}
	return list
}

// keyOn is a key that lives in the partition.
func (b *bed) keyOn(partition int, name string) string {
	for i := 0; ; i++ {
		if key := fmt.Sprintf("%s-%d", name, i); kafka.PartitionOf(key, b.partitions) == partition {
			return key
		}
	}
}

func (b *bed) must2(found bool, err error) {
	b.t.Helper()
	b.must(err)
	if !found {
		b.t.Fatal("found nothing to do")
	}
}

func (b *bed) count(sql string, args ...any) (n int64) {
	b.t.Helper()
	b.must(b.db.Gorm().Raw(sql, args...).Row().Scan(&n))
	return n
}

func (b *bed) eventuallyPublished(key string, want []int64) {
	b.t.Helper()
	b.eventually(key+" is on the topic", func() bool { return equal(b.published(b.names.counted, key), want) })
}

// rewrite replaces a service's topic by one whose partition 0 holds only what keep leaves of its records.
func (b *bed) rewrite(service string, keep func([]kafka.Record) []kafka.Record) {
	b.t.Helper()
	topic := service + ".events"
	var old []kafka.Record
	fetched, err := b.client.Fetch(b.t.Context(), []kafka.Position{{Topic: topic, Partition: 0}}, time.Second)
	b.must(err)
	old = fetched[0].Records
	b.must(b.client.DeleteTopics(b.t.Context(), topic))
	b.eventually("the topic is gone and there again", func() bool {
		created, err := b.client.CreateTopics(b.t.Context(),
			[]kafka.TopicSpec{{Name: topic, Partitions: b.partitions, ReplicationFactor: 1}})
		return err == nil && len(created) == 1
	})
	b.producer = b.client.NewProducer()
	if kept := keep(old); len(kept) > 0 {
		b.eventually("it takes records", func() bool {
			acks := b.producer.Publish(b.t.Context(), []kafka.Batch{{Topic: topic, Partition: 0, Records: kept}})
			return acks[0].Err == nil
		})
	}
}

// repairsAsked counts the requests to look for what is missing in the feeder's topic.
func (b *bed) repairsAsked() (n int) {
	b.t.Helper()
	fetched, err := b.client.Fetch(b.t.Context(), []kafka.Position{{Topic: engine.ControlTopic}}, time.Second)
	b.must(err)
	for _, r := range fetched[0].Records {
		if r.Key == b.names.feeder+".events/0" {
			n++
		}
	}
	return n
}

func (b *bed) askRepair(partition int, sequence int64) {
	b.t.Helper()
	data := fmt.Sprintf(`{"topic":"%s.events","partition":%d,"sequence":%d}`, b.names.service, partition, sequence)
	b.eventually("somebody listens", func() bool {
		acks := b.producer.Publish(b.t.Context(), []kafka.Batch{{Topic: engine.ControlTopic, Records: []kafka.Record{{
			ID: "repair", Type: "orderflow.repair_requested.v1", Source: "/test", Key: "test", Time: time.Now().UTC(), Sequence: 1,
			Data: []byte(data)}}}})
		b.must(acks[0].Err)
		time.Sleep(100 * time.Millisecond)
		return len(b.log(partition)) > 20
	})
}

// move asks for the deadline of a key to be moved, and waits until it is. Due at nil, it is taken off.
func (b *bed) move(key string, dueAt *time.Time) {
	b.t.Helper()
	m := engine.Move{Service: b.names.service, Moved: engine.Moved{Key: key, Since: b.names.promised.Name(), DueAt: dueAt, By: "ann",
		At: time.Now()}}
	b.must(b.db.Gorm().Raw(`SELECT id FROM engine.deadline WHERE key = $1`, key).Row().Scan(&m.ID))
	b.must(engine.RequestMove(b.t.Context(), b.client, m))
	b.eventually("it is moved", func() bool {
		return b.count(`SELECT count(*) FROM engine.deadline WHERE key = $1 AND (moved_at IS NULL OR moved_at < $2)`, key, m.At) == 0
	})
}
