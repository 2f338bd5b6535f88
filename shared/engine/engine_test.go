package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"orderflow.example/shared/database"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/kafka"
)

func TestEventsAreAppliedInOrderAndAnsweredOnTheTopic(t *testing.T) {
	b := newBed(t)
	b.start()
	b.send("a", sends(upTo(1000))...)
	b.send("b", sends(upTo(10))...)
	b.eventuallySeen("a", upTo(1000)...)
	b.eventuallySeen("b", upTo(10)...)
	b.eventuallyPublished("a", upTo(1000))
}

func TestWhatWasCommittedBeforeADeathIsPublishedAfterIt(t *testing.T) {
	b := newBed(t)
	first := b.start(func(c *engine.Config) {
		// Its broker is out of reach from the start: what it commits stays in the outbox.
		c.Kafka = kafka.Dial(kafka.Config{Brokers: []string{"127.0.0.1:1"}})
	})
	b.must(first.AwaitOwned(t.Context(), b.partitions))
	for n := range int64(5) {
		_, err := first.Submit(t.Context(), "a", b.names.add.Of(add{n + 1}))
		b.must(err)
	}
	first.kill()
	b.eventuallySeen("a", upTo(5)...)
	b.start()
	b.eventuallyPublished("a", upTo(5))
}

func TestAPublisherThatStoodStillLeavesNeitherRepeatsNorGapsNorDisorder(t *testing.T) {
	b := newBed(t)
	first := b.start()
	b.must(first.AwaitOwned(t.Context(), b.partitions))
	stop := make(chan struct{})
	var placed atomic.Int64
	var commands sync.WaitGroup
	commands.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := first.Submit(context.Background(), "a", b.names.add.Of(add{placed.Load() + 1})); err != nil {
				return
			}
			placed.Add(1)
		}
	})
	b.eventually("it works", func() bool { return placed.Load() > 50 })
	first.freeze(true)
	second := b.start()
	b.must(second.AwaitOwned(t.Context(), b.partitions))
	before := len(b.seen("a"))
	_, err := second.Submit(t.Context(), "a", b.names.add.Of(add{1000}))
	b.must(err)
	b.eventually("the second one published", func() bool { return len(b.published(b.names.counted, "a")) > before })
	first.freeze(false)
	close(stop)
	commands.Wait()
	_, err = second.Submit(t.Context(), "a", b.names.add.Of(add{2000}))
	b.must(err)
	b.eventually("topic and table agree", func() bool { return equal(b.published(b.names.counted, "a"), b.seen("a")) })
}

func TestARepeatedRecordIsDropped(t *testing.T) {
	b := newBed(t)
	b.start()
	key := b.keyOn(0, "a")
	b.send(key, sends(upTo(10))...)
	var again []kafka.Record
	for n := range int64(10) {
		again = append(again, b.record(key, n+1, sentV1{N: n + 1}))
	}
	b.append(0, again...)
	b.send(key, sentV1{N: 11})
	b.eventuallySeen(key, upTo(11)...)
}

func TestAHoleIsNeverSteppedOverAndHeals(t *testing.T) {
	b := newBed(t)
	p := b.start()
	key, other := b.keyOn(0, "a"), b.keyOn(1, "b")
	b.append(0, b.record(key, 1, sentV1{N: 1}), b.record(key, 3, sentV1{N: 3}), b.record(key, 4, sentV1{N: 4}))
	b.send(other, sends(upTo(100))...)
	b.eventuallySeen(other, upTo(100)...)
	b.eventually("the hole is reported", func() bool { return b.repairsAsked() >= 2 })
	b.eventuallySeen(key, 1)
	if !p.lagging(b.names.feeder + ".events") {
		t.Error("a topic with a hole in it does not show as lagging")
	}
	p.kill()
	b.start() // a new owner does not step over it either
	b.eventually("the hole is reported again", func() bool { return b.repairsAsked() >= 4 })
	b.eventuallySeen(key, 1)
	b.append(0, b.record(key, 2, sentV1{N: 2}), b.record(key, 3, sentV1{N: 3}), b.record(key, 4, sentV1{N: 4}),
		b.record(key, 5, sentV1{N: 5}))
	b.eventuallySeen(key, upTo(5)...)
}

