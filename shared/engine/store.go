package engine

import (
	"context"

	"gorm.io/gorm"

	"orderflow.example/shared/database"
	"orderflow.example/shared/saga"
)

// Binding is one machine of a service with the store of its states.
type Binding struct {
	Machine *saga.Machine
	Store   Store
}

// Store keeps the states of one machine in the service's database.
type Store interface {
	// Load reads and locks, in key order, the states that the inputs are about. If Replays says so, no other process writes,
	// and events of different partitions come in no order.
	Load(tx *gorm.DB, inputs []saga.Event) (States, error)
	// Each reads every state, without locks.
	Each(db *gorm.DB, fn func(key string, state any) error) error
	// Memory is an empty set that is never saved, for replays.
	Memory() States
	// Tables names the tables in which the states are kept, as SQL does: "payments", or with its schema. Nothing else is in
	// them, so that a replay can make them anew.
	Tables() []string
}

// States are the states one batch, or one replay, works on.
type States interface {
	// Get is the state that the event is about; the blank state for a new key.
	Get(e saga.Event) any
	// Put replaces the state that the event is about.
	Put(e saga.Event, state any)
	// Save writes the states that were put, in one statement for each table.
	Save(tx *gorm.DB) error
	// Each visits every state of the set, in no particular order.
	Each(fn func(key string, state any) error) error
}

// Table is the Store of a machine with one row for each key.
type Table[S, Row any] struct {
	table *database.Table[Row]
	blank func(key string) S
	key   func(Row) string
	to    func(S) Row
	from  func(Row) S
}

type replaying struct{}

// Replaying marks transactions as those of a replay.
func Replaying(ctx context.Context) context.Context { return context.WithValue(ctx, replaying{}, true) }

// Replays tells whether the transaction is that of a replay.
func Replays(tx *gorm.DB) bool { return tx.Statement.Context.Value(replaying{}) != nil }

// NewTable keeps states of type S as rows of a gorm model whose single primary key is the event key. key reads that
// column, to and from convert; a state must survive the way there and back unchanged.
func NewTable[S, Row any](blank func(key string) S, key func(Row) string, to func(S) Row, from func(Row) S) *Table[S, Row] {
	return &Table[S, Row]{table: database.NewTable[Row](), blank: blank, key: key, to: to, from: from}
}

// Load locks the rows of the inputs' keys in key order.
func (t *Table[S, Row]) Load(tx *gorm.DB, inputs []saga.Event) (States, error) {
	rows, err := t.table.LoadForUpdate(tx, Keys(inputs))
	if err != nil {
		return nil, err
	}
	set := t.memory(len(rows))
	for _, row := range rows {
		set.states[t.key(row)] = rowState[S, Row]{state: t.from(row), row: row, stored: true}
	}
	return set, nil
}

// Each reads the whole table.
func (t *Table[S, Row]) Each(db *gorm.DB, fn func(key string, state any) error) error {
	rows, err := t.table.Select(db, "")
	if err != nil {
		return err
	}
	for _, row := range rows {
		if err := fn(t.key(row), t.from(row)); err != nil {
			return err
		}
	}
	return nil
}

// Memory is an empty set.
func (t *Table[S, Row]) Memory() States { return t.memory(0) }

// Tables is the one table.
func (t *Table[S, Row]) Tables() []string { return []string{t.table.Name()} }

func (t *Table[S, Row]) memory(n int) *tableStates[S, Row] {
	return &tableStates[S, Row]{table: t, states: make(map[string]rowState[S, Row], n), dirty: make(map[string]struct{}, n)}
}

type tableStates[S, Row any] struct {
	table  *Table[S, Row]
	states map[string]rowState[S, Row]
	dirty  map[string]struct{}
}

// rowState is a state with the row that the table holds of it, if any.
type rowState[S, Row any] struct {
	state  S
	row    Row
	stored bool
}

func (s *tableStates[S, Row]) Get(e saga.Event) any {
	if found, ok := s.states[e.Key]; ok {
		return found.state
	}
	return s.table.blank(e.Key)
}

func (s *tableStates[S, Row]) Put(e saga.Event, state any) {
	found := s.states[e.Key]
	found.state = state.(S)
	s.states[e.Key] = found
	s.dirty[e.Key] = struct{}{}
}

func (s *tableStates[S, Row]) Save(tx *gorm.DB) error {
	var before, after, added []Row
	for key := range s.dirty {
		found := s.states[key]
		row := s.table.to(found.state)
		if found.stored {
			before, after = append(before, found.row), append(after, row)
		} else {
			added = append(added, row)
		}
	}
	if err := s.table.table.Upsert(tx, added); err != nil {
		return err
	}
	return s.table.table.Update(tx, before, after)
}

func (s *tableStates[S, Row]) Each(fn func(key string, state any) error) error {
	for key, found := range s.states {
		if err := fn(key, found.state); err != nil {
			return err
		}
	}
	return nil
}

// Keys lists the keys of the events, once each.
func Keys(events []saga.Event) []string {
	seen := make(map[string]struct{}, len(events))
	keys := make([]string, 0, len(events))
	for _, e := range events {
		if _, ok := seen[e.Key]; !ok {
			seen[e.Key] = struct{}{}
			keys = append(keys, e.Key)
		}
	}
	return keys
}
