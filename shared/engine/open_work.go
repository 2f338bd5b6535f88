package engine

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"orderflow.example/shared/saga"
)

// OpenWork is what a service has still to do, as its own events tell: the questions it asked that nothing answered or
// dropped, the deadlines it set that neither fired nor were settled, and the last number of each series. A database that was
// lost gets it back by it.
//
// An answer or a deadline from which nothing followed is on no topic. Such a question is open here and is asked again, under
// its id and beginning with an inquiry; such a deadline fires again and finds nothing to do.
type OpenWork struct {
	machines  []*saga.Machine
	asks      map[string]bool     // types of own events
	arms      map[string]bool     // the same
	drops     map[string][]string // by the type of an own event, those that asked what it drops
	settles   map[string][]string
	questions map[string]row                // by id
	asked     map[about]map[string]struct{} // ids of those, by key and type
	deadlines map[about]row
	since     map[string]about // deadlines by id
	series    map[string]int64
	closed    []string       // ids of questions that were answered and deadlines that fired
	off       map[about]bool // questions that were dropped and deadlines that were settled
}

// NewOpenWork knows of nothing yet.
func NewOpenWork(bindings []Binding) *OpenWork {
	w := &OpenWork{asks: map[string]bool{}, arms: map[string]bool{}, drops: map[string][]string{}, settles: map[string][]string{},
		questions: map[string]row{}, asked: map[about]map[string]struct{}{}, deadlines: map[about]row{}, since: map[string]about{},
		series: map[string]int64{}, off: map[about]bool{}}
	for _, b := range bindings {
		w.machines = append(w.machines, b.Machine)
		for _, r := range b.Machine.Rows {
			into, ends := w.asks, w.drops
			switch r.Form {
			case saga.Calling:
			case saga.Deadline:
				into, ends = w.arms, w.settles
			default:
				continue
			}
			into[r.On.Name()] = true
			for _, k := range r.Unless {
				ends[k.Name()] = append(ends[k.Name()], r.On.Name())
			}
		}
	}
	return w
}

// Reads tells whether Add must be passed the payload of such events, not only its text.
func (w *OpenWork) Reads(name string) bool {
	return w.arms[name] || slices.ContainsFunc(w.machines, func(m *saga.Machine) bool {
		return slices.ContainsFunc(m.Series, func(s saga.Series) bool { return s.Of.Name() == name })
	})
}

// Add takes in an own event with its payload as JSON. Those of one partition must come in the order of their numbers.
func (w *OpenWork) Add(own saga.Event, data []byte) {
	own, data = w.current(own, data)
	k := about{own.Key, own.Type}
	switch {
	case own.Via == saga.ViaAnswer || strings.HasPrefix(own.Via, saga.ViaAnswer+"/"):
		w.closed = append(w.closed, own.Cause)
		if q, open := w.questions[own.Cause]; open {
			k := about{q.event.Key, q.event.Type}
			delete(w.questions, own.Cause)
			if delete(w.asked[k], own.Cause); len(w.asked[k]) == 0 {
				delete(w.asked, k)
			}
		}
	case own.Via == saga.ViaDeadline:
		w.closed = append(w.closed, own.Cause)
		if of, known := w.since[own.Cause]; known && w.deadlines[of].event.ID == own.Cause {
			w.settle(of)
		}
	}
	for _, asking := range w.drops[own.Type] {
		of := about{own.Key, asking}
		w.off[of] = true
		for id := range w.asked[of] {
			delete(w.questions, id)
		}
		delete(w.asked, of)
	}
	for _, since := range w.settles[own.Type] {
		w.off[about{own.Key, since}] = true
		w.settle(about{own.Key, since})
	}
	if w.asks[own.Type] {
		w.questions[own.ID] = row{event: own, data: bytes.Clone(data)}
		if w.asked[k] == nil {
			w.asked[k] = map[string]struct{}{}
		}
		w.asked[k][own.ID] = struct{}{}
	}
	if w.arms[own.Type] {
		w.settle(k)
		w.deadlines[k], w.since[own.ID] = row{event: own, data: bytes.Clone(data)}, k
	}
	for _, m := range w.machines {
		m.Number(&own, func(series string) int64 { w.series[series]++; return w.series[series] })
	}
}

// current is the event as this build would have said it, where it is of an earlier version.
func (w *OpenWork) current(own saga.Event, data []byte) (saga.Event, []byte) {
	for _, m := range w.machines {
		k := m.Kind(own.Type)
		if k == nil || k.Name() == own.Type {
			continue
		}
		raised, err := k.Decode(data)
		if err != nil {
			continue // whoever folds it says so
		}
		if text, err := json.Marshal(raised); err == nil {
			own.Type, own.Data, data = k.Name(), raised, text
		}
	}
	return own, data
}

func (w *OpenWork) settle(k about) {
	delete(w.since, w.deadlines[k].event.ID)
	delete(w.deadlines, k)
}

// Counts are how many questions and deadlines are open.
func (w *OpenWork) Counts() (questions, deadlines int) { return len(w.questions), len(w.deadlines) }

func (w *OpenWork) rows() (questions, deadlines []row) {
	return slices.Collect(maps.Values(w.questions)), slices.Collect(maps.Values(w.deadlines))
}
