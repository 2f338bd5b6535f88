package tracker

import (
	"slices"
	"time"

	"orderflow.example/shared/saga"
)

// Saga is all that happened because of one order, and what is still owed to it.
type Saga struct {
	Summary
	Version       int            `json:"version"` // how many events it has
	Money         *Money         `json:"money,omitempty"`
	Pivot         *Pivot         `json:"pivot,omitempty"`
	Cancellable   Cancellable    `json:"cancellable"`
	Events        []Event        `json:"events"`
	Calls         []Call         `json:"calls"`
	Compensations []Compensation `json:"compensations"`
	Obligations   []Obligation   `json:"obligations"`
	Deadlines     []Deadline     `json:"deadlines"`
	Ahead         []Ahead        `json:"ahead"`
}

// Event is one of a saga's events.
type Event struct {
	N           int               `json:"n"`
	ID          string            `json:"id"`
	Type        string            `json:"type"`
	Service     string            `json:"service"`
	Key         string            `json:"key"`
	Topic       string            `json:"topic"`
	Partition   int               `json:"partition"`
	Offset      int64             `json:"offset"`
	Sequence    int64             `json:"sequence"`
	At          time.Time         `json:"at"`
	Cause       string            `json:"cause,omitempty"`
	CausedBy    int               `json:"caused_by,omitempty"` // the n of that event
	Reaction    Reaction          `json:"reaction"`
	Compensates []string          `json:"compensates,omitempty"` // types of events of this saga that it undoes
	Data        any               `json:"data,omitempty"`
	Changes     map[string]Change `json:"changes,omitempty"` // in the state of its service, folded from this saga's events alone
}

// Reaction is how an event came about.
type Reaction struct {
	Form     string `json:"form"`         // command, on, answer or deadline
	On       string `json:"on,omitempty"` // the event or the command
	Question string `json:"question,omitempty"`
	Tries    int    `json:"tries,omitempty"` // of the question
}

// Change is a field of a state before and after.
type Change struct {
	Before any `json:"before"`
	After  any `json:"after"`
}

// Call is a question to the outside world.
type Call struct {
	Service    string     `json:"service"`
	Question   string     `json:"question"`
	ID         string     `json:"id"` // of the event that asks, and so its idempotency key
	AskedAt    time.Time  `json:"asked_at"`
	AnsweredAt *time.Time `json:"answered_at,omitempty"`
	Tries      int        `json:"tries"`
	LastError  string     `json:"last_error,omitempty"`
	Outcome    string     `json:"outcome,omitempty"` // the type of the event that followed
	Silent     bool       `json:"silent,omitempty"`  // no event follows from any answer, so the answer is not visible
	Overdue    bool       `json:"overdue"`
}

// Compensation is an event that undoes others.
type Compensation struct {
	N       int       `json:"n"` // of the event
	Service string    `json:"service"`
	Event   string    `json:"event"`
	Undoes  []string  `json:"undoes"`
	Because string    `json:"because"` // the type of the event that led to it
	At      time.Time `json:"at"`
}

