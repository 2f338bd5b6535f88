package bench

import (
	"embed"
	"fmt"
	"io/fs"
	"time"

	"orderflow.example/shared/engine"
	"orderflow.example/shared/saga"
)

//go:embed migrations/*.sql
var files embed.FS

var migrations, _ = fs.Sub(files, "migrations")

const (
	steps       = 5
	refusing    = 4  // the step that refuses
	refusedEach = 10 // one in so many sagas
)

// The status of a row.
const (
	done      = "done"
	refused   = "refused"
	undone    = "undone"
	completed = "completed" // of the first step: the last one is done
)

// begin is the command that starts a saga; numberV1 is the payload of every event.
type (
	begin    struct{ Number int64 }
	numberV1 struct {
		Number int64 `json:"number"`
	}
)

func refuses(number int64) bool { return number%refusedEach == 0 }

// words are the event types of one run. Their names differ from run to run, so that a shared cluster can be measured too.
type words struct {
	begin  saga.Type[begin]
	done   [steps + 1]saga.Type[numberV1] // by step, from 1
	undone [steps + 1]saga.Type[numberV1] // the refusing step's is its refusal
}

func newWords(suffix string) *words {
	w := &words{begin: saga.Command[begin]("begin")}
	for n := 1; n <= steps; n++ {
		w.done[n] = saga.Define[numberV1](fmt.Sprintf("step%d%s.done.v1", n, suffix))
		w.undone[n] = saga.Define[numberV1](fmt.Sprintf("step%d%s.%s.v1", n, suffix, undoneWord(n)))
	}
	return w
}

func undoneWord(step int) string {
	if step == refusing {
		return refused
	}
	return undone
}

func (w *words) service(step int) string { return saga.Producer(w.done[step].Name()) }
func (w *words) topic(step int) string   { return saga.Topic(w.done[step].Name()) }

// state is the state of one service for one saga.
type state struct {
	Saga   string
	Number int64
	Status string
}

func blank(key string) state { return state{Saga: key} }

// machine is the choreography of one step.
func (w *words) machine(step int) *saga.Machine {
	do := func(s state, number int64) []saga.Event {
		switch {
		case s.Status != "":
			return nil
		case step == refusing && refuses(number):
			return []saga.Event{w.undone[step].Of(numberV1{number})}
		}
		return []saga.Event{w.done[step].Of(numberV1{number})}
	}
	undo := func(s state, e numberV1) []saga.Event {
		if s.Status != done {
			return nil
		}
		return []saga.Event{w.undone[step].Of(e)}
	}
	c := saga.Choreography[state]{Service: w.service(step), Blank: blank, Evolve: func(s state, e saga.Event) state {
		s.Number = e.Data.(numberV1).Number
		if s.Status = done; e.Type == w.undone[step].Name() {
			s.Status = undoneWord(step)
		}
		return s
	}}
	switch step {
	case 1:
		c.Rows = append(c.Rows,
			saga.On(w.begin, func(s state, b begin) []saga.Event { return do(s, b.Number) }, w.done[1]),
			saga.Show(w.done[steps], func(s state, _ numberV1, _ time.Time) state { s.Status = completed; return s }))
	case refusing:
		c.Rows = append(c.Rows, saga.On(w.done[step-1], func(s state, e numberV1) []saga.Event { return do(s, e.Number) },
			w.done[step], w.undone[step]))
	default:
		c.Rows = append(c.Rows, saga.On(w.done[step-1], func(s state, e numberV1) []saga.Event { return do(s, e.Number) },
			w.done[step]))
	}
	if step < refusing {
		c.Rows = append(c.Rows, saga.On(w.undone[step+1], undo, w.undone[step]).Compensates(w.done[step]))
	}
	return c.Machine()
}

type row struct {
	Saga   string `gorm:"primaryKey"`
	Number int64
	Status string
}

func (row) TableName() string { return "steps" }

func store() engine.Store {
	return engine.NewTable(blank, func(r row) string { return r.Saga },
		func(s state) row { return row(s) }, func(r row) state { return state(r) })
}
