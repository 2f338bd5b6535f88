package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
)

const produced = 2000

// produceAndWait acknowledges records one by one at the partition's end, so that the kill comes right after the last.
func produceAndWait(dir string) error {
	ctx := context.Background()
	k, err := StartKafka(ctx, KafkaConfig{Dir: dir})
	if err != nil {
		return err
	}
	client := kafkaClient(k.Addr())
	if err := createTopic(ctx, client, "order.events", 3); err != nil {
		return err
	}
	for i := 0; i < produced; i += 10 {
		if err := produce(ctx, client, "order.events", 1, i, 10); err != nil {
			return err
		}
	}
	fmt.Println(k.Addr())
	return nil
}

func kafkaClient(addr string) *kafka.Client {
	return &kafka.Client{Addr: kafka.TCP(addr), Timeout: 2 * time.Minute, Transport: &kafka.Transport{}}
}

func createTopic(ctx context.Context, c *kafka.Client, topic string, partitions int) error {
	res, err := c.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{
		{Topic: topic, NumPartitions: partitions, ReplicationFactor: 1}}})
	if err != nil {
		return err
	}
	return res.Errors[topic]
}

func produce(ctx context.Context, c *kafka.Client, topic string, partition, first, n int) error {
	var records []kafka.Record
	for i := first; i < first+n; i++ {
		records = append(records, kafka.Record{Key: kafka.NewBytes([]byte("k")), Value: kafka.NewBytes(fmt.Appendf(nil, "%d", i))})
	}
	res, err := c.Produce(ctx, &kafka.ProduceRequest{Topic: topic, Partition: partition, RequiredAcks: kafka.RequireAll,
		Records: kafka.NewRecordReader(records...)})
	return errors.Join(err, func() error {
		if res == nil {
			return nil
		}
		return res.Error
	}())
}

func fetch(t *testing.T, ctx context.Context, c *kafka.Client, topic string, partition int, offset int64) []string {
	t.Helper()
	res, err := c.Fetch(ctx, &kafka.FetchRequest{Topic: topic, Partition: partition, Offset: offset, MinBytes: 1,
		MaxBytes: 10 << 20, MaxWait: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if res.Error != nil {
		t.Fatal(res.Error)
	}
	var values []string
	for {
		r, err := res.Records.ReadRecord()
		if errors.Is(err, io.EOF) {
			return values
		}
		if err != nil {
			t.Fatal(err)
		}
		v, err := kafka.ReadAll(r.Value)
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, string(v))
	}
}

func TestKafkaKeepsEveryAcknowledgedRecordThroughKill9AndItsAddress(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	child, addr := startChild(t, "kafka", dir)
	if _, err := StartKafka(t.Context(), KafkaConfig{Dir: dir}); err == nil || !strings.Contains(err.Error(), "in use by process") {
		t.Fatalf("two brokers on one directory: %v", err)
	}
	kill9(child)

	ctx := patiently(t)
	for start := range 2 { // after the kill, and after an orderly end
		k, err := StartKafka(ctx, KafkaConfig{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		if k.Addr() != addr {
			t.Errorf("start %d: the address moved from %s to %s", start, addr, k.Addr())
		}
		values := fetch(t, ctx, kafkaClient(k.Addr()), "order.events", 1, 0)
		if len(values) != produced {
			t.Fatalf("start %d: %d of %d acknowledged records are left", start, len(values), produced)
		}
		for i, v := range values {
			if v != fmt.Sprint(i) {
				t.Fatalf("start %d: record %d reads %s", start, i, v)
			}
		}
		if err := k.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestKafkaCreatesNoTopicByItself(t *testing.T) {
	t.Parallel()
	k := startKafka(t, KafkaConfig{Dir: t.TempDir()})
	ctx := patiently(t)
	client := kafkaClient(k.Addr())
	_, _ = client.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{"typo.events"}})
	if err := produce(ctx, client, "typo.events", 0, 0, 1); err == nil {
		t.Fatal("a record for a topic that nobody created was acknowledged")
	}
	meta, err := client.Metadata(ctx, &kafka.MetadataRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if len(meta.Topics) != 0 {
		t.Fatalf("topics appeared: %v", meta.Topics)
	}
}

func TestKafkaKeepsOldRecordsWhenItAppliesRetention(t *testing.T) {
	t.Parallel()
	k := startKafka(t, KafkaConfig{Dir: t.TempDir()})
	ctx := patiently(t)
	client := kafkaClient(k.Addr())
	if err := createTopic(ctx, client, "order.events", 1); err != nil {
		t.Fatal(err)
	}
	old := kafka.Record{Time: time.Now().AddDate(-1, 0, 0), Value: kafka.NewBytes([]byte("a year old"))}
	if _, err := client.Produce(ctx, &kafka.ProduceRequest{Topic: "order.events", RequiredAcks: kafka.RequireAll,
		Records: kafka.NewRecordReader(old)}); err != nil {
		t.Fatal(err)
	}
	k.cluster.ApplyRetention()
	if got := fetch(t, ctx, client, "order.events", 0, 0); len(got) != 1 {
		t.Fatalf("retention left %d records of 1", len(got))
	}
}

func TestKafkaMovesToAnotherPortWhenItsOwnIsTaken(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	k := startKafka(t, KafkaConfig{Dir: dir})
	first := k.Addr()
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	squatter, err := net.Listen("tcp", first)
	if err != nil {
		t.Fatal(err)
	}
	defer squatter.Close()
	moved := startKafka(t, KafkaConfig{Dir: dir})
	if moved.Addr() == first {
		t.Fatal("two listeners on one address")
	}
	if _, err := StartKafka(t.Context(), KafkaConfig{Dir: t.TempDir(), Addr: first}); err == nil {
		t.Fatal("a fixed port that is taken was accepted")
	}
	if _, err := StartKafka(t.Context(), KafkaConfig{Dir: t.TempDir(), Addr: "0.0.0.0:0"}); err == nil {
		t.Fatal("a broker without access control listens beyond loopback")
	}
}

func startKafka(t *testing.T, cfg KafkaConfig) *Kafka {
	t.Helper()
	k, err := StartKafka(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	})
	return k
}