func TestAConsumerRecoversFromALogThatLostItsTail(t *testing.T) {
	b := newBed(t)
	p := b.start()
	key := b.keyOn(0, "a")
	b.send(key, sends(upTo(30))...)
	b.append(0, b.records(key, 1, 30)...) // repeats: offsets run ahead of the numbers
	b.append(0, b.records(key, 1, 30)...)
	b.send(key, sends(upTo(60)[30:])...)
	b.eventuallySeen(key, upTo(60)...)
	p.stop()
	// Its publisher finds out, publishes again from the first number that is missing, and goes on. Where the consumer
	// would read on stand only numbers it knows: nothing but the log's own past tells that it missed any.
	b.rewrite(b.names.feeder, func(old []kafka.Record) []kafka.Record { return old[:30] })
	b.append(0, b.records(key, 31, 100)...)
	b.append(0, b.records(key, 1, 60)...)
	b.start()
	b.eventuallySeen(key, upTo(100)...)
}

func TestAConsumerRecoversFromAWipedLogWhileItRuns(t *testing.T) {
	b := newBed(t)
	b.start()
	key := b.keyOn(0, "a")
	b.send(key, sends(upTo(30))...)
	b.append(0, b.records(key, 1, 30)...)
	b.eventuallySeen(key, upTo(30)...)
	b.rewrite(b.names.feeder, func([]kafka.Record) []kafka.Record { return nil })
	b.append(0, b.records(key, 1, 50)...)
	b.eventuallySeen(key, upTo(50)...)
}

func TestAPublisherFillsATopicThatLostItsTailOrEverything(t *testing.T) {
	for name, keep := range map[string]int{"tail cut": 25, "wiped": 0} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t)
			p := b.start()
			key := b.keyOn(0, "a")
			b.send(key, sends(upTo(50))...)
			b.eventuallyPublished(key, upTo(50))
			b.eventually("that is written down",
				func() bool { return b.count(`SELECT sequence FROM engine.published WHERE partition = 0`) == 50 })
			p.stop()
			b.rewrite(b.names.service, func(old []kafka.Record) []kafka.Record { return old[:keep] })
			b.start()
			b.eventuallyPublished(key, upTo(50))
		})
	}
}

func TestAPublisherToldOfAHolePublishesAgainFromThere(t *testing.T) {
	b := newBed(t)
	p := b.start()
	key := b.keyOn(0, "a")
	b.send(key, sends(upTo(20))...)
	b.eventuallyPublished(key, upTo(20))
	b.eventually("that is written down",
		func() bool { return b.count(`SELECT sequence FROM engine.published WHERE partition = 0`) == 20 })
	p.stop()
	b.rewrite(b.names.service, func(old []kafka.Record) []kafka.Record {
		// Number 10 is gone, and the log's end looks as it was left.
		return append(append(append([]kafka.Record(nil), old[:9]...), old[8]), old[10:]...)
	})
	b.start()
	b.askRepair(0, 10)
	b.eventually("number 10 is there again", func() bool {
		last := int64(0)
		for _, r := range b.log(0) {
			if r.Sequence == last+1 {
				last++
			}
		}
		return last == 20
	})
}

func TestAPausedOwnerIsReplacedAndItsLateBatchHasNoEffect(t *testing.T) {
	b := newBed(t)
	first := b.start()
	key := b.keyOn(0, "a")
	b.send(key, sends(upTo(10))...)
	b.eventuallySeen(key, upTo(10)...)
	first.base.freeze(true) // it still hears, and will want to commit what it heard
	b.send(key, sends([]int64{11, 12, 13})...)
	start := time.Now()
	second := b.start()
	b.must(second.AwaitOwned(t.Context(), b.partitions))
	t.Logf("taken over after %v", time.Since(start).Round(time.Millisecond))
	b.eventuallySeen(key, upTo(13)...)
	first.base.freeze(false)
	b.send(key, sends([]int64{14, 15})...)
	b.eventuallySeen(key, upTo(15)...)
	b.eventually("the partitions are shared", func() bool { return len(first.Owned()) == 1 && len(second.Owned()) == 1 })
	b.send(key, sends([]int64{16, 17})...)
	b.eventuallySeen(key, upTo(17)...)
	b.eventuallyPublished(key, upTo(17))
}

