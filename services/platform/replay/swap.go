package replay

import (
	"cmp"
	"context"
	"maps"
	"strings"
	"time"

	"gorm.io/gorm"

	"orderflow.example/shared/database"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/service"
)

// Applied is the result of an apply or an undo.
type Applied struct {
	Service  string        `json:"service"`
	Tables   []string      `json:"tables"`
	Kept     string        `json:"kept"`               // the schema of the replaced tables
	Held     time.Duration `json:"-"`                  // how long the service's commits were held
	Restored *Restored     `json:"restored,omitempty"` // where the database was behind its topic

	unproven []check
}

// replacedPrefix begins the names of the schemas of replaced tables.
const replacedPrefix = "replaced_"

// Apply replaces the live tables with the rebuilt ones, in one transaction, whether or not the service runs. Decisions wait
// meanwhile; reads go on. The old tables are kept.
func (r *Replay) Apply(ctx context.Context) (*Applied, error) {
	return r.swapIn(ctx, r.shadow)
}

// Undo brings back the tables that the last Apply replaced, and folds the events since then into them: the states are as if they
// had never been replaced.
func (r *Replay) Undo(ctx context.Context) (*Applied, error) {
	schema, err := r.lastReplaced(ctx)
	if err != nil {
		return nil, err
	}
	old, err := openShadow(ctx, r, r.url, schema)
	if err != nil {
		return nil, err
	}
	defer old.db.Close()
	switch was, _, err := old.target(ctx); {
	case err != nil:
		return nil, err
	case was != r.target():
		return nil, service.Failed("replay: the schema %s has tables of %s, not of %s: they cannot be swapped in", schema,
			cmp.Or(was, "nothing that is known"), r.target())
	}
	if err := old.loosen(ctx); err != nil {
		return nil, environment(err)
	}
	return r.swapIn(ctx, old)
}

func (r *Replay) lastReplaced(ctx context.Context) (schema string, err error) {
	err = r.live.Pool().QueryRowContext(ctx, `SELECT coalesce(max(nspname), '') FROM pg_namespace WHERE nspname LIKE $1`,
		strings.ReplaceAll(replacedPrefix, "_", `\_`)+"%").Scan(&schema)
	if err == nil && schema == "" {
		err = service.Failed("replay: no tables of %s were replaced: there is nothing to undo", r.App.Name)
	}
	return schema, environment(err)
}

