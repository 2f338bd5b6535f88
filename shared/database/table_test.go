package database_test

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"orderflow.example/shared/database"
)

type status string

type line struct {
	SKU      string
	Quantity int
}

type money struct {
	Amount   int64
	Currency string
}

type everything struct {
	ID       string `gorm:"primaryKey;type:uuid"`
	Status   status
	Short    string `gorm:"type:varchar(5)"`
	Count    int
	Small    int32
	Big      int64
	Ratio    float64
	Done     bool
	At       time.Time
	Raw      []byte
	Doc      json.RawMessage
	DocBytes []byte `gorm:"type:jsonb"`
	Lines    []line `gorm:"serializer:json;not null"`
	Owner    *line  `gorm:"serializer:json"`
	Total    money  `gorm:"embedded;embeddedPrefix:total_"`
	MaybeS   *string
	MaybeI   *int64
	MaybeB   *bool
	MaybeT   *time.Time
	MaybeF   *float64
	Created  string `gorm:"<-:create"`
	Double   int64  `gorm:"->"`
	Ignored  string `gorm:"-"`
}

func (everything) TableName() string { return "everything" }

const createEverything = `CREATE TABLE everything (
	id uuid PRIMARY KEY, status text NOT NULL, short varchar(5) NOT NULL, count bigint NOT NULL, small integer NOT NULL,
	big bigint NOT NULL, ratio double precision NOT NULL, done boolean NOT NULL, at timestamptz NOT NULL, raw bytea,
	doc jsonb, doc_bytes jsonb, lines jsonb NOT NULL, owner jsonb, total_amount bigint NOT NULL, total_currency text NOT NULL,
	maybe_s text, maybe_i bigint, maybe_b boolean, maybe_t timestamptz, maybe_f double precision, created text NOT NULL,
	double bigint GENERATED ALWAYS AS (big * 2) STORED)`

func id(n int) string { return fmt.Sprintf("01920000-0000-7000-8000-%012x", n) }

func ptr[T any](v T) *T { return &v }

func full(n int) everything {
	at := time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC)
	return everything{
		ID: id(n), Status: "o'pen @x ? $1", Short: "abc", Count: n, Small: -7, Big: 1 << 60, Ratio: 0.25, Done: true, At: at,
		Raw: []byte{0, 255, 'x'}, Doc: json.RawMessage(`{"a": 1}`), DocBytes: []byte(`[1, 2]`),
		Lines: []line{{"A", 1}, {"Łódź/東京", 2}}, Owner: &line{"B", 3}, Total: money{1530, "GBP"},
		MaybeS: ptr(""), MaybeI: ptr(int64(0)), MaybeB: ptr(false), MaybeT: &at, MaybeF: ptr(0.0), Created: "first",
		Double: 1 << 61,
	}
}

func TestRowsComeBackAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	db := open(t, createEverything)
	table := database.NewTable[everything]()
	empty := everything{ID: id(2), At: time.Unix(0, 0).UTC()}
	want := []everything{full(1), empty, full(3)}
	// Given in another order than they come back.
	if err := table.Insert(db.Gorm(), []everything{want[2], want[0], want[1]}); err != nil {
		t.Fatal(err)
	}
	got, err := table.LoadForUpdate(db.Gorm(), []string{id(3), id(99), id(2), id(1), id(1)})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
	var viaGorm everything
	if err := db.Gorm().First(&viaGorm, "id = ?", id(1)).Error; err != nil {
		t.Fatal(err)
	}
	viaGorm.At, viaGorm.MaybeT = viaGorm.At.UTC(), ptr(viaGorm.MaybeT.UTC())
	if !reflect.DeepEqual(viaGorm, want[0]) {
		t.Errorf("gorm reads\n%+v\nwant\n%+v", viaGorm, want[0])
	}
}

func TestUpsertReplacesAllButCreateOnlyFields(t *testing.T) {
	t.Parallel()
	db := open(t, createEverything)
	table := database.NewTable[everything]()
	before := full(1)
	if err := table.Upsert(db.Gorm(), []everything{before}); err != nil {
		t.Fatal(err)
	}
	after := everything{ID: id(1), At: before.At, Created: "second"}
	if err := table.Upsert(db.Gorm(), []everything{after, full(2)}); err != nil {
		t.Fatal(err)
	}
	after.Created = "first"
	got, err := table.LoadForUpdate(db.Gorm(), []string{id(1)})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, []everything{after}) {
		t.Errorf("got %+v, want %+v", got, after)
	}
}

