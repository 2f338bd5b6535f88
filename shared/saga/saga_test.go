package saga_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"orderflow.example/shared/saga"
)

type note struct {
	N int64 `json:"n"`
}

var (
	heard   = saga.Define[note]("elsewhere.happened.v1")
	shown   = saga.Define[note]("elsewhere.shown.v1")
	first   = saga.Define[note]("here.first.v1")
	second  = saga.Define[note]("here.second.v1").Keyed("product")
	third   = saga.Define[note]("here.third.v1")
	answer  = saga.Define[note]("here.answered.v1")
	due     = saga.Define[note]("here.fell_due.v1")
	command = saga.Command[note]("do")
	ask     = saga.Ask[note, string]("outside.ask")
)

type state struct {
	Key   string
	Saw   []string
	Shown int
}

func machine(rows ...saga.Row) *saga.Machine {
	return saga.Choreography[state]{
		Service: "here", Key: saga.Order,
		Blank: func(key string) state { return state{Key: key} },
		Evolve: func(s state, e saga.Event) state {
			s.Saw = append(slices.Clone(s.Saw), e.Type)
			return s
		},
		Rows: rows,
	}.Machine()
}

func stamper() saga.Stamp {
	n := 0
	return func(e *saga.Event) {
		n++
		e.ID, e.Time = "stamped-"+strconv.Itoa(n), time.Unix(int64(n), 0)
	}
}

func emit(events ...saga.Event) func(state, note) []saga.Event {
	return func(state, note) []saga.Event { return events }
}

func hear(t *testing.T, m *saga.Machine) (saga.Step, error) {
	t.Helper()
	return m.Hear(m.Blank("k"), saga.Event{ID: "cause", Type: heard.Name(), Key: "k", Saga: "order", Data: note{1}}, stamper())
}

func TestWhatIsEmittedIsStampedAndFolded(t *testing.T) {
	t.Parallel()
	step, err := hear(t, machine(saga.On(heard, emit(first.Of(note{1}), second.About("sku", note{2})), first, second)))
	if err != nil {
		t.Fatal(err)
	}
	one, two := step.Emitted[0], step.Emitted[1]
	if one.Key != "k" || two.Key != "sku" || one.Saga != "order" || one.Cause != "cause" || one.ID != "stamped-1" ||
		two.ID != "stamped-2" {
		t.Errorf("stamped %+v and %+v", one, two)
	}
	if got := step.State.(state); got.Key != "k" || !slices.Equal(got.Saw, []string{first.Name(), second.Name()}) {
		t.Errorf("folded to %+v", got)
	}
}

func TestAnUndeclaredEventIsRefused(t *testing.T) {
	t.Parallel()
	_, err := hear(t, machine(saga.On(heard, emit(second.Of(note{})), first)))
	if err == nil || !strings.Contains(err.Error(), second.Name()) {
		t.Errorf("got %v", err)
	}
}

func TestAPanicOfADecisionIsAnError(t *testing.T) {
	t.Parallel()
	_, err := hear(t, machine(saga.On(heard, func(state, note) []saga.Event { panic("of mine") }, first)))
	if err == nil || !strings.Contains(err.Error(), "of mine") {
		t.Errorf("got %v", err)
	}
}

func TestOwnEventsAreReactedToAtOnceAndALoopIsRefused(t *testing.T) {
	t.Parallel()
	step, err := hear(t, machine(
		saga.On(heard, emit(first.Of(note{})), first),
		saga.On(first, emit(second.Of(note{})), second)))
	if err != nil || len(step.Emitted) != 2 || step.Emitted[1].Cause != step.Emitted[0].ID {
		t.Errorf("got %+v, %v", step.Emitted, err)
	}
	if _, err := hear(t, machine(
		saga.On(heard, emit(first.Of(note{})), first),
		saga.On(first, emit(second.Of(note{})), second),
		saga.On(second, emit(first.Of(note{})), first))); err == nil {
		t.Error("events that follow from one another for ever were accepted")
	}
}

