package choreography_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"orderflow.example/services/platform/check/choreography"
	"orderflow.example/shared/saga"
)

// A post office that emits addresses, a desk that writes numbered letters to them, and a wall that projects the letters.
type (
	letter struct {
		N    int64    `json:"n"`
		Town string   `json:"town"`
		To   []string `json:"to"`
	}
	wall struct {
		Key, Town string
		Sum       int64
		At        time.Time
	}
)

var (
	postMoved, deskWrote = saga.Define[letter]("post.moved.v1").Keyed("customer"), saga.Define[letter]("desk.wrote.v1")
	move, write          = saga.Command[letter]("move"), saga.Command[letter]("write")
	keepMoved            = saga.Known(postMoved)
	writeKnowing         = saga.OnKnown(write, postMoved, func(seen, letter) string { return "ann" },
		func(_ seen, l letter, known *letter) []saga.Event { return []saga.Event{deskWrote.Of(l)} }, deskWrote)
	showWrote = saga.ShowAt(deskWrote, townsOf, func(s wall, l letter, at time.Time) wall {
		if s.Sum += l.N; at.After(s.At) {
			s.Town, s.At = l.Town, at
		}
		return s
	})
)

func townsOf(l letter) []string { return l.To }

func post() *saga.Machine {
	moves := func(_ seen, l letter) []saga.Event { return []saga.Event{postMoved.Of(l)} }
	return saga.Choreography[seen]{Service: "post", Key: "customer", Blank: func(string) seen { return seen{} },
		Rows: []saga.Row{saga.On(move, moves, postMoved)}}.Machine()
}

func desk(series saga.Series, rows ...saga.Row) *saga.Machine {
	return saga.Choreography[seen]{Service: "desk", Key: saga.Order, Rows: rows, Series: []saga.Series{series},
		Blank:  func(string) seen { return seen{} },
		Evolve: func(s seen, e saga.Event) seen { return s }}.Machine()
}

func walls(rows ...saga.Row) *saga.Machine {
	return saga.Choreography[wall]{Service: "wall", Key: "customer", Rows: rows,
		Blank: func(key string) wall { return wall{Key: key} }}.Machine()
}

// The series of the desk's letters, a valid one and two invalid ones.
var (
	everyLetter = func(letter, time.Time) string { return "letters" }
	oneSeries   = saga.Numbered(deskWrote, everyLetter, func(l letter, n int64, _ time.Time) letter { l.N = n; return l })
	noNumber    = saga.Numbered(deskWrote, everyLetter, func(l letter, _ int64, _ time.Time) letter { return l })
	byNumber    = saga.Numbered(deskWrote, func(l letter, _ time.Time) string { return strconv.FormatInt(l.N, 10) },
		func(l letter, n int64, _ time.Time) letter { l.N = n; return l })
)

