package repair

import (
	"strings"
	"testing"
)

func TestWhatAPartitionLacksComesFromTheOutboxElseFromTheArchiveElseIsNamed(t *testing.T) {
	t.Parallel()
	list := func(pairs ...int64) (s spans) {
		for i := 0; i+1 < len(pairs); i += 2 {
			s = append(s, Span{pairs[i], pairs[i+1]})
		}
		return s
	}
	for name, c := range map[string]struct {
		topic, outbox, archived spans
		recreate, forgets       bool
		missing, fill, stays    string
		note                    string
	}{
		"all is there":             {topic: list(1, 10), outbox: list(1, 10)},
		"wiped, all in the outbox": {outbox: list(1, 10), missing: "1 to 10"},
		"a tail is lost":           {topic: list(1, 7), outbox: list(5, 10), missing: "8 to 10"},
		"a hole, in the outbox":    {topic: list(1, 3, 6, 10), outbox: list(3, 10), missing: "4 to 5"},
		"wiped, half of it pruned": {outbox: list(6, 10), archived: list(1, 8), missing: "1 to 10", fill: "1 to 5"},
		"wiped, all pruned":        {archived: list(1, 10), missing: "1 to 10", fill: "1 to 10"},
		"a tail is lost that is pruned": {topic: list(1, 3), outbox: list(8, 10), archived: list(1, 8),
			missing: "4 to 10", fill: "4 to 7"},
		"wiped, and no archive": {outbox: list(6, 10), missing: "1 to 10", stays: "1 to 5", note: "neither in the outbox nor archived"},
		"wiped, and the archive too short": {outbox: list(6, 10), archived: list(1, 3), missing: "1 to 10", stays: "1 to 5",
			note: "numbers 4 to 5 are neither in the outbox nor archived; 1 to 3 are archived, and are not published before what is lost"},
		"a beginning is lost that is pruned": {topic: list(6, 10), outbox: list(6, 10), archived: list(1, 8),
			missing: "1 to 5", stays: "1 to 5", note: "--recreate order.events"},
		"a beginning is lost, partly pruned": {topic: list(8, 10), outbox: list(6, 10), archived: list(1, 8),
			missing: "1 to 7", stays: "1 to 5", note: "--recreate order.events"},
		"a beginning that the topic is set to forget": {topic: list(6, 10), outbox: list(6, 10), archived: list(1, 8), forgets: true,
			note: "set to forget"},
		"a beginning that it forgot before it was archived": {topic: list(6, 10), outbox: list(6, 10),
			archived: list(1, 4), forgets: true, missing: "1 to 5", stays: "1 to 5", note: "numbers 5 are neither"},
		"a topic ahead of its database": {topic: list(1, 12), outbox: list(1, 10), note: "start order"},
		"nothing was ever said":         {},
	} {
		p := part{topic: "order.events", given: 10, topicHas: c.topic, outbox: c.outbox, archived: c.archived}
		p.app.Name = "order"
		if name == "nothing was ever said" {
			p.given = 0
		}
		p.decide(c.recreate, c.forgets)
		if p.missing.String() != c.missing || p.fill.String() != c.fill || p.stays.String() != c.stays ||
			!strings.Contains(p.note, c.note) ||
			(c.note == "") != (p.note == "") {
			t.Errorf("%s: missing %v, to be filled %v, stays %v: %s", name, p.missing, p.fill, p.stays, p.note)
		}
	}
}

func TestOnlyAPartitionThatOutboxAndArchiveHoldWholeIsMadeAnew(t *testing.T) {
	t.Parallel()
	p := part{given: 10, topicHas: spans{{6, 10}}, outbox: spans{{8, 10}}, archived: spans{{1, 6}}}
	if lost := p.whole(); lost.String() != "7" {
		t.Errorf("lost would be %v", lost)
	}
	p.archived = spans{{1, 7}}
	if lost := p.whole(); len(lost) > 0 {
		t.Errorf("lost would be %v", lost)
	}
	if p.makeAnew(); p.fill.String() != "1 to 7" || p.missing.String() != "1 to 10" || !p.recreate {
		t.Errorf("%+v", p)
	}
}
