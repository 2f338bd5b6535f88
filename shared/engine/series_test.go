package engine_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"orderflow.example/shared/engine"
	"orderflow.example/shared/saga"
)

// invoices is a service that numbers what it says, a series for each country. The number follows on the country's.
func invoices(b *bed) *saga.Machine {
	n := b.names
	c := b.counts(saga.On(n.sent, func(_ tally, e sentV1) []saga.Event {
		said := []saga.Event{n.counted.Of(countedV1{e.N})}
		switch e.Do {
		case "poison":
			said = append(said, n.told.Of(countedV1{})) // is not declared: fails when a number was taken already
		case "two":
			said = append(said, said[0])
		}
		return said
	}, n.counted))
	c.Series = []saga.Series{saga.Numbered(n.counted,
		func(e countedV1, at time.Time) string { return fmt.Sprint("invoices of ", e.N, at.Year() > 2000) },
		func(e countedV1, number int64, _ time.Time) countedV1 { e.N = 1000*e.N + number; return e })}
	return c.Machine()
}

func TestNumbersHaveNoGapAndNoRepeatWhateverFailsAndIsKilled(t *testing.T) {
	b := newBed(t)
	m := invoices(b)
	small := func(c *engine.Config) { c.BatchSize = 7 }
	running := []*process{b.start(b.with(m), small), b.start(b.with(m), small)}
	const rounds, orders, countries = 6, 40, 3
	want, total := map[int64]int64{}, 0
	for round := range rounds {
		for i := range orders {
			key, country := fmt.Sprintf("order-%d-%d", round, i), int64(i%countries)
			switch {
			case i%10 == 3:
				b.send(key, sentV1{N: country, Do: "poison"})
				continue
			case i%10 == 6:
				b.send(key, sentV1{N: country, Do: "two"})
				want[country]++
				total++
			default:
				b.send(key, sentV1{N: country})
			}
			want[country]++
			total++
		}
		running[round%2].kill()
		running[round%2] = b.start(b.with(m), small)
	}
	b.eventually("all are published", func() bool { return len(b.spoken(b.names.service, m)) >= total })
	numbers := map[int64][]int64{}
	for _, e := range b.spoken(b.names.service, m) {
		n := e.Data.(countedV1).N
		numbers[n/1000] = append(numbers[n/1000], n%1000)
	}
	for country, n := range want {
		slices.Sort(numbers[country])
		if !equal(numbers[country], upTo(n)) {
			t.Errorf("%d events of %d have the numbers %v", n, country, numbers[country])
		}
		last := b.count(`SELECT number FROM engine.series WHERE name = $1`, fmt.Sprint("invoices of ", country, true))
		if last != n {
			t.Errorf("the series of %d is at %d after %d numbers", country, last, n)
		}
	}
	if parked := b.count(`SELECT count(*) FROM engine.parked`); parked != rounds*orders/10 {
		t.Errorf("%d are parked", parked)
	}
	b.replayed(m, store())
}

func TestNumbersFollowTheOrderOfCommits(t *testing.T) {
	b := newBed(t)
	m := invoices(b)
	b.start(b.with(m))
	first, second := b.keyOn(0, "first"), b.keyOn(1, "second")
	for n := range int64(5) {
		b.send(first, sentV1{})
		b.eventually("the first is numbered", func() bool { return int64(len(b.seen(first))) == n+1 })
		b.send(second, sentV1{})
		b.eventually("the second is numbered", func() bool { return int64(len(b.seen(second))) == n+1 })
	}
	if !equal(b.seen(first), []int64{1, 3, 5, 7, 9}) || !equal(b.seen(second), []int64{2, 4, 6, 8, 10}) {
		t.Errorf("numbered %v and %v", b.seen(first), b.seen(second))
	}
}