func TestTheRulesOfLookupsSeriesAndSpreadProjectionsFindTheirFaults(t *testing.T) {
	t.Parallel()
	l := choreography.Language{Events: []saga.Kind{postMoved, deskWrote}, Topics: []string{"post.events", "desk.events"},
		Example: func(saga.Kind) ([]byte, bool) { return []byte(`{"n":1,"town":"York","to":["ann","bob"]}`), true }}
	good := []*saga.Machine{post(), desk(oneSeries, keepMoved, writeKnowing), walls(showWrote)}
	if faults := choreography.Faults(choreography.Check(l, good...)); len(faults) > 0 {
		t.Fatalf("the good toys are found fault with: %v", faults)
	}
	ofAnn := func(int, letter) string { return "ann" }
	last := func(s wall, l letter, _ time.Time) wall { s.Sum = l.N; return s }
	town := func(s wall, l letter, _ time.Time) wall { s.Town = l.Town; return s }
	again := func(s int, l letter, known *letter) []saga.Event {
		if s > 0 && known == nil {
			return nil
		}
		return []saga.Event{deskWrote.Of(l)}
	}
	twice := saga.Choreography[int]{Service: "desk", Key: saga.Order, Blank: func(string) int { return 0 },
		Evolve: func(s int, _ saga.Event) int { return s + 1 },
		Rows:   []saga.Row{keepMoved, saga.OnKnown(postMoved, postMoved, ofAnn, again, deskWrote)}}.Machine()
	keyed := saga.Choreography[wall]{Service: "desk", Key: saga.Order, Blank: func(key string) wall { return wall{Key: key} },
		Rows: []saga.Row{keepMoved, saga.OnKnown(write, postMoved, func(s wall, _ letter) string { return s.Key },
			func(wall, letter, *letter) []saga.Event { return nil }, deskWrote)}}.Machine()
	writes := saga.On(write, func(seen, letter) []saga.Event { return nil }, deskWrote)
	which := "shows desk.wrote in states of several keys, and it matters which of two comes first"
	both := "shows post.moved and desk.wrote, and it matters which comes first"
	for name, c := range map[string]struct {
		rule, says string
		machines   []*saga.Machine
	}{
		"a lookup of what nobody says": {"heard is said", "waits for post.moved, which no row of post emits",
			[]*saga.Machine{good[1], good[2]}},
		"a lookup that nobody uses": {"heard is said", "keeps the latest post.moved, and no decision looks it up",
			[]*saga.Machine{good[0], desk(oneSeries, keepMoved, writes), good[2]}},
		"a lookup under a key of another kind": {"heard is said",
			"desk: looks up post.moved under the key of the order at hand, and that is about a customer",
			[]*saga.Machine{good[0], keyed, good[2]}},
		"done twice where something is known": {"seen twice", "hears post.moved twice",
			[]*saga.Machine{good[0], twice, good[2]}},
		"a number that is not carried": {"language", "its payload is the same whatever the number is",
			[]*saga.Machine{good[0], desk(noNumber, keepMoved, writeKnowing), good[2]}},
		"a series by its number": {"language", "in a series that depends on the number",
			[]*saga.Machine{good[0], desk(byNumber, keepMoved, writeKnowing), good[2]}},
		"the last number wins": {"shown in any order", which,
			[]*saga.Machine{good[0], good[1], walls(saga.ShowAt(deskWrote, townsOf, last))}},
		"the last text wins": {"shown in any order", which,
			[]*saga.Machine{good[0], good[1], walls(saga.ShowAt(deskWrote, townsOf, town))}},
		"two producers and one field": {"shown in any order", both,
			[]*saga.Machine{good[0], good[1], walls(saga.Show(postMoved, town), saga.Show(deskWrote, town))}},
		"one field shown from here and from elsewhere": {"shown in any order", both,
			[]*saga.Machine{good[0], good[1], walls(saga.Show(postMoved, last), showWrote)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			faults := choreography.Faults(choreography.Check(l, c.machines...))
			if !found(faults, c.rule, c.says) {
				t.Errorf("found %v", faults)
			}
		})
	}
	same(t, choreography.Describe(good...).Table(), "| service | on | does | → emits |\n|---|---|---|---|\n"+
		"| **post** (customer) | *move* | decides | `moved` |\n"+
		"| **desk** | `post.moved` | keeps the latest |  |\n"+
		"|  | *write* | decides; looks up `post.moved`; numbers `wrote` | `wrote` |\n"+
		"| **wall** (customer) | `desk.wrote` | shows it wherever it names |  |\n")
}

func found(faults []choreography.Fault, rule, says string) bool {
	return slices.ContainsFunc(faults, func(f choreography.Fault) bool {
		return f.Check == rule && strings.Contains(f.Service+": "+f.Text, says)
	})
}

func TestADeadlineThatLeadsOnlyToALookupLeadsNowhere(t *testing.T) {
	t.Parallel()
	nothing := func(seen, letter) []saga.Event { return nil }
	late := saga.Define[letter]("desk.late.v1")
	slow := toy("desk", nil, saga.On(write, nothing, late), saga.After(time.Hour, late, nothing, deskWrote))
	clerk := toy("post", nil, saga.Known(deskWrote), saga.OnKnown(move, deskWrote, func(seen, letter) string { return "" },
		func(seen, letter, *letter) []saga.Event { return nil }, postMoved))
	faults := choreography.Faults(choreography.Check(language(postMoved, deskWrote, late), clerk, slow))
	if !found(faults, "bounded", "has a deadline on desk.late that leads to nothing anybody handles") {
		t.Errorf("found %v", faults)
	}
}
