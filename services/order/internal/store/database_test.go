package store

import (
	"context"
	"reflect"
	"testing"

	"orderflow.example/schemas"
	"orderflow.example/services/order"
	"orderflow.example/shared/database"
	"orderflow.example/shared/embedded/embeddedtest"
	"orderflow.example/shared/saga"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }

func TestSavedOrdersReadBackUnchanged(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, err := database.Open(ctx, database.Options{URL: embeddedtest.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := database.Migrate(ctx, db, Migrations, "migrations"); err != nil {
		t.Fatal(err)
	}
	want := map[string]order.Order{
		"full": {ID: "full", Status: order.Shipped, Reason: "r", CustomerID: "c1",
			ShipTo:  schemas.Address{Name: "Zoë <&>", Country: "GB"},
			Ordered: []schemas.Line{{SKU: "A", Quantity: 2, UnitPrice: 3}},
			Lines:   []schemas.Allocation{{SKU: "A", Quantity: 1, UnitPrice: 3, Warehouse: "north"}},
			Total:   schemas.Money{Amount: 3, Currency: "GBP"}, Steps: []string{"inventory.reserved"}, Withdrawal: "customer_request",
			Refunded: 2, Returned: 1, Disputed: 4, Partial: true},
		"rejected": {ID: "rejected", Status: order.Rejected, Reason: "no_lines"},
	}
	states := Orders().Memory()
	keys := []saga.Event{{Key: "full"}, {Key: "rejected"}}
	for _, e := range keys {
		states.Put(e, want[e.Key])
	}
	if err := states.Save(db.Gorm()); err != nil {
		t.Fatal(err)
	}
	tx := db.Gorm().Begin()
	defer tx.Rollback()
	loaded, err := Orders().Load(tx, keys)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range keys {
		if got := loaded.Get(e); !reflect.DeepEqual(got, want[e.Key]) {
			t.Errorf("read back %+v\nwant %+v", got, want[e.Key])
		}
	}
}
