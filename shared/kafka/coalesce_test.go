package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"
)

func TestAPartitionThatCannotBeWrittenHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	l := newLeader(t, 2, Config{})
	l.refuse(0, 19) // NOT_ENOUGH_REPLICAS
	refused := l.start(t.Context(), 0, 2)
	receive(t, l.arrived)
	receive(t, l.arrived) // a second attempt is being made
	for i := range int64(20) {
		publish(t, l.Producer, Batch{l.topic, 1, events(2+i, 1)})
	}
	if len(refused) > 0 {
		t.Fatalf("%+v", <-refused)
	}
	l.refuse(0, 0)
	if ack := receive(t, refused); ack.Err != nil || ack.BaseOffset != 1 {
		t.Fatalf("%+v", ack)
	}
	for len(l.arrived) > 0 {
		if partitions := <-l.arrived; len(partitions) != 1 {
			t.Errorf("the refused partition shares a request with others: %v", partitions)
		}
	}
	read(t, l.client, l.topic, 0, 2)
	read(t, l.client, l.topic, 1, 21)
}

func TestWhatComesDuringARequestTravelsTogetherInTheNext(t *testing.T) {
	t.Parallel()
	l := newLeader(t, 5, Config{})
	l.waits(time.Hour)
	l.hold(0, true)
	acks := []<-chan Ack{l.start(t.Context(), 0, 2)}
	receive(t, l.arrived)
	for i := 1; i < 5; i++ {
		acks = append(acks, l.start(t.Context(), i, 2))
	}
	l.queued(t, 4)
	l.hold(0, false)
	for _, ack := range acks {
		if ack := receive(t, ack); ack.Err != nil || ack.BaseOffset != 1 {
			t.Fatalf("%+v", ack)
		}
	}
	if next := receive(t, l.arrived); !slices.Equal(next, []int32{1, 2, 3, 4}) || len(l.arrived) > 0 {
		t.Fatalf("the next request carried %v, and %d more were made", next, len(l.arrived))
	}
}

func TestAnAnswerThatIsHeldHoldsUpNoOtherPartition(t *testing.T) {
	t.Parallel()
	l := newLeader(t, 3, Config{})
	l.hold(0, true)
	held := l.start(t.Context(), 0, 2)
	receive(t, l.arrived)
	for i := range int64(10) {
		one, two := l.start(t.Context(), 1, 2+i), l.start(t.Context(), 2, 2+i)
		for _, ack := range []Ack{receive(t, one), receive(t, two)} {
			if ack.Err != nil || ack.BaseOffset != 1+i {
				t.Fatalf("%+v", ack)
			}
		}
	}
	if len(held) > 0 {
		t.Fatalf("%+v", <-held)
	}
	l.hold(0, false)
	if ack := receive(t, held); ack.Err != nil {
		t.Fatal(ack.Err)
	}
}

func TestASuspectPartitionTravelsAloneUntilItIsNoLonger(t *testing.T) {
	t.Parallel()
	l := newLeader(t, 2, Config{})
	sequence := int64(1)
	both := func() {
		sequence++
		publish(t, l.Producer, Batch{l.topic, 0, events(sequence, 1)}, Batch{l.topic, 1, events(sequence, 1)})
	}
	l.waits(0) // every answer is slow
	both()
	if next := receive(t, l.arrived); !slices.Equal(next, []int32{0, 1}) {
		t.Fatalf("not suspect, the partitions share the request %v", next)
	}
	l.waits(time.Hour) // no answer is slow
	both()
	if first, second := receive(t, l.arrived), receive(t, l.arrived); len(first) != 1 || len(second) != 1 {
		t.Fatalf("suspect partitions are in the requests %v and %v", first, second)
	}
	both()
	if next := receive(t, l.arrived); !slices.Equal(next, []int32{0, 1}) {
		t.Fatalf("no longer suspect, the partitions share the request %v", next)
	}
}

func TestWhatIsGivenUpInTheQueueIsNotWrittenLater(t *testing.T) {
	t.Parallel()
	l := newLeader(t, 2, Config{})
	l.waits(time.Hour)
	l.hold(0, true)
	held := l.start(t.Context(), 0, 2)
	receive(t, l.arrived)
	ctx, cancel := context.WithCancel(t.Context())
	waiting := l.start(ctx, 1, 2)
	l.queued(t, 1)
	cancel()
	if ack := receive(t, waiting); !errors.Is(ack.Err, context.Canceled) {
		t.Fatalf("%+v", ack)
	}
	if n := l.queueLength(); n != 0 {
		t.Fatalf("%d chunks still wait", n)
	}
	l.hold(0, false)
	if ack := receive(t, held); ack.Err != nil {
		t.Fatal(ack.Err)
	}
	publish(t, l.Producer, Batch{l.topic, 1, events(3, 1)})
	if records := read(t, l.client, l.topic, 1, 2); records[1].Sequence != 3 {
		t.Fatalf("the second record is number %d", records[1].Sequence)
	}
}

func TestRequestsInFlightToOneLeaderAreBounded(t *testing.T) {
	t.Parallel()
	l := newLeader(t, maxInFlight+2, Config{})
	l.waits(0)
	var acks []<-chan Ack
	for i := range maxInFlight {
		l.hold(int32(i), true)
		acks = append(acks, l.start(t.Context(), i, 2))
		receive(t, l.arrived)
	}
	for i := range 2 {
		acks = append(acks, l.start(t.Context(), maxInFlight+i, 2))
	}
	l.queued(t, 2)
	if len(l.arrived) > 0 {
		t.Fatalf("a request too many carried %v", <-l.arrived)
	}
	for i := range maxInFlight {
		l.hold(int32(i), false)
	}
	for i, ack := range acks {
		if ack := receive(t, ack); ack.Err != nil || ack.BaseOffset != 1 {
			t.Fatalf("partition %d: %+v", i, ack)
		}
	}
	if next := receive(t, l.arrived); fmt.Sprint(next) != fmt.Sprint([]int{maxInFlight, maxInFlight + 1}) {
		t.Errorf("the next request carried %v", next)
	}
}
