package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"orderflow.example/schemas/order"
	"orderflow.example/services/platform/audit"
	"orderflow.example/services/platform/demo"
	"orderflow.example/services/platform/run"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/service"
)

const (
	products  = 1000 // on sale; each order has different ones
	customers = 1000
	price     = 250 // pence
	pieces    = 500_000_000
	// fastest is the speed of the simulated world: a second takes some ten microseconds.
	fastest = 100_000
)

// shop is a platform with goods on sale, and its customers. It is made for one run and removed after it.
type shop struct {
	platform  *run.Platform
	kafka     *kafka.Client
	http      *http.Client
	tokens    []string // of the customers
	processes processes
	positions []kafka.Position
	undo      []func(context.Context) error // in reverse order

	endedBefore int // orders of the loads before

	mu     sync.Mutex
	orders map[string]*placed
}

// openShop starts everything for the run. The shop must be closed even after an error.
func openShop(ctx context.Context, o ProductOptions) (*shop, error) {
	s := &shop{orders: map[string]*placed{}, http: &http.Client{Timeout: patience,
		Transport: &http.Transport{MaxIdleConnsPerHost: 2000, DisableCompression: true}}}
	if err := os.MkdirAll(o.Config.DataDir, 0o700); err != nil {
		return s, err
	}
	dir, err := os.MkdirTemp(o.Config.DataDir, "bench-")
	if err != nil {
		return s, err
	}
	s.later(func(context.Context) error { return os.RemoveAll(dir) })
	c := o.Config
	c.DataDir, c.Postgres, c.JWTKeyFile, c.Services = dir, "", "", nil
	c.HTTPAddr, c.OpsAddr = "127.0.0.1:0", "127.0.0.1:0"
	c = c.With(run.Simulated(fastest))
	if err := s.topics(ctx, c); err != nil {
		return s, err
	}
	if s.platform, err = run.Start(ctx, c, run.Options{Log: o.Log}); err != nil {
		return s, err
	}
	s.later(func(context.Context) error { return s.platform.Stop() })
	if s.kafka, err = s.platform.Config.DialKafka("orderflow-bench", nil); err != nil {
		return s, err
	}
	s.later(func(context.Context) error { s.kafka.Close(); return nil })
	s.processes = findProcesses(filepath.Join(dir, "postgres"), c.Kafka)
	return s, errors.Join(s.furnish(ctx), s.watchFromHere(ctx))
}

// close removes all of it.
func (s *shop) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	var errs []error
	for _, undo := range slices.Backward(s.undo) {
		errs = append(errs, undo(ctx))
	}
	return errors.Join(errs...)
}

func (s *shop) later(f func(context.Context) error) { s.undo = append(s.undo, f) }

// topics creates the services' topics on a given cluster. Existing ones belong to an installation: that is an error.
func (s *shop) topics(ctx context.Context, c service.Config) error {
	if len(c.Kafka) == 0 {
		return nil
	}
	client, err := c.DialKafka("orderflow-bench", nil)
	if err != nil {
		return err
	}
	s.later(func(context.Context) error { client.Close(); return nil })
	specs := service.Topics(c.Partitions, 0, run.Apps...)
	made, err := client.CreateTopics(ctx, specs)
	s.later(func(ctx context.Context) error {
		if len(made) == 0 {
			return nil
		}
		return client.DeleteTopics(ctx, made...)
	})
	for _, spec := range specs {
		shared := slices.Contains([]string{engine.ControlTopic, engine.ReportsTopic, service.AuditTopic}, spec.Name)
		if err == nil && !shared && !slices.Contains(made, spec.Name) {
			err = service.Environment("there is a topic %s already, which may be an installation's: measure on another cluster", spec.Name)
		}
	}
	return err
}

// furnish puts the goods on sale and makes the customers' tokens.
func (s *shop) furnish(ctx context.Context) error {
	key, err := s.platform.Config.Key()
	if err != nil {
		return err
	}
	goods := demo.Goods{Price: price, Pieces: pieces}
	for i := range products {
		goods.SKUs = append(goods.SKUs, sku(i))
	}
	for i := range customers {
		token, err := httpserver.Mint(key, httpserver.AudienceCustomers, fmt.Sprint("customer-", i), 24*time.Hour)
		if err != nil {
			return err
		}
		s.tokens = append(s.tokens, token)
	}
	o := demo.Options{StorefrontURL: s.platform.StorefrontURL, OperatorsURL: s.platform.OperatorsURL, Key: key}
	return demo.Sell(ctx, o, goods)
}

func sku(i int) string { return fmt.Sprintf("P%04d", i) }

// watchFromHere sets the offsets from which the topic of the orders is read.
func (s *shop) watchFromHere(ctx context.Context) error {
	partitions := make([]int, s.platform.Partitions)
	for p := range partitions {
		partitions[p] = p
	}
	topic := orderTopic
	_, next, err := s.kafka.Offsets(ctx, topic, partitions)
	for p, offset := range next {
		s.positions = append(s.positions, kafka.Position{Topic: topic, Partition: p, Offset: offset})
	}
	return err
}

// events is the number of events that all services have emitted so far.
func (s *shop) events(ctx context.Context) (sum int64, err error) {
	for _, db := range s.platform.Host.Databases() {
		var n int64
		if err := db.Gorm().WithContext(ctx).Raw(`SELECT coalesce(sum(sequence), 0) FROM engine.counter`).Row().Scan(&n); err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

func (s *shop) verify(ctx context.Context) (audit.Report, error) {
	there, err := audit.Connect(ctx, s.platform.Postgres, run.Apps, run.World)
	if err != nil {
		return audit.Report{}, err
	}
	defer there.Close()
	return audit.Run(ctx, audit.Config{Kafka: s.kafka, Apps: run.Apps, Databases: there.Databases, Book: there.Book,
		Partitions: s.platform.Partitions})
}

func (s *shop) accepted() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.orders)
}

var orderTopic = saga.Topic(order.Confirmed.Name())
