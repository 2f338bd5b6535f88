package store

import (
	"fmt"
	"strconv"
	"sync"

	"gorm.io/gorm"

	event "orderflow.example/schemas/recommendation"
	"orderflow.example/services/recommendation"
	"orderflow.example/shared/database"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/saga"
)

// Model is the tables of baskets and of goods. The model that they make is in memory too, as it was after the last transactions:
// each transaction compares the last basket's row, and the transaction that wrote it, with the one in memory, and reads all rows
// where somebody else wrote last.
type Model struct {
	baskets *database.Table[basketRow]
	goods   *database.Table[goodRow]

	mu   sync.Mutex
	kept [2]version // the one that the last transaction found, and the one that it left; once it is known which holds, only that
}

var _ engine.Store = (*Model)(nil)

// version is a model, and the row of its last basket.
type version struct {
	last
	model recommendation.Model
}

type last struct {
	database string
	n, xid   int64
}

// NewModel is for one engine.
func NewModel() *Model {
	return &Model{baskets: database.NewTable[basketRow](), goods: database.NewTable[goodRow]()}
}

// Load returns the model, if there is anything to learn. Its partition is locked by the engine.
func (t *Model) Load(tx *gorm.DB, inputs []saga.Event) (engine.States, error) {
	set := t.memory()
	if len(inputs) == 0 {
		return set, nil
	}
	err := tx.Raw(`SELECT current_database(), pg_current_xact_id()::xid::text::bigint, coalesce(max(n), 0),
			coalesce((SELECT xmin::text::bigint FROM baskets ORDER BY n DESC LIMIT 1), 0)
		FROM (SELECT n FROM baskets ORDER BY n DESC LIMIT 1) b`).Row().
		Scan(&set.found.database, &set.transaction, &set.found.n, &set.found.xid)
	if err != nil {
		return nil, fmt.Errorf("store: read the last basket: %w", err)
	}
	if !t.remembers(set) {
		set.model, err = t.read(tx)
		set.base = set.model.Baskets
	}
	if engine.Replays(tx) { // its transaction learns thousands of baskets; if it fails, the replay does
		t.keep(version{}, version{})
		set.model = set.model.Exclusive()
	}
	return set, err
}

// remembers gives the set the model that is in memory, if nobody wrote since.
func (t *Model) remembers(set *states) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, v := range t.kept {
		if v.last == set.found && v.n > 0 {
			set.model, set.base, t.kept = v.model, v.n, [2]version{v}
			return true
		}
	}
	return false
}

// keep remembers what a transaction found and what it leaves. Whether that is committed, the next one sees.
func (t *Model) keep(found, left version) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = [2]version{found, left}
}

// read makes the model of all rows.
func (t *Model) read(db *gorm.DB) (m recommendation.Model, err error) {
	for {
		rows, err := t.baskets.Select(db, "WHERE n > $1 ORDER BY n LIMIT 1000", m.Baskets)
		if err != nil {
			return m, err
		}
		if len(rows) == 0 {
			break
		}
		for _, r := range rows {
			m, _ = m.Count(fromBasket(r))
		}
	}
	goods, err := t.goods.Select(db, "")
	if err != nil {
		return m, err
	}
	solved := make(map[string]recommendation.Solved, len(goods))
	for _, r := range goods {
		solved[r.SKU] = r.solved()
	}
	return m.With(solved), nil
}

// Each reads both tables, baskets as "basket <n>" and goods as "good <sku>".
func (t *Model) Each(db *gorm.DB, fn func(key string, state any) error) error {
	baskets, err := t.baskets.Select(db, "")
	if err != nil {
		return err
	}
	for _, r := range baskets {
		if err := fn("basket "+strconv.FormatInt(r.N, 10), fromBasket(r)); err != nil {
			return err
		}
	}
	goods, err := t.goods.Select(db, "")
	if err != nil {
		return err
	}
	for _, r := range goods {
		if err := fn("good "+r.SKU, r.solved()); err != nil {
			return err
		}
	}
	return nil
}

// Memory returns an empty model in memory.
func (t *Model) Memory() engine.States { return t.memory() }

// Tables lists the tables of baskets and goods.
func (t *Model) Tables() []string { return []string{t.baskets.Name(), t.goods.Name()} }

func (t *Model) memory() *states { return &states{store: t} }

// states are the model, and what it learnt since it was loaded.
type states struct {
	store       *Model
	found       last
	transaction int64
	base        int64 // the baskets that the rows have
	model       recommendation.Model
	learnt      []recommendation.Basket
}

func (s *states) Get(saga.Event) any { return s.model }

func (s *states) Put(e saga.Event, state any) {
	m := state.(recommendation.Model)
	if noted, is := e.Data.(event.BasketNotedV1); is && m.Baskets > s.model.Baskets {
		s.learnt = append(s.learnt, recommendation.BasketOf(m.Baskets, noted))
	}
	s.model = m
}

// Save writes the baskets learnt, and the goods whose neighbours were computed with them.
func (s *states) Save(tx *gorm.DB) error {
	if len(s.learnt) == 0 {
		return nil
	}
	baskets := make([]basketRow, len(s.learnt))
	for i, b := range s.learnt {
		baskets[i] = toBasket(b)
	}
	var goods []goodRow
	s.model.SolvedWith(s.base, func(sku string, solved recommendation.Solved) { goods = append(goods, toGood(sku, solved)) })
	if err := s.store.baskets.Insert(tx, baskets); err != nil {
		return err
	}
	if err := s.store.goods.Upsert(tx, goods); err != nil {
		return err
	}
	s.store.keep(s.store.before(s.found), version{last{s.found.database, s.model.Baskets, s.transaction},
		s.model.Shared()})
	s.base, s.learnt = s.model.Baskets, nil
	return nil
}

// before is the version in memory of which a transaction began; none if it read the rows.
func (t *Model) before(found last) version {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, v := range t.kept {
		if v.last == found {
			return v
		}
	}
	return version{}
}

func (s *states) Each(fn func(key string, state any) error) error {
	for _, b := range s.learnt {
		if err := fn("basket "+strconv.FormatInt(b.N, 10), b); err != nil {
			return err
		}
	}
	var err error
	s.model.SolvedWith(0, func(sku string, solved recommendation.Solved) {
		if err == nil {
			err = fn("good "+sku, solved)
		}
	})
	return err
}
