package audit

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	paymentevent "orderflow.example/schemas/payment"
	"orderflow.example/shared/kafka"
)

// insert puts records into a partition before the one at an offset, and numbers the offsets anew.
func (l topics) insert(at place, offset int64, records ...kafka.Record) {
	all := slices.Insert(slices.Clone(l[at]), int(offset), records...)
	for i := range all {
		all[i].Offset = int64(i)
	}
	l[at] = all
}

func TestWhateverElseStandsOnATopicIsNamedAndDoesNotTakeThePlaceOfAnEvent(t *testing.T) {
	t.Parallel()
	id := func(r *kafka.Record) { r.ID = "rival" }
	for name, c := range map[string]struct {
		change func(r *kafka.Record) // makes it of the real one
		behind int64                 // so many records after the real one; before it if negative
		named  string
		says   string
	}{
		"another source, before": {func(r *kafka.Record) { r.Source, r.ID = "/intruder", "rival" }, -1, "payment.events/",
			`rival of "/intruder" with number`},
		"another source, after": {func(r *kafka.Record) { r.Source = "/intruder" }, 1, "payment.events/",
			`of "/intruder" with number`},
		"no source": {func(r *kafka.Record) { r.Source = "" }, -1, "payment.events/", `of "" with number`},
		"no number": {func(r *kafka.Record) { r.Sequence = 0 }, -1, "payment.events/",
			"with number 0, which is no event of this service"},
		"another id, before":      {id, -1, "completes", "is payment.captured.v1 rival at offset"},
		"another id, after":       {id, 1, "completes", "as payment.captured.v1 rival"},
		"another id, last of all": {id, 1000, "completes", "as payment.captured.v1 rival"},
		"another amount, before": {func(r *kafka.Record) { r.Data = []byte(strings.Replace(string(r.Data), "1050", "1060", 1)) }, -1,
			"completes", "what was committed under this number follows later"},
	} {
		p := open(t, 1).picture(t)
		at := partitionOf("payment", "completes")
		real := p.topics().record(t, paymentevent.Captured, "completes")
		rival := *real
		c.change(&rival)
		offset := real.Offset
		if c.behind > 0 {
			offset = min(offset+c.behind, int64(len(p.topics()[at])))
		}
		p.topics().insert(at, offset, rival)
		all := p.verdict(t)
		if got := strings.Join(listed(all), " "); got != "topics" || all["topics"].Broken != 1 || !tells(all, c.named, c.says) {
			t.Errorf("%s: broken: %s: %v", name, got, all)
		}
	}
}

func TestEachOfManyRivalsGivesWayAndIsNamed(t *testing.T) {
	t.Parallel()
	p := open(t, 2).picture(t)
	at := partitionOf("order", "completes")
	rivals := other(p.topics()[at], func(r *kafka.Record) { r.ID = fmt.Sprint("rival-", r.Sequence) })
	p.topics().insert(at, 0, rivals...)
	all := p.verdict(t)
	if c := all["topics"]; strings.Join(listed(all), " ") != "topics" || c.Broken != len(rivals) {
		t.Errorf("%d rivals: %v", len(rivals), all)
	}
}

func TestExactRepeatsAreCountedOnceHoweverOftenIsLooked(t *testing.T) {
	t.Parallel()
	s := &series{shop: open(t, 1)}
	at := partitionOf("order", "completes")
	repeat := func(p *picture) {
		p.topics().insert(at, 5, p.topics()[at][2:5]...)
		p.topics().insert(at, int64(len(p.topics()[at])), p.topics()[at][7:10]...)
	}
	for look := range 3 {
		c := s.look(t, repeat)["topics"]
		if want := "each committed event is on its topic, in its place, unchanged; exact repeats 6"; !c.Holds || c.Says != want {
			t.Errorf("look %d: %v says %s", look, c, c.Says)
		}
	}
}
