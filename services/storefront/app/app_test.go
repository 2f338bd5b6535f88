package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"

	"orderflow.example/schemas"
	"orderflow.example/schemas/catalog"
	"orderflow.example/schemas/inventory"
	"orderflow.example/schemas/order"
	event "orderflow.example/schemas/storefront"
	"orderflow.example/services/storefront/app"
	"orderflow.example/shared/database"
	"orderflow.example/shared/embedded"
	"orderflow.example/shared/embedded/embeddedtest"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/service"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }

const partitions = 2

// site is the running storefront with a broker of its own, because topics have fixed names. The test publishes the events of
// the other services.
type site struct {
	t        testing.TB
	db       *gorm.DB
	url      string
	token    string
	client   *kafka.Client
	producer *kafka.Producer
	sequence map[string]int64
}

func open(t testing.TB) *site { return openWith(t, service.Config{}) }

func openWith(t testing.TB, c service.Config) *site {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	broker, err := embedded.StartKafka(t.Context(), embedded.KafkaConfig{Dir: t.TempDir()})
	must(err)
	t.Cleanup(func() { broker.Close() })
	client := kafka.Dial(kafka.Config{Brokers: []string{broker.Addr()}})
	t.Cleanup(client.Close)
	topics := []kafka.TopicSpec{{Name: engine.ControlTopic, Partitions: 1, ReplicationFactor: 1},
		{Name: engine.ReportsTopic, Partitions: 1, ReplicationFactor: 1}}
	for _, name := range []string{"storefront", "order", "payment", "refund", "invoice", "shipping", "catalog", "inventory"} {
		topics = append(topics, kafka.TopicSpec{Name: name + ".events", Partitions: partitions, ReplicationFactor: 1})
	}
	_, err = client.CreateTopics(t.Context(), topics)
	must(err)
	db, err := database.Open(t.Context(), database.Options{URL: embeddedtest.Database(t), MaxConns: 20})
	must(err)
	t.Cleanup(func() { db.Close() })
	_, err = database.Migrate(t.Context(), db, engine.Migrations, "engine_version")
	must(err)
	_, err = database.Migrate(t.Context(), db, app.App.Migrations, "storefront_version")
	must(err)
	e, err := engine.New(engine.Config{Service: app.App.Name, Bindings: app.App.Bindings, Partitions: partitions, DB: db,
		Kafka: client, ValidateProduced: true})
	must(err)
	must(e.Start(t.Context()))
	t.Cleanup(func() { e.Stop(context.Background()) })
	key := bytes.Repeat([]byte("k"), 32)
	auth, err := httpserver.NewAuth(key)
	must(err)
	server := httpserver.New(httpserver.Options{Addr: "127.0.0.1:0", Name: "storefront"})
	api := openapi.New(server.Engine(), "Storefront", "1")
	openapi.RequireToken(api, auth, httpserver.AudienceCustomers)
	app.App.Storefront(api, &service.Parts{Config: c, Auth: auth, Log: slog.New(slog.DiscardHandler), DB: db.Gorm(), Engine: e,
		Running: t.Context()})
	addr, err := server.Start()
	must(err)
	t.Cleanup(func() { server.Stop(context.Background()) })
	token, err := httpserver.Mint(key, httpserver.AudienceCustomers, "ann", time.Hour)
	must(err)
	return &site{t: t, db: db.Gorm(), url: "http://" + addr,
		token: token, client: client, producer: client.NewProducer(), sequence: map[string]int64{}}
}

// tell appends events to their producers' topics, as their outboxes would.
func (s *site) tell(events ...saga.Event) {
	s.t.Helper()
	for _, e := range events {
		topic, partition := saga.Topic(e.Type), kafka.PartitionOf(e.Key, partitions)
		at := fmt.Sprint(topic, partition)
		s.sequence[at]++
		data, err := json.Marshal(e.Data)
		if err != nil {
			s.t.Fatal(err)
		}
		acks := s.producer.Publish(s.t.Context(), []kafka.Batch{{Topic: topic, Partition: partition, Records: []kafka.Record{{
			Key: e.Key, ID: fmt.Sprintf("%s-%d", at, s.sequence[at]), Type: e.Type, Source: "/" + saga.Producer(e.Type),
			Correlation: e.Key, Time: time.Now().UTC(), Sequence: s.sequence[at], Data: data}}}})
		if acks[0].Err != nil {
			s.t.Fatal(acks[0].Err)
		}
	}
}

var web = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}}

// ask sends a request as ann and returns status, Location and body.
func (s *site) ask(method, path, body string, headers ...string) (int, string, []byte) {
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := web.Do(req)
	if err != nil {
		s.t.Error(err)
		return 0, "", nil
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Error(err)
	}
	return res.StatusCode, res.Header.Get("Location"), text
}

