package kafka

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
)

func TestEveryFieldSurvivesTheRoundTrip(t *testing.T) {
	t.Parallel()
	c := client(t, Config{})
	topic := newTopic(t, c, 2)
	full, bare := event(1), event(2)
	bare.Key, bare.Subject, bare.Correlation, bare.Causation, bare.Via, bare.TraceParent, bare.DataSchema = "",
		"", "", "", "", "", ""
	bare.Time = time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))
	odd := event(9_007_199_254_740_993)
	odd.Time = event(3).Time
	odd.Key, odd.Subject, odd.Source = "schlüssel", "日本", "/x?y=ü"
	if acks := publish(t, c.NewProducer(), Batch{topic, 1, []Record{full, bare, odd}}); acks[0].BaseOffset != 0 {
		t.Fatalf("base offset %d", acks[0].BaseOffset)
	}
	bare.Time = bare.Time.UTC()
	for i, got := range read(t, c, topic, 1, 3) {
		want := []Record{full, bare, odd}[i]
		want.Topic, want.Partition, want.Offset = topic, 1, int64(i)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	}
}

func TestMalformedEnvelopesAreReportedNotLost(t *testing.T) {
	t.Parallel()
	c := client(t, Config{})
	topic := newTopic(t, c, 1)
	good := map[string]string{
		"ce_specversion": "1.0", "ce_id": "1", "ce_source": "/a", "ce_type": "b.c.v1", "ce_time": "2026-01-02T03:04:05+01:00",
		"ce_sequence": "7", "content-type": "Application/JSON; charset=utf-8", "something": "else",
	}
	cases := []struct {
		name, header, value, data string
		sequence                  int64
	}{
		{"is fine", "", "", `{}`, 7},
		{"version", "ce_specversion", "0.3", `{}`, 7},
		{"no id", "ce_id", "", `{}`, 7},
		{"no source", "ce_source", "", `{}`, 7},
		{"no type", "ce_type", "", `{}`, 7},
		{"time", "ce_time", "yesterday", `{}`, 7},
		{"sequence", "ce_sequence", "seven", `{}`, 0},
		{"sequence zero", "ce_sequence", "0", `{}`, 0},
		{"content", "content-type", "application/avro", `{}`, 7},
		{"data", "", "", `[1]`, 7},
		{"tombstone", "", "", "", 7},
		{"no headers at all", "*", "", `{}`, 0},
		{"twice", "+ce_id", "2", `{}`, 7},
	}
	var records []kafkago.Record
	for _, x := range cases {
		r := kafkago.Record{Key: kafkago.NewBytes([]byte(x.name))}
		if x.data != "" {
			r.Value = kafkago.NewBytes([]byte(x.data))
		}
		for name, value := range good {
			if name == x.header {
				value = x.value
			}
			if value != "" && x.header != "*" {
				r.Headers = append(r.Headers, kafkago.Header{Key: name, Value: []byte(value)})
			}
		}
		if x.header == "+ce_id" {
			r.Headers = append(r.Headers, kafkago.Header{Key: "ce_id", Value: []byte(x.value)})
		}
		records = append(records, r)
	}
	produceWith(t, c, topic, 0, records)
	for i, got := range read(t, c, topic, 0, len(cases)) {
		x := cases[i]
		if (got.Malformed == nil) != (i == 0) {
			t.Errorf("%s: malformed is %v", x.name, got.Malformed)
		}
		if got.Key != x.name || got.Offset != int64(i) || string(got.Data) != x.data || got.Sequence != x.sequence ||
			got.Time.IsZero() {
			t.Errorf("%s: %+v", x.name, got)
		}
	}
}

// produceWith publishes through kafka-go, as another producer would.
func produceWith(t *testing.T, c *Client, topic string, codec kafkago.Compression, records []kafkago.Record) {
	t.Helper()
	response, err := c.admin.Produce(t.Context(), &kafkago.ProduceRequest{
		Topic: topic, RequiredAcks: kafkago.RequireAll, Compression: codec, Records: kafkago.NewRecordReader(records...),
	})
	if err != nil || response.Error != nil {
		t.Fatal(err, response.Error)
	}
}

func TestCompressedBatchesOfOtherProducersAreRead(t *testing.T) {
	t.Parallel()
	c := client(t, Config{})
	for _, codec := range []kafkago.Compression{kafkago.Gzip, kafkago.Snappy, kafkago.Lz4, kafkago.Zstd} {
		topic := newTopic(t, c, 1)
		data := append(append([]byte(`{"x":"`), bytes.Repeat([]byte("long "), 5000)...), `"}`...)
		var records []kafkago.Record
		for i := range 20 {
			records = append(records, kafkago.Record{Value: kafkago.NewBytes(data), Headers: []kafkago.Header{
				{Key: "ce_sequence", Value: fmt.Append(nil, i+1)}, {Key: "ce_id", Value: []byte("1")},
			}})
		}
		produceWith(t, c, topic, codec, records)
		for i, r := range read(t, c, topic, 0, 20) {
			if r.Sequence != int64(i+1) || !bytes.Equal(r.Data, data) {
				t.Fatalf("%s: record %d has sequence %d and %d bytes", codec, i, r.Sequence, len(r.Data))
			}
		}
	}
}

