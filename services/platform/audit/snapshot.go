package audit

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"orderflow.example/shared/database"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/service"
)

// place is one partition of a topic.
type place struct {
	topic     string
	partition int
}

func (p place) String() string { return fmt.Sprintf("%s/%d", p.topic, p.partition) }

// snapshot is the data of one service at one moment, as far as it is new.
type snapshot struct {
	app     service.App
	at      time.Time
	horizon string                // a row written later than this moment is written by this transaction or a later one
	live    []map[string]any      // states by key, for each binding: those written since the last look, or asked for
	keys    []map[string]struct{} // all keys, for each binding; nil where no row can be gone

	watermarks map[place]mark
	counters   map[int]int64            // by partition: the last number given to an own event
	published  map[int]mark             // by partition: how far the topic was seen to hold them
	pruned     map[int]int64            // by partition: up to this number they were deleted from the outbox, past its retention
	lowest     map[int]int64            // by partition: the lowest number in the outbox; 0 if there is none
	outbox     map[int][]digest         // by partition: the own events from number first on
	first      map[int]int64            // by partition: the lowest number in the outbox, of those read
	dense      map[int]bool             // by partition: whether no number is missing between the lowest and the highest
	anew       map[int]map[int64]digest // by partition and number: rows that were found to differ, read again
	calls      map[string][]owed        // by key
	deadlines  map[string][]owed        // by key
	parked     []parked
	parkedID   map[string]bool // ids of parked events of others
	parkedKey  map[string]bool
}

// mark is how far a topic partition was read.
type mark struct {
	sequence, offset int64
	id               string
}

// owed is an open call or a deadline.
type owed struct {
	what string
	due  time.Time
}

type parked struct{ key, form, kind, id, reason string }

// take reads a service in one transaction: everything, or the changes since the trace was last compared with it.
func take(ctx context.Context, app service.App, db *database.DB, since *trace) (*snapshot, error) {
	s := newSnapshot(app)
	err := db.Gorm().WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		for _, read := range []func(*gorm.DB, *trace) error{
			s.readMarks, s.readOutbox, s.readOwed, s.readParked, s.readStates,
		} {
			if err := read(tx, since); err != nil {
				return err
			}
		}
		return nil
	}, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("read the database of %s: %w", app.Name, err)
	}
	return s, nil
}

func newSnapshot(app service.App) *snapshot {
	app.Bindings = engine.WithLookups(app.Bindings)
	return &snapshot{
		app: app, at: time.Now(), live: make([]map[string]any, len(app.Bindings)), keys: make([]map[string]struct{}, len(app.Bindings)),
		watermarks: map[place]mark{}, counters: map[int]int64{}, anew: map[int]map[int64]digest{},
		published: map[int]mark{}, pruned: map[int]int64{}, lowest: map[int]int64{}, outbox: map[int][]digest{}, first: map[int]int64{},
		dense: map[int]bool{},
		calls: map[string][]owed{}, deadlines: map[string][]owed{}, parkedID: map[string]bool{}, parkedKey: map[string]bool{},
	}
}

