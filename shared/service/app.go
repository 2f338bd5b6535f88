package service

import (
	"context"
	"io/fs"
	"log/slog"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"gorm.io/gorm"

	"orderflow.example/shared/engine"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga/model"
	"orderflow.example/shared/tracing"
)

// App is one service, ready to be run alone or beside others. A service without machines decides nothing: it has no
// database, no engine and no topic of its own, and only watches.
type App struct {
	Name       string                            // "payment"
	Model      model.Service                     // for tools that look at all services
	Bindings   []engine.Binding                  // its machines and where their states are kept
	Configured func(c Config) []engine.Binding   // the same, where decisions depend on the configuration; the rows may not
	Migrations fs.FS                             // goose files for its tables; the engine's own tables are not among them
	Answerers  Answerers                         // its adapters to the outside, nil if it asks nothing
	Recording  Recording                         // the same, of adapters that keep in the service's database what they did
	Flags      []Declared                        // the settings it reads beside those of Config
	Storefront func(api huma.API, p *Parts)      // its operations on the customers' listener, nil if none
	Operators  func(r *openapi.Routes, p *Parts) // its routes on the operators' listener, nil if none

	Pages func(customers *gin.Engine, p *Parts) error // its pages on the customers' listener, nil if none

	Webhooks *Webhooks // what an outside party tells it unasked, nil if nothing

	// Shadow reads rules that are not in force, to tell what they would have decided about recorded events; nil if there are none.
	Shadow func(text string) (Shadow, error)

	// Watch prepares background work beside the machines and adds its routes to the operators' listener; nil if there is
	// none.
	Watch  func(operators *openapi.Routes, p *Parts) Begin
	Topics []string // the topics that Watch reads
}

// Webhooks are where an outside party sends its webhooks, on the customers' listener, and what it signs them with.
type Webhooks struct {
	Of     string // OfGateway or OfCarriers
	Path   string
	Secret func(c Config) Flag[string] // a SecretFile
}

// Who sends webhooks.
const (
	OfGateway  = "gateway"
	OfCarriers = "carrier"
)

// Answerers makes the adapters of a service. An error is one line that says which setting is wrong.
type Answerers func(c Config) ([]engine.Answerer, error)

// Recording makes adapters as Answerers does. The database is nil where settings are only checked.
type Recording func(c Config, db *gorm.DB) ([]engine.Answerer, error)

// adapters are those of both kinds.
func (a App) adapters(c Config, db *gorm.DB) (all []engine.Answerer, err error) {
	if a.Answerers != nil {
		if all, err = a.Answerers(c); err != nil {
			return nil, err
		}
	}
	if a.Recording == nil {
		return all, nil
	}
	more, err := a.Recording(c, db)
	return append(all, more...), err
}

// CheckAdapters finds settings with which the adapters to the outside cannot be made, before anything is started.
func (a App) CheckAdapters(c Config) error {
	_, err := a.adapters(c, nil)
	return err
}

// Begin starts the prepared work, which runs until stop. It is called before the listeners open.
type Begin func(ctx context.Context) (stop func(context.Context) error, err error)

// Topic is the topic the service writes, if it has machines.
func (a App) Topic() string { return a.Name + ".events" }

// Parts are what a running service's routes work with.
type Parts struct {
	Config Config
	Auth   *httpserver.Auth
	Log    *slog.Logger
	DB     *gorm.DB       // the service's own database; nil without machines
	Engine *engine.Engine // takes commands; nil without machines

	Kafka    *kafka.Client
	Registry prometheus.Registerer
	Traces   *tracing.Service // nil unless traces are recorded
	Running  context.Context  // for work that outlives a request: it ends before the database is closed
}
