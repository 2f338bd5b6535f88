package database

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm"
	"gorm.io/gorm/schema"
)

// Table reads and writes many rows of one gorm model in one statement each, with one array per column instead of one
// placeholder per value. It is several times as fast as gorm's Create and needs one prepared statement for any number of
// rows.
//
// In a Pipeline a write is sent with the next statement whose result is needed, see Later.
//
// It writes every field that the model declares writable, also zero ones: no hooks, no automatic times, no database
// defaults. Fields marked `->` are only read, fields marked `<-:create` are not updated. Column types are the `type:` of
// the gorm tag or follow from the Go type. A nil pointer is NULL. A Table is safe for concurrent use.
type Table[Row any] struct {
	name    string
	columns []*column // readable, in the order of selected
	written []*column
	keys    []*column

	load, insert, upsert string
	changing             []atomic.Bool // of written, those that an update has changed
	updates              sync.Map      // statements by the columns that they set
}

// NewTable analyses the model once. It panics when the model cannot be used, as that is a mistake in the program.
func NewTable[Row any]() *Table[Row] {
	var row Row
	model, err := schema.Parse(&row, &sync.Map{}, schema.NamingStrategy{IdentifierMaxLength: 63})
	if err != nil {
		panic(fmt.Sprintf("database: table of %T: %v", row, err))
	}
	t := &Table[Row]{name: quote(model.Table)}
	for _, field := range model.Fields {
		if field.DBName == "" || field.IgnoreMigration && !field.Readable && !field.Creatable {
			continue
		}
		c, err := newColumn(field)
		if err != nil {
			panic(fmt.Sprintf("database: table of %T: field %s: %v", row, field.Name, err))
		}
		if field.Readable {
			t.columns = append(t.columns, c)
		}
		if field.Creatable {
			t.written = append(t.written, c)
		}
		if field.PrimaryKey {
			t.keys = append(t.keys, c)
		}
	}
	if len(t.keys) == 0 {
		panic(fmt.Sprintf("database: table of %T: no primary key", row))
	}
	t.changing = make([]atomic.Bool, len(t.written))
	t.prepare()
	return t
}

// Name is the table's name, quoted for SQL.
func (t *Table[Row]) Name() string { return t.name }

// LoadForUpdate returns the rows with these keys, in key order, and locks them in that order, so that two callers
// cannot deadlock. Keys without a row are left out. The primary key must be a single text or uuid column.
func (t *Table[Row]) LoadForUpdate(tx *gorm.DB, keys []string) ([]Row, error) {
	if len(t.keys) != 1 || t.keys[0].kind != reflect.String {
		panic("database: " + t.name + ": LoadForUpdate needs a single string key")
	}
	if len(keys) == 0 {
		return nil, nil
	}
	return t.query(tx, len(keys), t.load, pgtype.FlatArray[string](keys))
}

// Select returns the rows that match a condition; tail is the SQL after FROM table, with $1, $2… for its values, as in
// "WHERE due_at <= now() ORDER BY due_at LIMIT $1". It must contain neither ? nor @, which gorm reads as its own.
func (t *Table[Row]) Select(tx *gorm.DB, tail string, args ...any) ([]Row, error) {
	from := t.name
	if w := writtenOf(tx); w != nil {
		if err := w.count(tx, t.name); err != nil {
			return nil, err
		}
		from = "(SELECT * FROM " + t.name + " WHERE " + w.condition() + ")"
	}
	return t.query(tx, 16, "SELECT "+names(t.columns, "t.")+" FROM "+from+" t "+tail, args...)
}

// Insert writes new rows. If a row exists already, Insert fails and writes nothing.
func (t *Table[Row]) Insert(tx *gorm.DB, rows []Row) error { return t.write(tx, t.insert, rows) }

// Upsert writes rows, replacing existing ones. No two rows may have the same key.
func (t *Table[Row]) Upsert(tx *gorm.DB, rows []Row) error { return t.write(tx, t.upsert, rows) }

func (t *Table[Row]) write(tx *gorm.DB, sql string, rows []Row) error {
	if len(rows) == 0 {
		return nil
	}
	args, err := arrays(t.written, rows)
	if err != nil {
		return fmt.Errorf("database: write %s: %w", t.name, err)
	}
	return Later(tx, Statement{Name: "write " + t.name, SQL: sql, Args: args})
}

func (t *Table[Row]) query(tx *gorm.DB, size int, sql string, args ...any) ([]Row, error) {
	cells := make([]cell, len(t.columns))
	targets := make([]any, len(t.columns))
	for i, c := range t.columns {
		cells[i].column = c
		targets[i] = &cells[i]
	}
	rows := make([]Row, 0, size)
	read := func(found Rows) error {
		for found.Next() {
			var zero Row
			rows = append(rows, zero)
			row := reflect.ValueOf(&rows[len(rows)-1]).Elem()
			for i, c := range t.columns {
				cells[i].field = row.FieldByIndex(c.index)
			}
			if err := found.Scan(targets...); err != nil {
				return err
			}
		}
		return nil
	}
	err := Later(tx, Statement{Name: "load " + t.name, SQL: sql, Args: args, Read: read})
	if err == nil {
		err = Arrived(tx)
	}
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// prepare builds the statements. They use $n, which gorm passes on unchanged, arrays included.
func (t *Table[Row]) prepare() {
	key, keys := t.keys[0], "$1::text[]"
	if key.cast() {
		keys += "::" + key.sqlType + "[]"
	}
	t.load = "SELECT " + names(t.columns, "t.") + " FROM " + t.name + " t WHERE t." + key.name + " = ANY(" + keys + ")" +
		" ORDER BY " + names(t.keys, "t.") + " FOR UPDATE OF t"

	var values, changes []string
	for i, c := range t.written {
		values = append(values, c.from(i))
		if !c.primary && c.updatable {
			changes = append(changes, c.name+" = EXCLUDED."+c.name)
		}
	}
	t.insert = "INSERT INTO " + t.name + " (" + names(t.written, "") + ") SELECT " + strings.Join(values, ", ") +
		" FROM " + unnest(t.written)
	t.upsert = t.insert + " ON CONFLICT (" + names(t.keys, "") + ") DO "
	if len(changes) == 0 {
		t.upsert += "NOTHING"
	} else {
		t.upsert += "UPDATE SET " + strings.Join(changes, ", ")
	}
}

func arrays[Row any](columns []*column, rows []Row) ([]any, error) {
	all := reflect.ValueOf(rows)
	args := make([]any, len(columns))
	for i, c := range columns {
		array, err := c.array(all)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", c.name, err)
		}
		args[i] = array
	}
	return args, nil
}

func names(columns []*column, prefix string) string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = prefix + c.name
	}
	return strings.Join(list, ", ")
}

func unnest(columns []*column) string {
	var arrays, names []string
	for i, c := range columns {
		arrays = append(arrays, "$"+strconv.Itoa(i+1)+"::"+c.wire+"[]")
		names = append(names, "c"+strconv.Itoa(i))
	}
	return "unnest(" + strings.Join(arrays, ", ") + ") AS u(" + strings.Join(names, ", ") + ")"
}
