package store

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"time"

	"orderflow.example/schemas"
	"orderflow.example/services/warehouse"
	"orderflow.example/shared/database"
	"orderflow.example/shared/embedded/embeddedtest"
)

func TestAPickSurvivesTheWayToItsRowAndBack(t *testing.T) {
	t.Parallel()
	for _, want := range []warehouse.Pick{
		warehouse.BlankPick("o"),
		{Order: "o", Cancelled: true},
		{Order: "o", Parcels: []warehouse.Parcel{{ShipmentID: "s", Status: warehouse.Packed}}},
		{Order: "o", Cancelled: true, Parcels: []warehouse.Parcel{{ShipmentID: "s", Status: warehouse.Cancelled}}},
		{Order: "o", Parcels: []warehouse.Parcel{{ShipmentID: "s", Status: warehouse.Cancelled}}}, // that parcel alone, of several
		{Order: "o", Cancelled: true, Parcels: []warehouse.Parcel{{ShipmentID: "s", Status: warehouse.Short}}},
		{Order: "o", Parcels: []warehouse.Parcel{{ShipmentID: "s", Status: warehouse.Cancelled}, {ShipmentID: "t",
			Status: warehouse.Picking, Part: &schemas.Parcel{Number: 2, Of: 2},
			Lines: []schemas.Allocation{{SKU: "tea", Quantity: 2, UnitPrice: 100, Warehouse: "leeds"}}}}},
	} {
		r := toPick(want)
		throughJSON(t, &r.Parcels)
		if got := fromPick(r); !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v\nwant %+v", got, want)
		}
	}
}

func TestASupplySurvivesTheWayToItsRowAndBack(t *testing.T) {
	t.Parallel()
	for _, want := range []warehouse.Supply{
		warehouse.BlankSupply("tea"),
		{SKU: "tea", Receipts: []string{"r-1", "r-2"}},
		{SKU: "tea", Receipts: []string{"r-1"}, Purchases: []warehouse.Purchase{
			{ID: "p-1", Replenishes: "ask-1", Warehouse: "leeds", Quantity: 7}}},
	} {
		r := toSupply(want)
		throughJSON(t, &r.Receipts)
		throughJSON(t, &r.Purchases)
		if got := fromSupply(r); !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v\nwant %+v", got, want)
		}
	}
}

func TestEveryFieldHasItsColumn(t *testing.T) {
	t.Parallel()
	for state, row := range map[reflect.Type]reflect.Type{
		reflect.TypeFor[warehouse.Pick]():   reflect.TypeFor[pickRow](),
		reflect.TypeFor[warehouse.Supply](): reflect.TypeFor[supplyRow](),
	} {
		columns := row.NumField()
		if row == reflect.TypeFor[pickRow]() {
			columns -= 2 // of the only parcel, or the first
		}
		if state.NumField() != columns {
			t.Errorf("a %s has %d fields, its row %d columns: one is forgotten", state, state.NumField(), columns)
		}
	}
}

func throughJSON[T any](t *testing.T, v *T) {
	t.Helper()
	document, err := json.Marshal(*v)
	if err != nil {
		t.Fatal(err)
	}
	var back T
	if err := json.Unmarshal(document, &back); err != nil {
		t.Fatal(err)
	}
	*v = back
}

func TestMain(m *testing.M) { embeddedtest.Main(m) }

func TestAProductIsKnownOnceItIsListedOrItsGoodsCame(t *testing.T) {
	t.Parallel()
	db, err := database.Open(t.Context(), database.Options{URL: embeddedtest.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if _, err := database.Migrate(t.Context(), db, Migrations, "warehouse_migrations"); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 27, 10, 0, 0, 123_000, time.UTC)
	rows := []supplyRow{toSupply(warehouse.BlankSupply("blank")), toSupply(warehouse.Supply{SKU: "listed", Listed: true}),
		toSupply(warehouse.Supply{SKU: "came", Receipts: []string{"r"}}),
		toSupply(warehouse.Supply{SKU: "ordered", Purchases: []warehouse.Purchase{
			{ID: "p", Quantity: 10, Received: 4, OrderedAt: at}}})}
	if err := database.NewTable[supplyRow]().Upsert(db.Gorm(), rows); err != nil {
		t.Fatal(err)
	}
	got, err := NewReader(db.Gorm()).Unknown(t.Context(), []string{"listed", "blank", "came", "never", "ordered", "listed"})
	late, err2 := NewReader(db.Gorm()).Open(t.Context(), "", at.Add(time.Second), 5)
	young, err3 := NewReader(db.Gorm()).Open(t.Context(), "", at.Add(-time.Second), 5)
	all, err4 := NewReader(db.Gorm()).Open(t.Context(), "a", time.Time{}, 5)
	if err := errors.Join(err2, err3, err4); err != nil || len(late) != 1 || len(young) != 0 || len(all) != 1 ||
		!reflect.DeepEqual(all[0], late[0]) || all[0].Purchases[0].Received != 4 || !all[0].Purchases[0].OrderedAt.Equal(at) {
		t.Errorf("ordered are %+v, late %+v, young %+v, %v", all, late, young, err)
	}
	if err != nil || !reflect.DeepEqual(got, []string{"blank", "never"}) {
		t.Errorf("unknown are %v, %v", got, err)
	}
}
