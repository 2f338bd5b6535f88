// Package database opens Postgres through gorm and adds what gorm lacks: a database per service, migrations that several
// processes may start at once, transactions whose outcome is never guessed, errors distinguished by cause, and bulk reads
// and writes for the hot path.
//
// It is not a repository layer and knows no service's tables. It never writes a value or a password to a log or an
// error. Services' stores use it, and so does the engine.
package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
)

// Options select the database and configure its sessions.
type Options struct {
	// URL is postgres://user:password@host:port/database, as Provision returns it.
	URL string
	// Role is the role of every session. Empty keeps the one of the URL.
	Role string
	// Schema is the search path of every session. Empty keeps the database's own.
	Schema string
	// MaxConns bounds the pool; 0 means 10, the least is 2, as migrations hold a lock in a session of its own.
	MaxConns int
	// AppName is the application name shown in pg_stat_activity.
	AppName string
	// Logger logs failed statements, and those slower than SlowQuery, without their values. Nil means no log.
	Logger *slog.Logger
	// Traced records each statement as a span, if its context is that of one that is recorded.
	Traced bool
	// SlowQuery is the duration above which a statement is logged; 0 means 200 ms.
	SlowQuery time.Duration
}

// DB is an open database.
type DB struct {
	gorm *gorm.DB
	pool *sql.DB
}

// Open connects and checks the connection. Times are read as UTC. Statements run outside a transaction unless
// Transact is used. The error is one line that names the server and never the password.
func Open(ctx context.Context, o Options) (*DB, error) {
	config, err := parse(o.URL)
	if err != nil {
		return nil, err
	}
	set := func(name, value string) {
		if value != "" {
			config.RuntimeParams[name] = value
		}
	}
	set("role", o.Role)
	set("search_path", o.Schema)
	set("application_name", o.AppName)
	set("timezone", "UTC")
	// Services look rows up by key. A statement prepared while its table was small would go on with sequential scans after
	// the table grew, until the next ANALYZE; and compiling plans (jit) costs more than such statements do.
	set("enable_seqscan", "off")
	// A generic plan is used every time: a lookup by key has one good plan, and planning can cost more than running it.
	set("plan_cache_mode", "force_generic_plan")
	set("jit", "off")
	// A process that hangs in the middle of a transaction must not keep its locks for ever. The URL may choose another limit.
	if _, given := config.RuntimeParams["idle_in_transaction_session_timeout"]; !given {
		set("idle_in_transaction_session_timeout", "10s")
	}
	if o.Traced {
		config.Tracer = tracer{}
	}
	pool := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(prepareSession))
	size := o.MaxConns
	if size <= 0 {
		size = 10
	}
	size = max(size, 2)
	pool.SetMaxOpenConns(size)
	pool.SetMaxIdleConns(size)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	if err := pool.PingContext(ctx); err != nil {
		pool.Close()
		return nil, unreachable(config, err)
	}
	slow := o.SlowQuery
	if slow == 0 {
		slow = 200 * time.Millisecond
	}
	db, err := gorm.Open(postgres.New(postgres.Config{Conn: pool}), &gorm.Config{
		SkipDefaultTransaction: true,
		DisableAutomaticPing:   true,
		Logger:                 &queryLog{log: o.Logger, slow: slow},
	})
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("database: gorm on %s: %w", address(config), err)
	}
	return &DB{gorm: db, pool: pool}, nil
}

// Gorm returns the handle for queries; give it a context with WithContext.
func (db *DB) Gorm() *gorm.DB { return db.gorm }

// Pool returns the underlying connection pool, for code that needs a session of its own.
func (db *DB) Pool() *sql.DB { return db.pool }

// Close waits for running statements and closes every connection.
func (db *DB) Close() error { return db.pool.Close() }

func parse(url string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil || url == "" {
		// The parser's own message can repeat parts of the URL.
		return nil, errors.New("database: the Postgres URL is not valid: want postgres://user:password@host:port/database")
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 5 * time.Second
	}
	return config, nil
}

// prepareSession makes the session read times as UTC, and prepares the statements that begin and end a Pipeline.
func prepareSession(ctx context.Context, conn *pgx.Conn) error {
	types := conn.TypeMap()
	stamp := &pgtype.Type{Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC}}
	types.RegisterType(stamp)
	types.RegisterType(&pgtype.Type{Name: "_timestamptz", OID: pgtype.TimestamptzArrayOID,
		Codec: &pgtype.ArrayCodec{ElementType: stamp}})
	for name, sql := range map[string]string{begin: "BEGIN", commit: "COMMIT"} {
		if _, err := conn.Prepare(ctx, name, sql); err != nil {
			return err
		}
	}
	return nil
}

func address(config *pgx.ConnConfig) string {
	return net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port)))
}

// unreachable shortens the driver's error of many lines to one.
func unreachable(config *pgx.ConnConfig, err error) error {
	return &openError{address: address(config), database: config.Database, cause: err}
}

type openError struct {
	address, database string
	cause             error
}

func (e *openError) Unwrap() error { return e.cause }

func (e *openError) Error() string {
	var refused *pgconn.PgError
	if errors.As(e.cause, &refused) {
		return fmt.Sprintf(
			"database: Postgres at %s refuses the session on %q: %s (%s): check user, password, role and database name in the URL",
			e.address, e.database, refused.Message, refused.Code)
	}
	reason := "no answer"
	var dial *net.OpError
	switch {
	case errors.Is(e.cause, context.Canceled):
		reason = "interrupted"
	case errors.As(e.cause, &dial) && !dial.Timeout():
		reason = dial.Err.Error()
	case errors.Is(e.cause, context.DeadlineExceeded):
		reason = "no answer in time"
	}
	return fmt.Sprintf("database: cannot reach Postgres at %s: %s: check that it runs there, or give another URL", e.address, reason)
}