func TestOutOfRangeAndUnknownAreExplicitErrorsBesideGoodData(t *testing.T) {
	t.Parallel()
	c := client(t, Config{})
	topic := newTopic(t, c, 2)
	publish(t, c.NewProducer(), Batch{topic, 0, events(1, 3)}, Batch{topic, 1, events(1, 3)})
	fetched, err := c.Fetch(t.Context(), []Position{{topic, 0, 99}, {topic, 1, 1}, {topic, 7, 0}, {"no.such.topic", 0, 0}},
		time.Second)
	if err != nil || len(fetched) != 4 {
		t.Fatalf("%d partitions, %v", len(fetched), err)
	}
	for _, f := range fetched {
		switch {
		case f.Topic != topic || f.Partition == 7:
			if !IsUnknownTopic(f.Err) || IsOutOfRange(f.Err) {
				t.Errorf("%s/%d: %v", f.Topic, f.Partition, f.Err)
			}
		case f.Partition == 0:
			if !IsOutOfRange(f.Err) || !errors.Is(f.Err, OffsetOutOfRange) || len(f.Records) != 0 || f.Next != 99 {
				t.Errorf("offset 99 of 3: %+v", f)
			}
		default:
			if f.Err != nil || len(f.Records) != 2 || f.LogStart != 0 || f.HighWatermark != 3 || f.Next != 3 {
				t.Errorf("%+v", f)
			}
		}
	}
}

func TestOneLongPollWakesForAnyPartitionOfAnyTopic(t *testing.T) {
	t.Parallel()
	c := client(t, Config{})
	topics := []string{newTopic(t, c, 2), newTopic(t, c, 2)}
	p := c.NewProducer()
	positions := []Position{{topics[0], 0, 0}, {topics[0], 1, 0}, {topics[1], 0, 0}, {topics[1], 1, 0}}
	const wait = time.Minute
	for i := range positions {
		type result struct {
			fetched []Fetched
			err     error
		}
		done := make(chan result)
		go func() {
			fetched, err := c.Fetch(t.Context(), positions, wait)
			done <- result{fetched, err}
		}()
		publish(t, p, Batch{positions[i].Topic, positions[i].Partition, events(1, 1)})
		select {
		case r := <-done:
			if r.err != nil {
				t.Fatal(r.err)
			}
			for _, f := range r.fetched {
				mine := f.Topic == positions[i].Topic && f.Partition == positions[i].Partition
				if f.Err != nil || mine != (len(f.Records) == 1) {
					t.Errorf("%s/%d: %d records, %v", f.Topic, f.Partition, len(f.Records), f.Err)
				}
			}
		case <-time.After(wait / 2):
			t.Fatalf("not woken by %v", positions[i])
		}
		positions[i].Offset = 1
	}
}

func TestAWaitEndsAtOnceWhenTheContextDoes(t *testing.T) {
	t.Parallel()
	c := client(t, Config{})
	topic := newTopic(t, c, 1)
	for _, positions := range [][]Position{{{topic, 0, 0}}, nil, {{"no.such.topic", 0, 0}}} {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			_, err := c.Fetch(ctx, positions, time.Hour)
			done <- err
		}()
		cancel()
		select {
		case err := <-done:
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		case <-time.After(2 * time.Minute):
			t.Fatal("still waiting")
		}
	}
}

func TestSeveralLeadersAreAskedAtOnceAndNothingIsLost(t *testing.T) {
	t.Parallel()
	cluster := fakeCluster(t, kfake.NumBrokers(3))
	c := client(t, Config{Brokers: cluster.ListenAddrs()})
	const partitions, rounds = 6, 40
	topic := newTopic(t, c, partitions)
	p := c.NewProducer()
	positions, next := make([]Position, partitions), make([]int64, partitions)
	for i := range positions {
		positions[i] = Position{Topic: topic, Partition: i}
	}
	published := make(chan error, 1)
	go func() {
		var faults []error
		for round := range int64(rounds) {
			if round == rounds/2 {
				cluster.ShufflePartitionLeaders()
			}
			var batches []Batch
			for i := range partitions {
				batches = append(batches, Batch{topic, i, events(round+1, 1)})
			}
			for _, ack := range p.Publish(t.Context(), batches) {
				faults = append(faults, ack.Err)
			}
		}
		published <- errors.Join(faults...)
	}()
	deadline := time.After(3 * time.Minute)
	for slices.Min(next) < rounds {
		select {
		case <-deadline:
			t.Fatalf("stuck at %v", next)
		default:
		}
		fetched, err := c.Fetch(t.Context(), positions, 500*time.Millisecond)
		if err != nil && !IsTransient(err) {
			t.Fatal(err)
		}
		for _, f := range fetched {
			if f.Err != nil && !IsTransient(f.Err) {
				t.Fatal(f.Err)
			}
			for _, r := range f.Records {
				if next[f.Partition]++; r.Sequence != next[f.Partition] {
					t.Fatalf("partition %d: sequence %d where %d was due", f.Partition, r.Sequence, next[f.Partition])
				}
			}
			positions[f.Partition].Offset = f.Next
		}
	}
	if err := <-published; err != nil {
		t.Fatal(err)
	}
}
