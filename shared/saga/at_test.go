package saga_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"orderflow.example/shared/saga"
)

var begun = saga.Define[note]("here.begun.v1")

func unix(e note) time.Time {
	if e.N == 0 {
		return time.Time{}
	}
	return time.Unix(e.N, 0)
}

func TestADeadlineFallsDueAtTheTimeItsEventCarriesUnlessThatIsNone(t *testing.T) {
	t.Parallel()
	at, after := saga.At(first, unix, emit(due.Of(note{})), due), saga.After(time.Minute, first, emit(due.Of(note{})), due)
	said := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	carrying := func(due time.Time) saga.Event {
		return saga.Event{Type: first.Name(), Time: said, Data: note{due.Unix()}}
	}
	for name, c := range map[string]struct {
		due  time.Time
		says string
	}{
		"later":                  {said.Add(time.Hour), ""},
		"past":                   {said.Add(-time.Hour), ""},
		"the day of a leap year": {time.Date(2031, 1, 2, 23, 0, 0, 0, time.UTC), ""},
		"beyond a year": {said.AddDate(1, 0, 2), "carries 2031-01-04T03:04:05Z for its deadline, " +
			"which is more than a year away from when it is said, 2030-01-02T03:04:05Z"},
		"no seconds since 1970":   {time.Unix(1, 0), "more than a year away"},
		"milliseconds as seconds": {time.Unix(said.UnixMilli(), 0), "more than a year away"},
	} {
		got, err := at.FallsDue(carrying(c.due))
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) || !got.Equal(c.due) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	_, err := at.FallsDue(saga.Event{Type: first.Name(), Time: said, Data: note{}})
	if err == nil || err.Error() != "here.first.v1 carries no time for its deadline" {
		t.Error(err)
	}
	got, err := after.FallsDue(carrying(said))
	if err != nil || !got.Equal(said.Add(time.Minute)) || after.TellsWhen() || !at.TellsWhen() {
		t.Errorf("after: %v, %v", got, err)
	}
	unreadable := saga.At(first, func(note) time.Time { panic("of mine") }, emit(due.Of(note{})), due)
	for name, row := range map[string]saga.Row{"no time": at, "unreadable": unreadable} {
		if _, err := hear(t, machine(saga.On(heard, emit(first.Of(note{})), first), row)); err == nil {
			t.Errorf("%s: the event is said", name)
		}
	}
}

// days is a machine whose events about other days are not folded.
func days(rows ...saga.Row) *saga.Machine {
	return saga.Choreography[state]{Service: "here", Key: saga.Order, Blank: func(key string) state { return state{Key: key} },
		Rows: rows, Evolve: func(s state, e saga.Event) state {
			if e.Type != begun.Name() {
				s.Saw = append(slices.Clone(s.Saw), e.Type)
			}
			return s
		}}.Machine()
}

func TestWhatIsSaidAboutAnotherDayIsAStoryOfItsOwn(t *testing.T) {
	t.Parallel()
	ends := saga.At(begun, unix, emit(), third).Settled(third)
	for name, events := range map[string][]saga.Event{
		"ended first": {third.Of(note{}), begun.About("tomorrow", note{9})},
		"ended last":  {begun.About("tomorrow", note{9}), third.Of(note{})},
	} {
		step, err := hear(t, days(saga.On(heard, emit(events...), third, begun), ends))
		if err != nil {
			t.Fatal(name, err)
		}
		if a := step.Armed; len(a) != 1 || a[0].Key != "tomorrow" || a[0].Saga != "tomorrow" || a[0].Cause != "cause" {
			t.Errorf("%s: armed %+v", name, a)
		}
		got := step.State.(state)
		if !slices.Equal(got.Saw, []string{third.Name()}) || !slices.Equal(step.Settled, []string{begun.Name()}) {
			t.Errorf("%s: %+v, settled %v", name, got, step.Settled)
		}
	}
	about := saga.On(heard, emit(begun.About("tomorrow", note{9})), begun)
	later := saga.Choreography[int]{Service: "here", Key: saga.Order, Blank: func(string) int { return 0 }, Rows: []saga.Row{
		saga.On(heard, func(int, note) []saga.Event {
			return []saga.Event{third.Of(note{}), begun.About("tomorrow", note{9})}
		}, third, begun)},
		Evolve: func(s int, e saga.Event) int {
			if s > 0 || e.Type != begun.Name() {
				s++
			}
			return s
		}}.Machine()
	for name, m := range map[string]*saga.Machine{
		"folds": machine(about), "folds once more is known": later, "reacts": days(about, saga.On(begun, emit(), third)),
	} {
		if _, err := hear(t, m); err == nil || !strings.Contains(err.Error(), "says here.begun.v1 about another order") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