// until repeats a request until the answer holds.
func (s *site) until(path string, holds func(code int, body string) bool) {
	s.t.Helper()
	var code int
	var body []byte
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if code, _, body = s.ask("GET", path, ""); holds(code, string(body)) {
			return
		}
	}
	s.t.Fatalf("%s: still %d %s", path, code, body)
}

func (s *site) stock(skus ...string) {
	s.t.Helper()
	for _, sku := range skus {
		s.tell(inventory.StockChanged.About(sku, inventory.StockChangedV1{OnHand: 9, Available: 7}),
			catalog.ProductListed.About(sku, catalog.ProductListedV1{Description: "A thing",
				Price: schemas.Money{Amount: 250, Currency: "GBP"}}))
	}
	for _, sku := range skus {
		s.until("/v1/products/"+sku, func(code int, body string) bool { return code == 200 && strings.Contains(body, `"available":7`) })
	}
}

// patience bounds a wait, however slow the machine is.
const patience = 3 * time.Minute

const wish = `{"lines":[{"sku":"MUG","quantity":2},{"sku":"BAG","quantity":1},{"sku":"CUP","quantity":1}],
	"email":"ada@example.com","payment_token":"tok_ok",
	"ship_to":{"name":"Ada","line1":"1 High St","city":"Leeds","postcode":"LS1 1AA","country":"GB"}}`

// placed counts the orders on the storefront's topic.
func (s *site) placed() map[string]int {
	s.t.Helper()
	found := map[string]int{}
	for p := range partitions {
		first, next, err := s.client.Offsets(s.t.Context(), "storefront.events", []int{p})
		if err != nil {
			s.t.Fatal(err)
		}
		for at := first[p]; at < next[p]; {
			fetched, err := s.client.Fetch(s.t.Context(), []kafka.Position{{Topic: "storefront.events", Partition: p, Offset: at}},
				time.Second)
			if err != nil || fetched[0].Err != nil {
				s.t.Fatal(err, fetched)
			}
			for _, r := range fetched[0].Records {
				if r.Type == event.OrderPlaced.Name() {
					found[r.Key]++
				}
			}
			at = fetched[0].Next
		}
	}
	return found
}

func TestAnOrderGoesFromTheClickToTheTopicAndItsNewsComeBack(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.stock("MUG", "BAG", "CUP")
	code, location, first := s.ask("POST", "/v1/orders", wish, "Idempotency-Key", "k1")
	if code != 202 {
		t.Fatalf("%d %s", code, first)
	}
	if code, _, again := s.ask("POST", "/v1/orders", wish, "Idempotency-Key", "k1"); code != 202 || !bytes.Equal(first, again) {
		t.Fatalf("first %s again %d %s", first, code, again)
	}
	id := strings.TrimPrefix(location, "/v1/orders/")
	for deadline := time.Now().Add(patience); s.placed()[id] != 1; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("on the topic: %v", s.placed())
		}
	}
	news := order.StatusChanged.About(id, order.StatusChangedV1{Status: "rejected", Reason: "unsupported_country", Text: "Sorry.",
		Final: true})
	s.tell(news)
	_, _, stream := s.ask("GET", location+"/events", "") // ends by itself
	if text := string(stream); !strings.Contains(text, "id: 0\n") || !strings.Contains(text, `"status":"rejected"`) {
		t.Fatalf("told %s", text)
	}
	s.until(location, func(_ int, body string) bool {
		return strings.Contains(body, `"status":"rejected","reason":"unsupported_country"`)
	})
	if code, _, body := s.ask("POST", location+"/cancellation", "{}"); code != 409 {
		t.Fatalf("%d %s", code, body)
	}
}

func TestOrdersPlacedAtTheSameTimeAreEachPlacedOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.stock("MUG", "BAG", "CUP")
	const orders, repeats = 200, 3
	var all sync.WaitGroup
	var mu sync.Mutex
	answers := map[string]string{}
	for i := range orders * repeats {
		all.Go(func() {
			key := fmt.Sprint("k", i%orders)
			for {
				code, _, body := s.ask("POST", "/v1/orders", wish, "Idempotency-Key", key)
				if code == 409 {
					continue // the first is still running
				}
				mu.Lock()
				defer mu.Unlock()
				if before, ok := answers[key]; code != 202 || ok && before != string(body) {
					t.Errorf("%s: %d %s, before %s", key, code, body, before)
				}
				answers[key] = string(body)
				return
			}
		})
	}
	all.Wait()
	var on map[string]int
	for end := time.Now().Add(patience); len(on) < orders && time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		on = s.placed()
	}
	if len(on) != orders {
		t.Fatalf("%d orders on the topic", len(on))
	}
	for id, n := range on {
		if n != 1 {
			t.Errorf("order %s is %d times on the topic", id, n)
		}
	}
}

