// Package run runs an installation in one process: the broker and the database if none is given, the simulated outside world,
// and the services. `orderflow up`, the demo and the tests across services start it. It decides nothing: the services do.
package run

import (
	"cmp"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"orderflow.example/services/platform/check/choreography"
	"orderflow.example/services/platform/services"
	"orderflow.example/services/platform/world"
	tracker "orderflow.example/services/tracker/app"
	"orderflow.example/shared/embedded"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/model"
	"orderflow.example/shared/service"
)

// Tracker follows all services, and keeps the ledger of money and goods. It is assembled here because no service may know the
// others.
var Tracker = withLedger(tracker.New(machines(services.All), money(services.All), declared(services.All)), services.All)

// Apps are all services.
var Apps = append(slices.Clip(services.All), Tracker)

func machines(apps []service.App) (all []*saga.Machine) {
	for _, app := range apps {
		for _, b := range app.Bindings {
			all = append(all, b.Machine)
		}
	}
	return all
}

func money(apps []service.App) (all []model.Money) {
	for _, app := range apps {
		all = append(all, app.Model.Money...)
	}
	return all
}

// declared is the choreography as JSON, for operators' programs.
func declared(apps []service.App) []byte {
	text, err := choreography.Of(apps...).JSON()
	if err != nil {
		panic("platform: the choreography cannot be encoded: " + err.Error())
	}
	return []byte(text)
}

// Flags are the flags of all services and of the simulated world.
func Flags() []service.Declared {
	flags := []service.Declared{worldSpeed, worldAddr, worldMailAddr, webhooksTo, scansTo}
	for _, app := range Apps {
		flags = append(flags, app.Flags...)
	}
	return flags
}

// Options are the options of the demo and of tests beside the configuration.
type Options struct {
	Faults bool // gateway, carrier and floor fail now and then
	Log    *slog.Logger
}

// Platform is a running installation, or the part of it that was asked for.
type Platform struct {
	Running
	Config service.Config
	Host   *service.Host
	Sim    *world.World // nil if the outside is real

	lifecycle service.Lifecycle
	failed    chan error
}

// Start starts the configured services and returns once orders can be placed.
func Start(ctx context.Context, c service.Config, o Options) (*Platform, error) {
	apps, err := chosen(c.Services)
	if err != nil {
		return nil, err
	}
	p := &Platform{failed: make(chan error, 4), lifecycle: service.Lifecycle{Limit: c.StopTimeout}}
	if o.Log == nil {
		o.Log = service.NewLogger(os.Stderr, c.LogLevel, c.LogFormat)
	}
	if err := p.start(ctx, c, o, apps); err != nil {
		p.lifecycle.Stop()
		return nil, err
	}
	return p, nil
}

func chosen(names []string) ([]service.App, error) {
	if len(names) == 0 {
		return Apps, nil
	}
	apps := []service.App{}
	for _, name := range names {
		i := slices.IndexFunc(Apps, func(a service.App) bool { return a.Name == name })
		switch {
		case i >= 0:
			apps = append(apps, Apps[i])
		case name != World:
			var known []string
			for _, a := range Apps {
				known = append(known, a.Name)
			}
			return nil, service.Usage("services: there is no %q; there are %s and %s", name, strings.Join(known, ", "), World)
		}
	}
	return apps, nil
}

