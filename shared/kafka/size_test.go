package kafka

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestOversizedAndInvalidRecordsAreRefusedWithoutHarmToOthers(t *testing.T) {
	t.Parallel()
	c := client(t, Config{})
	topic := newTopic(t, c, 4)
	large, nameless, list, largest := events(1, 2), events(1, 1), events(1, 1), events(1, 1)
	large[1].Data = object1(MaxRecordBytes)
	nameless[0].ID = ""
	list[0].Data = []byte(`[]`)
	largest[0].Data = object1(MaxRecordBytes - EncodedSize(largest[0]) + len(largest[0].Data) - 4)
	if n := EncodedSize(largest[0]); n > MaxRecordBytes || n < MaxRecordBytes-16 {
		t.Fatalf("the largest record has %d bytes", n)
	}
	acks := c.NewProducer().Publish(t.Context(), []Batch{{topic, 0, large}, {topic, 1, nameless}, {topic, 2, list},
		{topic, 3, largest}})
	if !errors.Is(acks[0].Err, ErrTooLarge) || !errors.Is(acks[1].Err, ErrInvalid) || !errors.Is(acks[2].Err, ErrInvalid) ||
		acks[3].Err != nil {
		t.Fatalf("%+v", acks)
	}
	_, next, err := c.Offsets(t.Context(), topic, []int{0, 1, 2, 3})
	if err != nil || next[0] != 0 || next[1] != 0 || next[2] != 0 || next[3] != 1 {
		t.Fatalf("%v, %v", next, err)
	}
}

func object1(size int) []byte {
	return append(append([]byte(`{"x":"`), bytes.Repeat([]byte("x"), size-8)...), `"}`...)
}

func TestABatchLargerThanBrokersAcceptGoesOutInOrder(t *testing.T) {
	t.Parallel()
	c := client(t, Config{})
	topic := newTopic(t, c, 1)
	p := c.NewProducer()
	publish(t, p, Batch{topic, 0, events(1, 3)})
	acks := publish(t, p, Batch{topic, 0, events(4, 5000)})
	if acks[0].BaseOffset != 3 {
		t.Fatalf("base offset %d", acks[0].BaseOffset)
	}
	for i, r := range read(t, c, topic, 0, 5003) {
		if r.Sequence != int64(i+1) || r.Offset != int64(i) {
			t.Fatalf("record %d has sequence %d, offset %d", i, r.Sequence, r.Offset)
		}
	}
}

// limitedTopic creates a topic that takes batches of at most so many bytes.
func limitedTopic(t *testing.T, c *Client, limit string) string {
	name := newTopic(t, c, 1)
	if err := c.DeleteTopics(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	spec := TopicSpec{Name: name, Partitions: 1, Config: map[string]string{"max.message.bytes": limit}}
	if _, err := c.CreateTopics(t.Context(), []TopicSpec{spec}); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestABatchLargerThanItsTopicTakesGoesOutInOrder(t *testing.T) {
	t.Parallel()
	c := client(t, Config{})
	topic, p := limitedTopic(t, c, "2000"), c.NewProducer()
	for i := range int64(2) {
		if ack := publish(t, p, Batch{topic, 0, events(1+20*i, 20)})[0]; ack.BaseOffset != 20*i {
			t.Fatalf("%+v", ack)
		}
	}
	for i, r := range read(t, c, topic, 0, 40) {
		if r.Sequence != int64(i+1) {
			t.Fatalf("record %d has sequence %d", i, r.Sequence)
		}
	}
}

func TestARecordLargerThanItsTopicTakesIsNamed(t *testing.T) {
	t.Parallel()
	c := client(t, Config{})
	topic, p := limitedTopic(t, c, "2000"), c.NewProducer()
	records := events(1, 5)
	records[3].Data = object1(3000)
	ack := p.Publish(t.Context(), []Batch{{topic, 0, records}})[0]
	if !errors.Is(ack.Err, ErrTooLarge) || IsTransient(ack.Err) || ack.BaseOffset != -1 {
		t.Fatalf("%+v", ack)
	}
	size := batchHeader + len(appendRecord(nil, &records[3], 0))
	for _, part := range []string{topic, "sequence 4 ", fmt.Sprintf(" %d bytes", size), "max.message.bytes"} {
		if !strings.Contains(ack.Err.Error(), part) {
			t.Errorf("%q does not mention %q", ack.Err, part)
		}
	}
	publish(t, p, Batch{topic, 0, events(4, 1)})
	for i, r := range read(t, c, topic, 0, 4) {
		if r.Sequence != int64(i+1) {
			t.Errorf("record %d has sequence %d", i, r.Sequence)
		}
	}
}
