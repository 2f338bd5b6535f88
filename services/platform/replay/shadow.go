package replay

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"orderflow.example/shared/database"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/service"
)

// shadowSchema is the schema in the service's own database where it is rebuilt.
const shadowSchema = "replay"

// shadow is a set of a service's tables beside the live ones, with their position.
type shadow struct {
	r      *Replay
	schema string
	db     *database.DB // its sessions have the schema as search path
}

// table is a table of states.
type table struct{ schema, name string }

func (t table) in(schema string) string { return pgx.Identifier{schema, t.name}.Sanitize() }
func (t table) live() string            { return pgx.Identifier{t.schema, t.name}.Sanitize() }

// tables are the tables that are rebuilt.
func (r *Replay) tables() (all []table) {
	for _, b := range engine.WithLookups(r.App.Bindings) {
		for _, name := range b.Store.Tables() {
			schema, bare, qualified := strings.Cut(strings.ReplaceAll(name, `"`, ""), ".")
			if !qualified {
				schema, bare = "public", schema
			}
			all = append(all, table{schema, bare})
		}
	}
	return all
}

func openShadow(ctx context.Context, r *Replay, url, schema string) (*shadow, error) {
	db, err := database.Open(ctx, database.Options{URL: url, Schema: schema, MaxConns: readers + 4,
		AppName: "orderflow-replay", Logger: r.Logger, SlowQuery: slowBatch})
	if err != nil {
		return nil, environment(err)
	}
	return &shadow{r, schema, db}, nil
}

// prepare creates the tables, or resumes with those of an earlier replay of the same target.
func (s *shadow) prepare(ctx context.Context) error {
	if s.r.Fresh {
		if err := s.drop(ctx); err != nil {
			return err
		}
	}
	want := s.r.target()
	has, by, err := s.target(ctx)
	build := ""
	if err == nil {
		build, err = thisBuild()
	}
	switch {
	case err != nil:
		return err
	case has == want && by == build:
		return nil
	case has == want: // another build may fold otherwise
		s.r.Logger.Info("the schema was left by another build: the replay begins anew", "schema", s.schema)
	case has != "":
		return service.Usage("replay: the schema %s of %s was left by a replay of %s: finish that one, or drop it with --fresh",
			s.schema, s.r.App.Name, has)
	}
	if err := s.create(ctx, want, build); err != nil {
		return errors.Join(err, s.drop(context.WithoutCancel(ctx)))
	}
	return nil
}

// target describes what is replayed; a later replay resumes if its description is the same.
func (r *Replay) target() string {
	what := fmt.Sprintf("%s (tables of version %d)", r.App.Name, newest(r.App.Migrations))
	if r.Order != "" {
		what += " of " + r.Order
	}
	if !r.Upto.Time.IsZero() {
		what += " up to " + r.Upto.Time.UTC().Format("2006-01-02T15:04:05.999999999Z07:00")
	}
	if r.Upto.Offset > 0 {
		what += fmt.Sprintf(" up to offset %d", r.Upto.Offset)
	}
	if r.Snapshot != nil {
		what += " from the snapshot " + r.Snapshot.Name
	}
	return what
}

// target reads the target of the existing tables, and the build that began them; empty where there are none that a replay can go
// on with.
func (s *shadow) target(ctx context.Context) (what, build string, err error) {
	var there bool
	if err := s.db.Pool().QueryRowContext(ctx, `SELECT to_regclass($1) IS NOT NULL`, s.schema+".replay_target").
		Scan(&there); err != nil {
		return "", "", environment(err)
	}
	if !there {
		return "", "", nil
	}
	// Tables that earlier builds replaced have no build.
	err = s.db.Pool().QueryRowContext(ctx, `SELECT target, coalesce(to_jsonb(t) ->> 'build', '') FROM replay_target t`).Scan(&what,
		&build)
	if errors.Is(err, sql.ErrNoRows) { // it was killed before it could begin, or the server crashed and emptied the tables
		return "", "", nil
	}
	return what, build, environment(err)
}

var noteTables = []string{"replay_progress", "replay_left", "replay_checks", "replay_target"}

