package engine

import (
	"encoding/json"
	"slices"

	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm"

	"orderflow.example/shared/database"
	"orderflow.example/shared/saga"
)

// knownRow holds the latest events of other services about one key.
type knownRow struct {
	Key    string                     `gorm:"primaryKey"`
	Latest map[string]json.RawMessage `gorm:"type:json;serializer:json"`
}

func (knownRow) TableName() string { return "engine.known" }

var knownTable = database.NewTable[knownRow]()

func fromKnown(r knownRow) saga.Said { return saga.Said(r) }

// rebuiltRow is a knownRow in whatever schema the session looks into.
type rebuiltRow knownRow

func (rebuiltRow) TableName() string { return "known" }

// WithLookups adds the binding that stores the events the others look up, if there are any. Its states are written in the
// partition of their key, like all others.
func WithLookups(bindings []Binding) []Binding {
	return withLookups(bindings, NewTable(blankSaid, func(r knownRow) string { return r.Key },
		func(s saga.Said) knownRow { return knownRow(s) }, fromKnown))
}

// WithRebuiltLookups is WithLookups for a replay, which keeps them in the table known of the schema it works in.
func WithRebuiltLookups(bindings []Binding) []Binding {
	return withLookups(bindings, NewTable(blankSaid, func(r rebuiltRow) string { return r.Key },
		func(s saga.Said) rebuiltRow { return rebuiltRow(s) }, func(r rebuiltRow) saga.Said { return saga.Said(r) }))
}

func blankSaid(key string) saga.Said { return saga.Said{Key: key} }

func withLookups(bindings []Binding, store Store) []Binding {
	machines := make([]*saga.Machine, len(bindings))
	for i, b := range bindings {
		machines[i] = b.Machine
	}
	m := saga.Lookups(machines...)
	if m == nil {
		return bindings
	}
	return append(slices.Clip(bindings), Binding{m, store})
}

// lookups are the stored events that the decisions of one batch read: those committed, and those that this batch changes.
// Nothing is locked: no order is promised.
type lookups struct {
	said map[string]saga.Said
	look saga.Look
	err  error // of the database; the batch has failed
}

// prepare reads at once the keys that the decisions will look up, as far as the states show. The others are read when a
// decision asks for them.
func (l *lookups) prepare(b *batch, live []*input) error {
	var keys []string
	for i, binding := range b.e.Bindings {
		if len(binding.Machine.Knows()) == 0 {
			continue
		}
		l.said, l.look = map[string]saga.Said{}, l.find(b.tx)
		found := func(_ saga.Kind, key string) { keys = append(keys, key) }
		for _, in := range live {
			if in.reason == "" && in.isFor(binding.Machine) {
				binding.Machine.LooksUp(b.sets[i].Get(in.event), in.event, found)
			}
		}
	}
	slices.Sort(keys)
	return l.read(b.tx, slices.Compact(keys))
}

func (l *lookups) read(tx *gorm.DB, keys []string) error {
	keys = slices.DeleteFunc(keys, func(key string) bool { return key == "" || key != storable(key) })
	if len(keys) == 0 {
		return nil
	}
	rows, err := knownTable.Select(tx, "WHERE t.key = ANY($1::text[])", pgtype.FlatArray[string](keys))
	if err != nil {
		return err
	}
	for _, key := range keys {
		l.said[key] = saga.Said{Key: key}
	}
	for _, r := range rows {
		l.said[r.Key] = fromKnown(r)
	}
	return nil
}

func (l *lookups) find(tx *gorm.DB) saga.Look {
	return func(known saga.Kind, key string) any {
		if _, read := l.said[key]; !read && l.err == nil {
			l.err = l.read(tx, []string{key})
		}
		data, err := l.said[key].Of(known)
		if err != nil {
			panic(err) // parks the input
		}
		return data
	}
}

// keep makes a new event visible to the decisions that follow in the batch.
func (l *lookups) keep(state any) {
	if s, ok := state.(saga.Said); ok && l.said != nil {
		l.said[s.Key] = s
	}
}
