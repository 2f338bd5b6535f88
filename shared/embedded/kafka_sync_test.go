package embedded

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
)

// disk records how much of each file has been synced.
type disk struct {
	mu     sync.Mutex
	synced map[string]int64
	fault  error
	blocks func(name string) <-chan struct{}
}

func (d *disk) flush(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if d.blocks != nil {
		if until := d.blocks(f.Name()); until != nil {
			<-until
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fault != nil {
		return d.fault
	}
	d.synced[f.Name()] = info.Size()
	return nil
}

// holds fails the test unless all files of a partition are synced completely.
func (d *disk) holds(t *testing.T, dir, partition string) (files int) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "log", "partitions", partition, "*.dat"))
	if err != nil || len(names) == 0 {
		t.Fatalf("%s has no files: %v", partition, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if d.synced[name] != info.Size() {
			t.Errorf("%s: %d of %d bytes are on the disk", name, d.synced[name], info.Size())
		}
	}
	return len(names)
}

func TestKafkaHasOnTheDiskWhatItAcknowledged(t *testing.T) {
	t.Parallel()
	d, dir := &disk{synced: map[string]int64{}}, t.TempDir()
	k := startKafka(t, KafkaConfig{Dir: dir, flush: d.flush})
	c := kafkaClient(k.Addr())
	again := func(n int, value []byte) {
		t.Helper()
		for range n {
			res, err := c.Produce(t.Context(), &kafka.ProduceRequest{Topic: "order.events", Partition: 1, RequiredAcks: kafka.RequireAll,
				Records: kafka.NewRecordReader(kafka.Record{Value: kafka.NewBytes(value)})})
			if err = errors.Join(err, func() error { return res.Error }()); err != nil {
				t.Fatal(err)
			}
			d.holds(t, dir, "order.events-1")
		}
	}
	create := func() {
		t.Helper()
		if err := createTopic(t.Context(), c, "order.events", 2); err != nil {
			t.Fatal(err)
		}
	}
	create()
	again(3, []byte("first"))
	large, random := make([]byte, 900_000), rand.New(rand.NewPCG(1, 2))
	for i := range large {
		large[i] = byte(random.Uint32())
	}
	again(40, large)
	if files := d.holds(t, dir, "order.events-1"); files < 2 {
		t.Errorf("%d files: the test wanted more than one", files)
	}
	if _, err := c.DeleteTopics(t.Context(), &kafka.DeleteTopicsRequest{Topics: []string{"order.events"}}); err != nil {
		t.Fatal(err)
	}
	create()
	again(3, []byte("a topic of the same name"))
}

func TestKafkaAcknowledgesNothingThatTheDiskRefused(t *testing.T) {
	t.Parallel()
	d := &disk{synced: map[string]int64{}, fault: errors.New("the disk is gone")}
	k := startKafka(t, KafkaConfig{Dir: t.TempDir(), flush: d.flush})
	c := kafkaClient(k.Addr())
	if err := createTopic(t.Context(), c, "order.events", 1); err != nil {
		t.Fatal(err)
	}
	if err := produce(t.Context(), c, "order.events", 0, 0, 1); err == nil {
		t.Error("acknowledged")
	}
	d.mu.Lock()
	d.fault = nil
	d.mu.Unlock()
	if err := produce(t.Context(), c, "order.events", 0, 1, 1); err != nil {
		t.Errorf("once it is back: %v", err)
	}
}

func TestKafkaWaitsForTheDiskWithOnePartitionAndGoesOnWithTheOthers(t *testing.T) {
	t.Parallel()
	back := make(chan struct{})
	d := &disk{synced: map[string]int64{}, blocks: func(name string) <-chan struct{} {
		if strings.Contains(name, "order.events-0") {
			return back
		}
		return nil
	}}
	k := startKafka(t, KafkaConfig{Dir: t.TempDir(), flush: d.flush})
	c := kafkaClient(k.Addr())
	if err := createTopic(t.Context(), c, "order.events", 2); err != nil {
		t.Fatal(err)
	}
	answered := make(chan error, 1)
	go func() { answered <- produce(t.Context(), c, "order.events", 0, 0, 1) }()
	if got := fetch(t, t.Context(), c, "order.events", 0, 0); len(got) != 1 {
		t.Errorf("consumers see %q", got)
	}
	for i := range 20 {
		if err := produce(t.Context(), c, "order.events", 1, i, 1); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case err := <-answered:
		t.Errorf("answered before it was on the disk: %v", err)
	default:
	}
	close(back)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	select {
	case err := <-answered:
		if err != nil {
			t.Error(err)
		}
	case <-ctx.Done():
		t.Error("never answered")
	}
}
