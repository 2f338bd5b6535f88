package store

import (
	"io/fs"
	"reflect"
	"testing"
	"testing/fstest"

	"github.com/pressly/goose/v3"

	event "orderflow.example/schemas/warehouse"
	"orderflow.example/services/warehouse"
	"orderflow.example/shared/database"
	"orderflow.example/shared/embedded/embeddedtest"
	"orderflow.example/shared/saga"
)

// An order of before was picked as one parcel. Its row becomes what its topic folds to.
func TestARowOfBeforeBecomesWhatItsEventsFoldTo(t *testing.T) {
	t.Parallel()
	db, err := database.Open(t.Context(), database.Options{URL: embeddedtest.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	before := fstest.MapFS{}
	names, _ := fs.Glob(Migrations, "*.sql")
	for _, name := range names[:3] {
		data, _ := fs.ReadFile(Migrations, name)
		before[name] = &fstest.MapFile{Data: data}
	}
	migrate := func(files fs.FS) {
		t.Helper()
		if _, err := database.Migrate(t.Context(), db, files, "warehouse_migrations"); err != nil {
			t.Fatal(err)
		}
	}
	migrate(before)
	requested := event.PickRequested.Of(event.PickRequestedV1{ShipmentID: "s"})
	packed := event.Packed.Of(event.PackedV1{ShipmentID: "s"})
	short := event.ShortPicked.Of(event.ShortPickedV1{ShipmentID: "s"})
	rows := map[string]struct {
		values string
		past   []saga.Event
	}{
		"blank":     {`'waiting', ''`, nil},
		"overtaken": {`'cancelled', ''`, []saga.Event{event.PickCancelled.Of(event.PickCancelledV1{})}},
		"picking":   {`'picking', 's'`, []saga.Event{requested}},
		"packed":    {`'packed', 's'`, []saga.Event{requested, packed}},
		"short":     {`'short', 's'`, []saga.Event{requested, short}},
		"stopped":   {`'cancelled', 's'`, []saga.Event{requested, event.PickCancelled.Of(event.PickCancelledV1{ShipmentID: "s"})}},
	}
	for order, row := range rows {
		insert := "INSERT INTO picks (order_id, status, shipment_id) VALUES ('" + order + "', " + row.values + ")"
		if err := db.Gorm().Exec(insert).Error; err != nil {
			t.Fatalf("%s: %v", order, err)
		}
	}
	check := func() {
		t.Helper()
		seen := 0
		err := Picks().Each(db.Gorm(), func(order string, got any) error {
			want := warehouse.BlankPick(order)
			for _, e := range rows[order].past {
				want = warehouse.EvolvePick(want, e)
			}
			if seen++; !reflect.DeepEqual(got, want) {
				t.Errorf("%s: got\n%+v\nwant\n%+v", order, got, want)
			}
			return nil
		})
		if err != nil || seen != len(rows) {
			t.Errorf("%d rows, %v", seen, err)
		}
	}
	migrate(Migrations)
	check()
	pool, err := db.Gorm().DB()
	if err != nil {
		t.Fatal(err)
	}
	there, err := goose.NewProvider(goose.DialectPostgres, pool, Migrations, goose.WithTableName("warehouse_migrations"),
		goose.WithDisableGlobalRegistry(true))
	if err == nil {
		_, err = there.DownTo(t.Context(), 3)
	}
	if err != nil {
		t.Fatal(err)
	}
	migrate(Migrations)
	check()
}
