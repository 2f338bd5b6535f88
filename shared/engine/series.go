package engine

import (
	"maps"
	"slices"

	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm"

	"orderflow.example/shared/database"
	"orderflow.example/shared/saga"
)

// seriesLock is the second half of the lock that a transaction holds from the first number it takes until its commit, so
// that numbers follow commits. It is one lock for all series, which rules out deadlocks among them. All states are locked before
// it, and the counters of the outbox after it.
const seriesLock = -2

// series are the numbers that one batch takes.
type series struct {
	taken map[string]int64 // the last, by series
	lock  bool             // held
	err   error            // of the database; the batch has failed
}

// next is the next number of a series.
func (s *series) next(tx *gorm.DB, name string) int64 {
	name = storable(name)
	last, known := s.taken[name]
	if !known && s.err == nil {
		last, s.err = s.read(tx, name)
	}
	s.taken[name] = last + 1
	return last + 1
}

func (s *series) read(tx *gorm.DB, name string) (last int64, err error) {
	if !s.lock {
		s.lock, s.taken = true, map[string]int64{}
		if err := later(tx, "lock series", `SELECT pg_advisory_xact_lock($1, $2)`, partitionClass, seriesLock); err != nil {
			return 0, err
		}
	}
	read := func(rows database.Rows) (err error) {
		for rows.Next() && err == nil {
			err = rows.Scan(&last)
		}
		return err
	}
	err = database.Later(tx, database.Statement{Name: "read series", Read: read,
		SQL: `SELECT number FROM engine.series WHERE name = $1`, Args: []any{name}})
	if err == nil {
		err = database.Arrived(tx)
	}
	return last, err
}

// mark is the state of the series; back returns to it when the input that took numbers is parked.
func (s *series) mark() map[string]int64 { return maps.Clone(s.taken) }

func (s *series) back(mark map[string]int64) {
	for name := range s.taken {
		if last, known := mark[name]; known {
			s.taken[name] = last
		} else {
			delete(s.taken, name) // the lock is still held: the next read finds the same number
		}
	}
}

func (s *series) write(tx *gorm.DB) error {
	if len(s.taken) == 0 {
		return nil
	}
	names := slices.Sorted(maps.Keys(s.taken))
	return later(tx, "write series", `INSERT INTO engine.series (name, number) SELECT * FROM unnest($1::text[], $2::bigint[])
		ON CONFLICT (name) DO UPDATE SET number = EXCLUDED.number`,
		pgtype.FlatArray[string](names), array(names, func(name string) int64 { return s.taken[name] }))
}

// number gives an event of a numbered type its number.
func (b *batch) number(m *saga.Machine, e *saga.Event) {
	m.Number(e, func(name string) int64 { return b.series.next(b.tx, name) })
}
