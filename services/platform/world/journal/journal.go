// Package journal keeps a state in memory and makes its changes durable before they are visible outside. Changes run one
// after another; all waiting ones share one transaction (group commit), and each caller returns once that is committed.
//
// It is not a log format: the state defines how it is read from tables and written to them. The gateway, the carriers and
// the floor each have a journal.
package journal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"gorm.io/gorm"

	"orderflow.example/shared/database"
)

// ErrLost means that the change is not known to be durable. It may be retried: the state has been or will be reloaded,
// so it then holds the durable changes and nothing else.
var ErrLost = errors.New("journal: not written; ask again")

// ErrClosed means that the journal was closed, or that another process took the state over.
var ErrClosed = errors.New("journal: closed")

// State is the state of a journal. Its methods are never called concurrently, nor while a change runs.
type State interface {
	// Load replaces the state by the content of the tables.
	Load(tx *gorm.DB) error
	// Save writes the changes since the last Save or Load. When it or its commit fails, Load follows.
	Save(tx *gorm.DB) error
	// Changed reports whether there is anything to save.
	Changed() bool
}

// Journal runs changes. Make one with Open.
type Journal struct {
	part  string
	state State
	db    *database.DB
	log   *slog.Logger
	epoch int64

	tasks         chan task
	closed, ended chan struct{}
}

type task struct {
	change func()
	done   chan error
}

const (
	batch    = 512
	saveTime = 10 * time.Second
	loadTime = 2 * time.Minute
)

// Open takes over the named part of the world from any earlier process, and loads its state. Each part has one owner:
// the last to open it. Earlier ones cannot write any more and return ErrClosed.
func Open(ctx context.Context, db *database.DB, part string, state State, log *slog.Logger) (*Journal, error) {
	j := &Journal{part: part, state: state, db: db, log: log,
		tasks: make(chan task, batch), closed: make(chan struct{}), ended: make(chan struct{})}
	err := database.Transact(ctx, db, func(tx *gorm.DB) error {
		err := tx.Raw(`INSERT INTO owners (part, epoch) VALUES (?, 1)
			ON CONFLICT (part) DO UPDATE SET epoch = owners.epoch + 1 RETURNING epoch`, part).Scan(&j.epoch).Error
		if err != nil {
			return err
		}
		return state.Load(tx)
	})
	if err != nil {
		return nil, fmt.Errorf("world: open the %s: %w", part, err)
	}
	go j.run()
	return j, nil
}

// Do runs the change, and returns once it and all changes before it are durable. The change must not block. Its results
// may be used only when the error is nil.
func (j *Journal) Do(change func()) error {
	t := task{change: change, done: make(chan error, 1)}
	select {
	case j.tasks <- t:
	case <-j.ended:
		return ErrClosed
	}
	select {
	case err := <-t.done:
		return err
	case <-j.ended:
	}
	select {
	case err := <-t.done:
		return err
	default:
		return ErrClosed
	}
}

// Close ends the journal once the changes under way are written. It must be called once.
func (j *Journal) Close() {
	close(j.closed)
	<-j.ended
}

func (j *Journal) run() {
	defer close(j.ended)
	waiting := make([]task, 0, batch)
	loaded := true
	for {
		select {
		case <-j.closed:
			return
		case t := <-j.tasks:
			waiting = append(waiting[:0], t)
		}
		for more := true; more && len(waiting) < batch; {
			select {
			case t := <-j.tasks:
				waiting = append(waiting, t)
			default:
				more = false
			}
		}
		err := j.together(waiting, loaded)
		loaded = err == nil
		if err != nil {
			j.log.Warn("simulated world: could not write changes, clients retry", "part", j.part, "changes", len(waiting), "error", err)
		}
		for _, t := range waiting {
			if err != nil {
				t.done <- ErrLost
				continue
			}
			t.done <- nil
		}
		if errors.Is(err, ErrClosed) {
			return
		}
	}
}

// together runs the changes and saves them in one transaction.
func (j *Journal) together(waiting []task, loaded bool) error {
	if !loaded {
		if err := j.transact(loadTime, j.state.Load); err != nil {
			return err
		}
	}
	for _, t := range waiting {
		t.change()
	}
	if !j.state.Changed() {
		return nil
	}
	return j.transact(saveTime, j.state.Save)
}

// transact fails unless this process is still the owner, and keeps the next owner from loading until it is done.
func (j *Journal) transact(limit time.Duration, fn func(tx *gorm.DB) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return database.Transact(ctx, j.db, func(tx *gorm.DB) error {
		var epoch int64
		if err := tx.Raw("SELECT epoch FROM owners WHERE part = ? FOR UPDATE", j.part).Scan(&epoch).Error; err != nil {
			return err
		}
		if epoch != j.epoch {
			return fmt.Errorf("%w: another process took over the %s", ErrClosed, j.part)
		}
		return fn(tx)
	})
}
