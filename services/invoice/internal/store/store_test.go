package store

import (
	"context"
	"reflect"
	"testing"
	"time"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/invoice"
	"orderflow.example/services/invoice"
	"orderflow.example/shared/database"
	"orderflow.example/shared/embedded/embeddedtest"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }

// lives are states of an order, from nothing on.
func lives() []invoice.Invoice {
	at := time.Date(2026, 11, 27, 10, 0, 0, 123_456_000, time.UTC)
	pounds := func(n int64) schemas.Money { return schemas.Money{Amount: n, Currency: "GBP"} }
	lines := []event.Line{{SKU: "MUG", Quantity: 2, UnitPrice: 250, Tax: 83}}
	all := []invoice.Invoice{invoice.Blank("o")}
	i := all[0]
	i.CustomerID, i.Buyer, i.Lines, i.Total = "ann", schemas.Address{Name: "Ann", Country: "GB"}, lines, pounds(500)
	all = append(all, i)
	i.Waiting = []invoice.Refund{{ID: "r", Reason: "lost", Amount: pounds(500), Lines: lines}}
	all = append(all, i)
	i.Captured, i.Waiting = pounds(500), nil
	i.Issued = &invoice.Issued{At: at, Document: event.Document{Number: "INV-2026-000001", IssuedOn: "2026-11-27",
		Amount: pounds(500),
		Tax:    83, Country: "GB", Category: "S", Rate: 2000, Lines: lines, Seller: invoice.Standard().Seller}}
	i.CreditNotes = []invoice.Issued{{At: at, RefundID: "r", Reason: "lost", Document: i.Issued.Document}}
	i.Withheld = []invoice.Withheld{{Reason: "above_invoice", Amount: pounds(1), RefundID: "s"}}
	all = append(all, i)
	apart := all[1]
	apart.Parcels = []invoice.Part{{ShipmentID: "s1", Lines: lines, Captured: pounds(500), Issued: i.Issued,
		CreditNotes: i.CreditNotes, Withheld: i.Withheld}, {ShipmentID: "s2", Waiting: []invoice.Refund{{ID: "t", Failed: true}}}}
	return append(all, apart)
}

func TestAnInvoiceSurvivesTheWayToItsRowAndBack(t *testing.T) {
	t.Parallel()
	db := open(t)
	table := database.NewTable[row]()
	for _, want := range lives() {
		if err := table.Upsert(db.Gorm(), []row{toRow(want)}); err != nil {
			t.Fatal(err)
		}
		rows, err := table.Select(db.Gorm(), "WHERE order_id = $1", "o")
		if err != nil || len(rows) != 1 {
			t.Fatal(rows, err)
		}
		if got := fromRow(rows[0]); !reflect.DeepEqual(got, want) {
			t.Errorf("got\n%+v\nwant\n%+v", got, want)
		}
	}
}

func TestTwoInvoicesNeverHaveOneNumber(t *testing.T) {
	t.Parallel()
	db := open(t)
	all := lives()
	table := database.NewTable[row]()
	for _, other := range all[len(all)-2:] { // one that leaves in one parcel, and one in two
		one := all[len(all)-2]
		other.Order = "p"
		if err := table.Upsert(db.Gorm(), []row{toRow(one), toRow(other)}); err == nil {
			t.Error("both are in the table")
		}
	}
}

func open(t *testing.T) *database.DB {
	t.Helper()
	db, err := database.Open(context.Background(), database.Options{URL: embeddedtest.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if _, err := database.Migrate(t.Context(), db, Migrations, "invoice_migrations"); err != nil {
		t.Fatal(err)
	}
	return db
}
