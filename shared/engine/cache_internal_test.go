package engine

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"orderflow.example/shared/database"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
)

// keyedBed is a turnBed whose tests say what is heard about which key.
type keyedBed struct {
	*turnBed
	key      string // of the first partition
	sequence int64
}

func newKeyedBed(t *testing.T) *keyedBed {
	b := &keyedBed{turnBed: newTurnBed(t)}
	b.key = b.keyOn(0, "key")
	return b
}

func (b *keyedBed) keyOn(partition int, name string) string {
	for n := 0; ; n++ {
		if key := fmt.Sprintf("%s-%d", name, n); kafka.PartitionOf(key, 2) == partition {
			return key
		}
	}
}

func (b *keyedBed) sent(key string, n int64) input {
	b.sequence++
	return input{form: event, heard: true, record: &kafka.Record{Topic: "feeder.events", Partition: 0, Key: key,
		Sequence: b.sequence, ID: uuid.NewString(), Type: sent.Name(), Source: "/feeder", Time: time.Now(),
		Data: fmt.Appendf(nil, `{"n":%d}`, n)}}
}

func raised(key string, n int64) input { return ordered(raise, key, n) }

func ordered(kind saga.Type[numberV1], key string, n int64) input {
	order := kind.Of(numberV1{n})
	order.Key, order.Saga = key, key
	return input{form: command, event: order, reply: make(chan result, 1)}
}

func (b *keyedBed) owner() *worker { return b.turns[0].w }

// commit commits one batch of the first partition's owner and returns how many rows of states it read.
func (b *keyedBed) commit(in ...input) int {
	b.Helper()
	before := b.read
	if err := b.owner().commit(in); err != nil {
		b.Fatal(err)
	}
	return b.read - before
}

func (b *keyedBed) stands(n int64) {
	b.Helper()
	if row := b.count(`SELECT n FROM sums WHERE key = '` + b.key + `'`); row != n {
		b.Errorf("the row says %d, want %d", row, n)
	}
}

func TestAnOwnerReadsAStateOnceAndNotForEachBatch(t *testing.T) {
	b := newKeyedBed(t)
	b.do(`INSERT INTO sums VALUES ($1, 5)`, b.key)
	if n := b.commit(b.sent(b.key, 1)); n != 1 {
		t.Errorf("%d rows are read for the first batch, want 1", n)
	}
	if n := b.commit(b.sent(b.key, 2), raised(b.key, 3)); n != 0 {
		t.Errorf("%d rows are read again", n)
	}
	b.stands(11)
}

func TestAStateThatSomebodyElseChangedIsReadAgain(t *testing.T) {
	for what, change := range map[string]func(b *keyedBed) error{
		"a command that another process commits": func(b *keyedBed) error {
			return b.e.nonOwner.commit([]input{raised(b.key, 10)})
		},
		"a command of another process whose event is in another partition": func(b *keyedBed) error {
			if kafka.PartitionOf(elsewhere, 2) == 0 {
				return errors.New("it is in the same one")
			}
			return b.e.nonOwner.commit([]input{ordered(note, b.key, 10)})
		},
		"tables that are swapped": func(b *keyedBed) error {
			return database.Transact(b.Context(), b.database, func(tx *gorm.DB) error {
				return errors.Join(tx.Exec(`UPDATE sums SET n = n + 10`).Error, StatesChanged(tx))
			})
		},
		"a database brought level with its topic": func(b *keyedBed) error {
			lost := kafka.Record{Topic: "adder.events", Key: b.key, Sequence: 2, ID: uuid.NewString(), Type: added.Name(),
				Source: "/adder", Time: time.Now(), Data: []byte(`{"n":10}`)}
			return newPartitionPublisher(b.e, 0).bringBack(b.Context(), 1, []kafka.Record{lost})
		},
		"a batch that failed": func(b *keyedBed) error {
			if err := b.owner().commit([]input{raised(b.key, 10), raised(b.key, -100)}); !database.IsDataFault(err) {
				return fmt.Errorf("it did not fail: %v", err)
			}
			return b.db.Exec(`UPDATE sums SET n = n + 10`).Error
		},
		"a later owner": func(b *keyedBed) error {
			b.do(`UPDATE engine.lease SET epoch = 2`)
			if err := b.owner().commit([]input{raised(b.key, 50)}); !errors.Is(err, errFenced) {
				return fmt.Errorf("the former one: %v", err)
			}
			next := newPartition(b.e, 0, 2)
			b.turns[0].w = next.worker
			return errors.Join(next.load(b.Context()), b.db.Exec(`UPDATE sums SET n = n + 10`).Error)
		},
	} {
		t.Run(what, func(t *testing.T) {
			b := newKeyedBed(t)
			b.commit(raised(b.key, 1))
			if err := change(b); err != nil {
				t.Fatal(err)
			}
			if n := b.commit(raised(b.key, 100)); n != 1 {
				t.Errorf("%d rows are read, want 1", n)
			}
			b.stands(111)
		})
	}
}

