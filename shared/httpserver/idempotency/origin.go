package idempotency

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm"
)

// Origin is the request with a key that led to an event, stored in the event's field "request": so the claim can be
// restored from the events if the table of keys is lost. It must not be logged, for the key is the caller's own text.
type Origin struct {
	Caller      string `json:"caller"`
	Route       string `json:"route"`
	Key         string `json:"key"`
	ID          string `json:"id"`
	Fingerprint string `json:"fingerprint"` // hexadecimal
}

// Origin returns the origin for the events of the request; nil if it has no key.
func (r *Request) Origin() *Origin {
	if r.claims == nil {
		return nil
	}
	return &Origin{r.claim.Caller, r.claim.Route, r.claim.Key, r.claim.ID, hex.EncodeToString(r.claim.Fingerprint)}
}

// OriginOf finds the origin in an event's payload, if it has one.
func OriginOf(payload []byte) (o Origin, found bool, err error) {
	var said struct {
		Request *Origin `json:"request"`
	}
	if err := json.Unmarshal(payload, &said); err != nil {
		return o, false, fmt.Errorf("idempotency: the request that an event came of: %w", err)
	}
	if said.Request == nil {
		return o, false, nil
	}
	return *said.Request, true, nil
}

// Past is a request whose effect is known from an event.
type Past struct {
	Origin
	At time.Time // the time of the effect
}

// restoreSQL inserts claims, and replaces existing ones that are expired.
const restoreSQL = `INSERT INTO idempotency_keys AS k (caller, route, key, fingerprint, id, created_at, busy_until)
	SELECT DISTINCT ON (caller, route, key) caller, route, key, decode(fingerprint, 'hex'), id, at, least(at, now())
	FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])
			AS p (caller, route, key, fingerprint, id, at)
	WHERE at >= now() - interval '7 days' ORDER BY caller, route, key, at DESC
	ON CONFLICT (caller, route, key) DO UPDATE SET fingerprint = EXCLUDED.fingerprint, id = EXCLUDED.id,
		created_at = EXCLUDED.created_at, busy_until = EXCLUDED.busy_until,
		status = NULL, location = NULL, content_type = NULL, body = NULL
	WHERE k.created_at < now() - interval '7 days'`

// Restore restores the claims of requests whose keys have not expired. They have no answers: a repeat is answered from
// the effect of its request, as if the process had been killed before it answered. Restored is the number of claims that
// were missing.
func Restore(tx *gorm.DB, requests []Past) (restored int, err error) {
	n := len(requests)
	callers, routes, keys := make(pgtype.FlatArray[string], n), make(pgtype.FlatArray[string], n), make(pgtype.FlatArray[string], n)
	prints, ids, times := make(pgtype.FlatArray[string], n), make(pgtype.FlatArray[string], n), make(pgtype.FlatArray[time.Time], n)
	for i, p := range requests {
		callers[i], routes[i], keys[i], prints[i], ids[i], times[i] = p.Caller, p.Route, p.Key, p.Fingerprint, p.ID, p.At
	}
	done := tx.Exec(restoreSQL, callers, routes, keys, prints, ids, times)
	if done.Error != nil {
		return 0, fmt.Errorf("idempotency: restore keys: %w", done.Error)
	}
	return int(done.RowsAffected), nil
}
