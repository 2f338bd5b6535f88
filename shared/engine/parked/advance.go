package parked

import (
	"context"
	"fmt"
	"math"
	"time"

	"gorm.io/gorm"
)

// plan is a redrive as the coordinator needs it. Its times are the database's.
type plan struct {
	ID            string
	State         string
	Sizes         string // of the steps, as JSON; only where they are planned anew
	PerSecond     float64
	Ask           bool
	StopOnFailure bool
	Step          int
	PacedAt       time.Time
	Failed        int
	Now           time.Time
}

// ofItem holds for the parked rows p that an item i is about: a call, or all that a key's head is in the way of.
const ofItem = `p.partition = i.partition AND p.key = i.key AND
	CASE WHEN i.form = 'call' THEN p.form = 'call' AND p.id = i.event ELSE p.form <> 'call' END`

// Advance takes a service's redrives a step further: it finds out what became of the sagas that were begun, and begins
// the next. Any process of the service may call it at any time, about once a second; one at a time does it, and the
// others return at once. It costs one look into an index where nothing runs.
func Advance(ctx context.Context, db *gorm.DB) error {
	db = db.WithContext(ctx)
	var busy bool
	err := db.Raw(`SELECT EXISTS (SELECT FROM engine.redrive WHERE state = 'running')
		OR EXISTS (SELECT FROM engine.redrive_item WHERE state = 'begun')`).Scan(&busy).Error
	if err != nil || !busy {
		return err
	}
	return db.Transaction(func(tx *gorm.DB) error {
		var mine bool
		if err := tx.Raw(`SELECT pg_try_advisory_xact_lock($1, 0)`, coordinatorLock).Scan(&mine).Error; err != nil || !mine {
			return err
		}
		var plans []plan
		err := tx.Raw(`SELECT r.*, now() AS now FROM engine.redrive r WHERE r.state = 'running'
			OR r.id IN (SELECT redrive FROM engine.redrive_item WHERE state = 'begun') ORDER BY r.id FOR UPDATE OF r`).Scan(&plans).Error
		if err != nil {
			return err
		}
		for _, p := range plans {
			if err := p.advance(tx); err != nil {
				return fmt.Errorf("redrive %s: %w", p.ID, err)
			}
		}
		return nil
	})
}

func (r *plan) advance(tx *gorm.DB) error {
	if err := r.decide(tx); err != nil {
		return err
	}
	if r.State == StateRunning {
		if err := r.proceed(tx); err != nil {
			return err
		}
	}
	return tx.Exec(`UPDATE engine.redrive SET state = $2, step = $3, paced_at = $4, ended_at =
		CASE WHEN $2 IN ('failed', 'done') THEN coalesce(ended_at, now()) ELSE ended_at END
		WHERE id = $1`, r.ID, r.State, r.Step, r.PacedAt).Error
}

// decide finds out what became of what was begun. Nothing parked any more: released. Something, and the owner gave up:
// failed. A call that was asked again and refused again comes back as a new row, maybe a little later.
func (r *plan) decide(tx *gorm.DB) error {
	var n struct{ Released, Failed, Back int }
	err := tx.Raw(`WITH look AS (
			SELECT i.ordinal, i.state, h.reason,
			       EXISTS (SELECT FROM engine.parked p WHERE `+ofItem+` AND p.redrive) AS redriving
			FROM engine.redrive_item i
			LEFT JOIN LATERAL (SELECT p.reason FROM engine.parked p WHERE `+ofItem+` ORDER BY p.number LIMIT 1) h ON true
			WHERE i.redrive = $1 AND (i.state = 'begun' OR i.step BETWEEN $2 - 1 AND $2
				AND i.form = 'call' AND i.state = 'released')
		), decided AS (
			UPDATE engine.redrive_item i SET state = CASE WHEN l.reason IS NULL THEN 'released' ELSE 'failed' END,
			       reason_now = coalesce(l.reason, ''), decided_at = now()
			FROM look l WHERE i.redrive = $1 AND i.ordinal = l.ordinal
			AND (l.state = 'begun' AND l.reason IS NULL OR l.reason <> '' AND NOT l.redriving)
			RETURNING i.state, l.state AS was
		), counted AS (
			SELECT count(*) FILTER (WHERE state = 'released') AS released, count(*) FILTER (WHERE state = 'failed') AS failed,
			       count(*) FILTER (WHERE was = 'released') AS back FROM decided
		), written AS (
			UPDATE engine.redrive SET released = redrive.released + c.released - c.back, failed = redrive.failed + c.failed
			FROM counted c WHERE id = $1
		) SELECT * FROM counted`, r.ID, r.Step).Scan(&n).Error
	if err != nil {
		return err
	}
	r.Failed += n.Failed
	// What came to wait behind a key while it was released is not marked, and a new owner would leave it.
	return tx.Exec(`UPDATE engine.parked SET redrive = true WHERE number IN (
		SELECT p.number FROM engine.redrive_item i JOIN engine.parked p ON `+ofItem+`
		WHERE i.redrive = $1 AND i.state = 'begun'
		AND NOT EXISTS (SELECT FROM engine.parked f WHERE f.partition = i.partition AND f.key = i.key AND f.form <> 'call'
			AND f.redrive)
		AND (SELECT f.reason FROM engine.parked f WHERE f.partition = i.partition AND f.key = i.key AND f.form <> 'call'
			ORDER BY f.number LIMIT 1) = ''
		ORDER BY p.number FOR UPDATE OF p SKIP LOCKED)`, r.ID).Error
}

