package engine

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"
)

// lease decides which partitions this process owns. A session of its own holds an advisory lock for each, so that they are free
// the moment the process dies. Rows with a heartbeat reveal a process that hangs; the process that takes over ends its session.
// lease starts and stops partitions, and never waits for them.
type lease struct {
	e      *Engine
	back   chan chan struct{}
	lives  map[int]*tenure // of the partitions locked in the present session
	past   map[int]*partition
	shared atomic.Bool // other processes of the service run
	owned  atomic.Pointer[[]*partition]
	loss   atomic.Pointer[loss]
	log    throttle
}

// loss is a lost lease session and the partitions that were owned then.
type loss struct {
	since      time.Time // of this machine
	partitions int
	err        error
}

const (
	lockClass   = 0x6f66 // the first half of the advisory lock on the ownership of a partition
	leasePeriod = 250 * time.Millisecond
)

var errLeaseLost = errors.New("its lease session is lost")

func newLease(e *Engine) *lease {
	return &lease{e: e, back: make(chan chan struct{}), lives: map[int]*tenure{}, past: map[int]*partition{}}
}

// giveBack stops the owned partitions and releases them.
func (l *lease) giveBack(ctx context.Context) {
	done := make(chan struct{})
	select {
	case l.back <- done:
	case <-ctx.Done():
		return
	}
	select {
	case <-done:
	case <-ctx.Done():
	}
}

func (l *lease) run(ctx context.Context) {
	for pause := leasePeriod; ctx.Err() == nil; {
		began := time.Now()
		err := l.session(ctx)
		if ctx.Err() == nil && err != nil {
			l.log.do(func(again int) {
				l.e.Log.Warn("lease session lost; its partitions are released and taken again", "suppressed", again, "err", err)
			})
		}
		for number, t := range l.lives {
			t.p.end(errors.Join(errLeaseLost, err))
			l.past[number] = t.p
		}
		if l.loss.Load() == nil && err != nil {
			l.loss.Store(&loss{time.Now(), max(1, len(l.lives)), err})
		}
		clear(l.lives)
		l.show()
		if pause = min(2*pause, lastPause); time.Since(began) > lastPause {
			pause = leasePeriod
		}
		sleep(ctx, pause)
	}
	for _, p := range l.past {
		<-p.over
	}
}

// session holds leases on one database session until the session, or ctx, ends.
func (l *lease) session(ctx context.Context) error {
	opening, cancel := context.WithTimeout(ctx, l.e.LeaseExpiry)
	defer cancel()
	conn, err := l.e.DB.Pool().Conn(opening)
	if err != nil {
		return err
	}
	defer func() {
		// The session must not return into the pool: its locks and its role would go with it.
		closing, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, _ = conn.ExecContext(closing, `SELECT pg_advisory_unlock_all()`)
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
		conn.Close()
	}()
	// Another member's session may have to be ended, which the service's own role may not do.
	if _, err := conn.ExecContext(opening, `SET ROLE NONE`); err != nil {
		return err
	}
	for {
		if err := l.round(ctx, conn); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case done := <-l.back:
			err := l.leave(conn)
			close(done)
			<-ctx.Done()
			return err
		case <-time.After(leasePeriod):
		}
	}
}

// round writes the heartbeat, then takes or releases partitions until this process has its fair share.
func (l *lease) round(ctx context.Context, conn *sql.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, l.e.LeaseExpiry)
	defer cancel()
	members, rank, err := l.beat(ctx, conn)
	if err != nil {
		return err
	}
	l.shared.Store(members > 0)
	l.loss.Store(nil)
	// The first members take one partition more when they cannot be shared out evenly.
	share, rest := l.e.Partitions/(members+1), l.e.Partitions%(members+1)
	if rank < rest {
		share++
	}
	kept := 0
	for _, number := range slices.Sorted(maps.Keys(l.lives)) {
		t := l.lives[number]
		if t.surplus = t.surplus || kept >= share; t.surplus {
			t.p.end(errors.New("given back: another process has room for it"))
		} else {
			kept++
		}
		if err := l.tend(ctx, conn, number, t); err != nil {
			return err
		}
	}
	for number := 0; number < l.e.Partitions && kept < share; number++ {
		if l.lives[number] != nil {
			continue
		}
		taken, err := l.take(ctx, conn, number)
		if err != nil {
			return err
		}
		if taken {
			kept++
		}
	}
	l.show()
	return nil
}

// beat writes the heartbeat, reads the database's clock and counts the other members, and those before this one.
func (l *lease) beat(ctx context.Context, conn *sql.Conn) (members, rank int, err error) {
	var now time.Time
	asked := time.Now()
	err = conn.QueryRowContext(ctx, `
		WITH me AS (INSERT INTO engine.member (id, pid, heartbeat) VALUES ($1, pg_backend_pid(), clock_timestamp())
		            ON CONFLICT (id) DO UPDATE SET pid = excluded.pid, heartbeat = excluded.heartbeat),
		     mine AS (UPDATE engine.lease SET heartbeat = clock_timestamp() WHERE owner = $1 AND pid = pg_backend_pid())
		SELECT count(*), count(*) FILTER (WHERE id < $1), clock_timestamp() FROM engine.member
		WHERE id <> $1 AND heartbeat > now() - make_interval(secs => $2) AND pid IN (SELECT pid FROM pg_stat_activity)`,
		l.e.id, l.e.LeaseExpiry.Seconds()).Scan(&members, &rank, &now)
	if err == nil {
		l.e.clock.set(now, asked)
	}
	return members, rank, err
}

// leave stops all partitions at once and releases them.
func (l *lease) leave(conn *sql.Conn) error {
	for _, t := range l.lives {
		t.p.end(errors.New("given back: the process stops"))
	}
	ctx, cancel := context.WithTimeout(context.Background(), batchTimeout)
	defer cancel()
	for number, t := range l.lives {
		select {
		case <-t.p.over:
		case <-ctx.Done():
			return fmt.Errorf("partition %d does not stop: %w", number, ctx.Err())
		}
		delete(l.lives, number)
		if err := l.unlock(ctx, conn, number); err != nil {
			return fmt.Errorf("give back partition %d: %w", number, err)
		}
	}
	l.show()
	_, err := conn.ExecContext(ctx, `DELETE FROM engine.member WHERE id = $1`, l.e.id)
	return err
}

// show publishes the list of owned partitions.
func (l *lease) show() {
	owned := make([]*partition, 0, len(l.lives))
	for _, number := range slices.Sorted(maps.Keys(l.lives)) {
		owned = append(owned, l.lives[number].p)
	}
	l.owned.Store(&owned)
}

// lost is the time since which this process has had no lease session, and how many partitions it owned; 0 while it has one.
func (l *lease) lost() (since time.Time, partitions int) {
	if x := l.loss.Load(); x != nil {
		return x.since, x.partitions
	}
	return time.Time{}, 0
}

// owns are the owned partitions, running or not.
func (l *lease) owns() []*partition {
	if owned := l.owned.Load(); owned != nil {
		return *owned
	}
	return nil
}
