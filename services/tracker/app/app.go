// Package app wires the tracker for the platform, and for its own command there.
package app

import (
	"context"
	"slices"

	"orderflow.example/services/tracker/internal/api"
	"orderflow.example/services/tracker/internal/watch"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/model"
	"orderflow.example/shared/service"
)

// lookupBytes is how much of a partition is read for a single record.
const lookupBytes = 64 << 10

// New returns the tracker of these machines, all machines of all services, and of the money they move. choreography is their
// declaration as JSON, for operators.
func New(machines []*saga.Machine, money []model.Money, choreography []byte) service.App {
	var topics, services []string
	for _, m := range machines {
		if !slices.Contains(services, m.Service) {
			services = append(services, m.Service)
		}
		for _, name := range m.Says() {
			if topic := saga.Topic(name); !slices.Contains(topics, topic) {
				topics = append(topics, topic)
			}
		}
	}
	return service.App{
		Name:   "tracker",
		Topics: topics,
		Watch: func(operators *openapi.Routes, p *service.Parts) service.Begin {
			config, err := p.Config.KafkaConfig("orderflow-tracker")
			config.PartitionBytes = lookupBytes
			lookup := kafka.Dial(config)
			w := watch.New(watch.Config{Kafka: p.Kafka, Lookup: lookup, Machines: machines, Money: money, Topics: topics,
				Partitions: p.Config.Partitions, Log: p.Log, Registerer: p.Registry, Traces: p.Traces})
			api.Register(operators, w, services, choreography)
			return func(context.Context) (func(context.Context) error, error) {
				if err != nil {
					return nil, err
				}
				w.Start()
				return func(ctx context.Context) error {
					defer lookup.Close()
					return w.Stop(ctx)
				}, nil
			}
		},
	}
}
