package service_test

import (
	"slices"
	"testing"

	"orderflow.example/shared/kafka"
	"orderflow.example/shared/service"
)

func TestAServiceWithoutMachinesWritesNoTopicOfEvents(t *testing.T) {
	t.Parallel()
	var writes []string
	for _, g := range service.Grants(service.App{Name: "watcher", Topics: []string{"b.events", "a.events"}}) {
		if g.User != "orderflow_watcher" {
			t.Errorf("a grant for %s", g.User)
		}
		if g.Operation == kafka.Write {
			writes = append(writes, g.Name)
		}
	}
	if !slices.Equal(writes, []string{"orderflow.audit", "orderflow.control"}) {
		t.Errorf("it writes %v", writes)
	}
}
