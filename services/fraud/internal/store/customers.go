package store

import (
	"orderflow.example/services/fraud"
	"orderflow.example/shared/engine"
)

type customer struct {
	CustomerID string       `gorm:"primaryKey"`
	Seen       []fraud.Seen `gorm:"serializer:json"`
}

func (customer) TableName() string { return "customers" }

// Customers is the table of customers, one row for each that had an order counted.
func Customers() engine.Store {
	return engine.NewTable(fraud.BlankCustomer, func(r customer) string { return r.CustomerID },
		func(c fraud.Customer) customer { return customer{c.ID, c.Seen} },
		func(r customer) fraud.Customer { return fraud.Customer{ID: r.CustomerID, Seen: r.Seen} })
}
