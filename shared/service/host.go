package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"

	"orderflow.example/shared/database"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/engine/parked"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/tracing"
)

// SimulatedWorld is the route under which the operators' listener may serve the simulated outside world.
const SimulatedWorld = "/sim/*path"

// Host runs services in this process: one, or all of them side by side. They share the listeners and the connection to
// Kafka, nothing else: each has its own database and consumes the events of the others only from topics.
type Host struct {
	Config   Config
	Log      *slog.Logger
	Registry *prometheus.Registry
	Auth     *httpserver.Auth
	Kafka    *kafka.Client

	Customers *httpserver.Server
	Operators *httpserver.Server

	traces    *tracing.Tracer // nil: none are recorded
	shop      huma.API        // of the customers' listener
	routes    *openapi.Routes // of the operators' listener
	lifecycle Lifecycle
	running   []*running
}

type running struct {
	app    App
	db     *database.DB   // nil without machines
	engine *engine.Engine // nil without machines
	log    *slog.Logger
}

// NewHost connects to Kafka and prepares the listeners; nothing listens yet.
func NewHost(ctx context.Context, c Config, log *slog.Logger) (*Host, error) {
	key, err := c.Key()
	if err != nil {
		return nil, Environment("%w", err)
	}
	auth, err := httpserver.NewAuth(key)
	if err != nil {
		return nil, Environment("%w", err)
	}
	auth.LimitCustomers(c.RatePerCustomer)
	sessions, err := auth.AcceptSessions(c.ConsoleURL)
	if err != nil {
		return nil, Usage("console-url: %w", err)
	}
	proxies, err := networks(c.TrustedProxies)
	if err != nil {
		return nil, Usage("trusted-proxies: %w", err)
	}
	client, err := c.DialKafka("orderflow", log)
	if err != nil {
		return nil, err
	}
	h := &Host{Config: c, Log: log, Registry: NewRegistry(), Auth: auth, Kafka: client,
		lifecycle: Lifecycle{Limit: c.StopTimeout}}
	h.lifecycle.AddCloser("kafka client", func() error { h.Kafka.Close(); return nil })
	if err := h.Kafka.Ping(ctx); err != nil {
		h.Stop()
		return nil, Environment("%w", err)
	}
	if c.OTLPEndpoint != "" {
		if h.traces, err = tracing.Open(ctx, tracing.Options{URL: c.OTLPEndpoint, Ratio: c.TraceRatio, Log: log}); err != nil {
			h.Stop()
			return nil, Environment("%w", err)
		}
		h.lifecycle.Add("traces", h.traces.Stop)
	}
	ready := []httpserver.Part{{Name: "kafka", Check: h.Kafka.Ping}, {Name: "postgres", Check: h.pingDatabases},
		{Name: "services", Check: h.owns}}
	h.Customers = httpserver.New(httpserver.Options{Addr: c.HTTPAddr, Flag: "--http-addr", Name: "customers", Logger: log,
		Registerer: h.Registry, Traces: h.traces.Service("customers-api"), Ready: ready,
		Admit: admit(auth, httpserver.AudienceCustomers), Uninspected: []string{"/v1/webhooks/payments", "/v1/webhooks/carriers"},
		Origins: c.CORSOrigins, PerAddress: c.RatePerAddress, TrustedProxies: proxies})
	h.Operators = httpserver.New(httpserver.Options{Addr: c.OpsAddr, Flag: "--ops-addr", Name: "operators",
		Logger: log, Traces: h.traces.Service("operators-api"), Ready: ready, Admit: admit(auth, httpserver.AudienceOperators),
		CheckHost: true, Hosts: c.OpsHosts, Proxied: c.consoleHost(), Uninspected: []string{SimulatedWorld},
		RouteBodyLimits: map[string]int64{"/v1/products": 8 << 20, "/v1/stock/receipts": 4 << 20, sessionPath: 16 << 10}})
	h.shop = customersAPI(h.Customers, auth)
	h.routes = operatorsRoutes(h.Operators, auth)
	h.routes.Audited(NewAudit(client, log))
	registerSessions(h.routes, sessions)
	openapi.HandleOpen[struct{}, struct{}](h.routes, metricsOperation(), httpserver.Metrics(h.Registry))
	return h, nil
}