func TestWhileTooManyOrdersWaitNoMoreAreTakenAndThenTheyAreAgain(t *testing.T) {
	t.Parallel()
	s := openWith(t, service.Config{Own: service.Settings{"backlog": 10 * time.Second}})
	s.stock("MUG", "BAG", "CUP")
	code, location, first := s.ask("POST", "/v1/orders", wish, "Idempotency-Key", "first")
	if code != 202 {
		t.Fatalf("%d %s", code, first)
	}
	do := func(sql string, args ...any) {
		t.Helper()
		if err := s.db.Exec(sql, args...).Error; err != nil {
			t.Fatal(err)
		}
	}
	do(`INSERT INTO orders (order_id, customer_id, placed_at, currency, placed_lines, placed_total, cancelling, status, reason,
			final, agreed_total, payment, authorized, captured, refunded, open)
		SELECT order_id || n, customer_id, placed_at, currency, placed_lines, placed_total, cancelling, status, reason, final,
			agreed_total, payment, authorized, captured, refunded, open
		FROM orders, generate_series(1, 1500) AS n WHERE order_id = $1`, strings.TrimPrefix(location, "/v1/orders/"))
	ask := func(n int) (code int, key string, body []byte) {
		key = fmt.Sprint("next-", n)
		code, _, body = s.ask("POST", "/v1/orders", wish, "Idempotency-Key", key)
		return code, key, body
	}
	n, end := 0, time.Now().Add(patience)
	code, key, body := ask(n)
	for ; code == 202 && time.Now().Before(end); code, key, body = ask(n) {
		n++
	}
	if code != 503 || !strings.Contains(string(body), "/overloaded") {
		t.Fatalf("%d %s", code, body)
	}
	var claims, orders int
	err := s.db.Raw(`SELECT (SELECT count(*) FROM idempotency_keys WHERE key = $1), (SELECT count(*) FROM orders)`, key).
		Row().Scan(&claims, &orders)
	if err != nil || claims != 0 || orders != 1501+n {
		t.Errorf("%d claims and %d orders after %d were taken, %v", claims, orders, n, err)
	}
	if code, _, again := s.ask("POST", "/v1/orders", wish, "Idempotency-Key", "first"); code != 202 || !bytes.Equal(again, first) {
		t.Errorf("a repeat: %d %s, at first %s", code, again, first)
	}
	do(`UPDATE orders SET status = 'confirmed'`)
	for code == 503 && time.Now().Before(end) {
		code, _, body = ask(n)
	}
	if code != 202 {
		t.Errorf("after they were confirmed: %d %s", code, body)
	}
}

// BenchmarkPlaceOrder places orders from 64 clients; it reports orders for each second.
func BenchmarkPlaceOrder(b *testing.B) {
	s := open(b)
	s.stock("MUG", "BAG", "CUP")
	var n atomic.Int64
	b.SetParallelism(32)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if code, _, body := s.ask("POST", "/v1/orders", wish, "Idempotency-Key", fmt.Sprint("k", n.Add(1))); code != 202 {
				b.Errorf("%d %s", code, body)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "orders/s")
}

func TestExpiredKeysAreDeletedWithoutAnyOrderBeingPlaced(t *testing.T) {
	db, err := database.Open(t.Context(), database.Options{URL: embeddedtest.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err = database.Migrate(t.Context(), db, app.App.Migrations, "storefront_version"); err != nil {
		t.Fatal(err)
	}
	err = db.Gorm().Exec(`INSERT INTO idempotency_keys (caller, route, key, fingerprint, id, created_at, busy_until)
		VALUES ('ann', '/v1/orders', 'k', '\x00', 'o', now() - interval '8 days', now() - interval '8 days')`).Error
	if err != nil {
		t.Fatal(err)
	}
	stop, err := app.App.Watch(nil, &service.Parts{DB: db.Gorm(), Log: slog.New(slog.DiscardHandler)})(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for left, end := 1, time.Now().Add(patience); left > 0; time.Sleep(5 * time.Millisecond) {
		if err := db.Gorm().Raw(`SELECT count(*) FROM idempotency_keys`).Row().Scan(&left); err != nil || time.Now().After(end) {
			t.Fatalf("%d keys are left, %v", left, err)
		}
	}
	if err := stop(t.Context()); err != nil {
		t.Error(err)
	}
}
