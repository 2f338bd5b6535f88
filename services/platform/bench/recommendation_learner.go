package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"orderflow.example/schemas"
	"orderflow.example/schemas/catalog"
	"orderflow.example/schemas/inventory"
	"orderflow.example/schemas/order"
	"orderflow.example/services/platform/demo"
	"orderflow.example/services/platform/run"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/service"
)

// learner is the recommendation service, which runs alone. The events of the other services are published for it.
type learner struct {
	config    service.Config
	log       *slog.Logger
	platform  *run.Platform
	kafka     *kafka.Client
	producer  *kafka.Producer
	processes processes
	key       []byte
	tokens    map[string]string
	sequence  map[string]int64 // by topic and partition
	orders    int
	took      []time.Duration // by the queries
	undo      []func() error  // in reverse order
}

// openLearner starts the service, with all goods for sale. It must be closed even after an error.
func openLearner(ctx context.Context, o RecommendationOptions) (*learner, error) {
	s := &learner{sequence: map[string]int64{}}
	if err := os.MkdirAll(o.Config.DataDir, 0o700); err != nil {
		return s, err
	}
	dir, err := os.MkdirTemp(o.Config.DataDir, "bench-")
	if err != nil {
		return s, err
	}
	s.undo = append(s.undo, func() error { return os.RemoveAll(dir) })
	c := o.Config
	c.DataDir, c.Kafka, c.Postgres, c.JWTKeyFile = dir, nil, "", ""
	c.HTTPAddr, c.OpsAddr, c.Services = "127.0.0.1:0", "127.0.0.1:0", []string{"recommendation"}
	s.config, s.log = c, o.Log
	if err := s.start(ctx); err != nil {
		return s, err
	}
	return s, s.sell(ctx, o.Baskets)
}

// start starts the service on what it has learnt.
func (s *learner) start(ctx context.Context) (err error) {
	if s.platform, err = run.Start(ctx, s.config, run.Options{Log: s.log}); err != nil {
		return err
	}
	if s.kafka, err = s.platform.Config.DialKafka("orderflow-bench", nil); err != nil {
		return err
	}
	if s.key, err = s.platform.Config.Key(); err != nil {
		return err
	}
	s.producer, s.tokens = s.kafka.NewProducer(), map[string]string{}
	s.processes = findProcesses(filepath.Join(s.config.DataDir, "postgres"), nil)
	return nil
}

func (s *learner) stop() (err error) {
	if s.kafka != nil {
		s.kafka.Close()
	}
	if s.platform != nil {
		err = s.platform.Stop()
	}
	s.kafka, s.platform = nil, nil
	return err
}

func (s *learner) close() error {
	errs := []error{s.stop()}
	for _, undo := range slices.Backward(s.undo) {
		errs = append(errs, undo())
	}
	return errors.Join(errs...)
}

// sell publishes that all goods are for sale.
func (s *learner) sell(ctx context.Context, baskets []demo.Basket) error {
	seen := map[string]bool{}
	var events []saga.Event
	for _, b := range baskets {
		for _, sku := range b.SKUs {
			if seen[sku] {
				continue
			}
			seen[sku] = true
			events = append(events,
				catalog.ProductListed.About(sku,
					catalog.ProductListedV1{Description: sku, Price: schemas.Money{Amount: 100, Currency: "GBP"}}),
				inventory.StockChanged.About(sku, inventory.StockChangedV1{OnHand: pieces, Available: pieces}))
		}
	}
	if err := s.publish(ctx, events...); err != nil {
		return err
	}
	return s.until(ctx, `SELECT count(*) FROM products WHERE listed AND available > 0`, len(seen))
}