// admit lets only callers with a token send a body, however large it may be, but for those who sign in.
func admit(auth *httpserver.Auth, audience string) func(*gin.Context) *httpserver.Problem {
	return func(c *gin.Context) *httpserver.Problem {
		if c.FullPath() == sessionPath {
			return nil
		}
		return auth.Authenticate(c, audience)
	}
}

// Start runs the services: it creates and migrates their databases if need be, then starts the engines, then the
// listeners. It returns once every partition of every service has an owner, in this process or another.
func (h *Host) Start(ctx context.Context, apps ...App) (customers, operators string, err error) {
	if err := checkTopics(ctx, h.Kafka, Topics(h.Config.Partitions, 0, apps...)); err != nil {
		return "", "", err
	}
	h.running = make([]*running, len(apps))
	group, opening := errgroup.WithContext(ctx)
	for i, app := range apps {
		group.Go(func() (err error) { h.running[i], err = h.open(opening, app); return err })
	}
	err = group.Wait()
	for _, r := range h.running {
		if r != nil && r.db != nil {
			h.lifecycle.AddCloser(r.app.Name+" database", r.db.Close)
		}
	}
	if err != nil {
		return "", "", err
	}
	if services := h.parked(); len(services) > 0 {
		RegisterParked(h.routes, services)
	}
	serves := false
	running, end := context.WithCancel(context.WithoutCancel(ctx))
	h.lifecycle.AddCloser("routes", func() error { end(); return nil })
	for _, r := range h.running {
		parts := &Parts{Config: h.Config, Auth: h.Auth, Log: r.log, Engine: r.engine, Kafka: h.Kafka,
			Registry: h.Registry, Traces: h.traces.Service(r.app.Name), Running: running}
		if r.db != nil {
			parts.DB = r.db.Gorm()
		}
		if r.app.Storefront != nil {
			r.app.Storefront(h.shop, parts)
			serves = true
		}
		if r.app.Pages != nil {
			if err := r.app.Pages(h.Customers.Engine(), parts); err != nil {
				return "", "", Environment("%s: %w", r.app.Name, err)
			}
		}
		if r.app.Operators != nil {
			r.app.Operators(h.routes, parts)
		}
		if r.app.Watch != nil {
			stop, err := r.app.Watch(h.routes, parts)(ctx)
			if err != nil {
				return "", "", Environment("%s: %w", r.app.Name, err)
			}
			h.lifecycle.Add(r.app.Name+" watch", stop)
		}
		if r.engine == nil {
			continue
		}
		if err := r.engine.Start(ctx); err != nil {
			return "", "", Environment("%w", err)
		}
		h.lifecycle.Add(r.app.Name, r.engine.Stop)
	}
	if operators, err = h.serve(h.Operators); err != nil {
		return "", "", err
	}
	if serves {
		if customers, err = h.serve(h.Customers); err != nil {
			return "", "", err
		}
	}
	for h.owns(ctx) != nil {
		if !pause(ctx) {
			return "", "", Environment("the services did not become ready: %w", errors.Join(h.owns(context.Background()), ctx.Err()))
		}
	}
	return customers, operators, nil
}

func (h *Host) open(ctx context.Context, app App) (*running, error) {
	log := h.Log.With("service", app.Name)
	if len(app.Bindings) == 0 {
		return &running{app: app, log: log}, nil
	}
	db, err := openDatabase(ctx, h.Config.Postgres, app, h.Log, h.traces != nil)
	if err != nil {
		return nil, err
	}
	// go_sql_…{db_name}: connections in use, and waited for
	h.Registry.MustRegister(collectors.NewDBStatsCollector(db.Pool(), app.Name))
	c := engine.Config{Service: app.Name, Bindings: app.Bindings, Partitions: h.Config.Partitions, DB: db, Kafka: h.Kafka,
		Log: h.Log, Registerer: h.Registry, Traces: h.traces.Service(app.Name), ValidateProduced: h.Config.ValidateProduced,
		OutboxRetention: h.Config.OutboxRetention}
	if app.Configured != nil {
		c.Bindings = app.Configured(h.Config)
	}
	if c.Answerers, err = app.adapters(h.Config, db.Gorm()); err != nil {
		db.Close()
		return nil, fmt.Errorf("%s: %w", app.Name, err)
	}
	e, err := engine.New(c)
	if err != nil {
		db.Close()
		return nil, fmt.Errorf("%s: %w", app.Name, err)
	}
	return &running{app: app, db: db, engine: e, log: log}, nil
}

