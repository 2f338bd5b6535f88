package kafka

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func TestARetryOfTheSameBytesIsNotAppendedTwice(t *testing.T) {
	t.Parallel()
	lossy := &network{}
	c := client(t, Config{Dial: lossy.dial})
	topic := newTopic(t, c, 1)
	p := c.NewProducer()
	publish(t, p, Batch{topic, 0, events(1, 5)})
	lossy.swallow.Store(2)
	publish(t, p, Batch{topic, 0, events(6, 5)})
	publish(t, p, Batch{topic, 0, events(11, 5)})
	if n := lossy.swallowed.Load(); n < 2 {
		t.Fatalf("only %d answers were lost", n)
	}
	for i, r := range read(t, c, topic, 0, 15) {
		if r.Sequence != int64(i+1) {
			t.Fatalf("record %d has sequence %d", i, r.Sequence)
		}
	}
}

func TestPublishOutlivesABrokerThatIsAway(t *testing.T) {
	t.Parallel()
	lossy := &network{}
	c := client(t, Config{Dial: lossy.dial})
	topic := newTopic(t, c, 1)
	p := c.NewProducer()
	publish(t, p, Batch{topic, 0, events(1, 1)})
	lossy.refuse.Store(true)
	done := make(chan Ack)
	go func() { done <- p.Publish(t.Context(), []Batch{{topic, 0, events(2, 1)}})[0] }()
	for c.Ping(t.Context()) == nil { // until the connections are seen to be broken
	}
	lossy.refuse.Store(false)
	if ack := <-done; ack.Err != nil {
		t.Fatal(ack.Err)
	}
	read(t, c, topic, 0, 2)
}

