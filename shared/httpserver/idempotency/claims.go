package idempotency

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm"

	"orderflow.example/shared/database"
)

// Name identifies a key.
type Name struct{ Caller, Route, Key string }

// Claim is the record of a key.
type Claim struct {
	Name
	Fingerprint []byte  // of the key's request
	ID          string  // the id of the request's effect
	Fresh       bool    // this call made the claim
	Answer      *Answer // nil where none is kept
}

// Answer is the answer to a request.
type Answer struct {
	Status      int
	Location    string
	ContentType string
	Body        []byte
}

// Claims store claims on keys. *Table does.
type Claims interface {
	// Take makes the claim, or returns the existing one. No two callers in a process may take the same key at once.
	Take(ctx context.Context, want Claim) (Claim, error)
	// Known tells whether there is a claim. It makes none.
	Known(ctx context.Context, name Name) (bool, error)
	// Resume takes over a claim without an answer; false while its holder may still be working.
	Resume(ctx context.Context, c Claim) (bool, error)
	// Keep stores the answer unless there is one, and returns the stored one.
	Keep(ctx context.Context, c Claim, a Answer) (Answer, error)
	// Release lets a repeat of the request proceed at once.
	Release(ctx context.Context, c Claim) error
	// Forget makes the key unused again.
	Forget(ctx context.Context, c Claim) error
}

// Table stores claims in the table idempotency_keys of a service's database.
type Table struct {
	db   *gorm.DB
	take *database.Batch[Claim, Claim]
	look *database.Batch[Name, bool]
}

// NewTable returns the Table of this database. The service's migrations create the table idempotency_keys.
func NewTable(db *gorm.DB) *Table {
	t := &Table{db: db}
	t.take, t.look = database.NewBatch(t.takeAll), database.NewBatch(t.lookForAll)
	return t
}

const named = " WHERE caller = $1 AND route = $2 AND key = $3 AND id = $4"

// Take takes the claims of concurrent callers in one statement.
func (t *Table) Take(ctx context.Context, want Claim) (Claim, error) { return t.take.Do(ctx, want) }

// Known looks up the keys of concurrent callers in one statement.
func (t *Table) Known(ctx context.Context, name Name) (bool, error) { return t.look.Do(ctx, name) }

// lookSQL returns the positions of the existing keys. Each key is looked up by itself (LATERAL … LIMIT): a join would
// read all keys of seven days, by their age.
const lookSQL = `SELECT w.n - 1
	FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS w(caller, route, key, n)
	CROSS JOIN LATERAL (
		SELECT created_at FROM idempotency_keys k WHERE k.caller = w.caller AND k.route = w.route AND k.key = w.key LIMIT 1
	) k WHERE k.created_at >= now() - interval '7 days'`

func (t *Table) lookForAll(ctx context.Context, names []Name) ([]bool, error) {
	n := len(names)
	callers, routes, keys := make(pgtype.FlatArray[string], n), make(pgtype.FlatArray[string], n), make(pgtype.FlatArray[string], n)
	for i, name := range names {
		callers[i], routes[i], keys[i] = name.Caller, name.Route, name.Key
	}
	rows, err := t.db.WithContext(ctx).Raw(lookSQL, callers, routes, keys).Rows()
	if err != nil {
		return nil, fmt.Errorf("idempotency: look for keys: %w", err)
	}
	defer rows.Close()
	known := make([]bool, n)
	for rows.Next() {
		var i int
		if err := rows.Scan(&i); err != nil {
			return nil, fmt.Errorf("idempotency: look for keys: %w", err)
		}
		known[i] = true
	}
	return known, rows.Err()
}

// Resume takes over a claim that is no longer busy.
func (t *Table) Resume(ctx context.Context, c Claim) (bool, error) {
	done := t.db.WithContext(ctx).Exec("UPDATE idempotency_keys SET busy_until = now() + interval '15 seconds'"+named+
		" AND status IS NULL AND busy_until <= now()", c.Caller, c.Route, c.Key, c.ID)
	if done.Error != nil {
		return false, fmt.Errorf("idempotency: resume a key: %w", done.Error)
	}
	return done.RowsAffected == 1, nil
}

// Keep fails if the claim no longer exists.
func (t *Table) Keep(ctx context.Context, c Claim, a Answer) (kept Answer, err error) {
	err = t.db.WithContext(ctx).Raw(`UPDATE idempotency_keys SET status = coalesce(status, $5),
		location = CASE WHEN status IS NULL THEN $6 ELSE location END,
		content_type = CASE WHEN status IS NULL THEN $7 ELSE content_type END,
		body = CASE WHEN status IS NULL THEN $8 ELSE body END`+named+` RETURNING status, location, content_type, body`,
		c.Caller, c.Route, c.Key, c.ID, a.Status, a.Location, a.ContentType, a.Body).
		Row().Scan(&kept.Status, &kept.Location, &kept.ContentType, &kept.Body)
	if err != nil {
		return kept, fmt.Errorf("idempotency: keep an answer: %w", err)
	}
	kept.Body = bytes.Clone(kept.Body)
	return kept, nil
}

