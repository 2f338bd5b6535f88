package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"orderflow.example/shared/database"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
)

// account is what the customers' machine of these tests knows of one customer, and what is shown of it.
type account struct {
	Key    string
	Orders []string // counted, in order
	Shown  []string // heard of by the machine that only shows
}

type accountRow struct {
	Key    string   `gorm:"primaryKey"`
	Orders []string `gorm:"type:jsonb;serializer:json"`
	Shown  []string `gorm:"type:jsonb;serializer:json"`
}

type customerRow accountRow

func (customerRow) TableName() string { return "customers" }

type shownRow accountRow

func (shownRow) TableName() string { return "shown" }

func customers() engine.Store {
	return engine.NewTable(blankAccount, func(r customerRow) string { return r.Key },
		func(a account) customerRow { return customerRow(a) }, func(r customerRow) account { return account(r) })
}

func shown() engine.Store {
	return engine.NewTable(blankAccount, func(r shownRow) string { return r.Key },
		func(a account) shownRow { return shownRow(a) }, func(r shownRow) account { return account(r) })
}

func blankAccount(key string) account { return account{Key: key} }

// orderSeen is what the orders' machine says about the customer.
type orderSeen struct {
	Order string `json:"order"`
	N     int64  `json:"n"`
}

// loopbackBed is a service of three machines. That of the orders counts what the feeder sends and says about the customer that
// it has; the customers' machine hears it, counts, asks the outside, and says about the order how many there are; the
// third shows what the customers' machine asked about.
type loopbackBed struct {
	*bed
	machines             []*saga.Machine
	stores               []engine.Store
	seen, asked, totaled saga.Kind
}

func newLoopbackBed(t *testing.T) loopbackBed {
	b := newBed(t)
	_, err := database.Migrate(t.Context(), b.db, fstest.MapFS{"00001_accounts.sql": {Data: []byte(`-- +goose Up
CREATE TABLE customers (key text PRIMARY KEY, orders jsonb, shown jsonb);
CREATE TABLE shown (key text PRIMARY KEY, orders jsonb, shown jsonb);`)}}, "loopback_version")
	b.must(err)
	n := b.names
	seen := saga.Define[orderSeen](n.service + ".order_seen.v1").Keyed("customer")
	listed := saga.Define[orderSeen](n.service + ".listed.v1").Keyed("customer")
	totaled := saga.Define[countedV1](n.service + ".totaled.v1")
	ask := saga.Ask[orderSeen, countedV1]("outside.list")
	orders := saga.Choreography[tally]{Service: n.service, Key: saga.Order, Blank: func(key string) tally { return tally{Key: key} },
		Evolve: func(s tally, e saga.Event) tally {
			if d, ok := e.Data.(countedV1); ok {
				s.Seen = append(append([]int64(nil), s.Seen...), d.N)
			}
			return s
		},
		Rows: []saga.Row{
			saga.On(n.sent, func(_ tally, e sentV1) []saga.Event { return []saga.Event{n.counted.Of(countedV1{e.N})} }, n.counted),
			saga.On(n.counted, func(s tally, e countedV1) []saga.Event { // in the same transaction, and not from the topic again
				return []saga.Event{seen.About(customerOf(s.Key), orderSeen{s.Key, e.N})}
			}, seen),
			saga.On(totaled, func(_ tally, e countedV1) []saga.Event { return []saga.Event{n.told.Of(countedV1{e.N})} }, n.told),
		}}.Machine()
	accounts := saga.Choreography[account]{Service: n.service, Key: "customer", Blank: blankAccount,
		Evolve: func(a account, e saga.Event) account {
			if d, ok := e.Data.(orderSeen); ok {
				a.Orders = append(append([]string(nil), a.Orders...), d.Order)
			}
			return a
		},
		Rows: []saga.Row{
			saga.On(seen, func(_ account, e orderSeen) []saga.Event {
				if e.N == poisonAnswer && b.poison.Load() {
					panic("poison")
				}
				return []saga.Event{listed.Of(e)}
			}, listed),
			saga.On(listed, func(a account, e orderSeen) []saga.Event { // the third machine hears it from the topic, this one does not
				return []saga.Event{totaled.About(e.Order, countedV1{int64(len(a.Orders))})}
			}, totaled),
			saga.Call(listed, ask, func(account, countedV1) []saga.Event { return nil }).UntilAnswered(time.Hour),
		}}.Machine()
	watch := saga.Choreography[account]{Service: n.service, Key: "customer", Blank: blankAccount, Rows: []saga.Row{
		saga.Show(listed, func(a account, e orderSeen, _ time.Time) account {
			a.Shown = append(append([]string(nil), a.Shown...), e.Order)
			return a
		})}}.Machine()
	return loopbackBed{b, []*saga.Machine{orders, accounts, watch}, []engine.Store{store(), customers(), shown()}, seen, listed,
		totaled}
}

