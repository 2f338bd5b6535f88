package store

import (
	"context"
	"encoding/json"
	"fmt"

	"gorm.io/gorm"

	event "orderflow.example/schemas/reporting"
	"orderflow.example/services/reporting"
	"orderflow.example/shared/database"
)

// Posted is an entry of the journal, and its order.
type Posted struct {
	Order string
	reporting.Entry
}

// Range limits what is read: business days, both included, and one order if it is not empty.
type Range struct{ From, To, Order string }

// Place is where a list of entries continues: behind this entry.
type Place struct{ HappenedAt, ID string }

// entriesOf expands the entries of accounts.
const entriesOf = `FROM accounts a CROSS JOIN LATERAL
	jsonb_array_elements(CASE jsonb_typeof(a.entries) WHEN 'array' THEN a.entries ELSE '[]' END) e (entry)`

// Journal lists at most limit entries behind the place, in the order in which money moved.
func Journal(ctx context.Context, db *gorm.DB, r Range, after Place, limit int) ([]Posted, error) {
	var list []Posted
	err := eachPosted(ctx, db, r, after, "LIMIT $6", func(p Posted) error {
		list = append(list, p)
		return nil
	}, limit)
	return list, err
}

// EachPosted tells of all entries in the range, in the order in which money moved, with one statement: each would expand the
// entries of all accounts.
func EachPosted(ctx context.Context, db *gorm.DB, r Range, tell func(Posted) error) error {
	return eachPosted(ctx, db, r, Place{}, "", tell)
}

func eachPosted(ctx context.Context, db *gorm.DB, r Range, after Place, limited string, tell func(Posted) error,
	limit ...any) error {

	rows, err := db.WithContext(ctx).Raw(`SELECT a.order_id, e.entry::text AS entry `+entriesOf+`
		WHERE a.first_day <= $2 AND a.last_day >= $1 AND ($3 = '' OR a.order_id = $3)
		AND e.entry->>'Day' BETWEEN $1 AND $2 AND (e.entry->>'HappenedAt', e.entry->>'ID') > ($4, $5)
		ORDER BY e.entry->>'HappenedAt', e.entry->>'ID' `+limited,
		append([]any{r.From, r.To, r.Order, after.HappenedAt, after.ID}, limit...)...).Rows()
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var p Posted
		var entry []byte
		if err := rows.Scan(&p.Order, &entry); err != nil {
			return fmt.Errorf("journal: %w", err)
		}
		if err := json.Unmarshal(entry, &p.Entry); err != nil {
			return fmt.Errorf("journal: an entry of order %s: %w", p.Order, err)
		}
		if err := tell(p); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// Balance is the trial balance: what all entries debit and credit to each account.
func Balance(ctx context.Context, db *gorm.DB) (totals []event.Total, err error) {
	err = db.WithContext(ctx).Raw(`SELECT t.transfer->'amount'->>'currency' AS currency, side.account,
		sum(CASE WHEN side.debited THEN (t.transfer->'amount'->>'amount')::bigint ELSE 0 END)::bigint AS debits,
		sum(CASE WHEN side.debited THEN 0 ELSE (t.transfer->'amount'->>'amount')::bigint END)::bigint AS credits ` + entriesOf + `
		CROSS JOIN LATERAL jsonb_array_elements(e.entry->'Transfers') t (transfer)
		CROSS JOIN LATERAL (VALUES (t.transfer->>'debit', true), (t.transfer->>'credit', false)) side (account, debited)
		GROUP BY 1, 2 ORDER BY 1, 2`).Scan(&totals).Error
	if err != nil {
		return nil, fmt.Errorf("trial balance: %w", err)
	}
	return totals, nil
}

var (
	days        = database.NewTable[dayRow]()
	settlements = database.NewTable[settlementRow]()
	accounts    = database.NewTable[accountRow]()
)

// Report is a business day, with the settlement of it.
type Report struct {
	reporting.Day
	Settlement reporting.Settlement
}

// Reports lists at most limit business days from one to another, in order.
func Reports(ctx context.Context, db *gorm.DB, from, to string, limit int) ([]Report, error) {
	rows, err := days.Select(db.WithContext(ctx),
		"WHERE day BETWEEN $1 AND $2 AND zone <> '' ORDER BY day LIMIT $3", from, to, limit)
	if err != nil || len(rows) == 0 {
		return nil, wrapped("business days", err)
	}
	files, err := settlements.Select(db.WithContext(ctx), "WHERE day BETWEEN $1 AND $2", rows[0].Day, rows[len(rows)-1].Day)
	if err != nil {
		return nil, wrapped("settlements", err)
	}
	of := map[string]reporting.Settlement{}
	for _, f := range files {
		of[f.Day] = reporting.Settlement(f)
	}
	list := make([]Report, len(rows))
	for i, r := range rows {
		list[i] = Report{reporting.Day(r), of[r.Day]}
	}
	return list, nil
}

func wrapped(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// Discrepant lists at most limit orders with a discrepancy, by id, after the one named.
func Discrepant(ctx context.Context, db *gorm.DB, after string, limit int) ([]reporting.Account, error) {
	rows, err := accounts.Select(db.WithContext(ctx), "WHERE discrepant AND order_id > $1 ORDER BY order_id LIMIT $2", after, limit)
	if err != nil {
		return nil, fmt.Errorf("discrepancies: %w", err)
	}
	list := make([]reporting.Account, len(rows))
	for i, r := range rows {
		list[i] = reporting.Account{Order: r.OrderID, Entries: r.Entries, Items: r.Items}
	}
	return list, nil
}

// Missing lists at most limit orders, by id, after the one named, with an item that no settlement file had, though those of all
// closed days up to patience days later were read; through is the last day of such items.
func Missing(ctx context.Context, db *gorm.DB, patience int, after string, limit int) (through string, orders []string,
	err error) {
	err = db.WithContext(ctx).Raw(`SELECT coalesce((max(day)::date - $1::int)::text, '') FROM settlements
		WHERE due AND read_at <> '' AND day < ALL (SELECT day FROM settlements WHERE due AND read_at = '')`,
		patience).Scan(&through).Error
	if err == nil && through != "" {
		err = db.WithContext(ctx).Raw(`SELECT order_id FROM accounts WHERE unsettled_day <> '' AND unsettled_day <= $1
			AND order_id > $2 ORDER BY order_id LIMIT $3`, through, after, limit).Scan(&orders).Error
	}
	if err != nil {
		return "", nil, fmt.Errorf("what no settlement file had: %w", err)
	}
	return through, orders, nil
}
