package engine

import (
	"context"
	"errors"
	"testing"
	"time"

	"orderflow.example/shared/kafka"
)

func testEngine(t *testing.T) *Engine {
	t.Helper()
	e, err := New(Config{Service: "x", Partitions: 1})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestAPartitionLeavesNoOtherWithIt(t *testing.T) {
	e := testEngine(t)
	before, after := newPartition(e, 0, 1), newPartition(e, 0, 2)
	e.running.add(before)
	e.running.add(after)
	e.running.remove(before)
	if e.running.of(0) != after {
		t.Fatal("the present life was taken out by the one before")
	}
	e.running.remove(after)
	if e.running.of(0) != nil {
		t.Error("it is still there")
	}
}

// There is no database here: whatever were read too early would end the test.
func TestALifeBeginsOnlyWhenTheOneBeforeIsOver(t *testing.T) {
	e := testEngine(t)
	before, after := newPartition(e, 0, 1), newPartition(e, 0, 2)
	cause := errors.New("its lease is lost")
	after.end(cause)
	after.live(before)
	if got := context.Cause(after.ctx); got != cause {
		t.Errorf("it ended because of %v", got)
	}
	select {
	case <-after.over:
	default:
		t.Error("whoever comes next would wait for ever")
	}
}

func TestAPublisherHoldsSoManyBytesInMemory(t *testing.T) {
	q := newPartitionPublisher(testEngine(t), 0)
	q.begin(0, 0, 0)
	q.behind = false
	for n := range int64(40) {
		q.offer([]kafka.Record{{Sequence: n + 1, Data: make([]byte, 1<<20)}})
	}
	if held := len(q.queue); held < 16 || held > 17 || !q.behind {
		t.Errorf("%d MB are held; behind: %v", held, q.behind)
	}
}

func TestRetriesLeavePlacesForFirstTries(t *testing.T) {
	e := testEngine(t)
	ctx, cancel := context.WithCancel(t.Context())
	l := newLane(e, Answerer{Question: "outside.tell", atOnce: 4, ask: func(ctx context.Context, _ Attempt, _ any) (any, error) {
		<-ctx.Done() // it hangs
		return nil, ctx.Err()
	}})
	calls := newPartition(e, 0, 1).calls
	push := func(try int) { l.push(&call{of: calls, lane: l, try: try, ctx: ctx, cancel: cancel}) }
	under := func() (asking, retries int) {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.asking, l.retries
	}
	for range 10 {
		push(2)
	}
	if asking, retries := under(); asking != 2 || retries != 2 {
		t.Errorf("%d of 4 places are taken by %d retries, want half", asking, retries)
	}
	for range 10 {
		push(1)
	}
	if asking, retries := under(); asking != 4 || retries != 2 {
		t.Errorf("%d of 4 places are taken, by %d retries", asking, retries)
	}
	cancel()
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		if asking, _ := under(); asking == 0 {
			break
		} else if time.Now().After(end) {
			t.Fatalf("%d tries go on", asking)
		}
	}
}

// What stands first on a topic is not taken for its beginning.
func TestALostBeginningIsMissingLikeAnyHole(t *testing.T) {
	q := newPartitionPublisher(testEngine(t), 0)
	records := func(first, last int64) (list []kafka.Record) {
		for n := first; n <= last; n++ {
			list = append(list, kafka.Record{Sequence: n, Source: "/x"})
		}
		return list
	}
	s := newScan(q, 1, 20)
	s.any(records(11, 20), nil)
	if s.next != 1 {
		t.Fatalf("number %d is the first one missing on a topic that begins with 11", s.next)
	}
	s.any(records(1, 10), nil)
	if s.next != 21 {
		t.Errorf("number %d is missing on a topic that has 20", s.next)
	}
}
