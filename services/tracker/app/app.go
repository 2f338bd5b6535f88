// Package app puts the tracker together for those who run it: the platform, and its own command there.
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

// lookupBytes is how much of a partition is read for the sake of a single record.
const lookupBytes = 64 << 10

// New is the tracker of what these machines, all machines of all services, do, and of the money they move. choreography is
// what they declare, as JSON, for operators.
func New(machines []*saga.Machine, money []model.Money, choreography []byte) service.App {
	var topics []string
	for _, m := range machines {
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
			lookup := kafka.Dial(kafka.Config{Brokers: p.Config.Kafka, ClientID: "orderflow-tracker", PartitionBytes: lookupBytes})
			w := watch.New(watch.Config{Kafka: p.Kafka, Lookup: lookup, Machines: machines, Money: money, Topics: topics,
				Partitions: p.Config.Partitions, Log: p.Log, Registerer: p.Registry})
			api.Register(operators, w, choreography, p.Log)
			return func(context.Context) (stop func(context.Context) error, err error) {
				w.Start()
				return func(ctx context.Context) error {
					defer lookup.Close()
					return w.Stop(ctx)
				}, nil
			}
		},
	}
}
