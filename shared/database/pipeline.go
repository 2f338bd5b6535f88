package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/gorm"
)

// Statement is a statement to be sent by Later.
type Statement struct {
	Name string // its purpose, for errors: "write payments"
	SQL  string // with $1, $2…
	Args []any
	Read func(Rows) error // reads the result; nil when there is nothing to read
}

// Rows is the result of a statement.
type Rows interface {
	Next() bool
	Scan(targets ...any) error
}

// The names of a session's prepared statements that begin and end a Pipeline.
const begin, commit = "pipeline_begin", "pipeline_commit"

// Pipeline is Transact for the hot path. Statements given to Later are sent with the next statement whose result is
// needed, and the rest with COMMIT: three statements need one round trip. Statements through gorm work as in Transact.
// The errors are those of Transact; the error of a deferred statement is returned by the call that sent it. The
// statements of Later are not logged.
//
// A Read that gets its result together with that of COMMIT cannot prevent the commit: its error makes the outcome
// unknown. Call Arrived after a statement whose Read may return an error.
func Pipeline(ctx context.Context, db *DB, fn func(tx *gorm.DB) error) error {
	conn, err := db.pool.Conn(ctx)
	if err != nil {
		return fmt.Errorf("database: begin: %w", err)
	}
	defer conn.Close()
	p := &pipeline{ctx: ctx, Conn: conn, waiting: &pgx.Batch{}}
	p.add(Statement{Name: begin, SQL: begin})
	open := true
	defer func() {
		if open {
			p.rollBack()
		}
	}()
	tx := db.gorm.Session(&gorm.Session{Context: ctx, NewDB: true})
	tx.Statement.ConnPool = p
	if err := fn(tx); err != nil {
		if p.err != nil && !errors.Is(err, p.err) {
			return p.err // gorm's Row says only "context canceled", for one
		}
		return err
	}
	if err := p.commit(); err != nil {
		return err
	}
	open = false
	return nil
}

// Later queues the statement; it is sent, in order, when a result is needed. In a transaction that is no Pipeline it is
// sent at once.
func Later(tx *gorm.DB, s Statement) error {
	if p, ok := tx.Statement.ConnPool.(*pipeline); ok {
		p.add(s)
		return p.err
	}
	if s.Read == nil {
		return named(s.Name, tx.Exec(s.SQL, s.Args...).Error)
	}
	rows, err := tx.Raw(s.SQL, s.Args...).Rows()
	if err != nil {
		return named(s.Name, err)
	}
	defer rows.Close()
	if err := s.Read(rows); err != nil {
		return named(s.Name, err)
	}
	return named(s.Name, rows.Err())
}

// Arrived returns once all statements given to Later have been executed and their results read.
func Arrived(tx *gorm.DB) error {
	if p, ok := tx.Statement.ConnPool.(*pipeline); ok {
		return p.flush()
	}
	return nil
}

func named(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("database: %s: %w", name, err)
}

// pipeline is the connection of one transaction, as gorm sees it.
type pipeline struct {
	*sql.Conn
	ctx     context.Context
	waiting *pgx.Batch
	sent    bool  // something was sent, so that there is something to roll back
	alive   bool  // the session is in step with the server
	idle    bool  // and in no transaction
	err     error // the first; nothing is sent after it
	read    error // the first of a Read
}

func (p *pipeline) add(s Statement) {
	p.waiting.Queue(s.SQL, s.Args...).Fn = func(answers pgx.BatchResults) error {
		if s.Read == nil {
			_, err := answers.Exec()
			return named(s.Name, err)
		}
		rows, err := answers.Query()
		if err != nil {
			return named(s.Name, err)
		}
		defer rows.Close()
		if err := s.Read(rows); err != nil && p.read == nil {
			p.read = named(s.Name, err)
		}
		rows.Close()
		return named(s.Name, rows.Err())
	}
}

// flush sends the queued statements, in one piece, and reads the results.
func (p *pipeline) flush() error {
	if p.err != nil || p.waiting.Len() == 0 {
		return p.err
	}
	batch := p.waiting
	p.waiting = &pgx.Batch{}
	p.sent = true
	err := p.Raw(func(driver any) error {
		conn := driver.(*stdlib.Conn).Conn()
		err := conn.SendBatch(p.ctx, batch).Close()
		p.alive = !conn.IsClosed()
		p.idle = conn.PgConn().TxStatus() == 'I'
		return err
	})
	if p.err = err; err == nil {
		p.err = p.read
	}
	return p.err
}

func (p *pipeline) commit() error {
	if p.err == nil {
		p.err = p.ctx.Err() // nothing is sent
	}
	if p.err != nil {
		return p.err
	}
	done := false
	p.waiting.Queue(commit).Fn = func(answers pgx.BatchResults) error {
		tag, err := answers.Exec()
		if done = err == nil && tag.String() == "COMMIT"; err == nil && !done {
			err = pgx.ErrTxCommitRollback
		}
		return err
	}
	err := p.flush()
	var refused *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case done:
	case errors.As(err, &refused) && !ended(refused), errors.Is(err, pgx.ErrTxCommitRollback), p.alive && !p.idle:
		return fmt.Errorf("database: commit: rolled back: %w", err)
	}
	return fmt.Errorf("%w: %w", ErrCommitUnknown, err)
}

func (p *pipeline) rollBack() {
	if !p.sent || p.alive && p.idle {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(p.ctx), 5*time.Second)
	defer cancel()
	// A session that is still in its transaction is not used again.
	_, _ = p.Conn.ExecContext(ctx, "ROLLBACK")
}

// The following methods are called by gorm. Queued statements are sent first.

func (p *pipeline) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := p.flush(); err != nil {
		return nil, err
	}
	return p.Conn.ExecContext(ctx, query, args...)
}

func (p *pipeline) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := p.flush(); err != nil {
		return nil, err
	}
	return p.Conn.QueryContext(ctx, query, args...)
}

func (p *pipeline) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if p.flush() != nil {
		// A Row has no other way to return an error.
		cancelled, cancel := context.WithCancel(ctx)
		cancel()
		return p.Conn.QueryRowContext(cancelled, query, args...)
	}
	return p.Conn.QueryRowContext(ctx, query, args...)
}

func (p *pipeline) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	if err := p.flush(); err != nil {
		return nil, err
	}
	return p.Conn.PrepareContext(ctx, query)
}

// Commit and Rollback make gorm use savepoints for transactions inside this one, instead of beginning another.
func (p *pipeline) Commit() error   { return errors.New("database: a pipeline commits by itself") }
func (p *pipeline) Rollback() error { return errors.New("database: a pipeline rolls back by itself") }