func (p *Platform) start(ctx context.Context, c service.Config, o Options, apps []service.App) error {
	for _, app := range apps {
		if err := app.CheckAdapters(foreseen(c)); err != nil {
			return err
		}
	}
	lock, err := embedded.Lock(c.DataDir)
	if err != nil {
		return service.Environment("%w", err)
	}
	p.lifecycle.AddCloser("data directory", lock.Close)
	if err := free(c); err != nil {
		return err
	}
	if err := p.startParts(ctx, &c, o); err != nil {
		return err
	}
	client, err := c.DialKafka("orderflow-topics", nil)
	if err != nil {
		return err
	}
	defer client.Close()
	if err := client.Ping(ctx); err != nil {
		return service.Environment("%w", err)
	}
	if _, err := client.CreateTopics(ctx, service.Topics(c.Partitions, 0, Apps...)); err != nil {
		return service.Environment("topics: %w", err)
	}
	if len(c.Services) == 0 || slices.Contains(c.Services, World) {
		if err := p.startWorld(ctx, &c, o); err != nil {
			return err
		}
	}
	if p.Host, err = service.NewHost(ctx, c, o.Log); err != nil {
		return err
	}
	p.lifecycle.AddCloser("services", p.Host.Stop)
	if p.Sim != nil {
		p.Host.Operators.Engine().Any(service.SimulatedWorld, p.Host.Auth.RequireOperator(), gin.WrapH(p.Sim.Handler()))
	}
	customers, operators, err := p.Host.Start(ctx, apps...)
	if err != nil {
		return err
	}
	if err := p.notify(ctx, c, apps, customers); err != nil {
		return err
	}
	p.Config = c
	p.Running = Running{PID: os.Getpid(), Kafka: c.Kafka, KafkaSecurity: c.KafkaSecurity, Postgres: c.Postgres,
		Partitions: c.Partitions, Settings: c.Own.Changed(Flags()...),
		OperatorsURL: "http://" + operators, WorldURL: p.WorldURL, MailURL: p.MailURL, TracesURL: c.OTLPEndpoint}
	if customers != "" {
		p.StorefrontURL = "http://" + customers
	}
	return p.announce(c.DataDir)
}

// SignInLink is a link that opens the console signed in as this operator, once, within two minutes.
func (r Running) SignInLink(c service.Config, as string, scope httpserver.Scope) (string, error) {
	key, err := c.InstalledKey()
	if err != nil {
		return "", service.Environment("%w", err)
	}
	return httpserver.SignInLink(key, cmp.Or(c.ConsoleURL, r.OperatorsURL), as, scope)
}

// free checks that the ports are free before anything slow is started.
func free(c service.Config) error {
	for flag, addr := range map[string]string{"--http-addr": c.HTTPAddr, "--ops-addr": c.OpsAddr} {
		probe := httpserver.New(httpserver.Options{Addr: addr, Flag: flag})
		if _, err := probe.Start(); err != nil {
			return service.Environment("%w", err)
		}
		if err := probe.Stop(context.Background()); err != nil {
			return service.Environment("%w", err)
		}
	}
	return nil
}

// startParts starts the broker and the database if none is given.
func (p *Platform) startParts(ctx context.Context, c *service.Config, o Options) error {
	if len(c.Kafka) == 0 {
		broker, err := embedded.StartKafka(ctx, embedded.KafkaConfig{Dir: filepath.Join(c.DataDir, "kafka"), Logger: o.Log})
		if err != nil {
			return service.Environment("%w", err)
		}
		p.lifecycle.AddCloser("embedded Kafka", broker.Close)
		c.Kafka = []string{broker.Addr()}
	}
	if c.Postgres == "" {
		config := embedded.PostgresConfig{Dir: filepath.Join(c.DataDir, "postgres"), Logger: o.Log}
		server, err := embedded.StartPostgres(ctx, config)
		if err != nil {
			return service.Environment("%w", err)
		}
		p.lifecycle.AddCloser("private Postgres", watchPostgres(config, server, p.failed).Close)
		c.Postgres = server.URL()
	}
	return nil
}

// Failed reports the failure of a part without which the platform cannot run.
func (p *Platform) Failed() <-chan error {
	all := make(chan error, 1)
	go func() {
		select {
		case err := <-p.failed:
			all <- err
		case err := <-p.Host.Failed():
			all <- err
		}
	}()
	return all
}

// Stop stops everything that was started, in reverse order.
func (p *Platform) Stop() error { return p.lifecycle.Stop() }