func TestAnOwnerThatStandsStillInsideABatchIsReplaced(t *testing.T) {
	b := newBed(t)
	b.url = withParameter(t, b.url, "idle_in_transaction_session_timeout", "0") // the database itself does not end the transaction
	first := b.start()
	key := b.keyOn(0, "a")
	b.send(key, sends(upTo(5))...)
	b.eventuallySeen(key, upTo(5)...)
	b.send(key, sentV1{N: 6, Do: "halt"})
	<-b.halted // in an open transaction, with the rows of the partition locked
	first.freeze(true)
	start := time.Now()
	second := b.start()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	b.must(second.AwaitOwned(ctx, b.partitions))
	t.Logf("taken over after %v", time.Since(start).Round(time.Millisecond))
	b.eventuallySeen(key, upTo(6)...)
	b.eventuallyPublished(key, upTo(6))
	first.freeze(false)
}

func TestADeadOwnerIsReplacedAtOnce(t *testing.T) {
	b := newBed(t)
	first := b.start()
	b.must(first.AwaitOwned(t.Context(), b.partitions))
	second := b.start()
	b.eventually("the partitions are shared", func() bool { return len(first.Owned()) == 1 && len(second.Owned()) == 1 })
	b.send("a", sends(upTo(100))...)
	b.send("b", sends(upTo(100))...)
	first.kill()
	b.must(second.AwaitOwned(t.Context(), b.partitions))
	b.eventuallySeen("a", upTo(100)...)
	b.eventuallySeen("b", upTo(100)...)
}

func TestPoisonParksItsKeyOnlyAndRedriveKeepsTheOrder(t *testing.T) {
	b := newBed(t)
	p := b.start()
	key, other := b.keyOn(0, "a"), b.keyOn(0, "b")
	b.send(key, sentV1{N: 1}, sentV1{N: 2, Do: "poison"}, sentV1{N: 3})
	b.send(other, sends(upTo(50))...)
	b.send(key, sentV1{N: 4})
	b.eventuallySeen(other, upTo(50)...)
	b.eventuallySeen(key, 1)
	parked, err := p.Parked(t.Context(), 10)
	b.must(err)
	if len(parked) != 3 || parked[0].Reason == "" || parked[1].Reason != "" || parked[2].Reason != "" {
		t.Fatalf("parked: %+v; want one with a reason and two behind it", parked)
	}
	if _, err := p.Submit(t.Context(), key, b.names.add.Of(add{9})); !errors.Is(err, engine.ErrParked) {
		t.Fatalf("a command about a parked key: %v; want ErrParked", err)
	}
	b.must2(p.Redrive(t.Context(), key)) // in vain: still poison
	b.eventually("the vain redrive is over", func() bool { return b.count(`SELECT count(*) FROM engine.parked WHERE redrive`) == 0 })
	b.eventuallySeen(key, 1)
	p.kill()
	p = b.start() // parked keys stay parked for the next owner
	b.send(key, sentV1{N: 5})
	b.eventually("it waits behind the others", func() bool { return b.count(`SELECT count(*) FROM engine.parked`) == 4 })
	b.poison.Store(false)
	b.must2(p.Redrive(t.Context(), key))
	b.eventuallySeen(key, 1, 2, 3, 4, 5)
	b.send(key, sentV1{N: 6})
	b.eventuallySeen(key, 1, 2, 3, 4, 5, 6)
}

func TestARecordThatCannotBeReadIsParkedWithTheReason(t *testing.T) {
	b := newBed(t)
	p := b.start()
	key := b.keyOn(0, "a")
	bad := b.record(key, 1, sentV1{})
	bad.Data = []byte(`{"n":1.0}`)
	b.append(0, bad)
	b.sequence[0] = 1
	b.send(b.keyOn(0, "b"), sentV1{N: 1})
	b.eventuallySeen(b.keyOn(0, "b"), 1)
	parked, err := p.Parked(t.Context(), 10)
	b.must(err)
	if len(parked) != 1 || parked[0].Key != key ||
		!strings.HasSuffix(parked[0].Reason, "payload: n: want an integer in digits alone") {
		t.Fatalf("parked: %+v", parked)
	}
}

func TestAnEventThatBreaksItsContractIsNotSaidAndParksItsKey(t *testing.T) {
	b := newBed(t)
	p := b.start()
	key := b.keyOn(0, "a")
	b.send(key, sentV1{N: 1}, sentV1{N: 2, Do: "overflow"}, sentV1{N: 3})
	b.send(b.keyOn(0, "b"), sentV1{N: 1})
	b.eventuallySeen(b.keyOn(0, "b"), 1)
	b.eventuallySeen(key, 1)
	parked, err := p.Parked(t.Context(), 10)
	b.must(err)
	if len(parked) != 2 || !strings.HasSuffix(parked[0].Reason, ".counted.v1: payload: n: is above 9007199254740991") {
		t.Fatalf("parked: %+v", parked)
	}
}

