package database_test

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"orderflow.example/shared/database"
)

type note struct {
	ID   string `gorm:"primaryKey"`
	Text string
}

func (note) TableName() string { return "notes" }

// writtenSince returns the ids of the rows written since, the number of rows, and the position for the next call.
func writtenSince(t *testing.T, db *database.DB, since string) (ids string, rows int64, horizon string) {
	t.Helper()
	table := database.NewTable[note]()
	err := db.Gorm().WithContext(t.Context()).Transaction(func(tx *gorm.DB) error {
		if err := tx.Raw(`SELECT pg_snapshot_xmin(pg_current_snapshot())::text`).Row().Scan(&horizon); err != nil {
			return err
		}
		var w database.Written
		found, err := table.Select(w.Since(tx, since), "WHERE text <> $1", "hidden")
		var list []string
		for _, n := range found {
			list = append(list, n.ID)
		}
		slices.Sort(list)
		ids, rows = strings.Join(list, " "), w.Rows
		return err
	}, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	return ids, rows, horizon
}

func TestRowsWrittenSinceAnEarlierLookAreFoundAndNoOthers(t *testing.T) {
	t.Parallel()
	db := open(t, `CREATE TABLE notes (id text PRIMARY KEY, text text NOT NULL)`)
	do := func(statement string) {
		t.Helper()
		if err := db.Gorm().Exec(statement).Error; err != nil {
			t.Fatal(err)
		}
	}
	do(`INSERT INTO notes VALUES ('a', ''), ('b', ''), ('c', ''), ('d', 'hidden')`)
	ids, rows, horizon := writtenSince(t, db, "")
	if ids != "a b c" || rows != 4 {
		t.Fatalf("at first %q of %d", ids, rows)
	}
	// Transactions of other databases on the server hold the horizon back until they end.
	for deadline := time.Now().Add(3 * time.Minute); ids != ""; {
		if ids, rows, horizon = writtenSince(t, db, horizon); rows != 4 || time.Now().After(deadline) {
			t.Fatalf("nothing was written: %q of %d", ids, rows)
		}
	}
	do(`UPDATE notes SET text = 'new' WHERE id = 'b'`)
	do(`DELETE FROM notes WHERE id = 'c'`)
	do(`INSERT INTO notes VALUES ('e', '')`)
	if ids, rows, _ = writtenSince(t, db, horizon); ids != "b e" || rows != 4 {
		t.Errorf("got %q of %d, want b and e of 4", ids, rows)
	}
}

func TestARowOfATransactionStillOpenAtTheEarlierLookIsFoundOnceItIsThere(t *testing.T) {
	t.Parallel()
	db := open(t, `CREATE TABLE notes (id text PRIMARY KEY, text text NOT NULL)`)
	var horizon string
	err := database.Transact(context.Background(), db, func(tx *gorm.DB) error {
		if err := tx.Exec(`INSERT INTO notes VALUES ('slow', '')`).Error; err != nil {
			return err
		}
		if err := db.Gorm().Exec(`INSERT INTO notes VALUES ('fast', '')`).Error; err != nil { // numbered later, there earlier
			return err
		}
		var ids string
		if ids, _, horizon = writtenSince(t, db, ""); ids != "fast" {
			t.Errorf("while it is open: %q", ids)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if ids, _, _ := writtenSince(t, db, horizon); !strings.Contains(ids, "slow") {
		t.Errorf("afterwards: %q", ids)
	}
}
