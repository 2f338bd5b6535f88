package service

import (
	"slices"

	"orderflow.example/shared/engine"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
)

// User is the service's user name, for Kafka and for Postgres.
func (a App) User() string { return "orderflow_" + a.Name }

// Grants are the rights that the services need in Kafka, by their declared choreographies: each writes its own topic, reads
// that and the topics it consumes, sends requests and reports to the engines, keeps what operators
// do on the audit's topic, and reports its positions as the consumer group
// of its name. A user with these grants can neither create nor change topics.
func Grants(apps ...App) (grants []kafka.Grant) {
	for _, a := range apps {
		may := func(resource kafka.Resource, name string, operations ...kafka.Operation) {
			for _, o := range operations {
				grants = append(grants, kafka.Grant{User: a.User(), Resource: resource, Name: name, Operation: o})
			}
		}
		for _, topic := range a.reads() {
			may(kafka.Topic, topic, kafka.Read, kafka.DescribeConfigs)
		}
		may(kafka.Topic, engine.ControlTopic, kafka.Read, kafka.Write, kafka.DescribeConfigs)
		may(kafka.Topic, AuditTopic, kafka.Write, kafka.DescribeConfigs)
		if len(a.Bindings) > 0 {
			may(kafka.Topic, a.Topic(), kafka.Write)
			may(kafka.Topic, engine.ReportsTopic, kafka.Write, kafka.DescribeConfigs)
			may(kafka.Group, a.Name, kafka.Read)
		} else {
			may(kafka.Topic, engine.ReportsTopic, kafka.Read, kafka.DescribeConfigs)
			may(kafka.Topic, AuditTopic, kafka.Read)
		}
	}
	slices.SortFunc(grants, kafka.CompareGrants)
	return grants
}

// Scaler is the user of what scales the services by their lag, as KEDA does. It is given ScalerGrants.
const Scaler = "orderflow_scaler"

// ScalerGrants are its rights: to see how far the topics that the services consume go, and how far the services are. It can read
// and write nothing.
func ScalerGrants(apps ...App) (grants []kafka.Grant) {
	add := func(resource kafka.Resource, name string) {
		grants = append(grants, kafka.Grant{User: Scaler, Resource: resource, Name: name, Operation: kafka.Describe})
	}
	for _, a := range apps {
		if !a.Hears() {
			continue
		}
		add(kafka.Group, a.Name)
		for _, topic := range a.reads() {
			add(kafka.Topic, topic)
		}
	}
	slices.SortFunc(grants, kafka.CompareGrants)
	return slices.Compact(grants)
}

// Hears tells whether the service consumes events of others, and so can lag behind.
func (a App) Hears() bool {
	return len(a.Bindings) > 0 && slices.ContainsFunc(a.reads(), func(topic string) bool { return topic != a.Topic() })
}

// reads are the topics of events that the service reads, its own among them, in order.
func (a App) reads() []string {
	topics := slices.Clone(a.Topics)
	if len(a.Bindings) > 0 {
		topics = append(topics, a.Topic())
	}
	for _, b := range a.Bindings {
		for _, name := range b.Machine.Hears() {
			topics = append(topics, saga.Topic(name))
		}
	}
	slices.Sort(topics)
	return slices.Compact(topics)
}
