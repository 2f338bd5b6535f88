package engine

import (
	"cmp"
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"orderflow.example/shared/saga"
)

// thorough is the number of rounds after which the schedule reads the rows, whatever is in memory.
const thorough = 5

// schedule writes the next try of calls that left the memory, and loads those that are due. found is how many are due, as far as
// they were counted. Mostly that number shows whether all of them are in memory; every few rounds the rows are read, so that no
// call is forgotten.
func (o *openCalls) schedule(ctx context.Context, found int) error {
	if err := o.putAway(ctx); err != nil {
		return err
	}
	o.round++
	sure := o.round%thorough == 0
	if sure || o.p.e.lease.shared.Load() {
		if err := o.forgetDropped(ctx); err != nil {
			return err
		}
	}
	o.mu.Lock()
	room := heldCalls - len(o.held)
	ids := make(pgtype.FlatArray[string], 0, len(o.held))
	for id := range o.held {
		ids = append(ids, id)
	}
	o.mu.Unlock()
	if found == 0 || room <= 0 || !sure && found <= len(ids) && found < countedCalls {
		return nil
	}
	// Each question has room of its own: one whose calls queue up must not block the others.
	var types pgtype.FlatArray[string]
	var rooms pgtype.FlatArray[int64]
	for name, l := range o.p.e.lanes {
		types, rooms = append(types, name), append(rooms, int64(min(room, l.room())))
	}
	var rows []struct {
		ID, Type, Key, Saga string
		At                  time.Time
		Asked               []byte
		Try                 int
		Restored            bool
	}
	// Calls that this build does not know are loaded too, to be parked.
	err := o.p.e.DB.Gorm().WithContext(ctx).Raw(`
		SELECT c.* FROM unnest($3::text[], $4::bigint[]) AS lane (type, room), LATERAL (
			SELECT id, type, key, saga, at, asked, try, restored FROM engine.call
			WHERE partition = $1 AND next_try_at <= now() AND id NOT IN (SELECT unnest($2::text[])) AND type = lane.type
			ORDER BY next_try_at LIMIT lane.room) c
		UNION ALL
		(SELECT id, type, key, saga, at, asked, try, restored FROM engine.call
		 WHERE partition = $1 AND next_try_at <= now() AND id NOT IN (SELECT unnest($2::text[])) AND NOT type = ANY($3::text[])
		 ORDER BY next_try_at LIMIT $5)`, o.p.partition, ids, types, rooms, room).Scan(&rows).Error
	for _, r := range rows {
		asked := saga.Event{ID: r.ID, Type: r.Type, Key: r.Key, Saga: r.Saga, Time: r.At}
		current, payload, reason := o.p.e.decode(r.Type, r.Asked)
		if reason != "" || o.p.e.laneOf(current) == nil {
			reason = cmp.Or(reason, r.Type+" makes no call in this build")
			o.p.queue.pushOnce(r.ID, input{form: refusal, event: asked, raw: r.Asked, try: r.Try, reason: reason})
			continue
		}
		asked.Type, asked.Data = current, payload
		o.ask(asked, max(r.Try, 1)+1, r.Restored) // an earlier try may have succeeded unseen
	}
	return err
}

// forgetDropped cancels calls that another process has dropped.
func (o *openCalls) forgetDropped(ctx context.Context) error {
	o.mu.Lock()
	ids := make(pgtype.FlatArray[string], 0, len(o.held))
	for id := range o.held {
		ids = append(ids, id)
	}
	o.mu.Unlock()
	if len(ids) == 0 {
		return nil
	}
	var gone []string
	err := o.p.e.DB.Gorm().WithContext(ctx).Raw(`SELECT h.id FROM unnest($1::text[]) AS h (id)
		WHERE NOT EXISTS (SELECT FROM engine.call c WHERE c.id = h.id)`, ids).Scan(&gone).Error
	for _, id := range gone {
		o.settled(id)
	}
	return err
}

// countedCalls is how many due questions of one partition are counted at most.
const countedCalls = heldCalls + 1

func (o *openCalls) putAway(ctx context.Context) error {
	o.mu.Lock()
	put := o.put
	o.put = nil
	o.mu.Unlock()
	if len(put) == 0 {
		return nil
	}
	err := o.p.e.DB.Gorm().WithContext(ctx).Exec(`UPDATE engine.call c
		SET next_try_at = now() + make_interval(secs => u.seconds), try = u.try, last_error = u.error
		FROM unnest($1::text[], $2::float8[], $3::int[], $4::text[]) AS u (id, seconds, try, error) WHERE c.id = u.id`,
		array(put, func(c *call) string { return c.event.ID }), array(put, func(c *call) float64 { return c.due.Seconds() }),
		array(put, func(c *call) int32 { return int32(c.try - 1) }),
		array(put, func(c *call) string { return storableText(c.err) })).Error
	o.mu.Lock()
	defer o.mu.Unlock()
	if err != nil {
		o.put = append(put, o.put...)
		return err
	}
	for _, c := range put {
		if o.held[c.event.ID] == c {
			o.forget(c)
		}
	}
	return nil
}