func TestWhatIsSaidIsHeldAgainstItsContractOnlyWhereAskedFor(t *testing.T) {
	b := newBed(t)
	b.start(func(c *engine.Config) { c.ValidateProduced = false })
	key := b.keyOn(0, "a")
	b.send(key, sentV1{N: 1, Do: "overflow"})
	b.eventuallySeen(key, 1<<53)
}

func TestABatchThatFailsAsAWholePassesEventByEvent(t *testing.T) {
	b := newBed(t)
	p := b.start()
	key, bad := b.keyOn(0, "a"), b.keyOn(0, "b")
	// the table refuses -1
	b.append(0, b.record(key, 1, sentV1{N: 1}), b.record(bad, 2, sentV1{N: -1}), b.record(key, 3, sentV1{N: 2}))
	b.eventuallySeen(key, 1, 2)
	b.eventually("the refused one is parked", func() bool {
		parked, err := p.Parked(t.Context(), 10)
		return err == nil && len(parked) == 1 && parked[0].Key == bad
	})
	b.eventuallyPublished(key, upTo(2))
}

func TestACallWhoseAnswerIsLostIsAskedAgainWithTheSameID(t *testing.T) {
	b := newBed(t)
	var mu sync.Mutex
	done := map[string]int{}    // what the outside world did, by id
	tries := map[string][]int{} // attempt numbers, by id
	hang := make(chan struct{})
	b.ask = func(ctx context.Context, a engine.Attempt, asked countedV1) (countedV1, error) {
		mu.Lock()
		tries[a.ID] = append(tries[a.ID], a.Number)
		if a.Number == 1 {
			done[a.ID]++
		}
		first := len(tries[a.ID]) == 1
		mu.Unlock()
		if first && asked.N == 1 {
			return countedV1{}, errors.New("the answer was lost")
		}
		if first && asked.N == 2 {
			close(hang) // the process dies while it waits
			<-ctx.Done()
			return countedV1{}, ctx.Err()
		}
		return countedV1{asked.N * 10}, nil
	}
	p := b.start()
	key := b.keyOn(0, "a")
	b.send(key, sentV1{N: 1, Do: "ask"}, sentV1{N: 2, Do: "ask"})
	<-hang
	b.eventually("the first is answered", func() bool { return len(b.published(b.names.told, key)) == 1 })
	p.kill()
	b.start()
	b.eventually("both are answered", func() bool { return equal(b.published(b.names.told, key), []int64{10, 20}) })
	mu.Lock()
	defer mu.Unlock()
	for id, n := range done {
		if n != 1 || tries[id][0] != 1 || tries[id][1] != 2 {
			t.Errorf("%s was done %d times, tries %v; want once, then inquiries", id, n, tries[id])
		}
	}
	if n := b.count(`SELECT count(*) FROM engine.call`); n != 0 || len(done) != 2 {
		t.Errorf("%d calls left, %d done", n, len(done))
	}
}

func TestADeadlineFallsDueOnceUnlessSettledMovedOrTakenOff(t *testing.T) {
	b := newBed(t)
	b.start()
	due, settled, moved, off := b.keyOn(0, "due"), b.keyOn(0, "settled"), b.keyOn(0, "moved"), b.keyOn(0, "off")
	at := func(d time.Duration) *time.Time { at := time.Now().Add(d); return &at }
	for _, key := range []string{settled, moved, off, due} {
		b.send(key, sentV1{N: 7, Do: "promise"})
		b.eventually("it is set", func() bool { return b.count(`SELECT count(*) FROM engine.deadline WHERE key = $1`, key) == 1 })
	}
	b.move(off, nil) // what is taken off is settled too
	b.move(settled, nil)
	b.move(moved, at(time.Hour))
	b.send(settled, sentV1{N: 8, Do: "settle"})
	b.move(due, at(200*time.Millisecond))
	b.eventually("one falls due", func() bool { return equal(b.published(b.names.due, due), []int64{7}) })
	b.move(moved, at(-time.Second))
	b.eventually("the moved one too, now", func() bool { return equal(b.published(b.names.due, moved), []int64{7}) })
	b.move(off, at(-time.Second))
	b.eventually("and the one that was off", func() bool { return equal(b.published(b.names.due, off), []int64{7}) })
	if said := b.published(b.names.due, settled); len(said) != 0 {
		t.Errorf("%s fell due", settled)
	}
	if n := b.count(`SELECT count(*) FROM engine.deadline`); n != 0 {
		t.Errorf("%d deadlines left", n)
	}
}

