// Package store keeps what was learnt, what can be had and what visitors looked at, as rows.
package store

import (
	"embed"
	"io/fs"
	"time"

	"orderflow.example/services/recommendation"
	"orderflow.example/shared/engine"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations create the service's tables.
var Migrations, _ = fs.Sub(files, "migrations")

type orderRow struct {
	OrderID string `gorm:"primaryKey"`
	Noted   bool
}

func (orderRow) TableName() string { return "orders" }

// Orders is the table of orders whose baskets were noted.
func Orders() engine.Store {
	return engine.NewTable(recommendation.Blank, func(r orderRow) string { return r.OrderID },
		func(o recommendation.Order) orderRow { return orderRow{o.ID, o.Noted} },
		func(r orderRow) recommendation.Order { return recommendation.Order{ID: r.OrderID, Noted: r.Noted} })
}

type productRow struct {
	SKU           string `gorm:"primaryKey;column:sku"`
	Listed        bool
	Description   string
	Backorderable bool
	Available     int64
	Withdrawn     bool
}

func (productRow) TableName() string { return "products" }

// Products is the table of products, one row for each SKU.
func Products() engine.Store {
	return engine.NewTable(recommendation.BlankProduct, func(r productRow) string { return r.SKU },
		func(p recommendation.Product) productRow { return productRow(p) },
		func(r productRow) recommendation.Product { return recommendation.Product(r) })
}

type visitorRow struct {
	Key  string                `gorm:"primaryKey"`
	Seen []recommendation.Look `gorm:"serializer:json;type:json"`
}

func (visitorRow) TableName() string { return "visitors" }

// Visitors is the table of visitors, one row for each.
func Visitors() engine.Store {
	return engine.NewTable(recommendation.BlankVisitor, func(r visitorRow) string { return r.Key },
		func(v recommendation.Visitor) visitorRow { return visitorRow(v) },
		func(r visitorRow) recommendation.Visitor { return recommendation.Visitor(r) })
}

type basketRow struct {
	N          int64 `gorm:"primaryKey"`
	OrderID    string
	CustomerID string
	At         time.Time
	SKUs       []string `gorm:"column:skus;serializer:json;type:json"`
}

func (basketRow) TableName() string { return "baskets" }

func toBasket(b recommendation.Basket) basketRow {
	return basketRow{N: b.N, OrderID: b.Order, CustomerID: b.Customer, At: b.At, SKUs: b.SKUs}
}

func fromBasket(r basketRow) recommendation.Basket {
	return recommendation.Basket{N: r.N, Order: r.OrderID, Customer: r.CustomerID, At: r.At.UTC(), SKUs: r.SKUs}
}

type goodRow struct {
	SKU        string `gorm:"primaryKey;column:sku"`
	Basket     int64
	Mass       float64
	Neighbours []recommendation.Neighbour `gorm:"serializer:json;type:json"`
}

func (goodRow) TableName() string { return "goods" }

func toGood(sku string, s recommendation.Solved) goodRow {
	return goodRow{SKU: sku, Basket: s.Basket, Mass: s.Mass, Neighbours: s.Neighbours}
}

func (r goodRow) solved() recommendation.Solved {
	return recommendation.Solved{Basket: r.Basket, Mass: r.Mass, Neighbours: r.Neighbours}
}