// Saga builds the saga of an order from its records, which are at its Places; false if there is no such saga.
func (x *Index) Saga(name string, records []Record, now time.Time) (Saga, bool) {
	s := x.sagas[IDOf(name)]
	if s == nil || s.began == 0 {
		return Saga{}, false
	}
	owed := x.owed(s, now)
	t := Saga{Summary: x.summary(s, owed, now), Events: []Event{}, Calls: []Call{}, Compensations: []Compensation{},
		Obligations: owed, Deadlines: x.Deadlines(name, now)}
	if t.Obligations == nil {
		t.Obligations = []Obligation{}
	}
	records = inCausalOrder(records)
	numbers, said := map[string]int{}, map[string]bool{}
	for i := range records {
		numbers[records[i].ID] = i + 1
	}
	states := x.folds()
	for i := range records {
		r := &records[i]
		k := x.kinds[x.kind(r.Type)]
		e := Event{N: i + 1, ID: r.ID, Type: r.Type, Service: x.names[k.service], Key: r.Key, Topic: r.Topic, Partition: r.Partition,
			Offset: r.Offset, Sequence: r.Sequence, At: r.Time, Cause: r.Cause, CausedBy: numbers[r.Cause]}
		var cause *Record
		if e.CausedBy > 0 {
			cause = &records[e.CausedBy-1]
		}
		e.Reaction = x.reactionOf(k, r, cause)
		e.Compensates = undone(k, e.Reaction, said)
		e.Data = x.personal.payload(r.Data, k.recorded(r.Type))
		e.Changes = states.fold(k, r)
		said[r.Type] = true
		t.Events = append(t.Events, e)
		if len(e.Compensates) > 0 {
			t.Compensations = append(t.Compensations, Compensation{e.N, e.Service, e.Type, e.Compensates, e.Reaction.On, e.At})
		}
	}
	t.Calls = append(t.Calls, x.calls(t)...)
	t.Version, t.Money, t.Pivot = len(t.Events), x.money(s, records), x.pivot(t.Events)
	t.Cancellable, t.Ahead = cancellable(t), x.ahead(t)
	return t, true
}

// reactionOf tells which row an event came from. If its record does not carry how its cause led to it, the rows decide.
func (x *Index) reactionOf(k *kind, r, cause *Record) Reaction {
	if cause == nil {
		for _, row := range k.rows {
			if saga.IsCommand(row.On) {
				return Reaction{Form: "command", On: row.On.Name()}
			}
		}
		return Reaction{Form: "command"}
	}
	from := x.kinds[x.kind(cause.Type)]
	how := viaOf(r.Via)
	if how == heard && from.service == k.service && !from.reacts {
		switch {
		case from.call != nil && emits(from.call, r.Type):
			how = answered
		case from.deadline != nil && emits(from.deadline, r.Type):
			how = expired
		}
	}
	switch {
	case how == answered && from.call != nil:
		return Reaction{Form: "answer", On: cause.Type, Question: from.call.Ask, Tries: triesOf(r.Via)}
	case how == expired:
		return Reaction{Form: "deadline", On: cause.Type}
	}
	return Reaction{Form: "on", On: cause.Type}
}

// undone lists the types, of events emitted before, that the row behind an event undoes.
func undone(k *kind, how Reaction, said map[string]bool) (types []string) {
	for _, row := range k.rows {
		fits := row.On.Name() == how.On && (row.Form == saga.Calling) == (how.Form == "answer") &&
			(row.Form == saga.Deadline) == (how.Form == "deadline")
		for _, u := range row.Undoes {
			if fits && said[u.Name()] && !slices.Contains(types, u.Name()) {
				types = append(types, u.Name())
			}
		}
	}
	return types
}

// calls lists the questions that the events asked.
func (x *Index) calls(t Saga) (calls []Call) {
	for i := range t.Events {
		e := &t.Events[i]
		k := x.kinds[x.kind(e.Type)]
		if k.call == nil {
			continue
		}
		c := Call{Service: e.Service, Question: k.call.Ask, ID: e.ID, AskedAt: e.At, Tries: 1, Silent: len(k.call.Emits) == 0}
		for _, after := range t.Events[i:] {
			if after.CausedBy == e.N && after.Service == e.Service && after.Reaction.Form != "on" {
				at := after.At
				c.AnsweredAt, c.Outcome, c.Tries = &at, after.Type, max(after.Reaction.Tries, 1)
				break
			}
		}
		if try := x.try(k.service, e.Partition, IDOf(e.ID)); try != nil && c.AnsweredAt == nil {
			c.Tries, c.LastError = try.Tries, try.Error
		}
		for _, o := range t.Obligations {
			c.Overdue = c.Overdue || o.Kind == KindCall && o.Event == IDOf(e.ID).String() && o.Overdue
		}
		calls = append(calls, c)
	}
	return calls
}
