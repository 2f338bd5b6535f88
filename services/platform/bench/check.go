package bench

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"
)

// check compares the databases with the expected end of the sagas: each row in its final status, each event written once,
// nothing parked.
func (s *site) check(ctx context.Context, sagas int64) error {
	var faults []error
	for step := 1; step <= steps; step++ {
		if err := s.awaitRows(ctx, step, sagas); err != nil {
			faults = append(faults, fmt.Errorf("step %d: %w", step, err))
		}
	}
	return errors.Join(faults...)
}

// expected returns the number of rows by status, and of events by type, after so many sagas.
func (w *words) expected(step int, sagas int64) (rows, events map[string]int64) {
	turned := sagas / refusedEach
	good, rows, events := sagas-turned, map[string]int64{}, map[string]int64{}
	set := func(m map[string]int64, name string, n int64) {
		if n > 0 {
			m[name] = n
		}
	}
	status := done
	if step == 1 {
		status = completed
	}
	set(rows, status, good)
	if step <= refusing {
		set(rows, undoneWord(step), turned)
		set(events, w.undone[step].Name(), turned)
	}
	if step < refusing {
		good = sagas
	}
	set(events, w.done[step].Name(), good)
	return rows, events
}

// awaitRows gives the first step a moment to consume the last events, as the watcher may have consumed them earlier. The
// other steps have finished a saga that has ended.
func (s *site) awaitRows(ctx context.Context, step int, sagas int64) error {
	db := s.services[step].db.Gorm().WithContext(ctx)
	count := func(sql string) (map[string]int64, error) {
		var found []struct {
			Name string
			N    int64
		}
		err := db.Raw(sql).Scan(&found).Error
		counts := make(map[string]int64, len(found))
		for _, f := range found {
			counts[f.Name] = f.N
		}
		return counts, err
	}
	wantRows, wantEvents := s.words.expected(step, sagas)
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		rows, err := count(`SELECT status AS name, count(*) AS n FROM steps GROUP BY status`)
		if err != nil {
			return err
		}
		events, err := count(`SELECT type AS name, count(*) AS n FROM engine.outbox GROUP BY type`)
		if err != nil {
			return err
		}
		parked, err := s.services[step].Parked(ctx, 1)
		if err != nil {
			return err
		}
		switch {
		case len(parked) > 0:
			return fmt.Errorf("%s is parked: %s", parked[0].Key, parked[0].Reason)
		case maps.Equal(rows, wantRows) && maps.Equal(events, wantEvents):
			return nil
		case step > 1 || time.Now().After(deadline):
			return fmt.Errorf("rows are %v, want %v; events are %v, want %v", rows, wantRows, events, wantEvents)
		}
	}
}