func TestInsertOfAPresentRowWritesNothing(t *testing.T) {
	t.Parallel()
	db := open(t, createEverything)
	table := database.NewTable[everything]()
	if err := table.Insert(db.Gorm(), []everything{full(1)}); err != nil {
		t.Fatal(err)
	}
	err := table.Insert(db.Gorm(), []everything{full(2), full(1)})
	if !database.IsConstraint(err, "everything_pkey") {
		t.Fatalf("got %v, want a broken everything_pkey", err)
	}
	if rows, _ := table.LoadForUpdate(db.Gorm(), []string{id(1), id(2)}); len(rows) != 1 {
		t.Errorf("%d rows, want only the first", len(rows))
	}
}

func TestTextThatIsTooLongIsRefusedNotCut(t *testing.T) {
	t.Parallel()
	db := open(t, createEverything)
	row := full(1)
	row.Short = "abcdef"
	if err := database.NewTable[everything]().Insert(db.Gorm(), []everything{row}); err == nil {
		t.Error("six characters were accepted by varchar(5)")
	}
}

type sequenced struct {
	Topic     string `gorm:"primaryKey"`
	Partition int32  `gorm:"primaryKey;autoIncrement:false"`
	Next      int64
}

func (sequenced) TableName() string { return "sequenced" }

func TestRowsWithCompositeKeysAreWrittenAndSelected(t *testing.T) {
	t.Parallel()
	db := open(t, `CREATE TABLE sequenced (topic text, partition integer, next bigint, PRIMARY KEY (topic, partition))`)
	table := database.NewTable[sequenced]()
	all := []sequenced{{"b", 1, 1}, {"a", 10, 2}, {"a", 2, 3}}
	if err := table.Upsert(db.Gorm(), all); err != nil {
		t.Fatal(err)
	}
	got, err := table.Select(db.Gorm(), "ORDER BY topic, partition")
	if err != nil {
		t.Fatal(err)
	}
	if want := []sequenced{all[2], all[1], all[0]}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	some, err := table.Select(db.Gorm(), "WHERE next > $1 ORDER BY next DESC LIMIT $2", 1, 5)
	if err != nil || !reflect.DeepEqual(some, []sequenced{all[2], all[1]}) {
		t.Errorf("got %v, %v", some, err)
	}
}

func TestLoadedRowsAreLocked(t *testing.T) {
	t.Parallel()
	db := open(t, createEverything)
	table := database.NewTable[everything]()
	if err := table.Insert(db.Gorm(), []everything{full(1)}); err != nil {
		t.Fatal(err)
	}
	err := database.Transact(context.Background(), db, func(tx *gorm.DB) error {
		if _, err := table.LoadForUpdate(tx, []string{id(1)}); err != nil {
			return err
		}
		var free []string
		if err := db.Gorm().Raw("SELECT id FROM everything FOR UPDATE SKIP LOCKED").Scan(&free).Error; err != nil {
			return err
		}
		if len(free) != 0 {
			t.Error("another session could lock the row")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAModelThatCannotBeUsedPanicsWithItsField(t *testing.T) {
	t.Parallel()
	type keyless struct{ Name string }
	type strange struct {
		ID   string `gorm:"primaryKey"`
		Tags []string
	}
	for want, use := range map[string]func(){
		"no primary key": func() { database.NewTable[keyless]() },
		"Tags":           func() { database.NewTable[strange]() },
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, want) {
					t.Errorf("panic %q does not mention %q", got, want)
				}
			}()
			use()
		}()
	}
}

type narrow struct {
	ID     string `gorm:"primaryKey"`
	Status int64
}

func (narrow) TableName() string { return "everything" }

func TestErrorsOfReadingDoNotQuoteValues(t *testing.T) {
	t.Parallel()
	db := open(t, createEverything)
	if err := database.NewTable[everything]().Insert(db.Gorm(), []everything{full(1)}); err != nil {
		t.Fatal(err)
	}
	_, err := database.NewTable[narrow]().Select(db.Gorm(), "")
	if err == nil || strings.Contains(err.Error(), "o'pen") {
		t.Fatalf("got %v", err)
	}
	mustContain(t, err.Error(), "everything", "status", "int64")
}
