package engine

import (
	"reflect"
	"time"

	"gorm.io/gorm"

	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
)

// cache holds the states of one machine that a partition's owner read or committed last, so that the next batch about the same
// keys need not read and decode their rows. It ends with the owner's run, and is emptied when a commit fails or its outcome is
// unknown, and when the partition's counter is not as this owner left it: see batch.fence. Whoever else changes a state of
// the partition moves that counter, under the partition's lock.
//
// When half of the memory is full, what was not used since the last time is dropped.
type cache struct {
	recent, older map[string]cached
	bytes, most   int // of recent
}

type cached struct {
	state any
	bytes int
}

// cacheBytes bounds the cached states of one machine in all partitions of a process.
const cacheBytes = 8 << 20

func newCache(most int) *cache { return &cache{recent: map[string]cached{}, most: most / 2} }

func (c *cache) get(key string) (any, bool) {
	if found, ok := c.recent[key]; ok {
		return found.state, true
	}
	found, ok := c.older[key]
	if ok {
		c.add(key, found)
	}
	return found.state, ok
}

func (c *cache) put(key string, state any, bytes int) { c.add(key, cached{state, bytes}) }

func (c *cache) add(key string, one cached) {
	c.bytes += one.bytes - c.recent[key].bytes
	c.recent[key] = one
	if c.bytes > c.most {
		c.older, c.recent, c.bytes = c.recent, map[string]cached{}, 0
	}
}

// newCaches makes one for each machine whose states are cached.
func newCaches(e *Engine) []*cache {
	caches := make([]*cache, len(e.Bindings))
	for i, b := range e.Bindings {
		if _, ok := b.Store.(cachedStore); ok && !b.Machine.Spreads() {
			caches[i] = newCache(cacheBytes / e.Partitions)
		}
	}
	return caches
}

// forget empties the worker's caches, and tells whether there was anything in them.
func (w *worker) forget() (some bool) {
	for i, c := range w.caches {
		if c != nil {
			some = some || len(c.recent)+len(c.older) > 0
			w.caches[i] = newCache(2 * c.most)
		}
	}
	return some
}

// sizeOf estimates the memory of a value and of all that it refers to.
func sizeOf(v reflect.Value) int {
	if !v.IsValid() {
		return 0
	}
	size := int(v.Type().Size())
	switch v.Kind() {
	case reflect.String:
		size += v.Len()
	case reflect.Pointer, reflect.Interface:
		size += sizeOf(v.Elem())
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return size
		}
		for i := range v.NumField() {
			size += sizeOf(v.Field(i)) - int(v.Field(i).Type().Size())
		}
	case reflect.Slice, reflect.Array:
		if k := v.Type().Elem().Kind(); k >= reflect.Bool && k <= reflect.Complex128 {
			return size + v.Len()*int(v.Type().Elem().Size())
		}
		for i := range v.Len() {
			size += sizeOf(v.Index(i))
		}
	case reflect.Map:
		for each := v.MapRange(); each.Next(); {
			size += sizeOf(each.Key()) + sizeOf(each.Value())
		}
	}
	return size
}

// cachedStore is a Store of which a partition's owner may keep states in memory: a key's state is changed only in transactions
// that hold the lock of the key's partition.
type cachedStore interface {
	// loadBeside is Load of the states that are not cached.
	loadBeside(tx *gorm.DB, inputs []saga.Event, cached func(key string) (any, bool)) (States, error)
}

// cachedStates are the States of a cachedStore.
type cachedStates interface {
	// uncached visits the states that are not in a cache as they are, after Save.
	uncached(func(key string, kept any, bytes int))
}

// counter is the last number of a partition's events, and the transaction that wrote it. While it is as the owner knows it,
// nobody else has changed a state of the partition.
type counter struct{ sequence, xid int64 }

// cached finds the states of a machine, by the order of its binding, that the owners of the batch's partitions have in memory.
func (b *batch) cached(machine int) func(key string) (any, bool) {
	return func(key string) (any, bool) {
		if s := b.shareOf(key); s != nil && s.w.caches[machine] != nil {
			return s.w.caches[machine].get(key)
		}
		return nil, false
	}
}

// shareOf is the share of the key's partition, nil if the batch has none of its owner's.
func (b *batch) shareOf(key string) *share {
	partition := kafka.PartitionOf(key, b.e.Partitions)
	for _, s := range b.shares {
		if s.w.partition == partition {
			return s
		}
	}
	return nil
}

// load reads the states of all machines.
func (b *batch) load(live []*input) error {
	b.sets = b.sets[:0]
	for i, binding := range b.e.Bindings {
		mine := spread(binding.Machine, b.about(binding.Machine, live))
		if err := lockStates(b.tx, binding.Machine, mine); err != nil {
			return err
		}
		set, err := States(nil), error(nil)
		if store, ok := binding.Store.(cachedStore); ok {
			set, err = store.loadBeside(b.tx, mine, b.cached(i))
		} else {
			set, err = binding.Store.Load(b.tx, mine)
		}
		if err != nil {
			return err
		}
		b.sets = append(b.sets, set)
	}
	return nil
}

// outdated tells whether anybody else changed states of the batch's partitions. What was cached of them is dropped.
func (b *batch) outdated() (some bool) {
	for _, s := range b.shares {
		if s.w.epoch > 0 && s.counter != s.w.counter {
			some = s.w.forget() || some
		}
	}
	return some
}

// StatesChanged makes the owners of all partitions read the states again. Who changes them otherwise than by a batch calls it in
// the same transaction, and holds the partitions: see Hold.
func StatesChanged(tx *gorm.DB) error {
	return tx.Exec(`UPDATE engine.counter SET sequence = sequence`).Error
}

// remember caches the states that the batch left, after its commit.
func (b *batch) remember() {
	for i, set := range b.sets {
		states, ok := set.(cachedStates)
		if !ok {
			continue
		}
		states.uncached(func(key string, kept any, bytes int) {
			if s := b.shareOf(key); s != nil && s.w.caches[i] != nil {
				s.w.caches[i].put(key, kept, bytes)
			}
		})
	}
}