// customerOf is the customer of an order "name/number".
func customerOf(order string) string {
	name, _, _ := strings.Cut(order, "/")
	return "customer " + name
}

func (b loopbackBed) run(c *engine.Config) {
	c.Bindings = nil
	for i, m := range b.machines {
		c.Bindings = append(c.Bindings, engine.Binding{Machine: m, Store: b.stores[i]})
	}
	c.Answerers = []engine.Answerer{engine.Answer(saga.Ask[orderSeen, countedV1]("outside.list"),
		func(context.Context, engine.Attempt, orderSeen) (countedV1, error) { return countedV1{}, nil })}
}

// said reads the service's own topic, each number once.
func (b loopbackBed) said(kind saga.Kind) (records []kafka.Record) {
	b.t.Helper()
	for partition := range b.partitions {
		last := int64(0)
		for _, r := range b.log(partition) {
			if r.Sequence == last+1 {
				last++
				if kind == nil || r.Type == kind.Name() {
					records = append(records, r)
				}
			}
		}
	}
	return records
}

// settled waits until so many orders have had their answer, each once, and what was asked of it.
func (b loopbackBed) settled(orders int) {
	b.t.Helper()
	b.eventually("each order was told once of its customer's total", func() bool { return len(b.said(b.names.told)) >= orders })
	b.eventually("all is shown and answered", func() bool {
		return b.count(`SELECT coalesce(sum(jsonb_array_length(shown)), 0) FROM shown`) == int64(orders) &&
			b.count(`SELECT count(*) FROM engine.call`) == 0
	})
	for _, kind := range []saga.Kind{b.names.counted, b.seen, b.asked, b.totaled, b.names.told} {
		if n := len(b.said(kind)); n != orders {
			b.t.Errorf("%d orders, and %s is said %d times", orders, kind.Name(), n)
		}
	}
	if n := b.count(`SELECT count(*) FROM engine.parked`); n != 0 {
		b.t.Errorf("%d inputs are parked", n)
	}
}

// replayed compares the live rows with the fold of the topic: of each machine's own events, and of what it shows.
func (b loopbackBed) replayed() {
	b.t.Helper()
	records := b.said(nil)
	for i, m := range b.machines {
		live, folded := map[string]any{}, b.stores[i].Memory()
		b.must(b.stores[i].Each(b.db.Gorm(), func(key string, state any) error { live[key] = state; return nil }))
		for _, r := range records {
			k := m.Kind(r.Type)
			if k == nil {
				continue
			}
			data, err := k.Decode(r.Data)
			b.must(err)
			e := saga.Event{ID: r.ID, Type: r.Type, Key: r.Key, Time: r.Time, Data: data}
			if m.Emits(r.Type) {
				folded.Put(e, m.Evolve(folded.Get(e), e))
			} else {
				folded.Put(e, m.Show(folded.Get(e), e))
			}
		}
		b.must(folded.Each(func(key string, state any) error {
			if !reflect.DeepEqual(state, m.Blank(key)) && !same(live[key], state) {
				b.t.Errorf("%s: %s is %v, and by the topic %v", m, key, live[key], state)
			}
			delete(live, key)
			return nil
		}))
		for key, state := range live {
			if !same(state, m.Blank(key)) {
				b.t.Errorf("%s: %s is %v, and nothing on the topic says so", m, key, state)
			}
		}
	}
}

// same compares as JSON does: an empty list is none.
func same(a, b any) bool {
	text := func(v any) string { data, _ := json.Marshal(v); return strings.ReplaceAll(string(data), "null", "[]") }
	return text(a) == text(b)
}

func (b loopbackBed) order(customer string, n int64) string {
	b.t.Helper()
	order := fmt.Sprintf("%s/%d", customer, n)
	b.send(order, sentV1{N: n})
	return order
}
