package service

import (
	"io/fs"
	"log/slog"

	"gorm.io/gorm"

	"orderflow.example/shared/engine"
	"orderflow.example/shared/httpserver"
)

// App is one service, ready to be run alone or beside others.
type App struct {
	Name       string                               // "payment"
	Bindings   []engine.Binding                     // its machines and where their states are kept
	Migrations fs.FS                                // goose files for its tables; the engine's own tables are not among them
	Answerers  func(c Config) []engine.Answerer     // its adapters to the outside, nil if it asks nothing
	Needs      []string                             // flags without which its adapters cannot work: "gateway-url"
	Storefront func(s *httpserver.Server, p *Parts) // its routes on the customers' listener, nil if none
	Operators  func(s *httpserver.Server, p *Parts) // its routes on the operators' listener, nil if none
}

// Topic is the one the service writes.
func (a App) Topic() string { return a.Name + ".events" }

// Parts is what a running service's routes work with.
type Parts struct {
	Config Config
	Auth   *httpserver.Auth
	Log    *slog.Logger
	DB     *gorm.DB       // the service's own database
	Engine *engine.Engine // takes commands
}
