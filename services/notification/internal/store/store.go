// Package store keeps what customers were told, and their messages on the way, as rows.
package store

import (
	"embed"
	"io/fs"
	"time"

	event "orderflow.example/schemas/notification"
	"orderflow.example/services/notification"
	"orderflow.example/shared/engine"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations create the service's tables.
var Migrations, _ = fs.Sub(files, "migrations")

type orderRow struct {
	OrderID    string `gorm:"primaryKey"`
	CustomerID string
	Email      string
	Told       []string              `gorm:"serializer:json"`
	Held       []event.Message       `gorm:"serializer:json"`
	Parcels    []notification.Parcel `gorm:"serializer:json"`
}

func (orderRow) TableName() string { return "orders" }

// Orders is the table of orders, one row for each.
func Orders() engine.Store {
	return engine.NewTable(notification.Blank, func(r orderRow) string { return r.OrderID },
		func(o notification.Order) orderRow {
			return orderRow{OrderID: o.ID, CustomerID: o.CustomerID, Email: o.Email, Told: o.Told, Held: o.Held,
				Parcels: o.Parcels}
		},
		func(r orderRow) notification.Order {
			return notification.Order{ID: r.OrderID, CustomerID: r.CustomerID, Email: r.Email, Told: r.Told, Held: r.Held,
				Parcels: r.Parcels}
		})
}

type mailboxRow struct {
	Key     string              `gorm:"primaryKey"`
	Sending *event.RequestedV1  `gorm:"serializer:json"`
	Waiting []event.RequestedV1 `gorm:"serializer:json"`
	Stopped string
	Recent  []string `gorm:"serializer:json"`
}

func (mailboxRow) TableName() string { return "mailboxes" }

// Mailboxes is the table of messages on their way, one row for each channel of a customer.
func Mailboxes() engine.Store {
	return engine.NewTable(notification.BlankMailbox, func(r mailboxRow) string { return r.Key },
		func(b notification.Mailbox) mailboxRow { return mailboxRow(b) },
		func(r mailboxRow) notification.Mailbox { return notification.Mailbox(r) })
}

type customerRow struct {
	CustomerID string `gorm:"primaryKey"`
	Promoted   bool
	Offered    []string `gorm:"serializer:json"`
	Stopped    string
	Sending    string
	Locale     string
}

func (customerRow) TableName() string { return "customers" }

// Customers is the table of customers, as promotions and the inbox need them.
func Customers() engine.Store {
	return engine.NewTable(notification.BlankCustomer, func(r customerRow) string { return r.CustomerID },
		func(c notification.Customer) customerRow {
			return customerRow{CustomerID: c.ID, Promoted: c.Promoted, Offered: c.Offered, Stopped: c.Stopped, Sending: c.Sending,
				Locale: c.Locale}
		},
		func(r customerRow) notification.Customer {
			return notification.Customer{ID: r.CustomerID, Promoted: r.Promoted, Offered: r.Offered, Stopped: r.Stopped,
				Sending: r.Sending, Locale: r.Locale}
		})
}

type promotionRow struct {
	PromotionID string                      `gorm:"primaryKey"`
	Told        *event.PromotionPublishedV1 `gorm:"serializer:json"`
	Ended       bool
}

func (promotionRow) TableName() string { return "promotions" }

// Promotions is the table of promotions.
func Promotions() engine.Store {
	return engine.NewTable(notification.BlankPromotion, func(r promotionRow) string { return r.PromotionID },
		func(p notification.Promotion) promotionRow { return promotionRow{p.ID, p.Told, p.Ended} },
		func(r promotionRow) notification.Promotion {
			return notification.Promotion{ID: r.PromotionID, Told: r.Told, Ended: r.Ended}
		})
}

type messageRow struct {
	MessageID  string `gorm:"primaryKey"`
	CustomerID string
	At         time.Time
	OrderID    string
	Message    event.Message `gorm:"serializer:json"`
	Promotion  string
	Locale     string
	Steps      []notification.DeliveryState `gorm:"serializer:json"`
}

func (messageRow) TableName() string { return "messages" }

// Inbox is the table of messages, one row for each.
func Inbox() engine.Store {
	return engine.NewTable(notification.BlankEntry, func(r messageRow) string { return r.MessageID },
		func(m notification.Entry) messageRow {
			return messageRow{MessageID: m.ID, CustomerID: m.CustomerID, At: m.At, OrderID: m.Message.OrderID, Message: m.Message,
				Promotion: m.Promotion, Locale: m.Locale, Steps: m.Steps}
		}, fromMessageRow)
}

func fromMessageRow(r messageRow) notification.Entry {
	return notification.Entry{ID: r.MessageID, CustomerID: r.CustomerID, At: r.At.UTC(), Message: r.Message,
		Promotion: r.Promotion, Locale: r.Locale, Steps: r.Steps}
}
