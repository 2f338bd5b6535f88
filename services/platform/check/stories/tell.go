package stories

import (
	"fmt"
	"slices"
	"strings"

	"orderflow.example/services/platform/check/exploration"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/explore"
	"orderflow.example/shared/saga/explore/gateway"
	"orderflow.example/shared/saga/model"
)

// mostSteps is more than any order needs.
const mostSteps = 300

// teller runs a story.
type teller struct {
	Story
	walk   *explore.Walk
	since  map[string]int  // when a step was first possible
	said   map[string]bool // events, without version
	parked []string        // inputs parked in the service that parks, in order
	driven bool            // it was redriven
	first  []line          // of the first story: others with the same beginning refer to it
	lines  []line
	noted  int // steps that lead to nothing
}

// tell runs the story and returns its steps as Markdown.
func (s Story) tell(first []line) (string, []line, error) {
	t := &teller{Story: s, first: first, since: map[string]int{}, said: map[string]bool{}}
	text, err := t.tell()
	return text, t.lines, err
}

func (t *teller) tell() (string, error) {
	s := t.Story
	m := exploration.Model(exploration.Machines(), []model.Scene{s.Scene})
	walk, err := explore.NewWalk(m, s.Scene.String())
	if err != nil {
		return "", err
	}
	t.walk = walk
	for n := range mostSteps {
		next, ok := t.choose(n)
		if !ok {
			if t.redrive() {
				continue
			}
			return t.ended(m)
		}
		if next.Wrong != "" {
			return "", fmt.Errorf("%s: %s: %s", s.Title, next.Words, next.Wrong)
		}
		t.take(next)
	}
	return "", fmt.Errorf("%s: no end after %d steps", s.Title, mostSteps)
}

// choose returns the step that was possible first, of those that the story allows now.
func (t *teller) choose(n int) (best explore.Possible, ok bool) {
	least := 0
	for _, p := range t.walk.Possible() {
		id := p.Part + p.Form + p.Event
		if _, seen := t.since[id]; !seen {
			t.since[id] = n
		}
		rank, may := t.rank(p)
		if rank += t.since[id]; may && (!ok || rank < least) {
			best, least, ok = p, rank, true
		}
	}
	return best, ok
}

// rank returns whether a step may happen now, and how much later than others.
func (t *teller) rank(p explore.Possible) (rank int, may bool) {
	event := bare(p.On.Type)
	if p.Part == t.Parks && !t.driven {
		if words := "`" + event + "`"; !slices.Contains(t.parked, words) {
			t.park(p, words)
		}
		return 0, false
	}
	switch p.Form {
	case "expires":
		if slices.Contains(t.Soon, event) {
			return 0, true
		}
		return 2 * mostSteps, slices.Contains(t.Expires, event)
	case "hears":
		if after := t.When[event]; after != "" {
			return -mostSteps, t.said[after] // people come first
		}
	case "asked":
		rank = t.outside(p)
	}
	if slices.ContainsFunc(p.Says, func(e saga.Event) bool { return slices.Contains(t.Late, bare(e.Type)) }) {
		rank += mostSteps
	}
	return rank, true
}

// outside: the story's answer, else the first possible one.
func (t *teller) outside(p explore.Possible) (rank int) {
	if slices.Contains(t.Outside, p.Choice) {
		return -1
	}
	if p.Silent {
		return 3 * mostSteps // it can only be silent, because the call was given up
	}
	return 0
}

func (t *teller) take(p explore.Possible) {
	before := exploration.Order(t.walk.View()).Status
	t.walk.Take(p)
	for _, e := range p.Says {
		t.said[bare(e.Type)] = true
	}
	if p.Form == "asked" && len(p.Says) == 0 && !p.Silent {
		return // the answer is on its way: its line follows when it is consumed
	}
	status := exploration.Order(t.walk.View()).Status
	if !leadsOn(p) && status == before && !(p.Silent && slices.Contains(t.Outside, p.Choice)) {
		t.noted++
		return
	}
	l := lineOf(p)
	if status != before {
		l.order = status
	}
	t.lines = append(t.lines, l)
}

func (t *teller) park(p explore.Possible, words string) {
	does := "cannot process it: **parks** the order"
	if len(t.parked) > 0 {
		does = "waits behind what is parked"
	}
	t.parked = append(t.parked, words)
	t.lines = append(t.lines, line{service: p.Part, on: words, does: does})
}

// redrive redrives the service that parks, once nothing else can happen.
func (t *teller) redrive() bool {
	if len(t.parked) == 0 || t.driven {
		return false
	}
	t.driven = true
	t.lines = append(t.lines, line{service: t.Parks, on: strings.Join(t.parked, ", "),
		does: "an operator **redrives** the order: decided in order"})
	return true
}

// ended checks the end and the events that the story declares.
func (t *teller) ended(m explore.Model) (string, error) {
	v := t.walk.View()
	wrong := func(format string, args ...any) (string, error) {
		return "", fmt.Errorf("%s: %s\n%s", t.Title, fmt.Sprintf(format, args...), t.text(v))
	}
	if got := exploration.Order(v).Status; got != t.Ends {
		return wrong("the order ends %s, not %s", got, t.Ends)
	}
	for _, e := range t.Must {
		if !t.said[e] {
			return wrong("%s was not said", e)
		}
	}
	for _, e := range t.Not {
		if t.said[e] {
			return wrong("%s was said", e)
		}
	}
	if why := m.End(v); why != "" {
		return wrong("%s", why)
	}
	return t.text(v), nil
}

func (t *teller) text(v explore.View) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n%s\n\n| | service | on | does | → says | order |\n|---|---|---|---|---|---|\n", t.Title, t.Says)
	same := t.likeFirst()
	if same > 0 {
		fmt.Fprintf(&b, "| 1–%d | | | as in [%s](#%s) | | %s |\n", same, All[0].Title, anchor(All[0].Title), orderAfter(t.lines[:same]))
	}
	for i, l := range t.lines {
		if i < same {
			continue
		}
		fmt.Fprintf(&b, "| %d | **%s** | %s | %s | %s | %s |\n", i+1, l.service, l.on, l.does, l.says, l.order)
	}
	sum := v.State(gateway.Name).(gateway.Book).Sum()
	fmt.Fprintf(&b, "\nThe order ends **%s**. At the gateway: %s set aside, %s taken, %s let go of, %s given back. "+
		"%d more steps only note something.\n",
		exploration.Order(v).Status, pounds(sum.Authorized), pounds(sum.Captured), pounds(sum.Released), pounds(sum.Refunded), t.noted)
	return b.String()
}

// fewest is how many lines must equal the first story's for a reference to it.
const fewest = 4

// likeFirst returns how many lines at the beginning equal the first story's; 0 if fewer than fewest.
func (t *teller) likeFirst() int {
	n := 0
	for n < len(t.lines) && n < len(t.first) && t.lines[n] == t.first[n] {
		n++
	}
	if n < fewest {
		return 0
	}
	return n
}

func orderAfter(lines []line) (status string) {
	for _, l := range lines {
		if l.order != "" {
			status = l.order
		}
	}
	return status
}

func pounds(n int64) string { return fmt.Sprintf("%d.%02d", n/100, n%100) }
