package engine

import (
	"fmt"
	"hash/fnv"
	"slices"

	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm"

	"orderflow.example/shared/saga"
)

// stateClass is the first half of the locks on states that every partition writes.
const stateClass = partitionClass + 1

// spread are the events by which a machine's states are loaded: one for each state that an event concerns.
func spread(m *saga.Machine, events []saga.Event) []saga.Event {
	if !m.Spreads() {
		return events
	}
	var each []saga.Event
	for _, e := range events {
		if all, err := spreadOne(m, e); err == nil { // else the decision parks it
			each = append(each, all...)
		}
	}
	return each
}

// spreadOne is an event once for each state that it concerns.
func spreadOne(m *saga.Machine, e saga.Event) ([]saga.Event, error) {
	all, err := m.About(e)
	for _, one := range all {
		if one.Key != e.Key && (len(one.Key) > longestKey || one.Key != storable(one.Key)) {
			return nil, fmt.Errorf("%s shows %s in the state of a key that tables cannot index", m, e.Type)
		}
	}
	return all, err
}

// lockStates locks the states that every partition writes, in one order, before they are loaded. Their rows would not do:
// one that is not there yet cannot be locked, and two partitions would both begin from nothing.
func lockStates(tx *gorm.DB, m *saga.Machine, events []saga.Event) error {
	if !m.Spreads() || len(events) == 0 {
		return nil
	}
	locks := make(pgtype.FlatArray[int32], len(events))
	for i, e := range events {
		h := fnv.New32a()
		_, _ = h.Write([]byte(m.String() + "\x00" + e.Key))
		locks[i] = int32(h.Sum32())
	}
	slices.Sort(locks)
	return later(tx, "lock states", `SELECT pg_advisory_xact_lock($1, p) FROM unnest($2::int[]) WITH ORDINALITY AS l (p, n) ORDER BY n`,
		stateClass, slices.Compact(locks))
}
