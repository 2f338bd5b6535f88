package engine

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"sync"

	"gorm.io/gorm"

	"orderflow.example/shared/database"
)

// Hold keeps all processes of a service from deciding anything, until release or the end of this process. Batches under way
// are waited for; those that come wait. It holds nothing that readers wait for.
func Hold(ctx context.Context, db *database.DB, partitions int) (release func(), err error) {
	conn, err := db.Pool().Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("engine: hold the partitions: %w", err)
	}
	release = sync.OnceFunc(func() {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // the session ends, and its locks with it
		conn.Close()
	})
	// Locks of the session, not of a transaction: a new owner ends transactions about its partition that stand still.
	_, err = conn.ExecContext(ctx, `SELECT pg_advisory_lock($1, p) FROM generate_series(0, $2::int - 1) AS p ORDER BY p`,
		partitionClass, partitions)
	if err != nil {
		release()
		return nil, fmt.Errorf("engine: hold the partitions: %w", err)
	}
	return release, nil
}

// Position is how far a service has come, by its database.
type Position struct {
	Own    map[int]int64           // by partition: the last number given to an event
	Inputs map[string]map[int]Mark // by topic and partition
	Left   map[string]struct{}     // ids of events below Inputs that were not applied: they are parked, or were discarded
}

// Mark is how far a topic partition was applied.
type Mark struct {
	Sequence, Offset int64
	RecordID         string
}

// ReadPosition reads where the service stands, in the transaction's snapshot.
func ReadPosition(tx *gorm.DB) (Position, error) {
	p := Position{Own: map[int]int64{}, Inputs: map[string]map[int]Mark{}, Left: map[string]struct{}{}}
	err := eachRow(tx, `SELECT partition, sequence FROM engine.counter`, func(rows *sql.Rows) error {
		var partition int
		var sequence int64
		err := rows.Scan(&partition, &sequence)
		p.Own[partition] = sequence
		return err
	})
	if err != nil {
		return p, err
	}
	err = eachRow(tx, `SELECT topic, partition, sequence, next_offset, record_id FROM engine.watermark WHERE topic <> '`+
		ControlTopic+`'`,
		func(rows *sql.Rows) error {
			var topic string
			var partition int
			var m Mark
			err := rows.Scan(&topic, &partition, &m.Sequence, &m.Offset, &m.RecordID)
			if p.Inputs[topic] == nil {
				p.Inputs[topic] = map[int]Mark{}
			}
			p.Inputs[topic][partition] = m
			return err
		})
	if err != nil {
		return p, err
	}
	return p, eachRow(tx, `SELECT id FROM engine.parked WHERE form = 'event'
		UNION ALL SELECT record ->> 'id' FROM engine.discarded WHERE record ->> 'form' = 'event'`, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		p.Left[id] = struct{}{}
		return err
	})
}

func eachRow(tx *gorm.DB, query string, fn func(rows *sql.Rows) error) error {
	rows, err := tx.Raw(query).Rows()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
