package store

import (
	"reflect"
	"testing"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/notification"
	"orderflow.example/services/notification"
	"orderflow.example/shared/database"
	"orderflow.example/shared/embedded/embeddedtest"
	"orderflow.example/shared/saga"
)

func TestWhatIsKnownOfAnOrdersParcelsSurvivesTheWayToItsRowAndBack(t *testing.T) {
	t.Parallel()
	db, err := database.Open(t.Context(), database.Options{URL: embeddedtest.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := database.Migrate(t.Context(), db, Migrations, "migrations"); err != nil {
		t.Fatal(err)
	}
	two := &schemas.Parcel{Number: 2, Of: 3}
	for id, want := range map[string]notification.Order{
		"alone": {ID: "alone", CustomerID: "ann", Email: "ann@example.com", Told: []string{"alone:dispatched:s1"}},
		"apart": {ID: "apart", CustomerID: "ann", Email: "ann@example.com", Told: []string{"apart:dispatched:s2"},
			Held:    []event.Message{{ID: "apart:dispatched:s3", Kind: "dispatched", OrderID: "apart", Parcel: two}},
			Parcels: []notification.Parcel{{ShipmentID: "s2", Parcel: *two}}},
	} {
		states := Orders().Memory()
		states.Put(saga.Event{Key: id}, want)
		if err := states.Save(db.Gorm()); err != nil {
			t.Fatal(err)
		}
		read, err := Orders().Load(db.Gorm(), []saga.Event{{Key: id}})
		if err != nil {
			t.Fatal(err)
		}
		if got := read.Get(saga.Event{Key: id}); !reflect.DeepEqual(got, want) {
			t.Errorf("got\n%+v\nwant\n%+v", got, want)
		}
	}
}
