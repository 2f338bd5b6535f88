// Package store keeps products as rows.
package store

import (
	"embed"
	"io/fs"

	"gorm.io/gorm"

	"orderflow.example/schemas"
	"orderflow.example/services/catalog"
	"orderflow.example/shared/database"
	"orderflow.example/shared/engine"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations create the service's tables.
var Migrations, _ = fs.Sub(files, "migrations")

type row struct {
	SKU           string `gorm:"primaryKey;column:sku"`
	Listed        bool
	Description   string
	Price         int64
	Currency      string
	Backorderable bool
	Withdrawn     bool
}

func (row) TableName() string { return "products" }

var table = database.NewTable[row]()

// Products is the table of products, one row for each SKU.
func Products() engine.Store {
	return engine.NewTable(catalog.Blank, func(r row) string { return r.SKU }, toRow, fromRow)
}

// Product reads one product, locking nothing; blank if there is none.
func Product(db *gorm.DB, sku string) (catalog.Product, error) {
	rows, err := table.Select(db, "WHERE sku = $1", sku)
	if err != nil || len(rows) == 0 {
		return catalog.Blank(sku), err
	}
	return fromRow(rows[0]), nil
}

func toRow(p catalog.Product) row {
	return row{SKU: p.SKU, Listed: p.Listed, Description: p.Description, Price: p.Price.Amount, Currency: p.Price.Currency,
		Backorderable: p.Backorderable, Withdrawn: p.Withdrawn}
}

func fromRow(r row) catalog.Product {
	return catalog.Product{SKU: r.SKU, Listed: r.Listed, Description: r.Description,
		Price: schemas.Money{Amount: r.Price, Currency: r.Currency}, Backorderable: r.Backorderable, Withdrawn: r.Withdrawn}
}
