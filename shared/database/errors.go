package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// IsConstraint tells whether the error is a violation of the named constraint, of any kind.
func IsConstraint(err error, name string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && strings.HasPrefix(pg.Code, "23") && pg.ConstraintName == name
}

// IsDataFault tells whether the server refused the data of a statement: it cannot be stored as it is (class 22), or a
// constraint forbids it (class 23). A retry would fail again. All other errors of a server, time-outs among them, are
// faults of the installation.
func IsDataFault(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || ended(pg) || errors.Is(err, ErrCommitUnknown) {
		return false
	}
	return strings.HasPrefix(pg.Code, "22") || strings.HasPrefix(pg.Code, "23")
}

// IsConversion tells whether a value could not be converted when read from a row or written into a statement: a document
// that is not JSON or has another shape, a number or a time out of range. The database works, and the next row may be
// fine.
func IsConversion(err error) bool {
	if err == nil || errors.As(err, new(*pgconn.PgError)) {
		return false
	}
	if errors.As(err, new(*json.SyntaxError)) || errors.As(err, new(*json.UnmarshalTypeError)) ||
		errors.As(err, new(*json.MarshalerError)) ||
		errors.As(err, new(*json.UnsupportedValueError)) || errors.As(err, new(*json.UnsupportedTypeError)) ||
		errors.As(err, new(*strconv.NumError)) || errors.As(err, new(*time.ParseError)) {
		return true
	}
	// The driver and database/sql have no error types for these.
	for _, text := range []string{"failed to encode args[", "Scan error on column", "can't scan into dest", "cannot scan "} {
		if strings.Contains(err.Error(), text) {
			return true
		}
	}
	return false
}

// IsSerialization tells whether the transaction lost against a concurrent one and may be retried.
func IsSerialization(err error) bool { return hasCode(err, "40001") }

// IsDeadlock tells whether the transaction was aborted to end a deadlock and may be retried.
func IsDeadlock(err error) bool { return hasCode(err, "40P01") }

// IsLockTimeout tells whether the transaction waited longer for a lock than its lock_timeout.
func IsLockTimeout(err error) bool { return hasCode(err, "55P03") }

// IsConnection tells whether the database, not the statement, is at fault: down, restarting, out of disk space or
// connections, failed over to a read-only replica, or it ended the session. A retry of the statement may succeed later.
// The caller's own cancellation is not such a fault.
func IsConnection(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return environmental(pg)
	}
	var connect *pgconn.ConnectError
	if errors.Is(err, context.Canceled) {
		return false
	}
	if errors.As(err, &connect) {
		return true
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	var network net.Error
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.As(err, &network) || errors.Is(err, pgconn.ErrConnClosed)
}

// environmental decides by the classes of https://www.postgresql.org/docs/current/errcodes-appendix.html
func environmental(pg *pgconn.PgError) bool {
	switch {
	case ended(pg):
		return true
	case strings.HasPrefix(pg.Code, "08"), strings.HasPrefix(pg.Code, "57P"),
		strings.HasPrefix(pg.Code, "53"), strings.HasPrefix(pg.Code, "58"):
		return true
	}
	return pg.Code == "25006"
}

// ended tells whether the server closed the session with this error.
func ended(pg *pgconn.PgError) bool {
	severity := pg.SeverityUnlocalized
	if severity == "" {
		severity = pg.Severity
	}
	return severity == "FATAL" || severity == "PANIC"
}

func hasCode(err error, code string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == code
}
