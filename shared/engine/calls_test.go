package engine_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"orderflow.example/shared/engine"
)

func TestARefusedQuestionIsParkedHoldsUpNothingAndIsAskedAgainWhenRedriven(t *testing.T) {
	b := newBed(t)
	var refuse atomic.Bool
	refuse.Store(true)
	var tries []int
	var mu sync.Mutex
	b.ask = func(_ context.Context, a engine.Attempt, e countedV1) (countedV1, error) {
		mu.Lock()
		defer mu.Unlock()
		tries = append(tries, a.Number)
		if refuse.Load() {
			return e, engine.Refused(errors.New("status 400: no such currency"))
		}
		return e, nil
	}
	p := b.start()
	b.must(p.AwaitOwned(t.Context(), b.partitions))
	key := b.keyOn(0, "a")
	b.send(key, sentV1{N: 5, Do: "ask"})
	b.eventually("it is parked", func() bool {
		return b.count(`SELECT count(*) FROM engine.parked WHERE form = 'call' AND reason LIKE '%no such currency%'`) == 1
	})
	if n := b.count(`SELECT count(*) FROM engine.call`); n != 0 {
		t.Errorf("%d questions are open", n)
	}
	b.send(key, sentV1{N: 1})
	b.eventuallySeen(key, 1)
	refuse.Store(false)
	b.must2(p.Redrive(t.Context(), key))
	b.eventually("it is answered", func() bool { return equal(b.published(b.names.told, key), []int64{5}) })
	b.eventually("nothing is parked", func() bool { return b.count(`SELECT count(*) FROM engine.parked`) == 0 })
	mu.Lock()
	defer mu.Unlock()
	if !slices.Equal(tries, []int{1, 2}) {
		t.Errorf("tries %v: after a refusal an inquiry comes first", tries)
	}
}

func TestAQuestionThatIsGivenUpIsNotAskedAnyMore(t *testing.T) {
	b := newBed(t)
	started, broken := make(chan struct{}, 100), make(chan struct{}, 100)
	b.ask = func(ctx context.Context, _ engine.Attempt, e countedV1) (countedV1, error) {
		started <- struct{}{}
		<-ctx.Done()
		broken <- struct{}{}
		return e, ctx.Err()
	}
	p := b.start()
	b.must(p.AwaitOwned(t.Context(), b.partitions))
	key := b.keyOn(0, "a")
	// Each is broken off as it is given up: the search for what others gave up, every second, would take longer for so many.
	for n, enough := int64(0), time.After(patience); n < 40; n += 2 {
		b.send(key, sentV1{N: 5 + n, Do: "ask"})
		<-started
		b.send(key, sentV1{N: 6 + n, Do: "settle"})
		select {
		case <-broken: // the try under way
		case <-enough:
			t.Fatalf("after %d that were broken off, a try goes on", n/2)
		}
	}
	b.eventually("it is no row any more", func() bool { return b.count(`SELECT count(*) FROM engine.call`) == 0 })
	b.send(key, sentV1{N: 47, Do: "ask"}, sentV1{N: 48, Do: "settle"}, sentV1{N: 49})
	b.eventuallySeen(key, 49)
	if n := b.count(`SELECT count(*) FROM engine.call`); n != 0 {
		t.Errorf("%d questions are open", n)
	}
}

func TestAQuestionThatAnotherProcessGivesUpIsNotAskedAnyMore(t *testing.T) {
	b := newBed(t)
	started, broken := make(chan struct{}, 100), make(chan struct{}, 100)
	b.ask = func(ctx context.Context, _ engine.Attempt, e countedV1) (countedV1, error) {
		started <- struct{}{}
		<-ctx.Done()
		broken <- struct{}{}
		return e, ctx.Err()
	}
	first, second := b.start(), b.start()
	b.eventually("the partitions are shared", func() bool { return len(first.Owned()) == 1 && len(second.Owned()) == 1 })
	other := second
	if second.Owned()[0] == 0 {
		other = first
	}
	key := b.keyOn(0, "a")
	b.send(key, sentV1{N: 5, Do: "ask"})
	<-started
	_, err := other.Submit(t.Context(), key, b.names.add.Of(add{giveUp}))
	b.must(err)
	<-broken
	if n := b.count(`SELECT count(*) FROM engine.call`); n != 0 {
		t.Errorf("%d questions are open", n)
	}
}

