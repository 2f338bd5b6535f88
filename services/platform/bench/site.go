package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"orderflow.example/shared/database"
	"orderflow.example/shared/embedded"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/service"
)

// site holds the servers, topics and services of one run, made for it and removed after it.
type site struct {
	options  Options
	words    *words
	brokers  []string
	admin    string // URL of the Postgres server
	client   *kafka.Client
	services [steps + 1]*stepService
	undo     []func(context.Context) error // in reverse order
}

// stepService is the running service of one step: its first engine, and others that share its partitions with it.
type stepService struct {
	*engine.Engine
	others []*engine.Engine
	db     *database.DB
}

// open starts everything for the run. The site must be closed even after an error.
func open(ctx context.Context, o Options) (*site, error) {
	id := uuid.New()
	s := &site{options: o, words: newWords(fmt.Sprintf("x%x", id[:4])), brokers: o.Kafka, admin: o.Postgres}
	if err := s.servers(ctx); err != nil {
		return s, err
	}
	var err error
	if s.client, err = s.dial(); err != nil {
		return s, err
	}
	if err := s.topics(ctx); err != nil {
		return s, err
	}
	for step := 1; step <= steps; step++ {
		if err := s.start(ctx, step); err != nil {
			return s, fmt.Errorf("start step %d: %w", step, err)
		}
	}
	return s, nil
}

// close removes all of it.
func (s *site) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	var errs []error
	for i := len(s.undo) - 1; i >= 0; i-- {
		errs = append(errs, s.undo[i](ctx))
	}
	return errors.Join(errs...)
}

func (s *site) later(f func(context.Context) error) { s.undo = append(s.undo, f) }

// servers starts embedded servers unless others are given, in a directory beside the data directory: the disk's speed is
// part of the measurement.
func (s *site) servers(ctx context.Context) error {
	if err := os.MkdirAll(s.options.Dir, 0o700); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(s.options.Dir, "bench-")
	if err != nil {
		return err
	}
	s.later(func(context.Context) error { return os.RemoveAll(dir) })
	if s.admin == "" {
		postgres, err := embedded.StartPostgres(ctx, embedded.PostgresConfig{Dir: filepath.Join(dir, "postgres")})
		if err != nil {
			return err
		}
		s.later(func(context.Context) error { return postgres.Close() })
		s.admin = postgres.URL()
	}
	if len(s.brokers) == 0 {
		broker, err := embedded.StartKafka(ctx, embedded.KafkaConfig{Dir: filepath.Join(dir, "kafka")})
		if err != nil {
			return err
		}
		s.later(func(context.Context) error { return broker.Close() })
		s.brokers = []string{broker.Addr()}
	}
	return nil
}

func (s *site) dial() (*kafka.Client, error) {
	client, err := service.Config{Kafka: s.brokers, KafkaSecurity: s.options.Security}.DialKafka("orderflow-bench", nil)
	if err == nil {
		s.later(func(context.Context) error { client.Close(); return nil })
	}
	return client, err
}

func (s *site) topics(ctx context.Context) error {
	keep := map[string]string{"cleanup.policy": "delete", "retention.ms": "-1"}
	specs := []kafka.TopicSpec{{Name: engine.ControlTopic, Partitions: 1, Config: keep},
		{Name: engine.ReportsTopic, Partitions: 1, Config: keep}}
	var own []string
	for step := 1; step <= steps; step++ {
		own = append(own, s.words.topic(step))
		specs = append(specs, kafka.TopicSpec{Name: s.words.topic(step), Partitions: s.options.Partitions, Config: keep})
	}
	s.later(func(ctx context.Context) error { return s.client.DeleteTopics(ctx, own...) })
	_, err := s.client.CreateTopics(ctx, specs)
	return err
}

// start runs one step as a service of its own, with connections of its own, and waits until it is ready.
func (s *site) start(ctx context.Context, step int) error {
	name := s.words.service(step)
	url, err := database.Provision(ctx, s.admin, name)
	if err != nil {
		return err
	}
	s.later(func(ctx context.Context) error { return s.drop(ctx, "orderflow_"+name) })
	db, err := database.Open(ctx, database.Options{URL: url, AppName: name})
	if err != nil {
		return err
	}
	s.later(func(context.Context) error { return db.Close() })
	if _, err := database.Migrate(ctx, db, engine.Migrations, "engine_version"); err != nil {
		return err
	}
	if _, err := database.Migrate(ctx, db, migrations, "steps_version"); err != nil {
		return err
	}
	one := &stepService{db: db}
	s.services[step] = one
	for n := range max(1, s.options.Engines) {
		e, err := s.engine(ctx, step, db)
		if err != nil {
			return err
		}
		if n == 0 {
			one.Engine = e
		} else {
			one.others = append(one.others, e)
		}
	}
	return one.await(ctx, s.options.Partitions)
}

// engine starts one engine of a step, with a connection to Kafka of its own.
func (s *site) engine(ctx context.Context, step int, db *database.DB) (*engine.Engine, error) {
	client, err := s.dial()
	if err != nil {
		return nil, err
	}
	e, err := engine.New(engine.Config{
		Service: s.words.service(step), Bindings: []engine.Binding{{Machine: s.words.machine(step), Store: store()}},
		Partitions: s.options.Partitions, DB: db, Kafka: client, Log: s.options.Log,
	})
	if err != nil {
		return nil, err
	}
	if err := e.Start(ctx); err != nil {
		return nil, err
	}
	s.later(e.Stop)
	return e, nil
}

// of returns the engine that a saga begins at, one after the other.
func (s *stepService) of(number int64) *engine.Engine {
	if n := number % int64(1+len(s.others)); n > 0 {
		return s.others[n-1]
	}
	return s.Engine
}

// await waits until all partitions are owned, and each engine has its share of them.
func (s *stepService) await(ctx context.Context, partitions int) error {
	share := partitions / (1 + len(s.others))
	for _, e := range s.others {
		if err := e.AwaitOwned(ctx, share); err != nil {
			return err
		}
	}
	return s.AwaitOwned(ctx, share)
}

func (s *site) drop(ctx context.Context, name string) error {
	admin, err := database.Open(ctx, database.Options{URL: s.admin})
	if err != nil {
		return err
	}
	defer admin.Close()
	for _, sql := range []string{"DROP DATABASE IF EXISTS %s WITH (FORCE)", "DROP ROLE IF EXISTS %s_customer",
		"DROP ROLE IF EXISTS %s"} {
		if err := admin.Gorm().WithContext(ctx).Exec(fmt.Sprintf(sql, name)).Error; err != nil {
			return err
		}
	}
	return nil
}
