package database

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// queryLog is gorm's logger: it logs failed and slow statements, never a value. Server messages are left out as well,
// because they quote values ("invalid input syntax for type uuid: …"); the code and the constraint are enough.
type queryLog struct {
	log  *slog.Logger
	slow time.Duration
}

// withoutValues matches gorm's rendering of $1 without a value.
var withoutValues = regexp.MustCompile(`\$(\d+)\$`)

func (l *queryLog) LogMode(logger.LogLevel) logger.Interface      { return l }
func (l *queryLog) Info(context.Context, string, ...interface{})  {}
func (l *queryLog) Warn(context.Context, string, ...interface{})  {}
func (l *queryLog) Error(context.Context, string, ...interface{}) {}

// ParamsFilter keeps gorm from writing values into the statement that it passes to Trace.
func (l *queryLog) ParamsFilter(_ context.Context, sql string, _ ...interface{}) (string, []interface{}) {
	return sql, nil
}

func (l *queryLog) Trace(ctx context.Context, begin time.Time, statement func() (string, int64), err error) {
	if l.log == nil || errors.Is(err, gorm.ErrRecordNotFound) {
		return
	}
	took := time.Since(begin)
	if err == nil && took < l.slow {
		return
	}
	sql, rows := statement()
	sql = withoutValues.ReplaceAllString(sql, "$$$1")
	if err != nil {
		l.log.WarnContext(ctx, "statement failed", "sql", sql, "took", took, "cause", cause(err))
		return
	}
	l.log.WarnContext(ctx, "slow statement", "sql", sql, "took", took, "rows", rows)
}

// cause describes an error without the values that it may quote.
func cause(err error) string {
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &pg) && pg.ConstraintName != "":
		return pg.Code + " " + pg.ConstraintName
	case errors.As(err, &pg):
		return pg.Code
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return "interrupted"
	case IsConnection(err):
		return "connection lost"
	}
	return fmt.Sprintf("%T", err)
}
