package database_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"gorm.io/gorm"

	"orderflow.example/shared/database"
)

func TestUpdateWritesWhatDiffersAndLeavesAllElseAlone(t *testing.T) {
	t.Parallel()
	db := open(t, createEverything)
	table := database.NewTable[everything]()
	before := []everything{full(1), full(2), full(3)}
	if err := table.Insert(db.Gorm(), before); err != nil {
		t.Fatal(err)
	}
	if err := db.Gorm().Exec(`UPDATE everything SET count = 77`).Error; err != nil { // by somebody else
		t.Fatal(err)
	}
	after := []everything{full(1), full(2), full(3)}
	after[0].Status, after[0].Created = "moved", "never updated"
	after[0].MaybeT, after[0].Lines, after[0].Raw = nil, []line{{"A", 5}}, []byte{}
	after[1].Owner, after[1].Total.Amount = nil, 0
	after[2].At = after[2].At.In(time.FixedZone("elsewhere", 3600)) // the same time
	writer := func() (third int64) {
		if err := db.Gorm().Raw(`SELECT xmin::text::bigint FROM everything WHERE id = $1`, id(3)).Row().Scan(&third); err != nil {
			t.Fatal(err)
		}
		return third
	}
	third := writer()
	if err := table.Update(db.Gorm(), before, after); err != nil {
		t.Fatal(err)
	}
	if writer() != third {
		t.Error("a row that does not differ was written")
	}
	got, err := table.LoadForUpdate(db.Gorm(), []string{id(1), id(2), id(3)})
	if err != nil {
		t.Fatal(err)
	}
	after[0].Created, after[2].At = before[0].Created, before[2].At
	for i := range after {
		after[i].Count = 77
	}
	if !reflect.DeepEqual(got, after) {
		t.Errorf("got\n%+v\nwant\n%+v", got, after)
	}
}

func TestUpdateNoticesARowThatIsGone(t *testing.T) {
	t.Parallel()
	db := open(t, createEverything)
	table := database.NewTable[everything]()
	before, after := []everything{full(1), full(2)}, []everything{full(1), full(2)}
	after[0].Count, after[1].Count = 8, 9
	if err := table.Insert(db.Gorm(), before[:1]); err != nil {
		t.Fatal(err)
	}
	if err := table.Update(db.Gorm(), before, after); err == nil {
		t.Error("nothing is said of it")
	}
	err := database.Pipeline(context.Background(), db, func(tx *gorm.DB) error { return table.Update(tx, before, after) })
	if !errors.Is(err, database.ErrCommitUnknown) {
		t.Errorf("in a pipeline: %v", err)
	}
}

func TestUpdateKnowsRowsByAllTheirKeys(t *testing.T) {
	t.Parallel()
	db := open(t, `CREATE TABLE sequenced (topic text, partition integer, next bigint, PRIMARY KEY (topic, partition))`)
	table := database.NewTable[sequenced]()
	if err := table.Insert(db.Gorm(), []sequenced{{"a", 1, 1}, {"a", 2, 2}, {"b", 1, 3}}); err != nil {
		t.Fatal(err)
	}
	if err := table.Update(db.Gorm(), []sequenced{{"a", 2, 2}}, []sequenced{{"a", 2, 5}}); err != nil {
		t.Fatal(err)
	}
	got, err := table.Select(db.Gorm(), "ORDER BY topic, partition")
	if want := []sequenced{{"a", 1, 1}, {"a", 2, 5}, {"b", 1, 3}}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
}
