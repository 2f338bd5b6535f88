package store

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"orderflow.example/shared/database"
	"orderflow.example/shared/embedded/embeddedtest"
)

func TestAnInvoiceOfBeforeIsTheOnlyOneOfItsOrder(t *testing.T) {
	t.Parallel()
	db, err := database.Open(t.Context(), database.Options{URL: embeddedtest.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	before := fstest.MapFS{}
	names, err := fs.Glob(Migrations, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if name >= "00012" {
			continue
		}
		text, err := fs.ReadFile(Migrations, name)
		if err != nil {
			t.Fatal(err)
		}
		before[name] = &fstest.MapFile{Data: text}
	}
	if _, err := database.Migrate(t.Context(), db, before, "storefront_migrations"); err != nil {
		t.Fatal(err)
	}
	for id, number := range map[string]string{"with": "INV-2026-000042", "without": ""} {
		if err := db.Gorm().Exec(`INSERT INTO orders (order_id, customer_id, placed_at, currency, placed_total, ship_to, fill_policy,
			cancelling, status, reason, final, agreed_total, payment, authorized, captured, charged_back, refunded, open, invoice)
			VALUES (?, 'ann', now(), 'GBP', 500, '{}', 'fill_all', false, 'completed', '', true, 0, 'captured', 500, 500, 0, 0, false, ?)`,
			id, number).Error; err != nil {
			t.Fatal(err)
		}
	}
	if _, err := database.Migrate(t.Context(), db, Migrations, "storefront_migrations"); err != nil {
		t.Fatal(err)
	}
	read := NewReader(db.Gorm())
	with, _, err := read.Order(t.Context(), "ann", "with")
	if err != nil || len(with.Invoices) != 1 || with.Invoices[0].Number != "INV-2026-000042" || with.Invoices[0].ShipmentID != "" {
		t.Errorf("%+v %v", with.Invoices, err)
	}
	without, _, err := read.Order(t.Context(), "ann", "without")
	if err != nil || without.Invoices != nil {
		t.Errorf("%+v %v", without.Invoices, err)
	}
}
