// Package store keeps the journal, the accounts of orders and the business days as rows.
package store

import (
	"embed"
	"io/fs"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/reporting"
	"orderflow.example/services/reporting"
	"orderflow.example/shared/engine"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations create the service's tables.
var Migrations, _ = fs.Sub(files, "migrations")

type accountRow struct {
	OrderID      string            `gorm:"primaryKey"`
	Entries      []reporting.Entry `gorm:"serializer:json"`
	Items        []reporting.Item  `gorm:"serializer:json"`
	FirstDay     string
	LastDay      string
	UnsettledDay string
	Discrepant   bool
}

func (accountRow) TableName() string { return "accounts" }

type dayRow struct {
	Day         string `gorm:"primaryKey"`
	Zone        string
	Begins      string
	Ends        string
	Closes      string
	Closed      bool
	ClosedAt    string
	Entries     int64
	LateEntries int64
	Totals      []event.Total `gorm:"serializer:json"`
	Deferred    reporting.Sum `gorm:"serializer:json"`
	Taken       reporting.Sum `gorm:"serializer:json"`
}

func (dayRow) TableName() string { return "days" }

// Days is the table of business days.
func Days() engine.Store {
	return engine.NewTable(reporting.BlankDay, func(r dayRow) string { return r.Day },
		func(d reporting.Day) dayRow { return dayRow(d) }, func(r dayRow) reporting.Day { return reporting.Day(r) })
}

type settlementRow struct {
	Day     string `gorm:"primaryKey"`
	Asked   bool
	Due     bool
	ReadAt  string
	Lines   int64
	Digest  string
	Payout  []schemas.Money `gorm:"serializer:json"`
	Refused string
	Begun   int64
	Reading int64
}

func (settlementRow) TableName() string { return "settlements" }

// Settlements is the table of settlement files, one row for each day.
func Settlements() engine.Store {
	return engine.NewTable(reporting.BlankSettlement, func(r settlementRow) string { return r.Day },
		func(s reporting.Settlement) settlementRow { return settlementRow(s) },
		func(r settlementRow) reporting.Settlement { return reporting.Settlement(r) })
}

// Accounts is the table of accounts, one row for each order, with its entries of the journal.
func Accounts() engine.Store {
	return engine.NewTable(reporting.Blank, func(r accountRow) string { return r.OrderID }, toAccount,
		func(r accountRow) reporting.Account {
			return reporting.Account{Order: r.OrderID, Entries: r.Entries, Items: r.Items}
		})
}

func toAccount(a reporting.Account) accountRow {
	r := accountRow{OrderID: a.Order, Entries: a.Entries, Items: a.Items}
	for _, e := range a.Entries {
		if r.FirstDay == "" || e.Day < r.FirstDay {
			r.FirstDay = e.Day
		}
		r.LastDay = max(r.LastDay, e.Day)
	}
	for _, i := range a.Items {
		r.Discrepant = r.Discrepant || i.Told
		if day := a.Unsettled(i); day != "" && (r.UnsettledDay == "" || day < r.UnsettledDay) {
			r.UnsettledDay = day
		}
	}
	return r
}