// swapIn replaces the live tables with those of a schema.
func (r *Replay) swapIn(ctx context.Context, s *shadow) (*Applied, error) {
	if r.Order != "" || r.Upto != (Limit{}) {
		return nil, service.Usage("replay: tables rebuilt in part cannot replace whole ones: replay without --order and --to")
	}
	position, _, err := r.stands(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := s.advance(ctx, position, 0); err != nil {
		return nil, err
	}
	r.Progress.Stage("making the tables of "+r.App.Name+" durable", 0)
	if err := s.keep(ctx); err != nil {
		return nil, environment(err)
	}
	r.Progress.Stage("putting them in their place", 0)
	for try := 1; ; try++ {
		a, err := r.swapOnce(ctx, s)
		if err == nil || !database.IsLockTimeout(err) || ctx.Err() != nil {
			return a, environment(err)
		}
		if try == swapTries {
			return nil, service.Environment("replay: the tables of %s are locked by readers all the time: end those that "+
				"pg_stat_activity shows, and run the same command again; nothing was changed", r.App.Name)
		}
		select {
		case <-ctx.Done():
		case <-time.After(swapPause):
		}
	}
}

// A swap waits lockWait for readers, while later ones queue behind it; then it gives up its place and retries after swapPause.
const (
	lockWait  = "500ms"
	swapPause = time.Second
	swapTries = 30
)

// stands returns the service's position, and lost where its database is behind its topic; then the position is the topic's. The
// topic's end is read first: its events are in the database by the time that is read, unless the database lost them.
func (r *Replay) stands(ctx context.Context) (at engine.Position, behind *lost, err error) {
	held := map[int]engine.Held{}
	for p := range r.Partitions {
		end, err := r.end(ctx, r.App.Topic(), p)
		if err != nil {
			return at, nil, err
		}
		held[p] = engine.Held{Sequence: end.Sequence, FirstOffset: end.First, EndNext: end.Next}
	}
	if at, err = r.position(ctx, r.live.Pool()); err != nil {
		return at, nil, environment(err)
	}
	before := maps.Clone(at.Own)
	for p, known := range r.gaps {
		before[p] = min(before[p], known)
		behind = &lost{r: r, before: before, held: held}
	}
	for p, h := range held {
		if h.Sequence > at.Own[p] {
			at.Own[p] = h.Sequence
			behind = &lost{r: r, before: before, held: held}
		}
	}
	return at, behind, nil
}

// keep makes the rebuilt tables durable.
func (s *shadow) keep(ctx context.Context) error {
	names := []string{}
	for _, t := range s.r.tables() {
		names = append(names, t.in(s.schema))
	}
	for _, name := range noteTables {
		names = append(names, s.schema+"."+name)
	}
	for _, name := range names {
		if _, err := s.db.Pool().ExecContext(ctx, `ALTER TABLE `+name+` SET LOGGED`); err != nil {
			return err
		}
	}
	return nil
}

func (r *Replay) swapOnce(ctx context.Context, s *shadow) (*Applied, error) {
	began := time.Now()
	release, err := engine.Hold(ctx, r.live, r.Partitions)
	if err != nil {
		return nil, err
	}
	defer release()
	position, behind, err := r.stands(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := s.advance(ctx, position, 0); err != nil {
		return nil, err
	}
	a := &Applied{Service: r.App.Name, Kept: replacedPrefix + strings.ReplaceAll(time.Now().UTC().Format("20060102t150405.000"), ".",
		"_")}
	err = database.Transact(ctx, r.live, func(tx *gorm.DB) error {
		if err := tx.Exec(`SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL lock_timeout = '` + lockWait +
			`'`).Error; err != nil {
			return err
		}
		if behind != nil {
			if err := behind.restore(ctx, tx); err != nil {
				return err
			}
			a.Restored, position.Own = &behind.Restored, behind.before // the live tables' position
		}
		return s.exchange(tx, a, position)
	})
	a.Held = time.Since(began)
	if err != nil {
		return nil, err
	}
	release()
	return a, r.prove(ctx, a.unproven)
}

// exchange moves the live tables to the schema of replaced ones and the rebuilt tables to theirs. It stores the position of the
// replaced ones, so that Undo can bring them forward.
func (s *shadow) exchange(tx *gorm.DB, a *Applied, replacedAt engine.Position) error {
	var err error
	if a.unproven, err = s.tighten(tx); err != nil {
		return err
	}
	var older []string // only the last replaced tables are kept
	err = tx.Raw(`SELECT nspname FROM pg_namespace WHERE nspname LIKE 'replaced\_%' AND nspname <> $1`, s.schema).Scan(&older).Error
	if err != nil {
		return err
	}
	steps := []string{`CREATE SCHEMA ` + a.Kept}
	for _, schema := range older {
		steps = append(steps, `DROP SCHEMA `+schema+` CASCADE`)
	}
	for _, t := range s.r.tables() {
		a.Tables = append(a.Tables, t.name)
		steps = append(steps, `ALTER TABLE `+t.live()+` SET SCHEMA `+a.Kept, `ALTER TABLE `+t.in(s.schema)+` SET SCHEMA `+t.schema)
	}
	for _, name := range noteTables {
		steps = append(steps, `ALTER TABLE `+s.schema+`.`+name+` SET SCHEMA `+a.Kept)
	}
	steps = append(steps, `DROP SCHEMA `+s.schema+` CASCADE`)
	for _, step := range steps {
		if err := tx.Exec(step).Error; err != nil {
			return err
		}
	}
	for p, last := range replacedAt.Own {
		err := tx.Exec(`UPDATE `+a.Kept+`.replay_progress SET sequence = $3, next_offset = 0
			WHERE topic = $1 AND partition = $2 AND own AND sequence <> $3`, s.r.App.Topic(), p, last).Error
		if err != nil {
			return err
		}
	}
	return nil
}
