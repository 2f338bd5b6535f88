package store

import (
	"io/fs"
	"reflect"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pressly/goose/v3"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/shipping"
	"orderflow.example/services/shipping"
	"orderflow.example/shared/database"
	"orderflow.example/shared/embedded/embeddedtest"
	"orderflow.example/shared/saga"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }

// An order of before left in one parcel. Its row becomes what its topic folds to.
func TestARowOfBeforeBecomesWhatItsEventsFoldTo(t *testing.T) {
	t.Parallel()
	db, err := database.Open(t.Context(), database.Options{URL: embeddedtest.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	before := fstest.MapFS{}
	names, _ := fs.Glob(Migrations, "*.sql")
	for _, name := range names[:5] {
		data, _ := fs.ReadFile(Migrations, name)
		before[name] = &fstest.MapFile{Data: data}
	}
	migrate := func(files fs.FS) {
		t.Helper()
		if _, err := database.Migrate(t.Context(), db, files, "shipping_migrations"); err != nil {
			t.Fatal(err)
		}
	}
	migrate(before)
	ann := schemas.Address{Name: "Ann", Line1: "1 Road", City: "Leeds", Postcode: "LS1", Country: "GB"}
	lines := []schemas.Allocation{{SKU: "A", Quantity: 2, UnitPrice: 300, Warehouse: "LONDON"},
		{SKU: "A", Quantity: 1, UnitPrice: 300, Warehouse: "YORK"}} // a parcel of goods of two warehouses
	at := time.Date(2026, 11, 27, 10, 0, 0, 123_000, time.UTC)
	asked := event.LabelRequested.Of(event.LabelRequestedV1{CustomerID: "ann", ShipTo: ann, Lines: lines, Partial: true})
	asked.ID = "s"
	prepared := event.Prepared.Of(event.PreparedV1{ShipmentID: "s", Carrier: "royal", TrackingNumber: "T1", Lines: lines})
	prepared.Time = at
	dispatched := event.Dispatched.Of(event.DispatchedV1{ShipmentID: "s", Carrier: "royal", TrackingNumber: "T1", Lines: lines[:1]})
	withdrawn, rejected := event.Withdrawn.Of(event.WithdrawnV1{}), event.Rejected.Of(event.RejectedV1{Reason: "no_carrier"})
	money := event.Readied.Of(event.ReadiedV1{By: "money"})
	const insert = `INSERT INTO shipments (order_id, customer_id, ship_to, partial, status, shipment_id, label, carrier,
		tracking_number, labelled_at, packed, paid, lines, returns) VALUES `
	const both = `'[{"sku":"A","quantity":2,"unit_price":300,"warehouse":"LONDON"},
		{"sku":"A","quantity":1,"unit_price":300,"warehouse":"YORK"}]'`
	const one = `'[{"sku":"A","quantity":2,"unit_price":300,"warehouse":"LONDON"}]'`
	const whose = `'ann', '{"name":"Ann","line1":"1 Road","city":"Leeds","postcode":"LS1","country":"GB"}', true`
	const nobody = `'', '{"name":"","line1":"","city":"","postcode":"","country":""}', false`
	const bought = `'royal', 'T1', '2026-11-27 10:00:00.000123+00'`
	rows := map[string]struct {
		values string
		past   []saga.Event
	}{
		"blank":     {nobody + `, 'waiting', '', '', '', '', NULL, false, false, 'null', 'null'`, nil},
		"overtaken": {nobody + `, 'withdrawn', '', '', '', '', NULL, false, false, 'null', 'null'`, []saga.Event{withdrawn}},
		"nowhere":   {nobody + `, 'rejected', '', '', '', '', NULL, false, false, 'null', 'null'`, []saga.Event{rejected}},
		"asked":     {whose + `, 'preparing', 's', 'asked', '', '', NULL, false, false, ` + both + `, 'null'`, []saga.Event{asked}},
		"refused": {whose + `, 'rejected', 's', '', '', '', NULL, false, false, ` + both + `, 'null'`,
			[]saga.Event{asked, rejected}},
		"paid": {whose + `, 'prepared', 's', 'bought', ` + bought + `, false, true, ` + both + `, 'null'`,
			[]saga.Event{asked, prepared, money}},
		"dispatched": {whose + `, 'dispatched', 's', 'bought', ` + bought + `, true, true, ` + one + `, 'null'`,
			[]saga.Event{asked, prepared, dispatched}},
		"withdrawn": {whose + `, 'withdrawn', 's', 'bought', ` + bought + `, false, false, ` + both + `, 'null'`,
			[]saga.Event{asked, prepared, withdrawn}},
	}
	for order, row := range rows {
		if err := db.Gorm().Exec(insert + "('" + order + "', " + row.values + ")").Error; err != nil {
			t.Fatalf("%s: %v", order, err)
		}
	}
	check := func() {
		t.Helper()
		for order, row := range rows {
			want := shipping.Blank(order)
			for _, e := range row.past {
				want = shipping.Evolve(want, e)
			}
			got, found, err := NewReader(db.Gorm()).Any(t.Context(), order)
			if err != nil || !found || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %v, got\n%+v\nwant\n%+v", order, err, got, want)
			}
		}
	}
	migrate(Migrations)
	check()
	// An older process beside this one writes what it reads.
	if err := db.Gorm().Exec(insert + "('beside', " + rows["paid"].values + ")").Error; err != nil {
		t.Errorf("a row of an older process: %v", err)
	}
	rows["beside"] = rows["paid"]
	check()
	bad := `UPDATE shipments SET parcels = '[{"status": "dispatched", "packed": true, "label": "bought"}]' WHERE order_id = 'paid'`
	if err := db.Gorm().Exec(bad).Error; err == nil {
		t.Error("a parcel is with the carrier and not paid for")
	}
	pool, err := db.Gorm().DB()
	if err != nil {
		t.Fatal(err)
	}
	there, err := goose.NewProvider(goose.DialectPostgres, pool, Migrations, goose.WithTableName("shipping_migrations"),
		goose.WithDisableGlobalRegistry(true))
	if err == nil {
		_, err = there.DownTo(t.Context(), 5)
	}
	if err != nil {
		t.Fatal(err)
	}
	migrate(Migrations)
	check()
}
