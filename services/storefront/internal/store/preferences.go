package store

import (
	"context"

	"gorm.io/gorm"

	event "orderflow.example/schemas/storefront"
	"orderflow.example/services/storefront"
	"orderflow.example/shared/database"
	"orderflow.example/shared/engine"
)

type preferencesRow struct {
	CustomerID string                      `gorm:"primaryKey"`
	Chosen     *event.PreferencesChangedV1 `gorm:"serializer:json"`
}

func (preferencesRow) TableName() string { return "preferences" }

// Preferences is the table of customers' preferences, one row for each who chose any.
func Preferences() engine.Store {
	return engine.NewTable(storefront.BlankPreferences, func(r preferencesRow) string { return r.CustomerID },
		func(p storefront.Preferences) preferencesRow { return preferencesRow{p.Customer, p.Chosen} }, fromPreferencesRow)
}

func fromPreferencesRow(r preferencesRow) storefront.Preferences {
	return storefront.Preferences{Customer: r.CustomerID, Chosen: r.Chosen}
}

var preferences = database.NewTable[preferencesRow]()

// Preferences returns those of this customer, with the rights of this customer.
func (r *Reader) Preferences(ctx context.Context, customer string) (p storefront.Preferences, err error) {
	p = storefront.BlankPreferences(customer)
	err = database.AsCustomer(ctx, r.db, customer, func(tx *gorm.DB) error {
		rows, err := preferences.Select(tx, "WHERE customer_id = $1", customer)
		if err == nil && len(rows) > 0 {
			p = fromPreferencesRow(rows[0])
		}
		return err
	})
	return p, err
}
