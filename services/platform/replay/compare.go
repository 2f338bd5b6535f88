package replay

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm"

	"orderflow.example/shared/engine"
)

// Comparison is the result of comparing the live tables with the rebuilt ones, at the same position.
type Comparison struct {
	Service     string       `json:"service"`
	Tables      []Compared   `json:"tables"`
	Differences []Difference `json:"differences,omitempty"` // the first of each table; Tables counts all
	Kept        []string     `json:"kept,omitempty"`        // tables that no event writes: they are not compared
}

// Compared is one table.
type Compared struct {
	Table   string `json:"table"`
	Rows    int64  `json:"rows"` // of the live one
	Live    string `json:"live"` // hash of the rows in the order of their keys, without blank ones
	Rebuilt string `json:"rebuilt"`
	Differs int64  `json:"differs"` // rows that are on both sides
	Missing int64  `json:"missing"` // rows that follow from the topics and are not in the live table
	Extra   int64  `json:"extra"`   // rows of the live table that follow from no event
}

// Difference is one row that differs.
type Difference struct {
	Table   string   `json:"table"`
	Key     []string `json:"key"`
	Kind    string   `json:"kind"` // differs, missing or extra
	Columns []Column `json:"columns,omitempty"`
}

// Column is a column that differs.
type Column struct {
	Name    string          `json:"name"`
	Live    json.RawMessage `json:"live"`
	Rebuilt json.RawMessage `json:"rebuilt"`
}

// Equal tells whether there is no difference.
func (c *Comparison) Equal() bool {
	return !slices.ContainsFunc(c.Tables, func(t Compared) bool { return t.Differs+t.Missing+t.Extra > 0 })
}

// listed is the number of differences listed per table and kind.
const listed = 1000

// Compare brings the rebuilt tables to the position of the live ones and compares them, while the service runs.
func (r *Replay) Compare(ctx context.Context) (c *Comparison, err error) {
	err = r.atOnce(ctx, func(tx *sql.Tx) error {
		position, err := r.position(ctx, tx)
		if err != nil {
			return err
		}
		if _, err := r.shadow.advance(ctx, position, 0); err != nil {
			return err
		}
		r.Progress.Stage("comparing "+r.App.Name, 0)
		c, err = r.compare(ctx, tx)
		return err
	})
	return c, err
}

// atOnce runs fn in one snapshot of the database.
func (r *Replay) atOnce(ctx context.Context, fn func(tx *sql.Tx) error) error {
	tx, err := r.live.Pool().BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead})
	if err != nil {
		return environment(err)
	}
	defer tx.Rollback()
	// The transaction is idle while topics are read, and reads whole tables, which services never do.
	_, err = tx.ExecContext(ctx, `SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL enable_seqscan = on`)
	if err != nil {
		return environment(err)
	}
	return environment(fn(tx))
}

// position is the service's position in the transaction's snapshot.
func (r *Replay) position(ctx context.Context, tx gorm.ConnPool) (engine.Position, error) {
	db := r.live.Gorm().Session(&gorm.Session{Context: ctx, NewDB: true})
	db.Statement.ConnPool = tx
	return engine.ReadPosition(db)
}

func (r *Replay) compare(ctx context.Context, tx *sql.Tx) (*Comparison, error) {
	c := &Comparison{Service: r.App.Name}
	var err error
	if c.Kept, err = r.others(ctx); err != nil {
		return nil, err
	}
	for _, t := range r.tables() {
		if err := r.compareTable(ctx, tx, t, c); err != nil {
			return nil, fmt.Errorf("compare %s: %w", t.live(), err)
		}
	}
	return c, nil
}

// side is a table that is read in the order of its keys.
type side struct {
	rows *sql.Rows
	key  []string
	text string
	end  bool
	sum  hash.Hash
}

func (s *side) next() error {
	if s.end = !s.rows.Next(); s.end {
		return s.rows.Err()
	}
	var key pgtype.FlatArray[string]
	err := s.rows.Scan(pgtype.NewMap().SQLScanner(&key), &s.text)
	s.key = key
	return err
}

func (s *side) add() { _, _ = s.sum.Write([]byte(s.text + "\n")) }

func (r *Replay) compareTable(ctx context.Context, tx *sql.Tx, t table, c *Comparison) error {
	columns, err := keyColumns(ctx, tx, t)
	if err != nil {
		return err
	}
	live, err := r.side(ctx, tx, t.live(), columns)
	if err != nil {
		return err
	}
	defer live.rows.Close()
	rebuilt, err := r.side(ctx, r.shadow.db.Pool(), t.in(r.shadow.schema), columns)
	if err != nil {
		return err
	}
	defer rebuilt.rows.Close()
	found := Compared{Table: t.name}
	keys := map[string][][]string{}
	if err := merge(live, rebuilt, &found, keys); err != nil {
		return err
	}
	live.rows.Close()
	rebuilt.rows.Close()
	if keys["extra"], err = r.meaningful(ctx, tx, t, columns, keys["extra"]); err != nil {
		return err
	}
	found.Extra = int64(len(keys["extra"]))
	found.Live, found.Rebuilt = hex.EncodeToString(live.sum.Sum(nil)[:8]), hex.EncodeToString(rebuilt.sum.Sum(nil)[:8])
	c.Tables = append(c.Tables, found)
	for _, kind := range []string{"differs", "missing", "extra"} {
		for _, key := range keys[kind][:min(len(keys[kind]), listed)] {
			d := Difference{Table: t.name, Key: key, Kind: kind}
			if d.Columns, err = r.columns(ctx, tx, t, columns, key); err != nil {
				return err
			}
			c.Differences = append(c.Differences, d)
		}
	}
	return nil
}

// merge walks both sides in the order of their keys, and collects the keys of differing rows by kind.
func merge(live, rebuilt *side, found *Compared, keys map[string][][]string) error {
	if err := live.next(); err != nil {
		return err
	}
	if err := rebuilt.next(); err != nil {
		return err
	}
	for !live.end || !rebuilt.end {
		order := 0
		switch {
		case live.end:
			order = 1
		case rebuilt.end:
			order = -1
		default:
			order = slices.Compare(live.key, rebuilt.key)
		}
		switch {
		case order < 0:
			keys["extra"] = append(keys["extra"], live.key)
		case order > 0:
			rebuilt.add()
			found.Missing++
			keep(keys, "missing", rebuilt.key)
		default:
			live.add()
			rebuilt.add()
			if live.text != rebuilt.text {
				found.Differs++
				keep(keys, "differs", live.key)
			}
		}
		if order <= 0 {
			found.Rows++
			if err := live.next(); err != nil {
				return err
			}
		}
		if order >= 0 {
			if err := rebuilt.next(); err != nil {
				return err
			}
		}
	}
	return nil
}

func keep(keys map[string][][]string, kind string, key []string) {
	if len(keys[kind]) < listed {
		keys[kind] = append(keys[kind], key)
	}
}

// querier is a transaction or a pool.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// keyColumns are the columns of the primary key, quoted.
func keyColumns(ctx context.Context, tx *sql.Tx, t table) (names []string, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT a.attname FROM pg_index i, unnest(i.indkey) WITH ORDINALITY AS k (attnum, n)
		JOIN pg_attribute a ON a.attnum = k.attnum
		WHERE i.indrelid = $1::regclass AND a.attrelid = i.indrelid AND i.indisprimary ORDER BY k.n`,
		t.live())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, pgx.Identifier{name}.Sanitize())
	}
	return names, rows.Err()
}
