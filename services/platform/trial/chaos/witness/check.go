package witness

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// judge is the evidence, indexed.
type judge struct {
	*Evidence
	verdict Verdict
	numbers map[Place]map[int64]*Record
	last    map[Place]int64      // the highest number on each partition
	events  map[string][]*Record // of each key; those of one service in the order of their numbers
}

// Check checks the evidence.
func Check(e *Evidence) Verdict {
	j := &judge{Evidence: e, verdict: Verdict{Findings: []Finding{}},
		numbers: map[Place]map[int64]*Record{}, last: map[Place]int64{}, events: map[string][]*Record{}}
	j.topics()
	j.outboxes()
	j.watermarks()
	j.leftovers()
	j.orders()
	j.once()
	j.money()
	j.goods()
	return j.verdict
}

func (j *judge) found(check, id, format string, args ...any) {
	j.verdict.Findings = append(j.verdict.Findings, Finding{check, id, fmt.Sprintf(format, args...)})
}

func (p Place) String() string { return fmt.Sprintf("%s/%d", p.Topic, p.Partition) }

// topics: on each partition the numbers are dense from 1, each number is one event, each event has one number.
func (j *judge) topics() {
	where := map[string]string{} // place by event id
	for i := range j.Records {
		r := &j.Records[i]
		at := Place{r.Topic, r.Partition}
		place := fmt.Sprintf("%v number %d", at, r.Sequence)
		switch first := j.numbers[at][r.Sequence]; {
		case r.Malformed != nil:
			j.found("topics", at.String(), "a record cannot be read: %v", r.Malformed)
			continue
		case r.Topic != strings.TrimPrefix(r.Source, "/")+".events":
			j.found("topics", place, "event %s comes from %s", r.ID, r.Source)
			continue
		case first != nil && (first.ID != r.ID || first.Type != r.Type || first.Key != r.Key || !bytes.Equal(first.Data, r.Data)):
			j.found("topics", place, "the number stands for two events: %s %s and %s %s", first.Type, first.ID, r.Type, r.ID)
			continue
		case first != nil:
			j.verdict.Repeats++
			continue
		case where[r.ID] != "":
			j.found("topics", place, "event %s is there already: %s", r.ID, where[r.ID])
			continue
		}
		if j.numbers[at] == nil {
			j.numbers[at] = map[int64]*Record{}
		}
		if r.Sequence < j.last[at] {
			j.verdict.Late++
		}
		j.numbers[at][r.Sequence], where[r.ID] = r, place
		j.last[at] = max(j.last[at], r.Sequence)
		j.events[r.Key] = append(j.events[r.Key], r)
		j.verdict.Events++
	}
	for _, at := range slices.SortedFunc(maps.Keys(j.last), func(a, b Place) int { return cmp.Compare(a.String(), b.String()) }) {
		for n := int64(1); n <= j.last[at]; n++ {
			if j.numbers[at][n] == nil {
				j.found("topics", fmt.Sprintf("%v number %d", at, n), "it is missing, %d is there", j.last[at])
			}
		}
	}
	for _, list := range j.events {
		slices.SortStableFunc(list, func(a, b *Record) int {
			return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Sequence, b.Sequence))
		})
	}
}

// outboxes: all committed events are on the topic, and no others.
func (j *judge) outboxes() {
	for _, service := range slices.Sorted(maps.Keys(j.Services)) {
		t := j.Services[service]
		rows := map[Place]int64{}
		for _, row := range t.Outbox {
			at := Place{service + ".events", row.Partition}
			place := fmt.Sprintf("%v number %d", at, row.Sequence)
			if row.Sequence > t.Pruned[row.Partition] {
				rows[at]++
			}
			switch r := j.numbers[at][row.Sequence]; {
			case r == nil:
				j.found("outbox", place, "%s %s of %s is committed and not on the topic", row.Type, row.ID, row.Key)
			case r.ID != row.ID || r.Type != row.Type || r.Key != row.Key || !sameJSON(r.Data, row.Data):
				j.found("outbox", place, "%s %s is committed, %s %s is on the topic, or its content differs", row.Type, row.ID, r.Type, r.ID)
			}
		}
		for p := range j.Partitions {
			at := Place{service + ".events", p}
			if given := t.Counter[p]; given != j.last[at] {
				j.found("outbox", at.String(), "%d numbers are given, the topic ends with %d", given, j.last[at])
			}
			if kept := t.Counter[p] - t.Pruned[p]; rows[at] != kept {
				j.found("outbox", at.String(), "%d rows are there of %d after number %d", rows[at], kept, t.Pruned[p])
			}
		}
	}
}

func sameJSON(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	var x, y bytes.Buffer
	return json.Compact(&x, a) == nil && json.Compact(&y, b) == nil && bytes.Equal(x.Bytes(), y.Bytes())
}

// watermarks: every service has applied every topic that it consumes exactly to its end.
func (j *judge) watermarks() {
	for _, service := range slices.Sorted(maps.Keys(j.Hears)) {
		if j.Services[service] == nil {
			j.found("watermarks", service, "its tables were not read")
			continue
		}
		for _, topic := range j.Hears[service] {
			for p := range j.Partitions {
				at := Place{topic, p}
				if applied := j.Services[service].Watermarks[at]; applied != j.last[at] {
					j.found("watermarks", at.String(), "%s has applied %d, the topic ends with %d", service, applied, j.last[at])
				}
			}
		}
	}
}

// leftovers: no input is parked, no call is open, no deadline is overdue.
func (j *judge) leftovers() {
	for _, service := range slices.Sorted(maps.Keys(j.Services)) {
		t := j.Services[service]
		for _, l := range t.Parked {
			j.found("parked", l.Key, "%s has parked %s %s: %s", service, l.Type, l.ID, cmp.Or(l.Reason, "it waits behind another"))
		}
		for _, l := range t.Calls {
			j.found("calls", l.Key, "%s still asks what %s %s asks", service, l.Type, l.ID)
		}
		for _, l := range t.Due {
			j.found("deadlines", l.Key, "%s has a deadline from %s %s that is past", service, l.Type, l.ID)
		}
	}
}
