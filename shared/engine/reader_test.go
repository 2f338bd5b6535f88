package engine

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"orderflow.example/shared/kafka"
)

func testReader(t *testing.T, at position) (*fetcher, *reader) {
	t.Helper()
	e, err := New(Config{Service: "x", Partitions: 1})
	if err != nil {
		t.Fatal(err)
	}
	return e.fetcher, newReader(newPartition(e, 0, 1), "feeder.events", at)
}

func fed(r *reader, next, end int64, err error, records ...kafka.Record) *kafka.Fetched {
	for i := range records {
		records[i].Source = "/feeder"
	}
	return &kafka.Fetched{Topic: r.topic, LogStart: 0, Next: next, HighWatermark: end, Err: err, Records: records}
}

func TestAHighWatermarkThatLagsForAMomentIsNoLostTail(t *testing.T) {
	f, r := testReader(t, position{5_000_000, 5_000_000, "the last record read"})
	for range 3 {
		if err := f.take(fetchRequest{r, true}, fed(r, 4_999_999, 4_999_999, nil)); err != nil {
			t.Fatal(err)
		}
		if r.next != 5_000_000 {
			t.Fatalf("reads again from offset %d", r.next)
		}
	}
	r.short = time.Now().Add(-shortPatience - time.Second) // it stays so
	if err := f.take(fetchRequest{r, true}, fed(r, 4_999_999, 4_999_999, nil)); err != nil {
		t.Fatal(err)
	}
	if r.next >= 4_999_999 || r.next < 4_990_000 {
		t.Errorf("reads again from offset %d: a few steps back are enough", r.next)
	}
}

func TestARewindGoesFurtherBackUntilAKnownRecordIsFound(t *testing.T) {
	f, r := testReader(t, position{5_000_000, 5_000_000, "id"})
	last := r.next
	for range 3 { // it is another log each time it is compared
		r.id, r.match = "id", true
		f.take(fetchRequest{r, true}, fed(r, r.next, 9_000_000, nil, kafka.Record{Offset: r.next - 1, Sequence: 1, ID: "another"}))
		if r.next >= last {
			t.Fatalf("went from %d to %d", last, r.next)
		}
		last = r.next
	}
	if r.next > 4_900_000 {
		t.Errorf("after three rewinds at %d", r.next)
	}
}

func TestGoodRecordsBeforeADamagedBatchAreAppliedAndItIsNotReadWithoutAPause(t *testing.T) {
	f, r := testReader(t, position{100, 100, "id100"})
	r.match = false
	err := f.take(fetchRequest{r, false}, fed(r, 102, 200, kafka.ErrCorrupt,
		kafka.Record{Offset: 100, Sequence: 101, ID: "id101"}, kafka.Record{Offset: 101, Sequence: 102, ID: "id102"}))
	if passed := r.passed.Load(); passed != 102 || len(r.p.queue.inputs) == 0 || r.next != 102 {
		t.Errorf("passed on up to number %d of 102; reads on from %d; error %v", passed, r.next, err)
	}
	if err == nil || !r.retry.After(time.Now()) {
		t.Errorf("it is read again at once: %v", err)
	}
	// The next fetch begins with the record before, to be compared, and finds the damage again.
	err = f.take(fetchRequest{r, r.match}, fed(r, 102, 200, kafka.ErrCorrupt, kafka.Record{Offset: 101, Sequence: 102, ID: "id102"}))
	if err == nil || r.next != 102 {
		t.Errorf("reads on from %d; error %v", r.next, err)
	}
}

// What is offered in memory with a gap before it is left to the outbox: a gap is never published.
func TestAPublisherTakesNothingThatDoesNotFollow(t *testing.T) {
	e, err := New(Config{Service: "x", Partitions: 1})
	if err != nil {
		t.Fatal(err)
	}
	q := newPartitionPublisher(e, 0)
	q.begin(10, 10, 0)
	q.behind = false
	q.offer([]kafka.Record{{Sequence: 11}, {Sequence: 12}})
	q.offer([]kafka.Record{{Sequence: 14}})
	if len(q.queue) != 2 || !q.behind {
		t.Errorf("queue of %d, behind: %v", len(q.queue), q.behind)
	}
	q.offer([]kafka.Record{{Sequence: 13}}) // behind: the outbox has it
	if len(q.queue) != 2 {
		t.Errorf("queue of %d", len(q.queue))
	}
}

func TestAQueueIsFullByBytesToo(t *testing.T) {
	q := newQueue()
	for range 20 {
		q.push(input{form: event, record: &kafka.Record{Data: make([]byte, 900<<10)}})
	}
	if !q.full() {
		t.Error("18 MB are not full")
	}
	q.take(20)
	if q.full() || q.bytes != 0 {
		t.Errorf("after all was taken: %d bytes", q.bytes)
	}
}

func TestTheClockIsTheDatabasesWhateverThisMachineSays(t *testing.T) {
	var c clock
	ahead := time.Now().Add(-26 * time.Hour) // this machine's clock is a day ahead of it
	c.set(ahead, time.Now())
	if d := c.now().Sub(ahead); d < -time.Millisecond || d > time.Minute {
		t.Errorf("off by %v", d)
	}
	c.set(ahead.Add(time.Hour), time.Now().Add(-time.Minute)) // an answer that took a minute says nothing
	if d := c.now().Sub(ahead); d > 59*time.Minute {          // it would be an hour
		t.Errorf("off by %v", d)
	}
}

func TestOfWhatNobodyHearsOnlyThePlaceOfTheLastIsPassedOn(t *testing.T) {
	f, r := testReader(t, position{100, 100, "id100"})
	r.match = false
	var records []kafka.Record
	for n := range int64(5) {
		records = append(records, kafka.Record{Topic: r.topic, Offset: 100 + n, Sequence: 101 + n, ID: fmt.Sprint("id", 101+n),
			Source: r.source})
	}
	records[2].Malformed = errors.New("no JSON")
	if err := f.take(fetchRequest{r, false}, fed(r, 105, 105, nil, records...)); err != nil {
		t.Fatal(err)
	}
	var passed []int64
	for _, in := range r.p.queue.inputs {
		passed = append(passed, in.record.Sequence)
	}
	if want := []int64{102, 103, 105}; !slices.Equal(passed, want) || r.passed.Load() != 105 {
		t.Errorf("passed on %v up to %d, want %v", passed, r.passed.Load(), want)
	}
}