// learn publishes the baskets as confirmed orders, and waits until they are learnt.
func (s *learner) learn(ctx context.Context, baskets ...demo.Basket) error {
	var events []saga.Event
	for _, b := range baskets {
		s.orders++
		d := order.ConfirmedV1{CustomerID: b.Customer, Total: schemas.Money{Amount: 100, Currency: "GBP"},
			ShipTo: schemas.Address{Name: "A", Line1: "1 High St", City: "Leeds", Postcode: "LS1 1AA", Country: "GB"}}
		for _, sku := range b.SKUs {
			d.Lines = append(d.Lines, schemas.Allocation{SKU: sku, Quantity: 1, UnitPrice: 1, Warehouse: "north"})
		}
		e := order.Confirmed.About(fmt.Sprintf("018f0000-0000-7000-8000-%012d", s.orders), d)
		e.Time = b.At
		events = append(events, e)
	}
	if err := s.publish(ctx, events...); err != nil {
		return err
	}
	return s.until(ctx, `SELECT coalesce(max(n), 0) FROM baskets`, s.orders)
}

// publish appends events to their producers' topics, as their outboxes would.
func (s *learner) publish(ctx context.Context, events ...saga.Event) error {
	batches := map[string]*kafka.Batch{}
	for _, e := range events {
		topic, partition := saga.Topic(e.Type), kafka.PartitionOf(e.Key, s.platform.Partitions)
		at := fmt.Sprint(topic, "/", partition)
		data, err := json.Marshal(e.Data)
		if err != nil {
			return err
		}
		if batches[at] == nil {
			batches[at] = &kafka.Batch{Topic: topic, Partition: partition}
		}
		if e.Time.IsZero() {
			e.Time = time.Now().UTC()
		}
		s.sequence[at]++
		batches[at].Records = append(batches[at].Records, kafka.Record{Key: e.Key, ID: fmt.Sprintf("%s-%d", at, s.sequence[at]),
			Type: e.Type, Source: "/" + saga.Producer(e.Type), Correlation: e.Key, Time: e.Time, Sequence: s.sequence[at], Data: data})
	}
	var all []kafka.Batch
	for _, b := range batches {
		all = append(all, *b)
	}
	for _, ack := range s.producer.Publish(ctx, all) {
		if ack.Err != nil {
			return ack.Err
		}
	}
	return nil
}

// until waits for a number in the service's database.
func (s *learner) until(ctx context.Context, query string, want int) error {
	db := s.platform.Host.Databases()["recommendation"].Gorm()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	pause := time.Millisecond
	for got := -1; got < want; pause = min(2*pause, 100*time.Millisecond) { // looking costs CPU too
		if err := db.WithContext(ctx).Raw(query).Row().Scan(&got); err != nil {
			return service.Environment("the service has learnt %d of %d: %w", got, want, err)
		}
		if got < want {
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
		}
	}
	return nil
}

func (s *learner) ask(ctx context.Context, b demo.Basket, hidden int) ([]string, error) {
	query := url.Values{"limit": {fmt.Sprint(answers)}}
	for i, sku := range b.SKUs {
		if i != hidden {
			query.Add("sku", sku)
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.platform.StorefrontURL+"/v1/recommendations?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	if b.Customer != "" {
		token, known := s.tokens[b.Customer]
		if !known {
			if token, err = httpserver.Mint(s.key, httpserver.AudienceCustomers, b.Customer, 24*time.Hour); err != nil {
				return nil, err
			}
			s.tokens[b.Customer] = token
		}
		req.Header.Set("Authorization", "Bearer "+token)
	}
	var page struct{ Items []struct{ SKU string } }
	began := time.Now()
	res, err := http.DefaultClient.Do(req)
	for err == nil && res.StatusCode == http.StatusServiceUnavailable { // it says when to come again
		res.Body.Close()
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Second):
		}
		res, err = http.DefaultClient.Do(req)
	}
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("recommendations: %s", res.Status)
	}
	if err := json.NewDecoder(res.Body).Decode(&page); err != nil {
		return nil, err
	}
	s.took = append(s.took, time.Since(began)) // waiting for a busy service included
	list := make([]string, len(page.Items))
	for i, item := range page.Items {
		list[i] = item.SKU
	}
	return list, nil
}
