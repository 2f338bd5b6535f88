package engine

import (
	"fmt"
	"hash/fnv"
	"slices"

	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm"

	"orderflow.example/shared/saga"
)

// stateClass is the first half of the locks on states that every partition writes. Each of a few locks covers the states of many
// keys: the server's lock table, which all databases share, would not hold one for each key of a large batch.
const (
	stateClass = partitionClass + 1
	stateLocks = 256
)

// statesOf is the event once for each state that it is about.
func statesOf(m *saga.Machine, e saga.Event) ([]saga.Event, error) {
	all, err := m.About(e)
	for _, one := range all {
		if one.Key != storable(one.Key) {
			return nil, fmt.Errorf("%s shows %s in the state of a key that tables cannot hold", m, e.Type)
		}
	}
	return all, err
}

// spread is statesOf all events, by which a machine's states are loaded.
func spread(m *saga.Machine, events []saga.Event) []saga.Event {
	if !m.Spreads() {
		return events
	}
	var each []saga.Event
	for _, e := range events {
		if all, err := statesOf(m, e); err == nil { // otherwise the decision parks it
			each = append(each, all...)
		}
	}
	return each
}

// states is statesOf one event, mostly the event itself. The list is valid until the next call.
func (b *batch) states(m *saga.Machine, e saga.Event) ([]saga.Event, error) {
	if !m.Spreads() {
		b.one[0] = e
		return b.one[:], nil
	}
	return statesOf(m, e)
}

// lockStates locks the states that every partition writes, in one order, before they are loaded. Row locks would not do: a row
// that does not exist cannot be locked, and two partitions would both start from the blank state.
func lockStates(tx *gorm.DB, m *saga.Machine, events []saga.Event) error {
	if !m.Spreads() || len(events) == 0 {
		return nil
	}
	locks := make(pgtype.FlatArray[int32], len(events))
	for i, e := range events {
		h := fnv.New32a()
		_, _ = h.Write([]byte(m.String() + "\x00" + e.Key))
		locks[i] = int32(h.Sum32() % stateLocks)
	}
	slices.Sort(locks)
	return later(tx, "lock states", `SELECT pg_advisory_xact_lock($1, s)
		FROM unnest($2::int[]) WITH ORDINALITY AS l (s, n) ORDER BY n`, stateClass, slices.Compact(locks))
}
