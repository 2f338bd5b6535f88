package service

import (
	"context"
	"maps"
	"slices"
	"strings"

	"orderflow.example/shared/engine"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
)

// Topics are the topics that the services write and read, the engines' own two, and the audit's. The services' topics have the
// same number of partitions, so that one order's events are in the same partition of each. Nothing is deleted from them by age
// or size: state is rebuilt from the topics. Progress reports of the engines are kept for an hour, requests to the engines for
// a week. Replicas of 0 leave their number to the broker.
func Topics(partitions, replicas int, apps ...App) []kafka.TopicSpec {
	config := map[string]string{"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}
	if replicas >= 3 {
		config["min.insync.replicas"] = "2"
	}
	week, hour := maps.Clone(config), maps.Clone(config)
	week["retention.ms"], hour["retention.ms"] = "604800000", "3600000"
	delete(week, "retention.bytes")
	delete(hour, "retention.bytes")
	specs := []kafka.TopicSpec{
		{Name: engine.ControlTopic, Partitions: 1, ReplicationFactor: replicas, Config: week},
		{Name: AuditTopic, Partitions: 1, ReplicationFactor: replicas, Config: config},
		{Name: engine.ReportsTopic, Partitions: 1, ReplicationFactor: replicas, Config: hour},
	}
	seen := map[string]bool{}
	add := func(name string) {
		if !seen[name] {
			seen[name] = true
			specs = append(specs, kafka.TopicSpec{Name: name, Partitions: partitions, ReplicationFactor: replicas, Config: config})
		}
	}
	for _, a := range apps {
		if len(a.Bindings) > 0 {
			add(a.Topic())
		}
		for _, topic := range a.Topics {
			add(topic)
		}
		for _, b := range a.Bindings {
			for _, name := range b.Machine.Hears() {
				add(saga.Topic(name))
			}
		}
	}
	slices.SortFunc(specs, func(a, b kafka.TopicSpec) int { return strings.Compare(a.Name, b.Name) })
	return specs
}

// checkTopics fails when a topic is missing, or is configured so that events would be lost or come out of order. All
// else, such as the number of replicas, is the operator's choice; `orderflow topics check` compares all of it.
func checkTopics(ctx context.Context, k *kafka.Client, specs []kafka.TopicSpec) error {
	needed := make([]kafka.TopicSpec, len(specs))
	for i, s := range specs {
		needed[i] = kafka.TopicSpec{Name: s.Name, Partitions: s.Partitions,
			Config: map[string]string{"cleanup.policy": s.Config["cleanup.policy"]}}
	}
	differences, err := k.CheckTopics(ctx, needed)
	if err != nil {
		return Environment("topics: %w", err)
	}
	if len(differences) > 0 {
		return Environment("topics: %s; run `orderflow topics create`, or set --partitions to what the topics have, "+
			"or grant access to them: `orderflow topics acls`", strings.Join(differences, "; "))
	}
	return nil
}
