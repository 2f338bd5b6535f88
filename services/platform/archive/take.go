package archive

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/gorm"

	"orderflow.example/shared/database"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/service"
)

// Take writes a snapshot of a service, read in one repeatable-read transaction without locks, while the service runs. progress is
// called with the number of bytes of rows read so far; it may be nil.
func Take(ctx context.Context, store Store, app service.App, db *database.DB, progress func(bytes int64)) (t Taken, err error) {
	err = db.Gorm().WithContext(ctx).Connection(func(tx *gorm.DB) error {
		if err := tx.Exec(`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`).Error; err != nil {
			return err
		}
		defer tx.WithContext(context.WithoutCancel(ctx)).Exec(`ROLLBACK`)
		t, err = take(ctx, store, app, tx, progress)
		return err
	})
	if err != nil {
		return t, fmt.Errorf("archive: snapshot of %s: %w", app.Name, err)
	}
	return t, nil
}

func take(ctx context.Context, store Store, app service.App, tx *gorm.DB, progress func(bytes int64)) (done Taken, err error) {
	s := &Snapshot{Format: snapshotFormat, Service: app.Name, Build: build()}
	// The store may be slower than the database's idle timeout.
	if err := tx.Exec(`SET LOCAL idle_in_transaction_session_timeout = 0`).Error; err != nil {
		return done, err
	}
	if s.Position, err = engine.ReadPosition(tx); err != nil {
		return done, err
	}
	s.Partitions = len(s.Position.Own)
	err = tx.Statement.ConnPool.(*sql.Conn).Raw(func(driver any) error {
		conn := driver.(*stdlib.Conn).Conn()
		if err := s.describe(ctx, conn, app); err != nil {
			return err
		}
		name := snapshotsFolder + app.Name + "/" + s.At.Format("20060102T150405.000Z") + ".snapshot"
		done = Taken{Service: app.Name, At: s.At, Name: name}
		content, into := io.Pipe()
		copied := make(chan error, 1)
		go func() {
			err := s.copyOut(ctx, conn, into, &done, progress)
			into.CloseWithError(err) // nil is the end of the file
			copied <- err
		}()
		err := store.Put(ctx, done.Name, content)
		content.CloseWithError(err) // when Put fails, the copying ends too
		if copying := <-copied; err == nil {
			err = copying
		}
		return err
	})
	return done, err
}

// describe fills in the header.
func (s *Snapshot) describe(ctx context.Context, conn *pgx.Conn, app service.App) (err error) {
	if err := conn.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&s.At); err != nil {
		return err
	}
	s.At = s.At.UTC()
	if s.Versions, err = versions(ctx, conn); err != nil {
		return err
	}
	rows, err := conn.Query(ctx, `SELECT name, number FROM engine.series`)
	if err != nil {
		return err
	}
	var name string
	var number int64
	s.Series = map[string]int64{}
	if _, err := pgx.ForEachRow(rows, []any{&name, &number}, func() error { s.Series[name] = number; return nil }); err != nil {
		return err
	}
	if s.LastIDs, err = lastIDs(ctx, conn); err != nil {
		return err
	}
	for _, b := range engine.WithLookups(app.Bindings) {
		for _, table := range b.Store.Tables() {
			columns, err := columnsOf(ctx, conn, table)
			if err != nil {
				return err
			}
			s.Tables = append(s.Tables, Table{table, columns})
		}
	}
	return nil
}

func lastIDs(ctx context.Context, conn *pgx.Conn) (map[int]string, error) {
	rows, err := conn.Query(ctx, `SELECT partition, id FROM engine.counter JOIN engine.outbox USING (partition, sequence)`)
	if err != nil {
		return nil, err
	}
	ids := map[int]string{}
	var partition int
	var id string
	_, err = pgx.ForEachRow(rows, []any{&partition, &id}, func() error { ids[partition] = id; return nil })
	return ids, err
}

// copyOut writes the file. A table is blocks of COPY's text, each after the byte rowsFollow, then rowsEnd with the row count.
func (s *Snapshot) copyOut(ctx context.Context, conn *pgx.Conn, into io.Writer, done *Taken, progress func(int64)) error {
	w := newWriter(into, s)
	for _, t := range s.Tables {
		rows := &rowWriter{w: w, done: done, progress: progress, block: []byte{rowsFollow}}
		tag, err := conn.PgConn().CopyTo(ctx, rows, fmt.Sprintf("COPY %s (%s) TO STDOUT", sanitize(t.Name), t.columns()))
		if err == nil {
			err = rows.flush()
		}
		if err == nil {
			err = w.block(fmt.Appendf(nil, "%c%d", rowsEnd, tag.RowsAffected()))
		}
		if err != nil {
			return fmt.Errorf("copy %s: %w", t.Name, err)
		}
		done.Rows += tag.RowsAffected()
	}
	return w.close()
}

// The first byte of a block of a snapshot.
const (
	rowsFollow = 'r'
	rowsEnd    = 'e'
)

// rowWriter gathers rows into blocks.
type rowWriter struct {
	w        *writer
	done     *Taken
	progress func(int64)
	block    []byte
}

func (r *rowWriter) Write(b []byte) (int, error) {
	r.block = append(r.block, b...)
	if len(r.block) < blockBytes {
		return len(b), nil
	}
	return len(b), r.flush()
}

func (r *rowWriter) flush() error {
	if len(r.block) == 1 {
		return nil
	}
	r.done.Bytes += int64(len(r.block) - 1)
	err := r.w.block(r.block)
	r.block = r.block[:1]
	if r.progress != nil {
		r.progress(r.done.Bytes)
	}
	return err
}

// columnsOf are the columns of a table that are copied, in their order: all but generated ones.
func columnsOf(ctx context.Context, conn *pgx.Conn, table string) ([]string, error) {
	rows, err := conn.Query(ctx, `SELECT attname FROM pg_attribute
		WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum`, sanitize(table))
	if err != nil {
		return nil, err
	}
	columns, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err == nil && len(columns) == 0 {
		err = fmt.Errorf("the table %s has no columns", table)
	}
	return columns, err
}

func (t Table) columns() string {
	quoted := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		quoted[i] = pgx.Identifier{c}.Sanitize()
	}
	return strings.Join(quoted, ", ")
}

// sanitize quotes a table's name in the forms that stores use: payments, "payments" or "engine"."known".
func sanitize(table string) string {
	return pgx.Identifier(strings.Split(strings.ReplaceAll(table, `"`, ""), ".")).Sanitize()
}
