package engine

import (
	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm"

	"orderflow.example/shared/database"
	"orderflow.example/shared/saga"
)

// recall finds, of what a restored service hears again, the inputs whose events it has said already: see Restore. A decide
// function need not know for ever what it has seen.
func (b *batch) recall(tx *gorm.DB) error {
	var ids pgtype.FlatArray[string]
	again := map[string]*input{}
	for _, s := range b.shares {
		if !s.w.restored {
			continue
		}
		for _, in := range s.live {
			if in.form == event && in.record != nil {
				in.answered = false // the batch may be tried again
				ids, again[in.record.ID] = append(ids, in.record.ID), in
			}
		}
	}
	if len(ids) == 0 {
		return nil
	}
	read := func(rows database.Rows) error {
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				return err
			}
			again[id].answered = true
		}
		return nil
	}
	return database.Later(tx, database.Statement{Name: "recall", Read: read, Args: []any{ids},
		SQL: `DELETE FROM engine.answered WHERE id = ANY($1::text[]) RETURNING id`})
}

// shown is the step of a machine that only shows an input.
func shown(m *saga.Machine, state any, e saga.Event) saga.Step {
	return saga.Step{State: m.Show(state, e), Reacted: true, Changed: m.Shows(e.Type)}
}
