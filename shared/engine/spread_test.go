package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"orderflow.example/shared/engine"
	"orderflow.example/shared/saga"
)

// shelves is a service that shows each order in the products it names, and what is said of a product itself as well.
func shelves(b *bed) (*saga.Machine, saga.Type[countedV1]) {
	restocked := saga.Define[countedV1](b.names.feeder + ".restocked.v1").Keyed("product")
	sorted := func(s tally, n int64) tally {
		s.Seen = append(slices.Clone(s.Seen), n)
		slices.Sort(s.Seen)
		return s
	}
	return saga.Choreography[tally]{Service: b.names.service, Key: "product",
		Blank: func(key string) tally { return tally{Key: key} },
		Rows: []saga.Row{
			saga.ShowAt(b.names.sent, func(e sentV1) []string {
				if e.Do == "poison" {
					panic("poison")
				}
				return strings.Split(e.Do, " ")
			}, func(s tally, e sentV1, _ time.Time) tally { return sorted(s, e.N) }),
			saga.Show(restocked, func(s tally, e countedV1, _ time.Time) tally { return sorted(s, e.N) }),
		}}.Machine(), restocked
}

func TestAnEventShownInStatesOfOtherPartitionsIsShownOnceInEachWhoeverWritesThem(t *testing.T) {
	b := newBed(t)
	m, restocked := shelves(b)
	small := func(c *engine.Config) { c.BatchSize = 5 }
	running := []*process{b.start(b.with(m), small), b.start(b.with(m), small)}
	b.eventually("each has a partition", func() bool { return len(running[0].Owned()) == 1 && len(running[1].Owned()) == 1 })
	const rounds, orders = 4, 25
	n := int64(0)
	for round := range rounds {
		for i := range orders {
			fresh := fmt.Sprintf("sku-%d-%d", round, i) // written first by two partitions at once
			for partition := range b.partitions {
				n++
				b.send(b.keyOn(partition, fmt.Sprint("order-", n)), sentV1{N: n, Do: fresh + " tea " + fresh})
			}
			b.say(restocked, fresh, countedV1{0})
		}
		running[round%2].kill()
		running[round%2] = b.start(b.with(m), small)
	}
	b.eventuallySeen("tea", upTo(n)...)
	for round := range rounds {
		for i := range orders {
			first := int64(2*(round*orders+i) + 1)
			b.eventuallySeen(fmt.Sprintf("sku-%d-%d", round, i), 0, first, first+1)
		}
	}
	b.replayed(m, store())
	if orders := b.count(`SELECT count(*) FROM tallies WHERE key LIKE 'order-%'`); orders != 0 {
		t.Error("an order is taken for a product")
	}
}

func TestAnEventWhoseStatesCannotBeToldIsParkedAndShownNowhere(t *testing.T) {
	b := newBed(t)
	m, _ := shelves(b)
	p := b.start(b.with(m))
	for name, do := range map[string]string{
		"panics": "poison", "no key": "tea  mug", "too long": "tea " + strings.Repeat("x", 600), "no text": "tea a\x00b",
	} {
		b.send(name, sentV1{N: 1, Do: do})
	}
	b.send("good", sentV1{N: 2, Do: "tea"})
	b.eventuallySeen("tea", 2)
	b.eventually("the others are parked", func() bool {
		parked, err := p.Parked(t.Context(), 10)
		b.must(err)
		return len(parked) == 4 && !slices.ContainsFunc(parked, func(p engine.Parked) bool { return p.Reason == "" })
	})
	b.eventuallySeen("tea", 2)
}
