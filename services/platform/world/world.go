package world

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"orderflow.example/services/platform/world/answer"
	"orderflow.example/services/platform/world/carrier"
	"orderflow.example/services/platform/world/chance"
	"orderflow.example/services/platform/world/floor"
	"orderflow.example/services/platform/world/gateway"
	"orderflow.example/services/platform/world/mail"
	"orderflow.example/services/platform/world/stripe"
	"orderflow.example/shared/database"
)

// Options configure a world.
type Options struct {
	// DB is the world's own database. The world does not close it.
	DB *database.DB
	// Speed is the factor by which all its times are shortened; 0 means 1.
	Speed float64
	// Faults injects faults into every part.
	Faults bool
	// Seed varies durations and faults.
	Seed uint64
	// Logger logs changes that could not be written. Nil is silent.
	Logger *slog.Logger
	// Now is the clock; nil is the machine's.
	Now func() time.Time
}

// World is an open world.
type World struct {
	handler http.Handler
	gateway *gateway.Gateway
	carrier *carrier.Carrier
	mail    *mail.Server
	faults  bool
	close   []func()
}

//go:embed migrations/*.sql
var files embed.FS

// Migrations create the world's tables; Open applies them.
var Migrations, _ = fs.Sub(files, "migrations")

// Open takes over the world in this database from any earlier process. An earlier one that still runs can no longer
// write.
func Open(ctx context.Context, o Options) (*World, error) {
	if o.Speed == 0 {
		o.Speed = 1
	}
	if o.Speed < 0 {
		return nil, errors.New("world: the speed is negative: want a positive factor, such as 20")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if _, err := database.Migrate(ctx, o.DB, Migrations, "world_migrations"); err != nil {
		return nil, err
	}
	luck := chance.Chance{Seed: o.Seed, Speed: o.Speed}
	w := &World{faults: o.Faults}
	all, witness := http.NewServeMux(), http.NewServeMux()
	mount := func(part string, routes func(*http.ServeMux), end func()) {
		w.close = append(w.close, end)
		mux := http.NewServeMux()
		routes(mux)
		var handler http.Handler = mux
		if o.Faults {
			handler = answer.Faults(luck, mux)
		}
		all.Handle("/sim/"+part+"/v1/", http.StripPrefix("/sim/"+part, handler))
	}
	g, err := gateway.Open(ctx, o.DB, luck, o.Now, o.Logger)
	if err != nil {
		return nil, err
	}
	w.gateway = g
	mount("gateway", g.Routes, g.Close)
	mount("stripe", stripe.Routes(g), func() {})
	g.Witness(witness)
	all.Handle("/sim/gateway/", http.StripPrefix("/sim/gateway", witness))
	c, err := carrier.Open(ctx, o.DB, luck, o.Now, o.Logger)
	if err != nil {
		w.Close()
		return nil, err
	}
	w.carrier = c
	mount("carrier", c.Routes, c.Close)
	f, err := floor.Open(ctx, o.DB, luck, o.Faults, o.Now, o.Logger)
	if err != nil {
		w.Close()
		return nil, err
	}
	mount("floor", f.Routes, f.Close)
	w.mail = mail.New(o.DB, luck, o.Faults, o.Now, o.Logger)
	w.close = append(w.close, w.mail.Close)
	kept := http.NewServeMux()
	w.mail.Routes(kept)
	all.Handle("/sim/mail/", http.StripPrefix("/sim/mail", kept))
	w.handler = all
	return w, nil
}

// Handler serves all paths that begin with /sim/. It needs HTTP/1.1 to drop connections.
func (w *World) Handler() http.Handler { return w.handler }

// ListenMail lets the mail server take messages at the address, host:port, and returns its URL.
func (w *World) ListenMail(addr string) (url string, err error) { return w.mail.Listen(addr) }

// Notify lets the gateway send webhooks, signed with the secret, to the URL: its own, or Stripe's. Call it once.
func (w *World) Notify(ctx context.Context, url string, secret []byte, asStripe bool) {
	form := gateway.Own
	if asStripe {
		form = stripe.Events
	}
	w.gateway.Notify(ctx, url, secret, w.faults, form)
}

// NotifyOfParcels lets the carriers send webhooks, signed with the secret, to the URL. Call it once.
func (w *World) NotifyOfParcels(ctx context.Context, url string, secret []byte) {
	w.carrier.Notify(ctx, url, secret, w.faults)
}

// Close ends the world. Requests under way are answered 503.
func (w *World) Close() {
	for _, end := range w.close {
		end()
	}
	w.close = nil
}