// Owners come and go, batches fail, and other processes commit: what a key's events add up to is always in its row.
func TestRowsAreTheSumOfTheirEventsWhoeverCommitted(t *testing.T) {
	b := newKeyedBed(t)
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 1))
	keys := []string{b.key, b.keyOn(0, "another"), b.keyOn(0, "third")}
	for epoch, step := int64(1), 0; step < 150; step++ {
		key := keys[random.IntN(len(keys))]
		switch random.IntN(6) {
		case 0:
			if err := b.e.nonOwner.commit([]input{raised(key, 1+random.Int64N(9)), raised(keys[0], 1)}); err != nil {
				t.Fatal(err)
			}
		case 1:
			if err := b.owner().commit([]input{raised(key, 5), raised(key, -1_000_000)}); err == nil {
				t.Fatal("a sum below zero was committed")
			}
		case 2:
			epoch++
			b.do(`UPDATE engine.lease SET epoch = $1`, epoch)
			next := newPartition(b.e, 0, epoch)
			if err := next.load(t.Context()); err != nil {
				t.Fatal(err)
			}
			b.turns[0].w = next.worker
		default:
			b.commit(b.sent(key, random.Int64N(9)), raised(keys[random.IntN(len(keys))], 1+random.Int64N(9)))
		}
	}
	if n := b.count(`SELECT count(*) FROM (SELECT key, sum((data ->> 'n')::bigint) AS n FROM engine.outbox GROUP BY key) o
		FULL JOIN sums s USING (key) WHERE s.n IS DISTINCT FROM o.n`); n != 0 {
		t.Errorf("seed %d: %d of %d rows are not the sum of their events", seed, n, len(keys))
	}
}

func TestStatesOfAMachineThatWritesOtherPartitionsAreNotCached(t *testing.T) {
	machine := saga.Choreography[sum]{Service: "adder", Blank: func(key string) sum { return sum{Key: key} },
		Evolve: func(s sum, _ saga.Event) sum { return s },
		Rows: []saga.Row{saga.ShowAt(sent, func(numberV1) []string { return []string{"all"} },
			func(s sum, e numberV1, _ time.Time) sum { return sum{s.Key, s.N + e.N} })}}.Machine()
	e := &Engine{Config: Config{Partitions: 2, Bindings: []Binding{{Machine: machine, Store: newTurnBed(t).e.Bindings[0].Store}}}}
	if newCaches(e)[0] != nil {
		t.Error("they are")
	}
}

func TestCachedStatesAreBoundedByTheirBytesAndThoseUsedLastStay(t *testing.T) {
	type state struct {
		ID    string
		Lines []struct{ SKU string }
	}
	const most = 100 << 10
	c := newCache(most)
	put := func(n int) {
		one := state{ID: "x", Lines: []struct{ SKU string }{{strings.Repeat("s", 1000)}}}
		c.put(fmt.Sprint(n), one, sizeOf(reflect.ValueOf(one)))
	}
	for n := range 1000 {
		put(n)
		if _, found := c.get("0"); !found {
			t.Fatalf("the state used all the time is gone after %d others", n)
		}
	}
	held := len(c.recent) + len(c.older)
	if held < 30 || held > most/1000 {
		t.Errorf("%d states of some 1,000 bytes are held in %d bytes", held, most)
	}
	if size := sizeOf(reflect.ValueOf(state{})); size < 40 || size > 64 {
		t.Errorf("an empty state is said to be of %d bytes", size)
	}
}
