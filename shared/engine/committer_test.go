package engine_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"orderflow.example/shared/database"
)

// commands submits n commands about keys of both partitions at once, and waits for them to have happened.
func (b *bed) commands(p *process, n int, name string) {
	b.t.Helper()
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() {
			key := b.keyOn(i%2, fmt.Sprintf("%s%d", name, i/2%10))
			ctx, cancel := context.WithTimeout(b.t.Context(), 5*time.Second)
			defer cancel()
			if o, err := p.Submit(ctx, key, b.names.add.Of(add{int64(i)})); err != nil || len(o.Emitted) != 1 {
				b.t.Errorf("command %d: %v, %+v", i, err, o)
			}
		})
	}
	wait.Wait()
}

func TestPartitionsOfAProcessShareTransactions(t *testing.T) {
	b := newBed(t)
	p := b.start()
	b.must(p.AwaitOwned(t.Context(), b.partitions))
	b.commands(p, 400, "k")
	shared := b.count(`SELECT count(*) FROM (SELECT FROM engine.outbox GROUP BY xmin::text HAVING count(DISTINCT partition) = 2) s`)
	if shared == 0 {
		t.Error("no transaction was about both partitions")
	}
	if wrong := b.count(`SELECT count(*) FROM engine.counter c WHERE sequence <> (SELECT count(*) FROM engine.outbox o WHERE o.partition = c.partition
		AND o.sequence BETWEEN 1 AND c.sequence)`); wrong != 0 {
		t.Error("numbers with gaps")
	}
}

// What one transaction for several partitions must not do: hold up all for what holds up one.
func TestARowThatSomebodyLocksHoldsUpNoOtherPartition(t *testing.T) {
	b := newBed(t)
	p := b.start()
	b.must(p.AwaitOwned(t.Context(), b.partitions))
	locked := b.keyOn(0, "locked")
	b.send(locked, sentV1{N: 1})
	b.eventuallySeen(locked, 1)
	other, err := database.Open(t.Context(), database.Options{URL: b.url})
	b.must(err)
	defer other.Close()
	tx := other.Gorm().Begin()
	defer tx.Rollback()
	b.must(tx.Exec(`SELECT FROM tallies WHERE key = $1 FOR UPDATE`, locked).Error)
	for round := range 6 {
		key := b.keyOn(1, fmt.Sprintf("free%d-", round))
		var wait sync.WaitGroup
		for i := range int64(100) {
			wait.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				if _, err := p.Submit(ctx, key, b.names.add.Of(add{i})); err != nil {
					t.Errorf("round %d, command %d: %v", round, i, err)
				}
			})
			go p.Submit(t.Context(), locked, b.names.add.Of(add{i}))
		}
		wait.Wait()
	}
	b.must(tx.Rollback().Error)
	const last = 1000
	b.send(locked, sentV1{N: last})
	b.eventually("the locked one goes on", func() bool { return slices.Contains(b.seen(locked), last) })
}

func TestAFaultInATransactionOfSeveralPartitionsIsItsOwnAlone(t *testing.T) {
	b := newBed(t)
	p := b.start()
	b.must(p.AwaitOwned(t.Context(), b.partitions))
	bad := b.keyOn(0, "bad")
	for round := range 5 {
		var all sync.WaitGroup
		all.Go(func() { b.commands(p, 60, fmt.Sprintf("round%d-", round)) })
		b.send(bad, sentV1{N: -1000}) // the table refuses its sum
		all.Wait()
	}
	b.eventually("the bad ones are parked", func() bool { return b.count(`SELECT count(*) FROM engine.parked`) == 5 })
	if n := b.count(`SELECT count(*) FROM engine.parked WHERE key <> $1`, bad); n != 0 {
		t.Errorf("%d others are parked", n)
	}
	if n := b.count(`SELECT count(*) FROM engine.outbox`); n != 5*60 {
		t.Errorf("%d events of %d commands", n, 5*60)
	}
}
