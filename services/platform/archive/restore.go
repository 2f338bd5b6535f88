package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// OpenSnapshot reads all of a snapshot to compare its checksum, and opens it.
func OpenSnapshot(ctx context.Context, store Store, name string) (*Snapshot, error) {
	s := &Snapshot{Name: name, store: store}
	r, file, err := s.open(ctx, s)
	if err == nil {
		err = errors.Join(r.verify(), file.Close())
	}
	if err == nil && s.Format != snapshotFormat {
		err = fmt.Errorf("its format is %.40q and this build reads %q: read it with the build that wrote it, or a later "+
			"one", s.Format, snapshotFormat)
	}
	if err != nil {
		return nil, s.fault("open", err)
	}
	return s, nil
}

func (s *Snapshot) open(ctx context.Context, header *Snapshot) (*reader, io.ReadCloser, error) {
	file, err := s.store.Open(ctx, s.Name)
	if err != nil {
		return nil, nil, err
	}
	r, err := newReader(file, header)
	if err != nil {
		file.Close()
	}
	return r, file, err
}

func (s *Snapshot) fault(what string, err error) error {
	if errors.Is(err, ErrDamaged) {
		return fmt.Errorf("archive: %s: %w; restore it from a copy, or use another snapshot", s.Name, err)
	}
	return fmt.Errorf("archive: %s %s: %w", what, s.Name, err)
}

// Restore copies the rows into the tables of the same names in a schema of the service's database. The tables must exist, be of
// the same version, and be empty. It restores all rows or, on an error, none: it uses a transaction of its own, or a savepoint if
// the session is in one.
func (s *Snapshot) Restore(ctx context.Context, conn *pgx.Conn, schema string) error {
	begin, commit, rollback := `BEGIN`, `COMMIT`, `ROLLBACK`
	if conn.PgConn().TxStatus() != 'I' {
		begin, commit, rollback = `SAVEPOINT restore`, `RELEASE SAVEPOINT restore`, `ROLLBACK TO SAVEPOINT restore`
	}
	if _, err := conn.Exec(ctx, begin); err != nil {
		return s.fault("restore", err)
	}
	err := s.copyIn(ctx, conn, schema)
	if err == nil {
		_, err = conn.Exec(ctx, commit)
	}
	if err == nil {
		return nil
	}
	// If the session is broken, the server rolls back.
	_, _ = conn.Exec(context.WithoutCancel(ctx), rollback)
	return s.fault("restore", err)
}

func (s *Snapshot) copyIn(ctx context.Context, conn *pgx.Conn, schema string) error {
	here, err := versions(ctx, conn)
	if err == nil {
		err = s.Fits(here)
	}
	if err != nil {
		return err
	}
	var again Snapshot
	r, file, err := s.open(ctx, &again)
	if err != nil {
		return err
	}
	defer file.Close()
	for _, t := range s.Tables {
		rows := &rowReader{r: r}
		table := pgx.Identifier{schema, unqualified(t.Name)}.Sanitize()
		tag, err := conn.PgConn().CopyFrom(ctx, rows, fmt.Sprintf("COPY %s (%s) FROM STDIN", table, t.columns()))
		switch {
		case rows.err != nil && !errors.Is(rows.err, io.EOF):
			return rows.err // not the database's error that follows from it
		case err != nil:
			return fmt.Errorf("copy into %s: %w", table, err)
		case tag.RowsAffected() != rows.rows:
			return damaged(fmt.Sprintf("it has %d rows of %s and its count is %d", tag.RowsAffected(), t.Name, rows.rows))
		}
	}
	if _, err := r.next(); err != io.EOF {
		if err == nil {
			err = damaged("something follows its tables")
		}
		return err
	}
	return nil
}

// rowReader reads the rows of one table.
type rowReader struct {
	r    *reader
	rest []byte
	rows int64 // the count in the file
	err  error // io.EOF at the end of the table
}

func (t *rowReader) Read(into []byte) (int, error) {
	for len(t.rest) == 0 && t.err == nil {
		var block []byte
		block, t.err = t.r.next()
		switch {
		case errors.Is(t.err, io.EOF) || t.err == nil && len(block) == 0:
			t.err = damaged("a table of it has no end")
		case t.err != nil:
		case block[0] == rowsFollow:
			t.rest = block[1:]
		default:
			if t.rows, t.err = strconv.ParseInt(string(block[1:]), 10, 64); t.err != nil || block[0] != rowsEnd {
				t.err = damaged("a block of it makes no sense")
			} else {
				t.err = io.EOF
			}
		}
	}
	if len(t.rest) == 0 {
		return 0, t.err
	}
	n := copy(into, t.rest)
	t.rest = t.rest[n:]
	return n, nil
}

func unqualified(table string) string {
	parts := strings.Split(strings.ReplaceAll(table, `"`, ""), ".")
	return parts[len(parts)-1]
}
