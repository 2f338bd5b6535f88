package engine_test

import (
	"testing"

	"orderflow.example/shared/engine"
	"orderflow.example/shared/saga"
)

// wishes is a service that decides about an order by what the feeder said of its customer: the wish, or 0 where none is
// known.
func wishes(b *bed) (m *saga.Machine, wished saga.Type[countedV1]) {
	n := b.names
	wished = saga.Define[countedV1](n.feeder + ".wished.v1").Keyed("customer")
	return b.counts(
		saga.Known(wished),
		saga.OnKnown(n.sent, wished, func(_ tally, e sentV1) string {
			if e.Do == "poison" {
				panic("poison")
			}
			return e.Do
		}, func(_ tally, e sentV1, wish *countedV1) []saga.Event {
			if wish == nil {
				return []saga.Event{n.counted.Of(countedV1{})}
			}
			return []saga.Event{n.counted.Of(*wish)}
		}, n.counted),
	).Machine(), wished
}

// eventuallyKnown waits until what was said of a key has been heard.
func (b *bed) eventuallyKnown(key, latest string) {
	b.t.Helper()
	b.eventually("it is known", func() bool {
		return b.count(`SELECT count(*) FROM engine.known WHERE key = $1 AND latest ->> $2 = $3`,
			key, b.names.feeder+".wished.v1", latest) == 1
	})
}

func TestADecisionFindsWhatWasSaidLastOfAKeyInAnotherPartition(t *testing.T) {
	b := newBed(t)
	m, wished := wishes(b)
	p := b.start(b.with(m))
	customer, order := b.keyOn(0, "customer"), b.keyOn(1, "order")
	b.send(order, sentV1{Do: customer})
	b.eventuallySeen(order, 0)
	b.say(wished, customer, countedV1{5}, countedV1{7})
	b.eventuallyKnown(customer, `{"n":7}`)
	b.send(order, sentV1{Do: customer}, sentV1{Do: "nobody"}, sentV1{})
	b.eventuallySeen(order, 0, 7, 0, 0)

	p.kill()
	b.say(wished, customer, countedV1{8})
	b.start(b.with(m))
	b.eventuallyKnown(customer, `{"n":8}`)
	b.send(order, sentV1{Do: customer})
	b.eventuallySeen(order, 0, 7, 0, 0, 8)
	b.eventuallyPublished(order, []int64{0, 7, 0, 0, 8})

	b.replayed(m, store())
	lookups := engine.WithLookups([]engine.Binding{{Machine: m, Store: store()}})[1]
	b.replayed(lookups.Machine, lookups.Store)
	if n := b.count(`SELECT count(*) FROM tallies WHERE key = $1`, customer); n != 0 {
		t.Error("the customer is taken for an order")
	}
}

func TestWhatWasSaidIsFoundByWhatFollowsInTheSameBatch(t *testing.T) {
	b := newBed(t)
	m, wished := wishes(b)
	customer, order := b.keyOn(1, "customer"), b.keyOn(1, "order")
	for n := range int64(20) {
		b.append(1, b.numbered(wished, customer, countedV1{n + 1}), b.numbered(b.names.sent, order, sentV1{Do: customer}))
	}
	b.start(b.with(m))
	b.eventuallySeen(order, upTo(20)...)
}

func TestCommandsOfEveryProcessAndOwnEventsLookUpAsWell(t *testing.T) {
	b := newBed(t)
	n := b.names
	wished := saga.Define[countedV1](n.feeder + ".wished.v1").Keyed("customer")
	customer := b.keyOn(0, "customer")
	found := func(_ tally, _ countedV1, wish *countedV1) []saga.Event { return []saga.Event{n.counted.Of(*wish)} }
	m := b.counts(
		saga.Known(wished),
		saga.On(n.sent, func(_ tally, e sentV1) []saga.Event { return []saga.Event{n.promised.Of(countedV1{e.N})} }, n.promised),
		saga.OnKnown(n.promised, wished, func(tally, countedV1) string { return customer }, found, n.counted),
		saga.OnKnown(n.add, wished, func(tally, add) string { return customer },
			func(_ tally, c add, wish *countedV1) []saga.Event {
				return []saga.Event{n.counted.Of(countedV1{c.N + wish.N})}
			}, n.counted),
	).Machine()
	running := []*process{b.start(b.with(m)), b.start(b.with(m))}
	b.say(wished, customer, countedV1{7})
	b.eventuallyKnown(customer, `{"n":7}`)
	order := b.keyOn(1, "order")
	b.send(order, sentV1{N: 1})
	b.eventuallySeen(order, 1, 7)
	for i, p := range running {
		outcome, err := p.Submit(t.Context(), order, n.add.Of(add{int64(100 * i)}))
		b.must(err)
		if said := outcome.Emitted; len(said) != 1 || said[0].Data != (countedV1{int64(100*i + 7)}) {
			t.Errorf("process %d says %+v", i, said)
		}
	}
	b.eventuallyPublished(order, []int64{7, 7, 107})
	b.replayed(m, store())
}

func TestADecisionThatCannotTellWhatToLookUpIsParkedAndNothingElse(t *testing.T) {
	b := newBed(t)
	m, wished := wishes(b)
	p := b.start(b.with(m))
	customer, bad, good := b.keyOn(0, "customer"), b.keyOn(1, "bad"), b.keyOn(1, "good")
	b.say(wished, customer, countedV1{3})
	b.eventuallyKnown(customer, `{"n":3}`)
	b.send(bad, sentV1{Do: "poison"})
	b.say(wished, customer, map[string]string{"not": "a wish"})
	b.send(good, sentV1{Do: customer}, sentV1{Do: "no\x00key"})
	b.eventuallySeen(good, 3, 0)
	b.eventually("both are parked", func() bool {
		parked, err := p.Parked(t.Context(), 10)
		b.must(err)
		return len(parked) == 2 && parked[0].Reason != "" && parked[1].Reason != ""
	})
}