// Release ends the busy time of a claim.
func (t *Table) Release(ctx context.Context, c Claim) error {
	err := t.db.WithContext(ctx).Exec("UPDATE idempotency_keys SET busy_until = now()"+named, c.Caller, c.Route, c.Key, c.ID).Error
	if err != nil {
		return fmt.Errorf("idempotency: release a key: %w", err)
	}
	return nil
}

// Forget deletes a claim.
func (t *Table) Forget(ctx context.Context, c Claim) error {
	err := t.db.WithContext(ctx).Exec("DELETE FROM idempotency_keys"+named, c.Caller, c.Route, c.Key, c.ID).Error
	if err != nil {
		return fmt.Errorf("idempotency: forget a key: %w", err)
	}
	return nil
}

// takeSQL inserts the keys that do not exist or have expired, and reads the others. A key that another process inserts at
// the same moment is in neither result. Each key is looked up by itself, as in lookSQL.
//
// The commit does not wait for the disk: the commit of the effect comes later in the same log, and does not survive
// without it. A crash in between loses both.
const takeSQL = `WITH unsynced AS MATERIALIZED (
	SELECT set_config('synchronous_commit', 'off', true)
), wanted AS (
	SELECT w.* FROM unsynced, unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::text[])
		AS w(caller, route, key, fingerprint, id)
), fresh AS (
	INSERT INTO idempotency_keys AS k (caller, route, key, fingerprint, id, created_at, busy_until)
	SELECT caller, route, key, fingerprint, id, now(), now() + interval '15 seconds' FROM wanted
	ON CONFLICT (caller, route, key) DO UPDATE SET fingerprint = EXCLUDED.fingerprint, id = EXCLUDED.id,
		created_at = EXCLUDED.created_at, busy_until = EXCLUDED.busy_until,
		status = NULL, location = NULL, content_type = NULL, body = NULL
	WHERE k.created_at < now() - interval '7 days'
	RETURNING caller, route, key, fingerprint, id
)
SELECT caller, route, key, fingerprint, id, true, NULL::int, '', '', NULL::bytea FROM fresh
UNION ALL
SELECT k.caller, k.route, k.key, k.fingerprint, k.id, false,
	k.status, coalesce(k.location, ''), coalesce(k.content_type, ''), k.body
FROM wanted w CROSS JOIN LATERAL (
	SELECT * FROM idempotency_keys k WHERE k.caller = w.caller AND k.route = w.route AND k.key = w.key LIMIT 1
) k WHERE k.created_at >= now() - interval '7 days'`

func (t *Table) takeAll(ctx context.Context, wanted []Claim) ([]Claim, error) {
	order := make([]int, len(wanted))
	for i := range order {
		order[i] = i
	}
	// Processes that lock the same keys lock them in the same order.
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(wanted[a].Caller, wanted[b].Caller), cmp.Compare(wanted[a].Route, wanted[b].Route),
			cmp.Compare(wanted[a].Key, wanted[b].Key))
	})
	answers := make([]Claim, len(wanted))
	for try := 0; len(order) > 0; try++ {
		if try == 3 {
			return nil, fmt.Errorf("idempotency: take %d keys: they keep changing; try again", len(order))
		}
		found, err := t.takeOnce(ctx, wanted, order)
		if err != nil {
			return nil, fmt.Errorf("idempotency: take keys: %w", err)
		}
		order = slices.DeleteFunc(order, func(i int) bool {
			claim, ok := found[wanted[i].Name]
			answers[i] = claim
			return ok
		})
	}
	return answers, nil
}

func (t *Table) takeOnce(ctx context.Context, wanted []Claim, order []int) (map[Name]Claim, error) {
	n := len(order)
	callers, routes := make(pgtype.FlatArray[string], n), make(pgtype.FlatArray[string], n)
	keys, ids := make(pgtype.FlatArray[string], n), make(pgtype.FlatArray[string], n)
	fingerprints := make(pgtype.FlatArray[[]byte], n)
	for at, i := range order {
		w := wanted[i]
		callers[at], routes[at], keys[at], fingerprints[at], ids[at] = w.Caller, w.Route, w.Key, w.Fingerprint, w.ID
	}
	rows, err := t.db.WithContext(ctx).Raw(takeSQL, callers, routes, keys, fingerprints, ids).Rows()
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := make(map[Name]Claim, n)
	for rows.Next() {
		var c Claim
		var a Answer
		var status *int
		err := rows.Scan(&c.Caller, &c.Route, &c.Key, &c.Fingerprint, &c.ID, &c.Fresh, &status, &a.Location, &a.ContentType, &a.Body)
		if err != nil {
			return nil, err
		}
		c.Fingerprint = bytes.Clone(c.Fingerprint)
		if status != nil {
			a.Status, a.Body = *status, bytes.Clone(a.Body)
			c.Answer = &a
		}
		found[c.Name] = c
	}
	return found, rows.Err()
}
