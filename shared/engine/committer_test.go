package engine_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
)

// commands submits n commands about keys of both partitions at once, and waits for them to have happened.
func (b *bed) commands(p *process, n int, name string) {
	b.t.Helper()
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() {
			key := b.keyOn(i%2, fmt.Sprintf("%s%d", name, i/2%10))
			ctx, cancel := context.WithTimeout(b.t.Context(), patience)
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
	var shared int64
	for round := 0; shared == 0 && round < 20; round++ { // on a busy machine partitions may take turns for a while
		b.commands(p, 400, fmt.Sprint("k", round, "-"))
		shared = b.count(`SELECT count(*) FROM (SELECT FROM engine.outbox GROUP BY xmin::text HAVING count(DISTINCT partition) = 2) s`)
	}
	if shared == 0 {
		t.Error("no transaction was about both partitions")
	}
	if wrong := b.count(
		`SELECT count(*) FROM engine.counter c WHERE sequence <> (SELECT count(*) FROM engine.outbox o WHERE o.partition = c.partition
		AND o.sequence BETWEEN 1 AND c.sequence)`); wrong != 0 {
		t.Error("numbers with gaps")
	}
}