func TestManyCommandsAreOneCommitAndEachHappensOnce(t *testing.T) {
	b := newBed(t)
	p := b.start()
	b.must(p.AwaitOwned(t.Context(), b.partitions))
	other := b.start()
	b.eventually("the partitions are shared", func() bool { return len(p.Owned()) == 1 && len(other.Owned()) == 1 })
	const n = 400
	var wait sync.WaitGroup
	for i := range int64(n) {
		wait.Go(func() { // half of them about a partition that the other process owns
			from := []*process{p, other}[i%2]
			if o, err := from.Submit(t.Context(), fmt.Sprintf("k%d", i%20), b.names.add.Of(add{i})); err != nil || len(o.Emitted) != 1 {
				t.Errorf("command %d: %v, %+v", i, err, o)
			}
		})
	}
	wait.Wait()
	if events := b.count(`SELECT count(*) FROM engine.outbox`); events != n {
		t.Errorf("%d events of %d commands", events, n)
	}
	if commits := b.count(`SELECT count(DISTINCT xmin::text) FROM engine.outbox`); commits > n/4 {
		t.Errorf("%d commits for %d commands at once", commits, n)
	}
	b.eventually("all are on the topic, in the order of their commits", func() bool {
		for i := range 20 {
			key := fmt.Sprintf("k%d", i)
			if !equal(b.published(b.names.counted, key), b.seen(key)) || len(b.seen(key)) != n/20 {
				return false
			}
		}
		return true
	})
}

func TestACommandWhoseCommitIsUncertainSaysSo(t *testing.T) {
	b := newBed(t)
	p := b.start()
	b.must(p.AwaitOwned(t.Context(), b.partitions))
	p.freeze(true)
	defer p.freeze(false)
	for wait := 50 * time.Millisecond; ; wait *= 2 { // a slow machine has not begun in the first of these times
		ctx, cancel := context.WithTimeout(t.Context(), wait)
		_, err := p.Submit(ctx, "a", b.names.add.Of(add{1}))
		cancel()
		if errors.Is(err, database.ErrCommitUnknown) {
			return
		}
		if !errors.Is(err, context.DeadlineExceeded) || wait > patience {
			t.Fatalf("got %v, want ErrCommitUnknown", err)
		}
	}
}

func TestABatchWhoseCommitIsUncertainHappensOnceWithAllThatFollows(t *testing.T) {
	b := newBed(t)
	p := b.start()
	b.must(p.AwaitOwned(t.Context(), b.partitions))
	key, bad := b.keyOn(0, "a"), b.keyOn(0, "b")
	b.send(key, sentV1{N: 1})
	b.eventuallySeen(key, 1)
	for round := range int64(5) {
		p.base.lose.Store(1)
		b.append(0, b.record(key, 4*round+2, sentV1{N: round + 2}), b.record(key, 4*round+3, sentV1{N: round, Do: "ask"}),
			b.record(bad, 4*round+4, sentV1{N: round, Do: "poison"}), b.record(bad, 4*round+5, sentV1{N: round}))
		b.eventuallySeen(key, upTo(round+2)...)
		b.eventually("the answer was lost", func() bool { return p.base.lose.Load() < 0 })
	}
	b.eventually("what was asked is answered, once", func() bool { // in any order: what is asked again is asked all at once
		return equal(slices.Sorted(slices.Values(b.published(b.names.told, key))), []int64{0, 1, 2, 3, 4})
	})
	b.eventuallyPublished(key, upTo(6))
	if n := b.count(`SELECT count(*) FROM engine.parked`); n != 10 {
		t.Errorf("%d parked, want the poison and all behind it: 10", n)
	}
	b.poison.Store(false)
	b.must2(p.Redrive(t.Context(), bad))
	b.eventuallySeen(bad, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4)
}

func TestAQuestionCommittedByAProcessWithoutThePartitionIsAskedByItsOwner(t *testing.T) {
	b := newBed(t)
	first, second := b.start(), b.start()
	b.eventually("the partitions are shared", func() bool { return len(first.Owned()) == 1 && len(second.Owned()) == 1 })
	for p := range b.partitions {
		_, err := first.Submit(t.Context(), b.keyOn(p, "a"), b.names.add.Of(add{-7}))
		b.must(err)
		b.eventually("it is answered", func() bool { return equal(b.published(b.names.told, b.keyOn(p, "a")), []int64{-7}) })
	}
}
