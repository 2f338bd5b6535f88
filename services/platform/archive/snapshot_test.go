package archive_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"orderflow.example/services/platform/archive"
	"orderflow.example/services/platform/run"
	"orderflow.example/shared/database"
	"orderflow.example/shared/embedded/embeddedtest"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/service"
)

// opened opens a new database of a service, and a session in it.
func opened(t *testing.T, app service.App) (*database.DB, *pgx.Conn) {
	t.Helper()
	url := embeddedtest.Database(t)
	db, err := database.Open(t.Context(), database.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	for table, files := range map[string]fs.FS{"engine_version": engine.Migrations, "service_version": app.Migrations} {
		if _, err := database.Migrate(t.Context(), db, files, table); err != nil {
			t.Fatal(err)
		}
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return db, conn
}

func execute(t *testing.T, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// tables are the tables of a service's states, unquoted.
func tables(app service.App) (names []string) {
	for _, b := range engine.WithLookups(app.Bindings) {
		for _, name := range b.Store.Tables() {
			names = append(names, strings.ReplaceAll(name, `"`, ""))
		}
	}
	return names
}

// fill inserts rows with unusual texts, and NULL now and then in nullable columns.
func fill(t *testing.T, conn *pgx.Conn, table string, rows int) {
	t.Helper()
	values := map[string]string{
		"text": `'x' || i || E'\t\\\n\r"é\\N'`, "bigint": `i`, "integer": `i`, "boolean": `i % 2 = 0`, "double precision": `i / 3.0`,
		"timestamp with time zone": `timestamptz '2026-03-01 10:15:30.123456+00' + i * interval '1 second'`,
		"text[]":                   `ARRAY['a' || i, E'b,"{\\\\ c']`,
		"bytea":                    `decode('00ff5c', 'hex')`,
		"jsonb":                    `jsonb_build_object('n', i, 's', E'\\ \t "')`, "json": `'{"b": 1,   "a":"\\n"}'::json`,
	}
	execute(t, conn, `DO $$ DECLARE c text; BEGIN
		FOR c IN SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint
			WHERE contype = 'c' AND conrelid = '`+table+`'::regclass LOOP EXECUTE c; END LOOP; END $$`)
	var columns, expressions []string
	var name, kind string
	var nullable bool
	found, err := conn.Query(t.Context(), `SELECT attname, format_type(atttypid, atttypmod), NOT attnotnull FROM pg_attribute
		WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''`, table)
	if err != nil {
		t.Fatal(err)
	}
	_, err = pgx.ForEachRow(found, []any{&name, &kind, &nullable}, func() error {
		value, known := values[kind]
		if !known {
			return fmt.Errorf("%s.%s is of type %s: give the test a value for it", table, name, kind)
		}
		if nullable {
			value = "CASE WHEN i % 3 > 0 THEN " + value + " END"
		}
		columns, expressions = append(columns, pgx.Identifier{name}.Sanitize()), append(expressions, value)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	execute(t, conn, fmt.Sprintf(`INSERT INTO %s (%s) SELECT %s FROM generate_series(1, %d) i`, table, strings.Join(columns, ", "),
		strings.Join(expressions, ", "), rows))
}

// shadow creates empty copies of the tables in a schema.
func shadow(t *testing.T, conn *pgx.Conn, schema string, tables []string) {
	t.Helper()
	execute(t, conn, `CREATE SCHEMA `+schema)
	for _, table := range tables {
		execute(t, conn, fmt.Sprintf(`CREATE TABLE %s.%s (LIKE %s INCLUDING ALL)`, schema, table[strings.LastIndex(table, ".")+1:],
			table))
	}
}

func digest(t *testing.T, conn *pgx.Conn, table string) (sum string) {
	t.Helper()
	err := conn.QueryRow(t.Context(),
		`SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, E'\n' ORDER BY t::text)), '') FROM `+table+` t`).Scan(&sum)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func TestASnapshotOfAnyServiceIsRestoredRowByRow(t *testing.T) {
	t.Parallel()
	for _, app := range run.Apps {
		if len(app.Bindings) == 0 {
			continue
		}
		t.Run(app.Name, func(t *testing.T) {
			db, conn := opened(t, app)
			names := tables(app)
			known := strings.ReplaceAll((knownStore{}).Tables()[0], `"`, "")
			if !slices.Contains(names, known) { // a service that looks nothing up
				app.Bindings = append(slices.Clip(app.Bindings), engine.Binding{Machine: app.Bindings[0].Machine, Store: knownStore{}})
				names = tables(app)
			}
			for i, table := range names {
				fill(t, conn, table, 1000*i+7)
			}
			execute(t, conn, `INSERT INTO engine.counter (partition, sequence) VALUES (0, 12), (1, 34)`)
			execute(t, conn, `INSERT INTO engine.watermark VALUES ('order.events', 0, 5, 7, 'id-5'), ('orderflow.control', 0, 0, 9, 'x')`)
			execute(t, conn, `INSERT INTO engine.series VALUES ('invoices', 77)`)
			execute(t, conn, `INSERT INTO engine.parked (partition, key, form, type, id, saga, cause, at, data, reason)
				VALUES (0, 'k', 'event', 'order.confirmed.v1', 'id-4', 'k', '', now(), '{}', 'boom'),
					(0, 'k', 'call', 'x', 'y', 'k', '', now(), '{}', '')`)
			store := archive.Dir(t.TempDir())
			taken, err := archive.Take(t.Context(), store, app, db, nil)
			if err != nil {
				t.Fatal(err)
			}
			if names, err := archive.Snapshots(t.Context(), store, app.Name); err != nil || len(names) != 1 || names[0] != taken.Name {
				t.Errorf("listed %v, %v", names, err)
			}
			s, err := archive.OpenSnapshot(t.Context(), store, taken.Name)
			if err != nil {
				t.Fatal(err)
			}
			want := engine.Position{Own: map[int]int64{0: 12, 1: 34}, Left: map[string]struct{}{"id-4": {}},
				Inputs: map[string]map[int]engine.Mark{"order.events": {0: {Sequence: 5, Offset: 7, RecordID: "id-5"}}}}
			if !reflect.DeepEqual(s.Position, want) || s.Series["invoices"] != 77 || s.Service != app.Name {
				t.Errorf("position %+v, series %v", s.Position, s.Series)
			}
			shadow(t, conn, "shadow", names)
			if err := s.Restore(t.Context(), conn, "shadow"); err != nil {
				t.Fatal(err)
			}
			for _, table := range names {
				if got, want := digest(t, conn, "shadow."+table[strings.LastIndex(table, ".")+1:]), digest(t, conn, table); got != want {
					t.Errorf("%s: restored %s, not %s", table, got, want)
				}
			}
		})
	}
}

// knownStore names the table of lookups, so that it is copied also where nothing is looked up today.
type knownStore struct{ engine.Store }

func (knownStore) Tables() []string { return []string{`"engine"."known"`} }

// small is a snapshot of a service with few rows, and a session of a database to restore it in.
func small(t *testing.T) (store files, name string, conn *pgx.Conn) {
	t.Helper()
	app := run.Apps[0]
	db, conn := opened(t, app)
	names := tables(app)
	for _, table := range names {
		fill(t, conn, table, 30)
	}
	store = files{}
	taken, err := archive.Take(t.Context(), store, app, db, nil)
	if err != nil {
		t.Fatal(err)
	}
	shadow(t, conn, "shadow", names)
	return store, taken.Name, conn
}

func TestEachKindOfDamageInASnapshotIsFoundAndNamedAndNothingRestored(t *testing.T) {
	t.Parallel()
	store, name, conn := small(t)
	whole := store[name]
	opened, err := archive.OpenSnapshot(t.Context(), store, name)
	if err != nil {
		t.Fatal(err)
	}
	damage := func(what string, with []byte) {
		t.Helper()
		store[name] = with
		if _, err := archive.OpenSnapshot(t.Context(), store, name); err == nil || !strings.Contains(err.Error(), name) {
			t.Fatalf("%s: opened: %v", what, err)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		changed := bytes.Clone(whole)
		at := r.IntN(len(changed))
		changed[at] ^= 1 << r.IntN(8)
		damage(fmt.Sprintf("bit of byte %d", at), changed)
	}
	for cut := 0; cut < len(whole); cut += 1 + len(whole)/50 {
		damage(fmt.Sprintf("cut to %d", cut), whole[:cut])
	}
	damage("something appended", append(bytes.Clone(whole), 'x'))
	damage("newer format", bytes.Replace(whole, []byte("orderflow snapshot 1"), []byte("orderflow snapshot 9"), 1))
	// Damaged after it was opened, and at its end: rows were copied by then.
	store[name] = append(bytes.Clone(whole[:len(whole)-1]), whole[len(whole)-1]^1)
	if err := opened.Restore(t.Context(), conn, "shadow"); err == nil || !strings.Contains(err.Error(), name) {
		t.Errorf("restored a damaged snapshot: %v", err)
	}
	execute(t, conn, `BEGIN`)
	if err := opened.Restore(t.Context(), conn, "shadow"); err == nil {
		t.Error("restored a damaged snapshot")
	}
	if sum := digest(t, conn, "shadow.orders"); sum != "0 " {
		t.Errorf("rows were left behind: %s", sum)
	}
	store[name] = whole
	if err := opened.Restore(t.Context(), conn, "shadow"); err != nil { // within the same transaction
		t.Error(err)
	}
	execute(t, conn, `COMMIT`)
	if digest(t, conn, "shadow.orders") != digest(t, conn, "orders") {
		t.Error("not restored")
	}
}

func TestASnapshotOfAnotherSchemaVersionIsRefused(t *testing.T) {
	t.Parallel()
	store, name, conn := small(t)
	s, err := archive.OpenSnapshot(t.Context(), store, name)
	if err != nil {
		t.Fatal(err)
	}
	later := maps.Clone(s.Versions)
	later["service_version"]++
	execute(t, conn, `INSERT INTO service_version (version_id, is_applied) VALUES ($1, true)`, later["service_version"])
	err = s.Restore(t.Context(), conn, "shadow")
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("service %d", later["service_version"])) ||
		!strings.Contains(err.Error(), name) {
		t.Error(err)
	}
	if s.Fits(later) == nil || s.Fits(s.Versions) != nil {
		t.Error("it fits other versions than its own")
	}
}

func TestASnapshotThatCannotBeWrittenLeavesNothingAndSaysWhy(t *testing.T) {
	t.Parallel()
	app := run.Apps[0]
	db, conn := opened(t, app)
	fill(t, conn, "orders", 3000)
	_, err := archive.Take(t.Context(), full{}, app, db, nil)
	if err == nil || !strings.Contains(err.Error(), "no space left") || !strings.Contains(err.Error(), app.Name) {
		t.Error(err)
	}
	execute(t, conn, `DROP TABLE orders CASCADE`)
	store := files{}
	if _, err := archive.Take(t.Context(), store, app, db, nil); err == nil || len(store) > 0 {
		t.Errorf("%v, %v", err, store)
	}
}