func TestQuestionsAndDeadlinesFollowFromOwnEvents(t *testing.T) {
	t.Parallel()
	m := machine(
		saga.On(heard, emit(first.Of(note{1}), second.Of(note{2})), first, second),
		saga.On(command, emit(third.Of(note{3})), third),
		saga.Call(first, ask, func(_ state, a string) []saga.Event { return []saga.Event{answer.Of(note{int64(len(a))})} }, answer),
		saga.After(time.Minute, second, emit(due.Of(note{})), due).Settled(third))
	step, err := hear(t, m)
	if err != nil || len(step.Asks) != 1 || step.Asks[0].Type != first.Name() || len(step.Armed) != 1 ||
		step.Armed[0].Type != second.Name() {
		t.Fatalf("asked %+v, armed %+v, %v", step.Asks, step.Armed, err)
	}
	answered, err := m.Answer(step.State, step.Asks[0], "four", stamper())
	if err != nil || answered.Emitted[0].Data.(note).N != 4 || answered.Emitted[0].Cause != step.Asks[0].ID {
		t.Errorf("answered %+v, %v", answered.Emitted, err)
	}
	expired, err := m.Expire(step.State, step.Armed[0], stamper())
	if err != nil || expired.Emitted[0].Type != due.Name() {
		t.Errorf("expired %+v, %v", expired.Emitted, err)
	}
	settled, err := m.Hear(step.State, saga.Event{Type: command.Name(), Key: "k", Data: note{}}, stamper())
	if err != nil || !slices.Equal(settled.Settled, []string{second.Name()}) {
		t.Errorf("settled %v, %v", settled.Settled, err)
	}
}

func TestAQuestionIsDroppedByWhatGivesItUp(t *testing.T) {
	t.Parallel()
	asks := func(emits ...saga.Kind) saga.Row {
		return saga.On(heard, func(state, note) (events []saga.Event) {
			for _, k := range emits {
				events = append(events, k.(saga.Type[note]).Of(note{}))
			}
			return events
		}, emits...)
	}
	for name, c := range map[string]struct {
		emits []saga.Kind
		asks  []string
		drops []string
	}{
		"asked earlier":                {[]saga.Kind{third}, nil, []string{first.Name()}},
		"asked in the same step":       {[]saga.Kind{first, second, third}, []string{second.Name()}, []string{first.Name()}},
		"asked anew in the same step":  {[]saga.Kind{third, first}, []string{first.Name()}, []string{first.Name()}},
		"nothing that gives it up yet": {[]saga.Kind{first, second}, []string{first.Name(), second.Name()}, nil},
	} {
		none := func(state, string) []saga.Event { return nil }
		step, err := hear(t, machine(asks(c.emits...), saga.Call(first, ask, none).DroppedBy(third, due), saga.Call(second, ask, none)))
		var asked []string
		for _, e := range step.Asks {
			asked = append(asked, e.Type)
		}
		if err != nil || !slices.Equal(asked, c.asks) || !slices.Equal(step.Dropped, c.drops) {
			t.Errorf("%s: asks %v, dropped %v, %v; want %v and %v", name, asked, step.Dropped, err, c.asks, c.drops)
		}
	}
}

func TestAProjectionShowsAndEmitsNothing(t *testing.T) {
	t.Parallel()
	m := machine(saga.Show(shown, func(s state, e note, at time.Time) state {
		s.Shown = int(e.N + at.Unix())
		return s
	}))
	e := saga.Event{Type: shown.Name(), Key: "k", Data: note{2}, Time: time.Unix(40, 0)}
	step, err := m.Hear(m.Blank("k"), e, stamper())
	if err != nil || len(step.Emitted) != 0 || step.State.(state).Shown != 42 || m.Show(m.Blank("k"), e).(state).Shown != 42 {
		t.Errorf("got %+v, %v", step, err)
	}
}

func TestADeclarationThatCannotRunIsFoundAtOnce(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]saga.Row{
		"emits another service's event":       saga.On(heard, emit(), shown),
		"asks on another service's event":     saga.Call(heard, ask, func(state, string) []saga.Event { return nil }),
		"deadline on another service's event": saga.After(time.Minute, heard, emit()),
		"dropped by another service's event":  saga.Call(first, ask, func(state, string) []saga.Event { return nil }).DroppedBy(heard),
		"past nothing":                        saga.On(heard, emit(), first).Past(),
		"past a command":                      saga.On(heard, emit(), first).Past(command),
		"dropped by what asks":                saga.Call(first, ask, func(state, string) []saga.Event { return nil }).DroppedBy(first),
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("accepted")
				}
			}()
			machine(row)
		})
	}
}

func TestNamesThatAreNoEventTypesAreRefused(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "paid", "payment.paid", "payment.paid.1", ".paid.v1", "payment..v1"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q was accepted", name)
				}
			}()
			saga.Define[note](name)
		}()
	}
	if saga.Topic("payment.paid.v1") != "payment.events" || !saga.IsCommand(command) || saga.IsCommand(first) {
		t.Error("topics or commands are told wrongly")
	}
}
