package trial

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"orderflow.example/services/platform/run"
	"orderflow.example/shared/database"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/service"
)

// Config returns an installation on free ports in the directory, with a simulated world of this speed.
func Config(dir string, speed float64) service.Config {
	return service.Config{DataDir: dir, HTTPAddr: "127.0.0.1:0", OpsAddr: "127.0.0.1:0", Partitions: 4, LogFormat: "text",
		ValidateProduced: true, StopTimeout: Patience, Own: service.Settings{"world-speed": speed}}
}

// Start starts a part of the platform in this process. Warnings go to standard error.
func Start(c service.Config) (*run.Platform, error) {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	return run.Start(ctx, c, run.Options{Log: log})
}

// Whole returns the site of a platform that runs all services.
func Whole(p *run.Platform) (*Site, error) {
	key, err := p.Config.Key()
	return &Site{Key: key, Storefront: func() string { return p.StorefrontURL },
		Operators: func(string) string { return p.OperatorsURL }}, err
}

// Parts is an installation in which each service runs in a part of its own, so that it can be stopped and restarted, and
// all call the outside world through a gate.
type Parts struct {
	Site *Site
	Gate *Gate

	config service.Config
	dir    string
	beside map[string][]string // by service: those that run in its process, if it has others in it
	mu     sync.Mutex
	parts  map[string]*run.Platform // by service
}

// StartParts starts the broker, the database, the world and all services, and stops them when the test ends.
func StartParts(t testing.TB, speed float64, options ...func(*service.Config)) *Parts {
	t.Helper()
	return startParts(t, speed, nil, options...)
}

// StartAround is StartParts with one process for all services but those apart. Only those can be paused.
func StartAround(t testing.TB, speed float64, apart ...string) *Parts {
	t.Helper()
	var together []string
	for _, app := range run.Apps {
		if !slices.Contains(apart, app.Name) {
			together = append(together, app.Name)
		}
	}
	return startParts(t, speed, together)
}

func startParts(t testing.TB, speed float64, together []string, options ...func(*service.Config)) *Parts {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	p := &Parts{dir: dir, parts: map[string]*run.Platform{}, config: Config("", speed), beside: map[string][]string{}}
	if len(together) > 0 {
		p.beside[together[0]] = together
	}
	for _, set := range options {
		set(&p.config)
	}
	p.config.JWTKeyFile = filepath.Join(dir, "key")
	key := bytes.Repeat([]byte("trial key "), 5)
	if err := os.WriteFile(p.config.JWTKeyFile, key, 0o600); err != nil {
		t.Fatal(err)
	}
	p.Site = &Site{Key: bytes.TrimSpace(key),
		Storefront: func() string { return p.part("storefront").StorefrontURL },
		Operators:  func(name string) string { return p.part(name).OperatorsURL }}
	t.Cleanup(func() { p.Pause(t, run.World) }) // stopped last
	p.Resume(t, run.World)
	world := p.part(run.World)
	p.config.Kafka, p.config.Postgres = world.Kafka, world.Postgres
	p.Gate = NewGate(t, world.WorldURL)
	p.config = p.config.With(run.Outside(p.Gate.URL))
	var names []string
	for _, app := range run.Apps {
		if i := slices.Index(together, app.Name); i <= 0 {
			names = append(names, app.Name)
		}
	}
	t.Cleanup(func() { p.Pause(t, names...) })
	p.Resume(t, names...)
	return p
}

// Customers is the customers' listener of the process in which the service runs.
func (p *Parts) Customers(service string) string { return p.part(service).StorefrontURL }

// Kafka returns a client of the installation's broker.
func (p *Parts) Kafka(t testing.TB) *kafka.Client {
	client := kafka.Dial(kafka.Config{Brokers: p.config.Kafka, ClientID: "trial"})
	t.Cleanup(client.Close)
	return client
}

// Servers are the flags that give commands the broker and the database.
func (p *Parts) Servers() []string {
	return []string{"--kafka", strings.Join(p.config.Kafka, ","), "--postgres", p.config.Postgres}
}

// Database opens a service's database beside the process that runs it.
func (p *Parts) Database(t testing.TB, service string) *database.DB {
	t.Helper()
	url, err := database.Provision(t.Context(), p.config.Postgres, service)
	if err != nil {
		t.Fatal(err)
	}
	db, err := database.Open(t.Context(), database.Options{URL: url, MaxConns: 2, AppName: "trial"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// Damage changes rows of a service's database directly.
func (p *Parts) Damage(t testing.TB, service, statement string, args ...any) {
	t.Helper()
	if err := p.part(service).Host.Databases()[service].Gorm().Exec(statement, args...).Error; err != nil {
		t.Fatal(err)
	}
}

func (p *Parts) part(service string) *run.Platform {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.parts[service]
}

// Pause stops these services; their input waits on the topics.
func (p *Parts) Pause(t testing.TB, services ...string) {
	t.Helper()
	p.each(services, func(name string) {
		part := p.part(name)
		if part == nil {
			return // it never started
		}
		if err := part.Stop(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	})
}

// Resume starts these services.
func (p *Parts) Resume(t testing.TB, services ...string) {
	t.Helper()
	p.each(services, func(name string) {
		c := p.config
		c.DataDir, c.Services = filepath.Join(p.dir, name), []string{name}
		if all := p.beside[name]; all != nil {
			c.Services = all
		}
		part, err := Start(c)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		p.mu.Lock()
		for _, one := range c.Services {
			p.parts[one] = part
		}
		p.mu.Unlock()
	})
	if t.Failed() {
		t.Fatal("cannot go on without ", strings.Join(services, ", "))
	}
}

func (p *Parts) each(services []string, do func(string)) {
	var all sync.WaitGroup
	for _, name := range services {
		all.Go(func() { do(name) })
	}
	all.Wait()
}
