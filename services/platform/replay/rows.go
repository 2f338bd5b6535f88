package replay

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm"

	"orderflow.example/shared/engine"
	"orderflow.example/shared/saga"
)

// keyOf is the SQL expression of a row's key, as an array of text.
func keyOf(columns []string) string { return "ARRAY[" + strings.Join(columns, "::text, ") + "::text]" }

func (r *Replay) side(ctx context.Context, q querier, name string, columns []string) (*side, error) {
	query := `SELECT ` + keyOf(columns) + `, t::text FROM ` + name + ` t`
	args := []any{}
	if r.Order != "" {
		query, args = query+` WHERE `+columns[0]+`::text = $1`, []any{r.Order}
	}
	rows, err := q.QueryContext(ctx, query+` ORDER BY `+strings.Join(columns, `::text COLLATE "C", `)+`::text COLLATE "C"`, args...)
	return &side{rows: rows, sum: sha256.New()}, err
}

// columns lists the columns in which a row differs.
func (r *Replay) columns(ctx context.Context, tx *sql.Tx, t table, names, key []string) (differ []Column, err error) {
	read := func(q querier, name string) (row map[string]json.RawMessage, err error) {
		rows, err := q.QueryContext(ctx, `SELECT to_jsonb(t) FROM `+name+` t WHERE `+keyOf(names)+` = $1::text[]`,
			pgtype.FlatArray[string](key))
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		for rows.Next() {
			var text []byte
			if err := rows.Scan(&text); err != nil {
				return nil, err
			}
			if err := json.Unmarshal(text, &row); err != nil {
				return nil, err
			}
		}
		return row, rows.Err()
	}
	live, err := read(tx, t.live())
	if err != nil {
		return nil, err
	}
	rebuilt, err := read(r.shadow.db.Pool(), t.in(r.shadow.schema))
	if err != nil {
		return nil, err
	}
	all := map[string]bool{}
	for name := range live {
		all[name] = true
	}
	for name := range rebuilt {
		all[name] = true
	}
	for name := range all {
		if string(live[name]) != string(rebuilt[name]) {
			differ = append(differ, Column{name, live[name], rebuilt[name]})
		}
	}
	slices.SortFunc(differ, func(a, b Column) int { return strings.Compare(a.Name, b.Name) })
	return differ, nil
}

// errUndone rolls back rows that were only written to be read.
var errUndone = errors.New("undone")

// meaningful removes keys of blank rows: earlier builds also kept a row for events without effect. It writes the row of a blank
// state, compares, and rolls back.
func (r *Replay) meaningful(ctx context.Context, tx *sql.Tx, t table, names []string,
	keys [][]string) (rest [][]string, err error) {
	i := slices.IndexFunc(r.bindings, func(b engine.Binding) bool {
		return slices.ContainsFunc(b.Store.Tables(), func(name string) bool { return strings.Trim(name, `"`) == t.name })
	})
	if i < 0 || len(names) != 1 || len(keys) == 0 {
		return keys, nil
	}
	b := r.bindings[i]
	blanks := map[string]string{}
	db := r.shadow.db.Gorm().WithContext(engine.Replaying(ctx))
	for some := range slices.Chunk(keys, batchSize) {
		err := db.Transaction(func(scratch *gorm.DB) error {
			set := b.Store.Memory()
			for _, key := range some {
				set.Put(saga.Event{Key: key[0]}, b.Machine.Blank(key[0]))
			}
			if err := set.Save(scratch); err != nil {
				return err
			}
			if err := texts(scratch.Statement.ConnPool, ctx, t.in(r.shadow.schema), names, some, blanks); err != nil {
				return err
			}
			return errUndone
		})
		if err != errUndone {
			return nil, err
		}
	}
	has := map[string]string{}
	for some := range slices.Chunk(keys, batchSize) {
		if err := texts(tx, ctx, t.live(), names, some, has); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(keys, func(key []string) bool { return has[key[0]] == blanks[key[0]] }), nil
}

// texts reads rows as text, by key.
func texts(q querier, ctx context.Context, name string, columns []string, keys [][]string, into map[string]string) error {
	list := make(pgtype.FlatArray[string], len(keys))
	for i, key := range keys {
		list[i] = key[0]
	}
	rows, err := q.QueryContext(ctx, `SELECT `+columns[0]+`::text, t::text FROM `+name+` t WHERE `+columns[0]+` = ANY($1::text[])`,
		list)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var key, text string
		if err := rows.Scan(&key, &text); err != nil {
			return err
		}
		into[key] = text
	}
	return rows.Err()
}