// Questions that hang take none of the places of those that would be answered, also of the same kind.
func TestQuestionsThatHangDoNotHoldUpOthers(t *testing.T) {
	b := newBed(t)
	hangs := errors.New("hangs")
	b.ask = func(ctx context.Context, a engine.Attempt, e countedV1) (countedV1, error) {
		if e.N >= 1000 {
			if a.Number > 1 {
				<-ctx.Done() // a retry that would hold its place for ever
			}
			return e, hangs
		}
		return e, nil
	}
	p := b.start()
	b.must(p.AwaitOwned(t.Context(), b.partitions))
	for n := range int64(600) {
		b.send(b.keyOn(int(n%2), fmt.Sprintf("dead%d", n)), sentV1{N: 1000 + n, Do: "ask"})
	}
	b.eventually("they are asked again", func() bool {
		report, _ := b.progress(0)
		return len(report.Retries) > 50
	})
	for n := range int64(20) {
		key := b.keyOn(0, fmt.Sprintf("fine%d", n))
		b.send(key, sentV1{N: n + 1, Do: "ask"})
		b.eventually("it is answered", func() bool { return equal(b.published(b.names.told, key), []int64{n + 1}) })
	}
}

func TestOpenQuestionsAreRowsAndCostLittleMemory(t *testing.T) {
	b := newBed(t)
	const n = 50_000
	b.must(b.db.Gorm().Exec(`INSERT INTO engine.call (id, partition, type, key, saga, at, asked)
		SELECT 'id' || n, n % 2, $1, 'k' || n, 's', now(), '{"n":1}' FROM generate_series(1, $2) n`, b.names.asked.Name(), n).Error)
	b.ask = func(context.Context, engine.Attempt, countedV1) (countedV1, error) {
		return countedV1{}, errors.New("status 503")
	}
	before := memory()
	p := b.start(func(c *engine.Config) { c.Answerers[0] = c.Answerers[0].Limited(64, 500) })
	b.must(p.AwaitOwned(t.Context(), b.partitions))
	b.eventually("many were asked and put away",
		func() bool { return b.count(`SELECT count(*) FROM engine.call WHERE try > 0`) > 50 })
	if grown := int64(memory()) - int64(before); grown > 64<<20 {
		t.Errorf("%d open questions take %d MB", n, grown>>20)
	}
	if open := b.count(`SELECT count(*) FROM engine.call`); open != n {
		t.Errorf("%d of %d questions are open", open, n)
	}
}

func memory() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

// A restart asks what is open at the rate, not all at once.
func TestTheRateOfAQuestionHolds(t *testing.T) {
	b := newBed(t)
	b.must(b.db.Gorm().Exec(`INSERT INTO engine.call (id, partition, type, key, saga, at, asked)
		SELECT 'id' || n, n % 2, $1, 'k' || n, 's', now(), '{"n":1}' FROM generate_series(1, 400) n`, b.names.asked.Name()).Error)
	var first, last atomic.Int64
	var asked atomic.Int64
	b.ask = func(_ context.Context, _ engine.Attempt, e countedV1) (countedV1, error) {
		now := time.Now().UnixNano()
		first.CompareAndSwap(0, now)
		last.Store(now)
		asked.Add(1)
		return e, nil
	}
	b.start(func(c *engine.Config) { c.Answerers[0] = c.Answerers[0].Limited(10, 100) })
	b.eventually("all are asked", func() bool { return asked.Load() >= 200 })
	if took := time.Duration(last.Load() - first.Load()); took < 1500*time.Millisecond {
		t.Errorf("200 questions at 100 a second, 10 of them at once, took %v", took)
	}
}