// notes creates the tables of a replay's progress. They are as durable as the rebuilt tables.
const notes = `CREATE UNLOGGED TABLE replay_progress (
		topic text, partition int, own boolean, sequence bigint NOT NULL, next_offset bigint NOT NULL,
		PRIMARY KEY (topic, partition, own));
	CREATE UNLOGGED TABLE replay_left (
		id text PRIMARY KEY, topic text NOT NULL, partition int NOT NULL, sequence bigint NOT NULL, at_offset bigint NOT NULL);
	CREATE UNLOGGED TABLE replay_checks (name text, of text, definition text NOT NULL, PRIMARY KEY (of, name));
	CREATE UNLOGGED TABLE replay_target (target text, build text)`

// create makes the schema and its tables by the service's own migrations. The tables are UNLOGGED until they are swapped in: a
// crash of the server empties them, and the replay begins again.
func (s *shadow) create(ctx context.Context, target, build string) error {
	exec := func(query string, args ...any) error {
		_, err := s.db.Pool().ExecContext(ctx, query, args...)
		return err
	}
	steps := []func() error{
		func() error { return exec(`DROP SCHEMA IF EXISTS ` + s.schema + ` CASCADE`) },
		func() error { return exec(`CREATE SCHEMA ` + s.schema) },
		func() error {
			if s.r.App.Migrations == nil {
				return nil
			}
			_, err := database.Migrate(ctx, s.db, s.r.App.Migrations, "service_version")
			return err
		},
		func() error {
			for _, t := range s.r.tables() {
				if t.schema != "public" {
					if err := exec(`CREATE TABLE ` + t.in(s.schema) + ` (LIKE ` + t.live() + ` INCLUDING ALL)`); err != nil {
						return err
					}
				}
				if err := exec(`ALTER TABLE ` + t.in(s.schema) + ` SET UNLOGGED`); err != nil {
					return err
				}
			}
			return exec(notes)
		},
	}
	steps = append(steps, func() error { return s.loosen(ctx) })
	if s.r.Snapshot != nil {
		steps = append(steps, func() error { return s.begin(ctx) })
	}
	steps = append(steps, func() error { return exec(`INSERT INTO replay_target VALUES ($1, $2)`, target, build) })
	for _, step := range steps {
		if err := step(); err != nil {
			return environment(fmt.Errorf("make the tables of %s in the schema %s: %w", s.r.App.Name, s.schema, err))
		}
	}
	return nil
}

func (s *shadow) drop(ctx context.Context) error {
	_, err := s.db.Pool().ExecContext(ctx, `DROP SCHEMA IF EXISTS `+s.schema+` CASCADE`)
	return environment(err)
}

// reached reads the position of the tables.
func (s *shadow) reached(ctx context.Context) (map[stream]mark, error) {
	rows, err := s.db.Pool().QueryContext(ctx, `SELECT topic, partition, own, sequence, next_offset FROM replay_progress`)
	if err != nil {
		return nil, environment(err)
	}
	defer rows.Close()
	all := map[stream]mark{}
	for rows.Next() {
		var at stream
		var m mark
		if err := rows.Scan(&at.topic, &at.partition, &at.own, &m.sequence, &m.next); err != nil {
			return nil, environment(err)
		}
		all[at] = m
	}
	return all, environment(rows.Err())
}

// note stores the position of streams, in the transaction that applied their events.
func note(tx *gorm.DB, to map[stream]mark) error {
	for at, m := range to {
		err := database.Later(tx, database.Statement{Name: "note progress",
			SQL: `INSERT INTO replay_progress VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (topic, partition, own) DO UPDATE SET sequence = excluded.sequence, next_offset = excluded.next_offset`,
			Args: []any{at.topic, at.partition, at.own, m.sequence, m.next}})
		if err != nil {
			return err
		}
	}
	return nil
}

// others are the service's tables that are not rebuilt: no event writes them.
func (r *Replay) others(ctx context.Context) (names []string, err error) {
	rows, err := r.live.Pool().QueryContext(ctx, `SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename`)
	if err != nil {
		return nil, environment(err)
	}
	defer rows.Close()
	rebuilt := r.tables()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, environment(err)
		}
		if !slices.Contains(rebuilt, table{"public", name}) && name != "engine_version" && name != "service_version" {
			names = append(names, name)
		}
	}
	return names, environment(rows.Err())
}
