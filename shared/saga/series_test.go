package saga_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"orderflow.example/shared/saga"
)

func byYear(t saga.Type[note]) saga.Series {
	return saga.Numbered(t, func(_ note, at time.Time) string { return strconv.Itoa(at.UTC().Year()) },
		func(e note, n int64, _ time.Time) note { e.N = n; return e })
}

func numbering(series ...saga.Series) *saga.Machine {
	return saga.Choreography[[]int64]{Service: "here", Blank: func(string) []int64 { return nil }, Series: series,
		Evolve: func(s []int64, e saga.Event) []int64 { return append(s[:len(s):len(s)], e.Data.(note).N) },
		Rows: []saga.Row{saga.On(heard, func([]int64, note) []saga.Event {
			return []saga.Event{first.Of(note{}), second.Of(note{}), first.Of(note{})}
		}, first, second)}}.Machine()
}

func TestNumberedEventsCarryTheirNumbersIntoTheState(t *testing.T) {
	t.Parallel()
	m := numbering(byYear(first))
	last := map[string]int64{"2031": 41}
	step, err := m.Hear(m.Blank("k"), saga.Event{Type: heard.Name(), Key: "k", Data: note{}}, func(e *saga.Event) {
		e.Time = time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)
		m.Number(e, func(series string) int64 { last[series]++; return last[series] })
	})
	if err != nil || !slices.Equal(step.State.([]int64), []int64{42, 0, 43}) || last["2031"] != 43 {
		t.Errorf("numbered %v, the series is at %v, %v", step.State, last, err)
	}
}

func TestAnEventInNoSeriesFailsTheStep(t *testing.T) {
	t.Parallel()
	m := numbering(saga.Numbered(first, func(note, time.Time) string { return "" },
		func(e note, _ int64, _ time.Time) note { return e }))
	_, err := m.Hear(m.Blank("k"), saga.Event{Type: heard.Name(), Key: "k", Data: note{}}, func(e *saga.Event) {
		m.Number(e, func(string) int64 { return 1 })
	})
	if err == nil || !strings.Contains(err.Error(), "here.first.v1 is in no series") {
		t.Error(err)
	}
}

func TestASeriesThatWouldHaveGapsOrNoNumbersIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	refused(t, "what is never said", func() { numbering(byYear(third)) })
	refused(t, "another service's event", func() { numbering(byYear(heard)) })
	refused(t, "the same event twice", func() { numbering(byYear(first), byYear(first)) })
	picture := saga.Snapshot[note]("here.pictured.v1")
	refused(t, "a snapshot", func() {
		saga.Choreography[state]{Service: "here", Series: []saga.Series{byYear(picture)},
			Rows: []saga.Row{saga.On(heard, emit(), picture)}}.Machine()
	})
}
