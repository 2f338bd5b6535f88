package engine

import (
	"context"
	"database/sql"
	"time"
)

// tenure is one partition locked by the session: its present run, and when the next may start.
type tenure struct {
	p         *partition
	surplus   bool // to be released when the run has ended
	next      time.Time
	pause     time.Duration
	lastBegin time.Time
}

// longLife is how long a run must have lasted for the next to start at once; shorter ones start with back-off.
const longLife = 10 * time.Second

// tend releases or restarts a partition whose run has ended.
func (l *lease) tend(ctx context.Context, conn *sql.Conn, number int, t *tenure) error {
	select {
	case <-t.p.over:
	default:
		if since, waits := t.p.waits(); waits && time.Since(since) > leasePeriod {
			return l.endIdle(ctx, conn, number)
		}
		return nil
	}
	if t.surplus {
		l.past[number] = t.p
		delete(l.lives, number)
		return l.unlock(ctx, conn, number)
	}
	if t.next.IsZero() {
		if t.pause = min(max(2*t.pause, firstPause), lastPause); time.Since(t.lastBegin) > longLife {
			t.pause = 0
		}
		t.next = time.Now().Add(t.pause)
	}
	if time.Now().Before(t.next) {
		return nil
	}
	return l.begin(ctx, conn, number, t)
}

// begin starts a run under a new epoch, which fences late transactions of the previous one.
func (l *lease) begin(ctx context.Context, conn *sql.Conn, number int, t *tenure) error {
	var epoch int64
	err := conn.QueryRowContext(ctx, `UPDATE engine.lease
		SET epoch = epoch + 1, owner = $2, pid = pg_backend_pid(), heartbeat = clock_timestamp()
		WHERE partition = $1 RETURNING epoch`, number, l.e.id).Scan(&epoch)
	if err != nil {
		return err
	}
	before := t.p
	if before == nil {
		before = l.past[number]
	}
	delete(l.past, number)
	t.p, t.next, t.lastBegin = newPartition(l.e, number, epoch), time.Time{}, time.Now()
	go t.p.live(before)
	return nil
}

// take locks a free partition and starts its run; false if another process owns it.
func (l *lease) take(ctx context.Context, conn *sql.Conn, number int) (bool, error) {
	var locked bool
	if err := conn.QueryRowContext(ctx, `SELECT pg_try_advisory_lock($1, $2)`, lockClass, number).Scan(&locked); err != nil {
		return false, err
	}
	if !locked {
		// Held by a session whose owner has been silent for too long: end that session; the next round takes over.
		_, err := conn.ExecContext(ctx, `SELECT pg_terminate_backend(pid) FROM engine.lease
			WHERE partition = $1 AND pid <> 0 AND heartbeat < now() - make_interval(secs => $2)`, number, l.e.LeaseExpiry.Seconds())
		return false, err
	}
	if err := l.endIdle(ctx, conn, number); err != nil {
		return false, err
	}
	t := &tenure{}
	if err := l.begin(ctx, conn, number, t); err != nil {
		return false, err
	}
	l.lives[number] = t
	return true, nil
}

// endIdle ends sessions that are idle in a transaction on the partition: a former owner that was stopped there would hold the
// locks that the new one waits for.
func (l *lease) endIdle(ctx context.Context, conn *sql.Conn, number int) error {
	_, err := conn.ExecContext(ctx, `SELECT pg_terminate_backend(a.pid) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
		WHERE l.locktype = 'advisory' AND l.granted AND l.classid = $2 AND l.objid = $1
		  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
		  AND a.state LIKE 'idle in transaction%' AND a.state_change < now() - interval '200 milliseconds'`, number, partitionClass)
	return err
}

func (l *lease) unlock(ctx context.Context, conn *sql.Conn, number int) error {
	_, err := conn.ExecContext(ctx, `UPDATE engine.lease SET owner = '', pid = 0 WHERE partition = $1 AND owner = $2`, number,
		l.e.id)
	if err == nil {
		_, err = conn.ExecContext(ctx, `SELECT pg_advisory_unlock($1, $2)`, lockClass, number)
	}
	return err
}
