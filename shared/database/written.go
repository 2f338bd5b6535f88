package database

import (
	"strconv"

	"gorm.io/gorm"
)

// Written selects the rows written lately, by the number that Postgres keeps of the transaction that wrote each. Code
// that reads the same tables repeatedly reads only those; rows changed by hand are among them.
type Written struct {
	// Rows is the total number of rows in the tables selected from.
	Rows int64

	since uint64
}

const writtenKey = "orderflow:written"

// Since returns tx in which a Table's Select sees only rows written by the transaction with this number or a later one,
// and adds to Rows. The number is Postgres' pg_snapshot_xmin(pg_current_snapshot()) of an earlier read; a row that was
// not visible then is always among those found. Postgres scans the whole table: a few milliseconds for ten thousand rows.
func (w *Written) Since(tx *gorm.DB, transaction string) *gorm.DB {
	n, err := strconv.ParseUint(transaction, 10, 64)
	if err != nil {
		n = 0 // all rows
	}
	w.since = n
	return tx.Set(writtenKey, w).Session(&gorm.Session{})
}

func writtenOf(tx *gorm.DB) *Written {
	if v, ok := tx.Get(writtenKey); ok {
		return v.(*Written)
	}
	return nil
}

func (w *Written) count(tx *gorm.DB, table string) error {
	var n int64
	err := tx.Raw("SELECT count(*) FROM " + table).Row().Scan(&n)
	w.Rows += n
	return named("count "+table, err)
}

// condition compares ages, because the transaction numbers in rows wrap around after four billion.
func (w *Written) condition() string {
	if w.since == 0 {
		return "true"
	}
	return "age(xmin) <= age(xid('" + strconv.FormatUint(w.since, 10) + "'::xid8))"
}
