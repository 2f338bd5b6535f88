package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"orderflow.example/shared/engine"
	"orderflow.example/shared/saga"
)

// appointments is a service that promises something for a time, told in milliseconds since 1970; 0 is none.
func (b *bed) appointments() *saga.Machine {
	n := b.names
	at := func(e countedV1) time.Time {
		if e.N == 0 {
			return time.Time{}
		}
		return time.UnixMilli(e.N)
	}
	return saga.Choreography[tally]{
		Service: n.service,
		Blank:   func(key string) tally { return tally{Key: key} },
		Evolve: func(s tally, e saga.Event) tally {
			s.Seen = append(append([]int64(nil), s.Seen...), e.Data.(countedV1).N)
			return s
		},
		Rows: []saga.Row{
			saga.On(n.sent, func(_ tally, e sentV1) []saga.Event {
				if e.Do == "settle" {
					return []saga.Event{n.settled.Of(countedV1{e.N})}
				}
				return []saga.Event{n.promised.Of(countedV1{e.N})}
			}, n.promised, n.settled),
			saga.On(n.add, func(_ tally, c add) []saga.Event { return []saga.Event{n.promised.Of(countedV1(c))} }, n.promised),
			saga.At(n.promised, at, func(_ tally, e countedV1) []saga.Event { return []saga.Event{n.due.Of(e)} }, n.due).
				Settled(n.settled),
		},
	}.Machine()
}

func running(m *saga.Machine) func(*engine.Config) {
	return func(c *engine.Config) { c.Bindings[0].Machine = m }
}

// foldEqualsRows folds what the service says on its topic and compares it with its rows.
func (b *bed) foldEqualsRows(m *saga.Machine) {
	b.t.Helper()
	said := b.count(`SELECT count(*) FROM engine.outbox`)
	folded, all := store().Memory(), int64(0)
	b.eventually("all that was said is on the topic", func() bool {
		folded, all = store().Memory(), 0
		for partition := range b.partitions {
			for _, r := range b.log(partition) {
				if all++; r.Sequence == 0 {
					b.t.Fatalf("%s has no number", r.ID)
				}
				data, err := m.Kind(r.Type).Decode(r.Data)
				b.must(err)
				e := saga.Event{ID: r.ID, Type: r.Type, Key: r.Key, Saga: r.Correlation, Time: r.Time, Data: data}
				folded.Put(e, m.Evolve(folded.Get(e), e))
			}
		}
		return all == said
	})
	texts := func(each func(fn func(key string, state any) error) error) map[string]string {
		all := map[string]string{}
		b.must(each(func(key string, state any) error {
			if s := state.(tally); len(s.Seen) > 0 { // of what was only heard there may be a row or none
				all[key] = fmt.Sprint(s.Seen)
			}
			return nil
		}))
		return all
	}
	live := texts(func(fn func(string, any) error) error { return store().Each(b.db.Gorm(), fn) })
	if rebuilt := texts(folded.Each); fmt.Sprint(rebuilt) != fmt.Sprint(live) || len(live) == 0 {
		b.t.Errorf("the topic folds to\n%v\nthe rows are\n%v", rebuilt, live)
	}
}

func TestADeadlineFallsDueAtTheTimeItsEventCarries(t *testing.T) {
	b := newBed(t)
	m := b.appointments()
	b.start(running(m))
	now := time.Now().UnixMilli()
	soon, past, settled, moved := b.keyOn(0, "soon"), b.keyOn(1, "past"), b.keyOn(0, "settled"), b.keyOn(1, "moved")
	later := now + time.Hour.Milliseconds()
	b.send(settled, sentV1{N: later})
	b.send(moved, sentV1{N: later})
	b.eventuallyReported("its owner tells when it is due", 0, func(p engine.PartitionProgress) bool {
		return p.NextDeadline != nil && p.NextDeadline.UnixMilli() == later
	})
	b.send(soon, sentV1{N: now + 400})
	b.send(past, sentV1{N: now - 600_000})
	b.send(settled, sentV1{N: 1, Do: "settle"})
	b.eventually("what is past is due at once", func() bool { return equal(b.published(b.names.due, past), []int64{now - 600_000}) })
	b.eventually("what is soon then", func() bool { return equal(b.published(b.names.due, soon), []int64{now + 400}) })
	for _, r := range b.log(0) {
		if r.Type == b.names.due.Name() && r.Key == soon && r.Time.UnixMilli() < now+350 { // two clocks, read one after the other
			t.Errorf("due at %d, and it fell due at %d", now+400, r.Time.UnixMilli())
		}
	}
	b.eventually("what is settled never", func() bool {
		return b.count(`SELECT count(*) FROM engine.deadline WHERE key = $1`, settled) == 0
	})
	at := time.Now().Add(-time.Second)
	b.move(moved, &at)
	b.eventually("what an operator moved when he said",
		func() bool { return equal(b.published(b.names.due, moved), []int64{later}) })
	if n := b.count(`SELECT count(*) FROM engine.deadline`); n != 0 || len(b.published(b.names.due, settled)) != 0 {
		t.Errorf("%d deadlines left, %v settled fell due", n, b.published(b.names.due, settled))
	}
	b.foldEqualsRows(m)
}

func TestAPromiseForNoTimeThatCanBeIsParkedAndAllElseGoesOn(t *testing.T) {
	b := newBed(t)
	m := b.appointments()
	p := b.start(running(m))
	now := time.Now()
	other := b.keyOn(0, "other")
	wrong := map[string]struct {
		at   int64
		says string
	}{
		"none":   {0, b.names.promised.Name() + " carries no time for its deadline"},
		"beyond": {now.AddDate(1, 0, 2).UnixMilli(), "for its deadline, which is more than a year away from when it is said"},
		"long":   {now.Unix(), "for its deadline, which is more than a year away from when it is said"}, // seconds for milliseconds
	}
	for key, w := range wrong {
		b.send(b.keyOn(0, key), sentV1{N: w.at})
	}
	b.send(b.keyOn(0, "none"), sentV1{N: 1, Do: "settle"}) // waits behind
	year := now.AddDate(1, 0, 0).UnixMilli()
	b.send(other, sentV1{N: year})
	b.eventuallySeen(other, year)
	list, err := p.Parked(t.Context(), 10)
	b.must(err)
	reasons := map[string]string{}
	for _, one := range list {
		if one.Reason != "" {
			reasons[one.Key] = one.Reason
		}
	}
	for key, w := range wrong {
		if got := reasons[b.keyOn(0, key)]; !strings.Contains(got, w.says) {
			t.Errorf("%s is parked because %q", key, got)
		}
		_, err := p.Submit(t.Context(), key+"-command", b.names.add.Of(add{w.at}))
		if err == nil || !strings.Contains(err.Error(), w.says) {
			t.Errorf("%s as a command: %v", key, err)
		}
	}
	if len(list) != len(wrong)+1 || len(reasons) != len(wrong) {
		t.Errorf("parked %+v", list)
	}
	if n := b.count(`SELECT count(*) FROM engine.deadline`); n != 1 {
		t.Errorf("%d deadlines, want the one of the year", n)
	}
	b.foldEqualsRows(m)
}
