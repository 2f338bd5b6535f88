package database

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
)

// Update writes rows that exist, each beside what it was, in one statement. Rows that do not differ are left alone, and so are
// columns in which no row has differed yet: Postgres parses, and indexes anew, only what does change. The columns set only grow
// in number, so that few statements are prepared. If a row is gone, the outcome is unknown: see Pipeline.
func (t *Table[Row]) Update(tx *gorm.DB, before, after []Row) error {
	if len(before) != len(after) {
		panic("database: " + t.name + ": Update needs each row beside what it was")
	}
	was, is := reflect.ValueOf(before), reflect.ValueOf(after)
	rows := make([]Row, 0, len(after))
	for i := range after {
		differs := false
		for j, c := range t.written {
			if c.primary || !c.updatable || c.same(was.Index(i), is.Index(i)) {
				continue
			}
			differs = true
			t.changing[j].Store(true)
		}
		if differs {
			rows = append(rows, after[i])
		}
	}
	if len(rows) == 0 {
		return nil
	}
	columns := slices.Clone(t.keys)
	for j, c := range t.written {
		if t.changing[j].Load() {
			columns = append(columns, c)
		}
	}
	args, err := arrays(columns, rows)
	if err != nil {
		return fmt.Errorf("database: write %s: %w", t.name, err)
	}
	read := func(found Rows) error {
		var n int
		for found.Next() {
			if err := found.Scan(&n); err != nil {
				return err
			}
		}
		if n != len(rows) {
			return fmt.Errorf("%d of %d rows are gone", len(rows)-n, len(rows))
		}
		return nil
	}
	return Later(tx, Statement{Name: "write " + t.name, SQL: t.update(columns), Args: args, Read: read})
}

// update is the statement that sets these columns, after the keys.
func (t *Table[Row]) update(columns []*column) string {
	name := names(columns, "")
	if sql, ok := t.updates.Load(name); ok {
		return sql.(string)
	}
	var match, set []string
	for i, c := range columns {
		if i < len(t.keys) {
			match = append(match, "t."+c.name+" = "+c.from(i))
		} else {
			set = append(set, c.name+" = "+c.from(i))
		}
	}
	sql := "WITH updated AS (UPDATE " + t.name + " t SET " + strings.Join(set, ", ") + " FROM " + unnest(columns) +
		" WHERE " + strings.Join(match, " AND ") + " RETURNING 1) SELECT count(*) FROM updated"
	t.updates.Store(name, sql)
	return sql
}

// same tells whether two rows have the same value in the column.
func (c *column) same(a, b reflect.Value) bool {
	x, y := a.FieldByIndex(c.index), b.FieldByIndex(c.index)
	if x.Comparable() && c.kind != reflect.Struct && !c.pointer {
		return x.Equal(y)
	}
	if at, ok := x.Interface().(time.Time); ok {
		return at.Equal(y.Interface().(time.Time))
	}
	return reflect.DeepEqual(x.Interface(), y.Interface())
}
