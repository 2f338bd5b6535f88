package database_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"orderflow.example/shared/database"
)

// instance is shaped like the engine's row of a saga.
type instance struct {
	ID      string `gorm:"primaryKey"`
	Status  string
	Version int64
	State   json.RawMessage
	Due     *time.Time
	At      time.Time
}

const createInstances = `CREATE TABLE instances (id text PRIMARY KEY, status text NOT NULL, version bigint NOT NULL,
	state jsonb NOT NULL, due timestamptz, at timestamptz NOT NULL)`

func BenchmarkTable(b *testing.B) {
	for _, size := range []int{1, 500} {
		db := open(b, createInstances)
		table := database.NewTable[instance]()
		tx := db.Gorm().Begin()
		batch := func(n int) ([]instance, []string) {
			rows, keys := make([]instance, size), make([]string, size)
			for i := range rows {
				keys[i] = id(n*size + i)
				rows[i] = instance{ID: keys[i], Status: "open",
					State: json.RawMessage(`{"lines":[{"sku":"85123A","quantity":6}],"total":1530}`), At: time.Now()}
			}
			return rows, keys
		}
		rate := func(b *testing.B) { b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "rows/s") }
		inserted := 0
		b.Run(fmt.Sprintf("insert/%d", size), func(b *testing.B) {
			for b.Loop() {
				rows, _ := batch(inserted)
				inserted++
				if err := table.Insert(tx, rows); err != nil {
					b.Fatal(err)
				}
			}
			rate(b)
		})
		tx.Commit()
		rows, keys := batch(0)
		b.Run(fmt.Sprintf("upsert-and-commit/%d", size), func(b *testing.B) {
			for b.Loop() {
				if err := table.Upsert(db.Gorm(), rows); err != nil {
					b.Fatal(err)
				}
			}
			rate(b)
		})
		tx = db.Gorm().Begin()
		b.Run(fmt.Sprintf("load/%d", size), func(b *testing.B) {
			for b.Loop() {
				if got, err := table.LoadForUpdate(tx, keys); err != nil || len(got) != size {
					b.Fatal(len(got), err)
				}
			}
			rate(b)
		})
		tx.Rollback()
	}
}