// proceed begins what may be begun now, and ends the redrive when all is decided.
func (r *plan) proceed(tx *gorm.DB) error {
	if r.Failed > 0 && r.StopOnFailure {
		r.State = StateFailed
		return nil
	}
	for {
		var begun, waiting int
		var next *int // step
		err := tx.Raw(`SELECT (SELECT count(*) FROM engine.redrive_item WHERE redrive = $1 AND state = 'begun'),
			(SELECT count(*) FROM engine.redrive_item WHERE redrive = $1 AND step = $2 AND state = 'waiting'),
			(SELECT step FROM engine.redrive_item WHERE redrive = $1 AND step > $2 AND state = 'waiting' ORDER BY step LIMIT 1)`,
			r.ID, r.Step).Row().Scan(&begun, &waiting, &next)
		switch {
		case err != nil:
			return err
		case waiting > 0:
			limit := r.allowed()
			started, err := r.begin(tx, limit)
			if err != nil || started > 0 || limit == 0 {
				return err
			} // else they were all gone
		case begun > 0:
			return nil
		case next == nil && r.Failed > 0:
			r.State = StateFailed
			return nil
		case next == nil:
			r.State = StateDone
			return nil
		case r.Ask && r.Step > 0:
			r.State = StatePaused
			return nil
		default:
			r.Step = *next
		}
	}
}

const maxBurst = 2 * time.Second // of the rate, after a time without a tick

// allowed is how many sagas the rate lets begin now.
func (r *plan) allowed() int {
	each := time.Duration(float64(time.Second) / r.PerSecond)
	if earliest := r.Now.Add(-max(maxBurst, each)); r.PacedAt.Before(earliest) {
		r.PacedAt = earliest
	}
	return int(math.Floor(r.Now.Sub(r.PacedAt).Seconds()*r.PerSecond + 1e-3))
}

// begin asks the owners for the next sagas of the present step, at most limit, and tells how many there were. Those that
// are not parked any more are passed over.
func (r *plan) begin(tx *gorm.DB, limit int) (started int, err error) {
	err = tx.Raw(`WITH next AS (
			SELECT ordinal FROM engine.redrive_item WHERE redrive = $1 AND step = $2 AND state = 'waiting' ORDER BY ordinal LIMIT $3
		), begun AS (
			UPDATE engine.redrive_item i SET begun_at = now(),
			       state = CASE WHEN EXISTS (SELECT FROM engine.parked p WHERE p.number = i.number) THEN 'begun' ELSE 'gone' END
			FROM next WHERE i.redrive = $1 AND i.ordinal = next.ordinal RETURNING i.state
		), written AS (
			UPDATE engine.redrive SET gone = gone + (SELECT count(*) FROM begun WHERE state = 'gone') WHERE id = $1
		) SELECT count(*) FROM begun WHERE state = 'begun'`, r.ID, r.Step, limit).Row().Scan(&started)
	if err != nil || started == 0 {
		return 0, err
	}
	r.PacedAt = r.PacedAt.Add(time.Duration(float64(started) / r.PerSecond * float64(time.Second)))
	// In one order, so that nobody who locks several waits for another who does.
	return started, tx.Exec(`UPDATE engine.parked SET redrive = true WHERE number IN (
		SELECT p.number FROM engine.redrive_item i JOIN engine.parked p ON `+ofItem+`
		WHERE i.redrive = $1 AND i.state = 'begun' AND i.begun_at = now() ORDER BY p.number FOR UPDATE OF p)`, r.ID).Error
}
