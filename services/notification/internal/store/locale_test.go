package store

import (
	"testing"

	"orderflow.example/schemas/storefront"
	"orderflow.example/services/notification"
	"orderflow.example/shared/database"
	"orderflow.example/shared/embedded/embeddedtest"
	"orderflow.example/shared/saga"
)

func TestTheInboxReadsInTheLocaleThatTheCustomerChoseLast(t *testing.T) {
	t.Parallel()
	db, err := database.Open(t.Context(), database.Options{URL: embeddedtest.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := database.Migrate(t.Context(), db, Migrations, "migrations"); err != nil {
		t.Fatal(err)
	}
	for _, chosen := range []string{"", "en", "de"} {
		states := Customers().Memory()
		if chosen != "" {
			e := storefront.PreferencesChanged.About("ann", storefront.PreferencesChangedV1{Locale: chosen})
			step, err := notification.Customers.Machine().Hear(notification.BlankCustomer("ann"), e, func(*saga.Event) {})
			if err != nil {
				t.Fatal(err)
			}
			states.Put(e, step.State)
		}
		if err := states.Save(db.Gorm()); err != nil {
			t.Fatal(err)
		}
		if got, err := NewReader(db.Gorm()).Locale(t.Context(), "ann"); err != nil || got != chosen {
			t.Errorf("%q %v, want %q", got, err, chosen)
		}
	}
}
