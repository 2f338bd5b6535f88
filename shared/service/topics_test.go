package service

import (
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"

	"orderflow.example/shared/kafka"
)

var payment = App{Name: "payment", Topics: []string{"payment.events"}}

func TestAServiceStartsOnTopicsAsTheOperatorMadeThem(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*kafka.TopicSpec){
		"as `topics create --replication-factor 3` makes them": func(*kafka.TopicSpec) {},
		"with the replicas that the broker chooses":            func(s *kafka.TopicSpec) { s.ReplicationFactor = 0 },
		"with other retention": func(s *kafka.TopicSpec) {
			s.Config = map[string]string{"cleanup.policy": "delete", "retention.ms": "-1"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := brokers(t, 3)
			specs := Topics(4, 3, payment)
			for i := range specs {
				change(&specs[i])
			}
			if _, err := c.CreateTopics(t.Context(), specs); err != nil {
				t.Fatal(err)
			}
			if err := checkTopics(t.Context(), c, Topics(4, 0, payment)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAServiceDoesNotStartOnTopicsThatWouldLoseOrder(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*kafka.TopicSpec){
		"payment.events: has 3 partitions, not 4": func(s *kafka.TopicSpec) { s.Partitions = 3 },
		"payment.events: is missing":              func(s *kafka.TopicSpec) { s.Name = "other" },

		`payment.events: cleanup.policy is "compact", not "delete"`: func(s *kafka.TopicSpec) {
			s.Config["cleanup.policy"] = "compact"
		},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			c := brokers(t, 1)
			specs := Topics(4, 1, payment)
			for i := range specs {
				if specs[i].Name == "payment.events" {
					change(&specs[i])
				}
			}
			if _, err := c.CreateTopics(t.Context(), specs); err != nil {
				t.Fatal(err)
			}
			if err := checkTopics(t.Context(), c, Topics(4, 0, payment)); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestOnlyWhatStateIsRebuiltFromAndTheAuditAreKeptForEver(t *testing.T) {
	t.Parallel()
	for _, s := range Topics(4, 1, payment) {
		if got, want := s.Config["retention.ms"] == "-1", strings.HasSuffix(s.Name, ".events") || s.Name == AuditTopic; got != want {
			t.Errorf("%s is kept for ever: %v", s.Name, got)
		}
	}
}

func brokers(t *testing.T, n int) *kafka.Client {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(n))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	c := kafka.Dial(kafka.Config{Brokers: cluster.ListenAddrs()})
	t.Cleanup(c.Close)
	return c
}
