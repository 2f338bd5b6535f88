package parked

import (
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm"
)

// set is what of one service a request is about.
type set struct {
	numbers []int64 // of the heads, in order
	later   int     // heads parked since
	events  int64   // the heads, and what waits behind them
	first   []Item  // of the heads
	found   map[string]bool
	asOf    time.Time
}

const maxListed = 200 // heads that a dry run lists, of each service

// choose finds the heads that a request is about.
func (s Service) choose(db *gorm.DB, r Request) (c set, err error) {
	if err := db.Raw(`SELECT now()`).Row().Scan(&c.asOf); err != nil {
		return c, err
	}
	if r.AsOf != nil {
		if r.AsOf.After(c.asOf.Add(time.Minute)) {
			var f faults
			f.add("as_of", "want the as_of of a dry run, not a time to come")
			return c, f.err()
		}
		c.asOf = *r.AsOf
	}
	of, err := s.orders(db, r.Orders)
	if err != nil {
		return c, err
	}
	c.found = of.found
	err = s.eachHead(db, func(h Item) bool {
		switch {
		case r.Group != "" && groupOf(h, Cause(h.Reason)) != r.Group, r.Orders != nil && !of.holds(h):
		case h.ParkedAt.After(c.asOf):
			c.later++
		default:
			c.numbers = append(c.numbers, h.Number)
			c.events += 1 + h.Behind
			if len(c.first) < maxListed {
				h.Reason = shown(h.Reason)
				c.first = append(c.first, h)
			}
		}
		return true
	})
	return c, err
}

// place is where a key's rows are.
type place struct {
	partition int
	key       string
}

// whereabouts of orders: the keys behind whose heads they wait, and the orders themselves, for calls.
type whereabouts struct {
	chains map[place]bool
	orders map[string]bool
	found  map[string]bool // orders of which something is parked
}

func (w whereabouts) holds(h Item) bool {
	if h.Form == FormCall {
		return w.orders[h.Order] || w.orders[h.Key]
	}
	return w.chains[place{h.Partition, h.Key}]
}

func (s Service) orders(db *gorm.DB, orders []string) (w whereabouts, err error) {
	w = whereabouts{chains: map[place]bool{}, orders: map[string]bool{}, found: map[string]bool{}}
	if len(orders) == 0 {
		return w, nil
	}
	for _, order := range orders {
		w.orders[order] = true
	}
	var rows []struct {
		Partition int
		Key, Saga string
		Call      bool
	}
	err = db.Raw(`SELECT DISTINCT partition, key, saga, form = 'call' AS call FROM engine.parked
		WHERE saga = ANY($1::text[]) OR key = ANY($1::text[])`, pgtype.FlatArray[string](orders)).Scan(&rows).Error
	for _, r := range rows {
		w.found[r.Saga], w.found[r.Key] = true, true
		if !r.Call {
			w.chains[place{r.Partition, r.Key}] = true
		}
	}
	return w, err
}
