package store

import (
	"encoding/json"
	"reflect"
	"testing"

	"orderflow.example/services/warehouse"
)

func TestAPickSurvivesTheWayToItsRowAndBack(t *testing.T) {
	t.Parallel()
	for _, want := range []warehouse.Pick{
		warehouse.BlankPick("o"),
		{Order: "o", Status: warehouse.Cancelled},
		{Order: "o", Status: warehouse.Packed, ShipmentID: "s"},
	} {
		if got := fromPick(toPick(want)); got != want {
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
		if state.NumField() != row.NumField() {
			t.Errorf("a %s has %d fields, its row %d columns: one is forgotten", state, state.NumField(), row.NumField())
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
