package replay

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"orderflow.example/shared/database"
	"orderflow.example/shared/service"
)

// loosen drops the CHECK constraints of the tables while they are filled: events of different partitions come in any order, so
// goods may leave before they came in. The constraints are added again before the tables are swapped in.
func (s *shadow) loosen(ctx context.Context) error {
	return database.Transact(ctx, s.db, func(tx *gorm.DB) error {
		for _, t := range s.r.tables() {
			var checks []struct{ Name, Definition string }
			err := tx.Raw(`WITH c AS (SELECT conname AS name, pg_get_constraintdef(oid) AS definition FROM pg_constraint
					WHERE conrelid = $1::regclass AND contype = 'c'),
				kept AS (INSERT INTO replay_checks (name, of, definition) SELECT name, $2, definition FROM c ON CONFLICT DO NOTHING)
				SELECT name, definition FROM c`, t.in(s.schema), t.name).Scan(&checks).Error
			if err != nil {
				return err
			}
			for _, c := range checks {
				if err := tx.Exec(`ALTER TABLE ` + t.in(s.schema) + ` DROP CONSTRAINT ` +
					pgx.Identifier{c.Name}.Sanitize()).Error; err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// check is a constraint of a live table that is not validated yet.
type check struct{ table, name string }

// tighten adds the constraints again, NOT VALID, in the transaction that swaps: they apply to later writes.
func (s *shadow) tighten(tx *gorm.DB) (unproven []check, err error) {
	var checks []struct{ Name, Of, Definition string }
	if err := tx.Raw(`DELETE FROM ` + s.schema + `.replay_checks RETURNING name, of, definition`).Scan(&checks).Error; err != nil {
		return nil, err
	}
	for _, c := range checks {
		tables := s.r.tables()
		t := tables[slices.IndexFunc(tables, func(t table) bool { return t.name == c.Of })]
		name := pgx.Identifier{c.Name}.Sanitize()
		if err := tx.Exec(`ALTER TABLE ` + t.in(s.schema) + ` ADD CONSTRAINT ` + name + ` ` + c.Definition +
			` NOT VALID`).Error; err != nil {
			return nil, err
		}
		unproven = append(unproven, check{t.live(), name})
	}
	return unproven, nil
}

// prove validates the constraints on the rebuilt rows. It blocks neither reads nor writes.
func (r *Replay) prove(ctx context.Context, unproven []check) error {
	for _, c := range unproven {
		_, err := r.live.Pool().ExecContext(ctx, `ALTER TABLE `+c.table+` VALIDATE CONSTRAINT `+c.name)
		if err != nil && !database.IsDataFault(err) {
			return environment(fmt.Errorf("the rebuilt tables are in their place, and their constraint %s could not be proved: %w",
				c.name, err))
		}
		if err != nil {
			return service.Environment("replay: the rebuilt tables are in their place, and rows of %s break its constraint %s: "+
				"look at them, or bring the old tables back with --undo: %w", c.table, c.name, err)
		}
	}
	return nil
}