func TestAfterAnUnknownOutcomeNewRecordsAreNotTakenForOldOnes(t *testing.T) {
	t.Parallel()
	lossy := &network{}
	c := client(t, Config{Dial: lossy.dial})
	topic := newTopic(t, c, 2)
	p := c.NewProducer()
	publish(t, p, Batch{topic, 0, events(1, 1)}, Batch{topic, 1, events(1, 1)})
	lossy.swallow.Store(1 << 20)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		for lossy.swallowed.Load() == 0 { // the broker has it
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	ack := p.Publish(ctx, []Batch{{topic, 0, events(2, 1)}})[0]
	if !errors.Is(ack.Err, context.Canceled) || ack.BaseOffset != -1 {
		t.Fatalf("%+v", ack)
	}
	lossy.swallow.Store(0)
	publish(t, p, Batch{topic, 0, events(3, 1)}, Batch{topic, 1, events(2, 1)})
	records := read(t, c, topic, 0, 3)
	if records[2].Sequence != 3 {
		t.Fatalf("%d", records[2].Sequence)
	}
	read(t, c, topic, 1, 2)
}

func TestALostSessionIsReportedAndTheNextOneWorks(t *testing.T) {
	t.Parallel()
	c := client(t, Config{})
	topic := newTopic(t, c, 2)
	p := c.NewProducer()
	publish(t, p, Batch{topic, 0, events(1, 2)}, Batch{topic, 1, events(1, 2)})
	p.sessions[Position{Topic: topic}].next += 5
	acks := p.Publish(t.Context(), []Batch{{topic, 0, events(3, 1)}, {topic, 1, events(3, 1)}})
	if !errors.Is(acks[0].Err, ErrSession) || IsTransient(acks[0].Err) || acks[1].Err != nil {
		t.Fatalf("%+v", acks)
	}
	publish(t, p, Batch{topic, 0, events(3, 1)}, Batch{topic, 1, events(4, 1)})
	read(t, c, topic, 0, 3)
	read(t, c, topic, 1, 4)
}

func TestAMissingTopicDoesNotBlockForEver(t *testing.T) {
	t.Parallel()
	c := client(t, Config{})
	topic := newTopic(t, c, 1)
	acks := c.NewProducer().Publish(t.Context(),
		[]Batch{{"no.such.topic", 0, events(1, 1)}, {topic, 0, events(1, 1)}, {Topic: topic}})
	if !IsUnknownTopic(acks[0].Err) || acks[1].Err != nil || acks[1].BaseOffset != 0 || acks[2].Err != nil {
		t.Fatalf("%+v", acks)
	}
}

func TestAllPartitionsOfALeaderTravelInOneRequest(t *testing.T) {
	t.Parallel()
	cluster := fakeCluster(t)
	c := client(t, Config{Brokers: cluster.ListenAddrs()})
	topics := []string{newTopic(t, c, 2), newTopic(t, c, 2)}
	var batches []Batch
	var positions []Position
	for i := range 4 {
		batches = append(batches, Batch{topics[i/2], i % 2, events(1, 3)})
		positions = append(positions, Position{topics[i/2], i % 2, 0})
	}
	var produced, fetched atomic.Int32
	count := func(n *atomic.Int32) func(kmsg.Request) (kmsg.Response, error, bool) {
		return func(kmsg.Request) (kmsg.Response, error, bool) {
			cluster.KeepControl()
			n.Add(1)
			return nil, nil, false
		}
	}
	cluster.ControlKey(0, count(&produced))
	cluster.ControlKey(1, count(&fetched))
	for i, ack := range publish(t, c.NewProducer(), batches...) {
		if ack.BaseOffset != 0 {
			t.Errorf("batch %d: base offset %d", i, ack.BaseOffset)
		}
	}
	result, err := c.Fetch(t.Context(), positions, time.Second)
	if err != nil || len(result) != 4 {
		t.Fatalf("%d partitions, %v", len(result), err)
	}
	for _, f := range result {
		if len(f.Records) != 3 {
			t.Errorf("%s/%d: %d records", f.Topic, f.Partition, len(f.Records))
		}
	}
	if produced.Load() != 1 || fetched.Load() != 1 {
		t.Fatalf("%d produce and %d fetch requests", produced.Load(), fetched.Load())
	}
}

// BenchmarkLoopback publishes 500 records to one partition and fetches them.
func BenchmarkLoopback(b *testing.B) {
	for _, size := range []int{1, 50, 500} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			c := client(b, Config{})
			topic := newTopic(b, c, 1)
			p := c.NewProducer()
			batch := []Batch{{topic, 0, events(1, int64(size))}}
			position := []Position{{topic, 0, 0}}
			b.ReportAllocs()
			for b.Loop() {
				publish(b, p, batch...)
				for got := 0; got < size; {
					fetched, err := c.Fetch(b.Context(), position, time.Second)
					if err != nil || fetched[0].Err != nil {
						b.Fatal(err, fetched)
					}
					got += len(fetched[0].Records)
					position[0].Offset = fetched[0].Next
				}
			}
			perRecord(b, size)
		})
	}
}

// BenchmarkWakeUp measures from the start of a publish until a waiting long poll has the record.
func BenchmarkWakeUp(b *testing.B) {
	c := client(b, Config{})
	topic := newTopic(b, c, 12)
	p := c.NewProducer()
	positions := make([]Position, 12)
	for i := range positions {
		positions[i] = Position{Topic: topic, Partition: i}
	}
	var total, acked time.Duration
	started := make(chan time.Time)
	rounds := 0
	for b.Loop() {
		go func() {
			time.Sleep(2 * time.Millisecond) // the long poll is waiting by then
			at := time.Now()
			publish(b, p, Batch{topic, rounds % 12, events(1, 1)})
			acked += time.Since(at)
			started <- at
		}()
		for woken := false; !woken; {
			fetched, err := c.Fetch(b.Context(), positions, time.Second)
			if err != nil {
				b.Fatal(err)
			}
			now := time.Now()
			for _, f := range fetched {
				if len(f.Records) > 0 {
					woken = true
					positions[f.Partition].Offset = f.Next
				}
			}
			if woken {
				total += now.Sub(<-started)
			}
		}
		rounds++
	}
	b.ReportMetric(float64(total.Microseconds())/float64(rounds), "µs-to-wake")
	b.ReportMetric(float64(acked.Microseconds())/float64(rounds), "µs-to-ack")
}
