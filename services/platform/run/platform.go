// Package run runs an installation in one process: the broker and the database if none is given, the simulated outside world,
// and the services. `orderflow up`, the demo and the tests across services start it. It decides nothing: the services do.
package run

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"orderflow.example/services/platform/check/choreography"
	"orderflow.example/services/platform/services"
	"orderflow.example/services/platform/world"
	tracker "orderflow.example/services/tracker/app"
	"orderflow.example/shared/database"
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

// World is the name of the simulated outside world in Config.Services.
const World = "world"

// Flags are the flags of all services and of the simulated world.
func Flags() []service.Declared {
	flags := []service.Declared{worldSpeed, worldAddr, worldMailAddr, webhooksTo}
	for _, app := range Apps {
		flags = append(flags, app.Flags...)
	}
	return flags
}

var (
	worldSpeed = service.Flag[float64]{Name: "world-speed", Usage: "how many times faster the simulated outside world runs",
		Default: 1,
		Want:    "more than 0, at most 100000", Valid: func(n float64) bool { return n > 0 && n <= 100_000 }}
	worldAddr = service.Flag[string]{Name: "world-addr", Default: "127.0.0.1:0",
		Usage: "address of the simulated outside world for services of this machine; no token",
		Want:  "host:port", Valid: func(s string) bool { _, _, err := net.SplitHostPort(s); return err == nil }}
)

// smtpURL is the setting that names the mail server, and its value for the simulated one.
const (
	smtpURL    = "smtp-url"
	ownMail    = "simulated"
	anyAddress = "127.0.0.1:0"
)

// WithMail lets customers be mailed: through the simulated mail server, unless another is configured.
func WithMail(c service.Config) service.Config {
	if c.Own[smtpURL] != nil && c.Own[smtpURL] != "" {
		return c
	}
	return c.With(service.Settings{smtpURL: ownMail})
}

var worldMailAddr = service.Flag[string]{Name: "world-mail-addr",
	Usage: "address of the simulated mail server for services elsewhere (default: with --smtp-url simulated, one of this machine)",
	Want:  "host:port", Valid: func(s string) bool { _, _, err := net.SplitHostPort(s); return s == "" || err == nil }}

// webhooksTo is where the simulated gateway sends its webhooks when the payment service runs elsewhere.
var webhooksTo = service.Flag[string]{Name: "world-webhooks",
	Usage: "URL that the simulated payment gateway sends its webhooks to (default: the payment service of this process)",
	Want:  "http://… or https://…", Valid: func(s string) bool {
		return s == "" || strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://")
	}}

// outside are the parties that are simulated if their address is not given.
var outside = []string{"gateway", "stripe", "carrier", "floor"}

// Outside are the settings with which services call the simulated world at this URL.
func Outside(world string) service.Settings {
	urls := service.Settings{}
	for _, party := range outside {
		urls[party+"-url"] = world + "/sim/" + party
	}
	return urls
}

// Simulated are the settings of an installation whose whole outside is simulated, speed times faster than real time.
func Simulated(speed float64) service.Settings {
	own := service.Settings{worldSpeed.Name: speed, worldAddr.Name: worldAddr.Default}
	for _, party := range outside {
		own[party+"-url"] = ""
	}
	return own
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
	p := &Platform{failed: make(chan error, 4)}
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
		Partitions:   c.Partitions,
		OperatorsURL: "http://" + operators, WorldURL: p.WorldURL}
	if customers != "" {
		p.StorefrontURL = "http://" + customers
	}
	return p.announce(c.DataDir)
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

// startWorld runs the simulated outside world on a listener of its own and points the adapters at it.
func (p *Platform) startWorld(ctx context.Context, c *service.Config, o Options) error {
	url, err := database.Provision(ctx, c.Postgres, World)
	if err != nil {
		return service.Environment("%w", err)
	}
	db, err := database.Open(ctx, database.Options{URL: url, AppName: "orderflow-world", Logger: o.Log})
	if err != nil {
		return service.Environment("%w", err)
	}
	p.lifecycle.AddCloser("world database", db.Close)
	p.Sim, err = world.Open(ctx, world.Options{DB: db, Speed: worldSpeed.Of(*c), Faults: o.Faults, Logger: o.Log})
	if err != nil {
		return service.Environment("%w", err)
	}
	if err := database.AllowReading(ctx, db, "public"); err != nil {
		return service.Environment("%w", err)
	}
	p.lifecycle.AddCloser("world", func() error { p.Sim.Close(); return nil })
	server := httpserver.New(httpserver.Options{Addr: cmp.Or(worldAddr.Of(*c), worldAddr.Default),
		Flag: "--world-addr", Name: "world",
		Logger: slog.New(slog.DiscardHandler), BodyLimit: 1 << 20, Uninspected: []string{service.SimulatedWorld}})
	server.Engine().Any(service.SimulatedWorld, gin.WrapH(p.Sim.Handler()))
	addr, err := server.Start()
	if err != nil {
		return service.Environment("%w", err)
	}
	p.lifecycle.Add("world listener", server.Stop)
	p.WorldURL = "http://" + addr
	*c = simulated(*c, p.WorldURL)
	return p.startMail(c)
}

// startMail lets the simulated mail server listen where it is wanted.
func (p *Platform) startMail(c *service.Config) error {
	at := worldMailAddr.Of(*c)
	if at == "" && c.Own[smtpURL] != ownMail {
		return nil
	}
	url, err := p.Sim.ListenMail(cmp.Or(at, anyAddress))
	if err != nil {
		return service.Environment("world-mail-addr: %w", err)
	}
	if c.Own[smtpURL] == ownMail {
		*c = c.With(service.Settings{smtpURL: url})
	}
	return nil
}

// foreseen are the settings as they will be once the simulated world runs, for checks before anything is started.
func foreseen(c service.Config) service.Config {
	if c.Own[smtpURL] == ownMail && (len(c.Services) == 0 || slices.Contains(c.Services, World)) {
		c = c.With(service.Settings{smtpURL: "smtp://localhost"})
	}
	return simulated(c, "http://localhost")
}

// simulated are the settings with the addresses in the simulated world of those parties that have no other.
func simulated(c service.Config, world string) service.Config {
	urls := Outside(world)
	maps.DeleteFunc(urls, func(name string, _ any) bool { return c.Own[name] != nil && c.Own[name] != "" })
	return c.With(urls)
}

// notify lets the simulated gateway send its webhooks to the service that hears from it, if that runs here or its address is
// given.
func (p *Platform) notify(ctx context.Context, c service.Config, apps []service.App, customers string) error {
	hears := func(a service.App) bool { return a.Webhooks != nil }
	i, to := slices.IndexFunc(Apps, hears), webhooksTo.Of(c)
	if p.Sim == nil || i < 0 {
		return nil
	}
	webhooks := Apps[i].Webhooks
	if to == "" && customers != "" && slices.ContainsFunc(apps, hears) {
		to = "http://" + customers + webhooks.Path
	}
	if to == "" {
		return nil
	}
	secret, err := c.SharedSecret(webhooks.Secret(c))
	if err != nil {
		return service.Environment("%w", err)
	}
	p.Sim.Notify(context.WithoutCancel(ctx), to, secret, service.WithStripe(c))
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