// OpenDatabase opens a service's own database on the server at adminURL, and first creates and migrates it if need be.
func OpenDatabase(ctx context.Context, adminURL string, app App, log *slog.Logger) (*database.DB, error) {
	return openDatabase(ctx, adminURL, app, log, false)
}

func openDatabase(ctx context.Context, adminURL string, app App, log *slog.Logger, traced bool) (*database.DB, error) {
	url, err := database.Provision(ctx, adminURL, app.Name)
	if err != nil {
		return nil, Environment("%w", err)
	}
	db, err := database.Open(ctx, database.Options{URL: url, MaxConns: 16, AppName: "orderflow-" + app.Name, Logger: log,
		Traced: traced, SlowQuery: time.Second}) // hot SKUs make reservations wait for one another for longer than the default
	if err != nil {
		return nil, Environment("%w", err)
	}
	_, err = database.Migrate(ctx, db, engine.Migrations, "engine_version")
	if err == nil {
		err = database.AllowReading(ctx, db, "engine", "public")
	}
	if err == nil && app.Migrations != nil {
		_, err = database.Migrate(ctx, db, app.Migrations, "service_version")
	}
	if err != nil {
		db.Close()
		return nil, Environment("%s: %w", app.Name, err)
	}
	return db, nil
}

func (h *Host) serve(s *httpserver.Server) (addr string, err error) {
	if addr, err = s.Start(); err != nil {
		return "", Environment("%w", err)
	}
	h.lifecycle.Add("listener "+addr, s.Stop)
	return addr, nil
}

// pingDatabases checks that the database of each service here answers.
func (h *Host) pingDatabases(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, r := range h.running {
		if r.db != nil {
			group.Go(func() error { return r.db.Gorm().WithContext(ctx).Exec("SELECT 1").Error })
		}
	}
	return group.Wait()
}

// owns checks that every partition of every service here has an owner, and that none owned here is blocked.
func (h *Host) owns(ctx context.Context) error {
	for _, r := range h.running {
		if r.db == nil {
			continue
		}
		var owned int
		err := r.db.Gorm().WithContext(ctx).
			Raw(`SELECT count(*) FROM engine.lease WHERE owner <> '' AND heartbeat > now() - interval '3 seconds'`).Row().Scan(&owned)
		if err != nil {
			return err
		}
		if owned < h.Config.Partitions {
			return fmt.Errorf("%s: %d of %d partitions have an owner", r.app.Name, owned, h.Config.Partitions)
		}
		if err := r.engine.Check(ctx); err != nil {
			return err
		}
	}
	return nil
}

// parked are the services here that may have parked inputs.
func (h *Host) parked() (services parked.Services) {
	for _, r := range h.running {
		if r.db != nil {
			services = append(services, parked.Service{Name: r.app.Name, DB: r.db.Gorm()})
		}
	}
	slices.SortFunc(services, func(a, b parked.Service) int { return strings.Compare(a.Name, b.Name) })
	return services
}

// Failed reports a listener that broke.
func (h *Host) Failed() <-chan error { return h.Operators.Failed() }

// Databases are the services' databases, by service.
func (h *Host) Databases() map[string]*database.DB {
	all := map[string]*database.DB{}
	for _, r := range h.running {
		if r.db != nil {
			all[r.app.Name] = r.db
		}
	}
	return all
}

// Stop stops the listeners, then the engines after the batches in progress, then closes all connections.
func (h *Host) Stop() error { return h.lifecycle.Stop() }
