package run

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"net"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"orderflow.example/services/platform/world"
	"orderflow.example/shared/database"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/service"
)

// World is the name of the simulated outside world in Config.Services.
const World = "world"

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

// scansTo is where the simulated carriers send their webhooks when the shipping service runs elsewhere.
var scansTo = service.Flag[string]{Name: "world-carrier-webhooks",
	Usage: "URL that the simulated carriers send their webhooks to (default: the shipping service of this process)",
	Want:  webhooksTo.Want, Valid: webhooksTo.Valid}

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
	p.MailURL = url
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

// notify lets the simulated gateway and carriers send their webhooks to the services that hear from them, if those run here or
// their addresses are given.
func (p *Platform) notify(ctx context.Context, c service.Config, apps []service.App, customers string) error {
	if p.Sim == nil {
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	for _, a := range Apps {
		if a.Webhooks == nil {
			continue
		}
		to := map[string]string{service.OfGateway: webhooksTo.Of(c), service.OfCarriers: scansTo.Of(c)}[a.Webhooks.Of]
		here := slices.ContainsFunc(apps, func(b service.App) bool { return b.Name == a.Name })
		if to == "" && customers != "" && here {
			to = "http://" + customers + a.Webhooks.Path
		}
		if to == "" {
			continue
		}
		secret, err := c.SharedSecret(a.Webhooks.Secret(c))
		if err != nil {
			return service.Environment("%w", err)
		}
		if a.Webhooks.Of == service.OfCarriers {
			p.Sim.NotifyOfParcels(ctx, to, secret)
		} else {
			p.Sim.Notify(ctx, to, secret, service.WithStripe(c))
		}
	}
	return nil
}
