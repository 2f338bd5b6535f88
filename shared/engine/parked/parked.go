// Package parked lets operators see what a service could not process, and decide about it: have it processed again,
// carefully, or give it up. It works on the tables in the service's database, so any process that reaches them can use
// it, whoever owns the partitions.
//
// It processes nothing itself: the owner of a partition does, for the rows that are marked to be redriven. The engine
// calls Advance about once a second; the operators' routes and the orderflow command use the rest.
package parked

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm"
)

// PartitionLock is the class of the advisory lock that every transaction holds which changes what is parked or applied in
// a partition: pg_advisory_xact_lock(PartitionLock, partition).
const PartitionLock = 0x6f67

// coordinatorLock is the class of the lock that lets one process of the service at a time advance its redrives.
const coordinatorLock = 0x6f68

// The forms of what is parked. A Call blocks nothing; later inputs of a key queue behind the others.
const (
	FormEvent    = "event"
	FormAnswer   = "answer"
	FormDeadline = "deadline"
	FormCall     = "call" // a question that the outside refused for good
)

// Service is one service's database.
type Service struct {
	Name string
	DB   *gorm.DB
}

// Services are those that an operator reaches from one place, in the order of their names.
type Services []Service

// Item is one parked row.
type Item struct {
	Service   string    `json:"service"`
	Partition int       `json:"partition"`
	Number    int64     `json:"number"`
	Order     string    `json:"order"`
	Key       string    `json:"key"`
	Form      string    `json:"form"`
	Type      string    `json:"type"`
	Event     string    `json:"event"`            // its id
	Reason    string    `json:"reason,omitempty"` // empty: it waits behind an earlier one of its key
	ParkedAt  time.Time `json:"parked_at"`
	Redriving bool      `json:"redriving,omitempty"` // the owner is asked to process it again
	Behind    int64     `json:"behind"`              // rows that wait behind it
}

// behind is how many rows of its key p is in the way of.
const behind = `CASE WHEN p.form = 'call' THEN 0 ELSE (SELECT count(*) FROM engine.parked w
	WHERE w.partition = p.partition AND w.key = p.key AND w.number > p.number AND w.form <> 'call') END`

// isHead tells whether nothing of its key stands before p.
const isHead = `(p.form = 'call' OR NOT EXISTS (SELECT FROM engine.parked e
	WHERE e.partition = p.partition AND e.key = p.key AND e.number < p.number AND e.form <> 'call'))`

// columns are those of an Item but the service, for what is called p.
const columns = `p.partition, p.number, p.saga AS "order", p.key, p.form, p.type, p.id AS event,
	p.reason, p.parked_at, p.redrive AS redriving`

// heads reads the first row of each key, and every call, with what waits behind; one that waits to be released is on its
// way and left out. It goes through the whole table once, in the order of an index.
const heads = `SELECT * FROM (
		SELECT ` + columns + `, 0::bigint AS behind FROM engine.parked p WHERE p.form = 'call'
		UNION ALL
		SELECT * FROM (SELECT DISTINCT ON (p.partition, p.key) ` + columns + `,
			count(*) OVER (PARTITION BY p.partition, p.key) - 1 AS behind
			FROM engine.parked p WHERE p.form <> 'call' ORDER BY p.partition, p.key, p.number) chain
	) h WHERE NOT (h.redriving AND h.reason = '') ORDER BY h.number`

// eachHead visits the heads in the order of their numbers, holding one at a time, until visit says no.
func (s Service) eachHead(db *gorm.DB, visit func(h Item) bool) error {
	rows, err := db.Raw(heads).Rows()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		h := Item{Service: s.Name}
		err := rows.Scan(&h.Partition, &h.Number, &h.Order, &h.Key, &h.Form, &h.Type, &h.Event, &h.Reason, &h.ParkedAt, &h.Redriving,
			&h.Behind)
		if err != nil {
			return err
		}
		if !visit(h) {
			return nil
		}
	}
	return rows.Err()
}

// names lists the services.
func (all Services) names() string {
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = s.Name
	}
	return strings.Join(names, ", ")
}

// Now is the databases' time: the earliest, where they differ.
func (all Services) Now(ctx context.Context) (now time.Time, err error) {
	for i, s := range all {
		var at time.Time
		if err := s.db(ctx).Raw(`SELECT now()`).Row().Scan(&at); err != nil {
			return now, err
		}
		if i == 0 || at.Before(now) {
			now = at
		}
	}
	return now, nil
}

// db is the handle of one service for one request.
func (s Service) db(ctx context.Context) *gorm.DB { return s.DB.WithContext(ctx) }
