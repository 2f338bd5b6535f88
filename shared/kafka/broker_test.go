package kafka

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"orderflow.example/shared/embedded/embeddedtest"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }

// fakeCluster is for tests that one durable broker cannot serve: several leaders, counted requests, passwords.
func fakeCluster(t testing.TB, opts ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	cluster, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	return cluster
}

func client(t testing.TB, config Config) *Client {
	t.Helper()
	if config.Brokers == nil {
		config.Brokers = []string{embeddedtest.Kafka(t)} // or the broker that ORDERFLOW_TEST_KAFKA names
	}
	config.ClientID = "test"
	c := Dial(config)
	t.Cleanup(c.Close)
	return c
}

// newTopic creates a topic that is deleted after the test.
func newTopic(t testing.TB, c *Client, partitions int) string {
	t.Helper()
	name := "test." + strings.ToLower(rand.Text())
	if _, err := c.CreateTopics(t.Context(), []TopicSpec{{Name: name, Partitions: partitions, ReplicationFactor: 1}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		cleaner := Dial(Config{Brokers: c.config.Brokers})
		defer cleaner.Close()
		_ = cleaner.DeleteTopics(ctx, name)
	})
	return name
}

// event is a realistic record; equal numbers give equal records.
func event(sequence int64) Record {
	order := fmt.Sprintf("019583a0-7c11-7d2e-9f00-%012d", sequence)
	return Record{
		Key:         order,
		ID:          fmt.Sprintf("019583a0-7c12-7aaa-8000-%012d", sequence),
		Type:        "payment.authorized.v1",
		Source:      "/payment",
		Subject:     order,
		Correlation: order,
		Causation:   fmt.Sprintf("019583a0-7c10-7bbb-8000-%012d", sequence),
		Via:         "answer/3",
		TraceParent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		DataSchema:  "/schemas/payment.authorized.v1.json",
		Time:        time.Date(2026, 3, 1, 10, 0, 0, 123456000, time.UTC).Add(time.Duration(sequence) * time.Millisecond),
		Sequence:    sequence,
		Data: []byte(`{"order_id":"` + order + `","amount":{"amount":1530,"currency":"GBP"},"gateway":"sim","authorization":"auth_` +
			order + `","lines":[{"sku":"85123A","quantity":6,"price":255},{"sku":"71053","quantity":6,"price":339}]}`),
	}
}

func events(first, count int64) []Record {
	records := make([]Record, count)
	for i := range records {
		records[i] = event(first + int64(i))
	}
	return records
}

func publish(t testing.TB, p *Producer, batches ...Batch) []Ack {
	t.Helper()
	acks := p.Publish(t.Context(), batches)
	for _, ack := range acks {
		if ack.Err != nil {
			t.Fatal(ack.Err)
		}
	}
	return acks
}

// read fetches want records of one partition from offset 0 on and fails when more are there.
func read(t testing.TB, c *Client, topic string, partition, want int) []Record {
	t.Helper()
	var records []Record
	position := Position{Topic: topic, Partition: partition}
	for {
		fetched, err := c.Fetch(t.Context(), []Position{position}, 5*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range fetched {
			if f.Err != nil {
				t.Fatal(f.Err)
			}
			records = append(records, f.Records...)
			position.Offset = f.Next
			if f.Next >= f.HighWatermark && len(records) >= want || len(records) > want {
				if len(records) != want {
					t.Fatalf("%d records in %s/%d, want %d", len(records), topic, partition, want)
				}
				return records
			}
		}
	}
}

// network is a dialer whose connections can be made to fail.
type network struct {
	refuse    atomic.Bool  // no new connections, and the old ones break
	swallow   atomic.Int32 // answers to requests of at least largeRequest bytes that get lost, with the connection
	swallowed atomic.Int32
}

const largeRequest = 400

func (n *network) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if n.refuse.Load() {
		return nil, &net.OpError{Op: "dial", Net: network, Err: errors.New("refused by the test")}
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &lossyConn{Conn: conn, network: n}, nil
}

type lossyConn struct {
	net.Conn
	network *network
	doomed  atomic.Bool
}

func (c *lossyConn) Write(b []byte) (int, error) {
	if c.network.refuse.Load() {
		c.Conn.Close()
	}
	if len(b) >= largeRequest && c.network.swallow.Load() > 0 {
		c.network.swallow.Add(-1)
		c.doomed.Store(true)
	}
	return c.Conn.Write(b)
}

// Read lets the broker answer, so that the request has certainly been executed, and then breaks the connection.
func (c *lossyConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if c.doomed.Load() {
		c.network.swallowed.Add(1)
		c.Conn.Close()
		return 0, net.ErrClosed
	}
	return n, err
}
