package engine

import (
	"context"
	"fmt"
	"testing"

	"orderflow.example/shared/saga"
)

var (
	wanted  = saga.Define[numberV1]("asker.wanted.v1")
	told    = saga.Define[numberV1]("asker.told.v1")
	polls   = saga.Ask[numberV1, numberV1]("outside.poll")
	asksNow = saga.Ask[numberV1, numberV1]("outside.ask")
	polled  = saga.Define[numberV1]("asker.polled.v1")
)

// newScheduleBed is a partition of a service that asks two questions, whose lanes begin nothing by themselves.
func newScheduleBed(t *testing.T) (outboxBed, *partition) {
	b := newOutboxBed(t)
	say := func(_ sum, e numberV1) []saga.Event { return []saga.Event{told.Of(e)} }
	machine := saga.Choreography[sum]{
		Service: "asker", Key: saga.Order,
		Blank:  func(key string) sum { return sum{Key: key} },
		Evolve: func(s sum, _ saga.Event) sum { return s },
		Rows: []saga.Row{
			saga.On(sent, func(_ sum, e numberV1) []saga.Event { return []saga.Event{wanted.Of(e), polled.Of(e)} }, wanted, polled),
			saga.Call(polled, polls, say, told), saga.Call(wanted, asksNow, say, told),
		},
	}.Machine()
	never := func(ctx context.Context, _ Attempt, n numberV1) (numberV1, error) { return n, ctx.Err() }
	e, err := New(Config{Service: "asker", Partitions: 1, DB: b.database, Bindings: []Binding{{Machine: machine}},
		Answerers: []Answerer{Answer(polls, never), Answer(asksNow, never)}})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range e.lanes {
		l.paced = true
	}
	return b, newPartition(e, 0, 1)
}

// due puts questions asked by events of this type into the table.
func (b outboxBed) due(name string, n int) {
	b.Helper()
	b.do(`INSERT INTO engine.call (id, partition, type, key, saga, at, asked, next_try_at)
		SELECT $1 || n, 0, $1, 'k' || n, 'k' || n, now(), '{"n":1}', now() - interval '1 minute'
		FROM generate_series(1, $2::int) n`, name, n)
}

func TestAQuestionWhoseTriesQueueUpKeepsNoOtherInItsRows(t *testing.T) {
	b, p := newScheduleBed(t)
	busy := p.e.laneOf(polled.Name())
	for range laneQueue - 1 {
		busy.again = append(busy.again, &call{ctx: t.Context(), try: 2})
	}
	b.due(polled.Name(), 10)
	b.due(wanted.Name(), 50)
	if err := p.calls.schedule(t.Context(), 60); err != nil {
		t.Fatal(err)
	}
	taken := map[string]int{}
	for _, c := range p.calls.held {
		taken[c.event.Type]++
	}
	if taken[polled.Name()] != 1 || taken[wanted.Name()] != 50 {
		t.Errorf("taken: %v, want 1 of the one that queues up and all 50 of the other", taken)
	}
}

func TestAQuestionLeftOverInMemoryHidesNoneThatIsDue(t *testing.T) {
	b, p := newScheduleBed(t)
	ctx, cancel := context.WithCancel(t.Context())
	left := &call{of: p.calls, event: saga.Event{ID: "left", Type: wanted.Name()}, ctx: ctx, cancel: cancel}
	p.calls.held["left"] = left
	b.due(wanted.Name(), 1)
	for range thorough {
		if err := p.calls.schedule(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
	}
	if p.calls.held[fmt.Sprint(wanted.Name(), 1)] == nil || p.calls.held["left"] != nil {
		t.Errorf("in memory: %v", p.calls.held)
	}
}
