package kafka

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/twmb/franz-go/pkg/kfake"
)

func TestPingSaysInOneLineThatNothingAnswers(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := listener.Addr().String()
	listener.Close()
	c := client(t, Config{Brokers: []string{addr}})
	err = c.Ping(t.Context())
	if err == nil || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), addr) || !IsTransient(err) {
		t.Fatalf("%v", err)
	}
	if _, err := c.Fetch(t.Context(), []Position{{Topic: "t"}}, time.Second); !IsTransient(err) || IsUnknownTopic(err) {
		t.Fatalf("fetching from nowhere must not look like a missing topic: %v", err)
	}
}

func TestPingAnswers(t *testing.T) {
	t.Parallel()
	if err := client(t, Config{}).Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestPasswordsOverTLSAreHonoured(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(nil) // for its certificate
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	cluster := fakeCluster(t, kfake.EnableSASL(), kfake.Superuser("PLAIN", "orders", "right"),
		kfake.TLS(&tls.Config{Certificates: server.TLS.Certificates}))
	config := Config{Brokers: cluster.ListenAddrs(), TLS: &tls.Config{RootCAs: roots},
		SASL: plain.Mechanism{Username: "orders", Password: "right"}}
	c := client(t, config)
	topic := newTopic(t, c, 1)
	publish(t, c.NewProducer(), Batch{topic, 0, events(1, 2)})
	read(t, c, topic, 0, 2)

	config.SASL = plain.Mechanism{Username: "orders", Password: "wrong"}
	impostor := client(t, config)
	if err := impostor.Ping(t.Context()); err == nil || !strings.Contains(err.Error(), "credentials") {
		t.Fatalf("a wrong password gives %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond) // this broker hangs up instead of saying why
	defer cancel()
	if ack := impostor.NewProducer().Publish(ctx, []Batch{{topic, 0, events(3, 1)}})[0]; ack.Err == nil {
		t.Fatal("published with a wrong password")
	}
	read(t, c, topic, 0, 2)
}

func TestAClosedClientRefusesInsteadOfHanging(t *testing.T) {
	t.Parallel()
	c := client(t, Config{})
	topic := newTopic(t, c, 1)
	c.Close()
	if _, err := c.Fetch(t.Context(), []Position{{Topic: topic}}, time.Second); err == nil {
		t.Error("a closed client fetched")
	}
	if ack := c.NewProducer().Publish(t.Context(), []Batch{{topic, 0, events(1, 1)}})[0]; ack.Err == nil {
		t.Error("a closed client published")
	}
}

func TestExistingTopicsAreLeftAloneAndDifferencesTold(t *testing.T) {
	t.Parallel()
	c := client(t, Config{})
	name := newTopic(t, c, 3)
	missing := name + ".missing"
	created, err := c.CreateTopics(t.Context(), []TopicSpec{{Name: name, Partitions: 5, ReplicationFactor: 1}})
	if err != nil || len(created) != 0 {
		t.Fatalf("created %v, %v", created, err)
	}
	right := TopicSpec{Name: name, Partitions: 3, ReplicationFactor: 1, Config: map[string]string{"cleanup.policy": "delete"}}
	if differences, err := c.CheckTopics(t.Context(), []TopicSpec{right}); err != nil || len(differences) != 0 {
		t.Fatalf("%v, %v", differences, err)
	}
	differences, err := c.CheckTopics(t.Context(), []TopicSpec{
		{Name: name, Partitions: 4, ReplicationFactor: 1, Config: map[string]string{"cleanup.policy": "compact"}},
		{Name: missing, Partitions: 1},
	})
	want := []string{
		name + `: cleanup.policy is "delete", not "compact"`,
		name + ": has 3 partitions, not 4",
		missing + ": is missing",
	}
	slices.Sort(want)
	if err != nil || !slices.Equal(differences, want) {
		t.Fatalf("%q, %v", differences, err)
	}
}

func TestTopicsAreCreatedWithTheirSettings(t *testing.T) {
	t.Parallel()
	c := client(t, Config{})
	spec := TopicSpec{Name: newTopic(t, c, 1), Partitions: 2,
		Config: map[string]string{"retention.ms": "604800000", "cleanup.policy": "delete"}}
	if err := c.DeleteTopics(t.Context(), spec.Name); err != nil {
		t.Fatal(err)
	}
	if created, err := c.CreateTopics(t.Context(), []TopicSpec{spec}); err != nil || !slices.Equal(created, []string{spec.Name}) {
		t.Fatalf("created %v, %v", created, err)
	}
	if differences, err := c.CheckTopics(t.Context(), []TopicSpec{spec}); err != nil || len(differences) != 0 {
		t.Fatalf("%v, %v", differences, err)
	}
}

func TestOffsetsAreThoseOfTheLog(t *testing.T) {
	t.Parallel()
	c := client(t, Config{})
	topic := newTopic(t, c, 3)
	publish(t, c.NewProducer(), Batch{Topic: topic, Partition: 1, Records: events(1, 7)})
	first, next, err := c.Offsets(t.Context(), topic, []int{0, 1, 2})
	if err != nil || first[0] != 0 || first[1] != 0 || next[0] != 0 || next[1] != 7 || next[2] != 0 || len(next) != 3 {
		t.Fatalf("%v %v %v", first, next, err)
	}
	if _, _, err := c.Offsets(t.Context(), topic, []int{3}); !IsUnknownTopic(err) {
		t.Fatalf("%v", err)
	}
}

func TestReportedPositionsAreWhatLagToolsRead(t *testing.T) {
	t.Parallel()
	c := client(t, Config{})
	topic := newTopic(t, c, 2)
	group := "group." + topic
	report := func() error {
		return c.ReportPositions(t.Context(), group, []Position{{topic, 0, 3}, {topic, 1, 5}})
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	err := report() // a new cluster has no coordinator for some seconds
	for IsTransient(err) && pause(ctx, 100*time.Millisecond) == nil {
		err = report()
	}
	if err != nil {
		t.Fatal(err)
	}
	response, err := c.admin.OffsetFetch(ctx, &kafkago.OffsetFetchRequest{GroupID: group, Topics: map[string][]int{topic: {0, 1}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range response.Topics[topic] {
		if want := []int64{3, 5}[p.Partition]; p.CommittedOffset != want {
			t.Errorf("partition %d: %d, want %d", p.Partition, p.CommittedOffset, want)
		}
	}
}
