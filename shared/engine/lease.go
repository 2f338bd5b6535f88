package engine

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// lease decides which partitions this process owns. One session of its own holds an advisory lock for each, so that the
// kernel gives them back the moment the process dies; rows with a heartbeat show a process that lives but does not move,
// whose session is then ended by the one that takes over.
type lease struct {
	e    *Engine
	back chan chan struct{}
	held map[int]bool // locks of the present session: taking one twice would need two unlocks
}

const (
	lockClass   = 0x6f66 // the first half of every advisory lock key of the engine
	leasePeriod = 250 * time.Millisecond
)

func newLease(e *Engine) *lease { return &lease{e: e, back: make(chan chan struct{})} }

// giveBack stops all work on owned partitions and frees them.
func (l *lease) giveBack(ctx context.Context) {
	done := make(chan struct{})
	select {
	case l.back <- done:
		<-done
	case <-ctx.Done():
	}
}

func (l *lease) run(ctx context.Context) {
	for ctx.Err() == nil {
		if err := l.session(ctx); err != nil && ctx.Err() == nil {
			l.e.Log.Warn("lease session lost", "err", err)
		}
		for _, p := range l.e.Owned() {
			l.e.disown(p, "lease session lost")
		}
		if !sleep(ctx, leasePeriod) {
			return
		}
	}
}

// session keeps leases on one database session until the session, or ctx, ends.
func (l *lease) session(ctx context.Context) error {
	conn, err := l.e.DB.Pool().Conn(ctx)
	if err != nil {
		return err
	}
	defer func() {
		conn.Raw(func(any) error { return sql.ErrConnDone }) // discard it: its locks go with it
		conn.Close()
	}()
	// Another member's session may have to be ended, which the service's own role may not do.
	if _, err := conn.ExecContext(ctx, `SET ROLE NONE`); err != nil {
		return err
	}
	l.held = map[int]bool{}
	for {
		if err := l.round(ctx, conn); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case done := <-l.back:
			err := l.leave(ctx, conn)
			close(done)
			if err == nil {
				<-ctx.Done()
			}
			return err
		case <-time.After(leasePeriod):
		}
	}
}

// round beats the heart, then takes or gives back partitions until this process has its fair share.
func (l *lease) round(ctx context.Context, conn *sql.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, l.e.LeaseExpiry)
	defer cancel()
	owned := l.e.Owned()
	expiry := l.e.LeaseExpiry.Seconds()
	var members, rank int
	err := conn.QueryRowContext(ctx, `
		WITH me AS (INSERT INTO engine.member (id, pid, heartbeat) VALUES ($1, pg_backend_pid(), clock_timestamp())
		            ON CONFLICT (id) DO UPDATE SET pid = excluded.pid, heartbeat = excluded.heartbeat),
		     mine AS (UPDATE engine.lease SET heartbeat = clock_timestamp() WHERE owner = $1)
		SELECT count(*), count(*) FILTER (WHERE id < $1) FROM engine.member
		WHERE id <> $1 AND heartbeat > now() - make_interval(secs => $2) AND pid IN (SELECT pid FROM pg_stat_activity)`, l.e.id, expiry).Scan(&members, &rank)
	if err != nil {
		return err
	}
	l.e.publisher.shared.Store(members > 0)
	// The first members take one partition more when they cannot be shared out evenly.
	share, rest := l.e.Partitions/(members+1), l.e.Partitions%(members+1)
	if rank < rest {
		share++
	}
	for ; len(owned) > share; owned = owned[:len(owned)-1] {
		if err := l.release(ctx, conn, owned[len(owned)-1]); err != nil {
			return err
		}
	}
	for p := 0; p < l.e.Partitions && len(owned) < share; p++ {
		if l.e.worker(p) != nil {
			continue
		}
		taken, err := l.take(ctx, conn, p)
		if err != nil {
			return err
		}
		if taken {
			owned = append(owned, p)
		}
	}
	return nil
}

func (l *lease) take(ctx context.Context, conn *sql.Conn, p int) (bool, error) {
	if !l.held[p] {
		var locked bool
		if err := conn.QueryRowContext(ctx, `SELECT pg_try_advisory_lock($1, $2)`, lockClass, p).Scan(&locked); err != nil {
			return false, err
		}
		l.held[p] = locked
	}
	if !l.held[p] {
		// Held by a session whose owner has been silent for too long: end that session; the next round takes over.
		_, err := conn.ExecContext(ctx, `SELECT pg_terminate_backend(pid) FROM engine.lease
			WHERE partition = $1 AND pid <> 0 AND heartbeat < now() - make_interval(secs => $2)`, p, l.e.LeaseExpiry.Seconds())
		return false, err
	}
	// The former owner may stand still in the middle of a batch: that transaction would hold what the new owner needs.
	if _, err := conn.ExecContext(ctx, `SELECT pg_terminate_backend(a.pid) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
		WHERE l.locktype = 'advisory' AND l.granted AND l.classid = $2 AND l.objid = $1
		  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
		  AND a.state LIKE 'idle in transaction%' AND a.state_change < now() - interval '200 milliseconds'`, p, partitionClass); err != nil {
		return false, err
	}
	var epoch int64
	err := conn.QueryRowContext(ctx, `UPDATE engine.lease
		SET epoch = epoch + 1, owner = $2, pid = pg_backend_pid(), heartbeat = clock_timestamp()
		WHERE partition = $1 RETURNING epoch`, p, l.e.id).Scan(&epoch)
	if err != nil {
		return false, err
	}
	if err := l.e.own(ctx, p, epoch); err != nil {
		l.e.Log.Warn("partition not taken", "partition", p, "err", err)
		return false, l.unlock(ctx, conn, p)
	}
	return true, nil
}

func (l *lease) release(ctx context.Context, conn *sql.Conn, p int) error {
	l.e.disown(p, "given back")
	return l.unlock(ctx, conn, p)
}

func (l *lease) unlock(ctx context.Context, conn *sql.Conn, p int) error {
	_, err := conn.ExecContext(ctx, `UPDATE engine.lease SET owner = '', pid = 0 WHERE partition = $1`, p)
	if err == nil {
		_, err = conn.ExecContext(ctx, `SELECT pg_advisory_unlock($1, $2)`, lockClass, p)
		l.held[p] = false
	}
	return err
}

func (l *lease) leave(ctx context.Context, conn *sql.Conn) error {
	for _, p := range l.e.Owned() {
		if err := l.release(ctx, conn, p); err != nil {
			return fmt.Errorf("give back partition %d: %w", p, err)
		}
	}
	_, err := conn.ExecContext(ctx, `DELETE FROM engine.member WHERE id = $1`, l.e.id)
	return err
}