// each passes every row of a query to fn, which scans it.
func each(tx *gorm.DB, query string, fn func(scan func(...any) error) error) error {
	rows, err := tx.Raw(query).Rows()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (s *snapshot) readMarks(tx *gorm.DB, _ *trace) error {
	// A transaction that is not visible here has this number or a later one.
	if err := tx.Raw(`SELECT pg_snapshot_xmin(pg_current_snapshot())::text`).Row().Scan(&s.horizon); err != nil {
		return err
	}
	err := each(tx, `SELECT topic, partition, sequence, next_offset, record_id FROM engine.watermark`,
		func(scan func(...any) error) error {
			var at place
			var m mark
			err := scan(&at.topic, &at.partition, &m.sequence, &m.offset, &m.id)
			s.watermarks[at] = m
			return err
		})
	if err != nil {
		return err
	}
	return each(tx, `SELECT c.partition, c.sequence, coalesce(p.sequence, 0), coalesce(p.next_offset, 0), coalesce(p.pruned, 0),
			coalesce((SELECT min(o.sequence) FROM engine.outbox o WHERE o.partition = c.partition), 0)
		FROM engine.counter c LEFT JOIN engine.published p USING (partition)`, func(scan func(...any) error) error {
		var partition int
		var counter, pruned, lowest int64
		var m mark
		err := scan(&partition, &counter, &m.sequence, &m.offset, &pruned, &lowest)
		s.counters[partition], s.published[partition], s.pruned[partition], s.lowest[partition] = counter, m, pruned, lowest
		return err
	})
}

func (s *snapshot) readOutbox(tx *gorm.DB, since *trace) error {
	const columns = `SELECT o.partition, o.sequence, ` + digestSQL + ` FROM engine.outbox o`
	if since == nil {
		return each(tx, columns+` ORDER BY o.partition, o.sequence`, s.outboxRow)
	}
	var ahead, differ []string
	for partition, counter := range s.counters {
		if from := since.chain.part(partition).compared; counter > from {
			ahead = append(ahead, fmt.Sprintf("(%d, %d)", partition, from))
		}
		for _, n := range since.chain.different(partition) {
			differ = append(differ, fmt.Sprintf("(%d, %d)", partition, n))
		}
	}
	if len(ahead) > 0 {
		err := each(tx, columns+` JOIN (VALUES `+strings.Join(ahead, ", ")+`) AS u(p, n) ON o.partition = u.p AND o.sequence > u.n
			ORDER BY o.partition, o.sequence`, s.outboxRow)
		if err != nil {
			return err
		}
	}
	if len(differ) == 0 {
		return nil
	}
	return each(tx, columns+` JOIN (VALUES `+strings.Join(differ, ", ")+`) AS u(p, n) ON o.partition = u.p AND o.sequence = u.n`,
		func(scan func(...any) error) error {
			var partition int
			var sequence int64
			var sum []byte
			if err := scan(&partition, &sequence, &sum); err != nil {
				return err
			}
			if s.anew[partition] == nil {
				s.anew[partition] = map[int64]digest{}
			}
			s.anew[partition][sequence] = digest(sum)
			return nil
		})
}

func (s *snapshot) outboxRow(scan func(...any) error) error {
	var partition int
	var sequence int64
	var sum []byte
	if err := scan(&partition, &sequence, &sum); err != nil {
		return err
	}
	rows := s.outbox[partition]
	if len(rows) == 0 {
		s.first[partition], s.dense[partition] = sequence, true
	} else if sequence != s.first[partition]+int64(len(rows)) {
		s.dense[partition] = false
	}
	s.outbox[partition] = append(rows, digest(sum))
	return nil
}

func (s *snapshot) readOwed(tx *gorm.DB, _ *trace) error {
	err := each(tx, `SELECT key, type, at FROM engine.call`, into(s.calls))
	if err == nil {
		err = each(tx, `SELECT key, type, due_at FROM engine.deadline WHERE due_at < 'infinity'`, into(s.deadlines))
	}
	return err
}

func into(m map[string][]owed) func(scan func(...any) error) error {
	return func(scan func(...any) error) error {
		var key string
		var o owed
		err := scan(&key, &o.what, &o.due)
		m[key] = append(m[key], o)
		return err
	}
}

func (s *snapshot) readParked(tx *gorm.DB, _ *trace) error {
	return each(tx, `SELECT key, form, type, id, reason FROM engine.parked ORDER BY number`, func(scan func(...any) error) error {
		var p parked
		err := scan(&p.key, &p.form, &p.kind, &p.id, &p.reason)
		s.park(p)
		return err
	})
}

func (s *snapshot) park(p parked) {
	s.parked = append(s.parked, p)
	s.parkedKey[p.key] = true
	if p.form == "event" {
		s.parkedID[p.id] = true
	}
}

// readStates reads the rows that were written since the last look. Where the number of rows says that one is gone, or a
// row is asked for, it goes through all of them.
func (s *snapshot) readStates(tx *gorm.DB, since *trace) error {
	for i, b := range s.app.Bindings {
		live := map[string]any{}
		s.live[i] = live
		all := func(key string, state any) error { live[key] = state; return nil }
		if since == nil || since.horizon == "" {
			if err := b.Store.Each(tx, all); err != nil {
				return err
			}
			continue
		}
		var written database.Written
		if err := b.Store.Each(written.Since(tx, since.horizon), all); err != nil {
			return err
		}
		f := since.folds[i]
		rows := int64(len(f.rows))
		for key := range live {
			if !f.has(key) {
				rows++
			}
		}
		if rows == written.Rows && len(f.wanted) == 0 {
			continue
		}
		s.keys[i] = map[string]struct{}{}
		err := b.Store.Each(tx, func(key string, state any) error {
			s.keys[i][key] = struct{}{}
			if _, wanted := f.wanted[key]; wanted {
				live[key] = state
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// applied tells whether the service had applied this record of another service. A parked record is not applied.
func (s *snapshot) applied(at place, sequence int64, id string) bool {
	return sequence <= s.watermarks[at].sequence && !s.parkedID[id]
}
