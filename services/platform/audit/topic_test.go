package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"orderflow.example/shared/kafka"
)

// numbered is a partition whose records have these numbers.
func numbered(numbers ...int64) topics {
	var records []kafka.Record
	for i, n := range numbers {
		records = append(records, kafka.Record{Topic: "a.events", Source: "/a", Offset: int64(i), ID: fmt.Sprint("id-", n),
			Sequence: n})
	}
	return topics{{"a.events", 0}: records}
}

func read(t *testing.T, log Log, upto int64) (passed []int64, r reading, err error) {
	t.Helper()
	r = reading{log: log, topic: "a.events", upto: map[int]int64{0: upto}, patience: 20 * time.Millisecond}
	err = r.run(t.Context(), func(rec *kafka.Record) { passed = append(passed, rec.Sequence) })
	return passed, r, err
}

func TestEachNumberIsReadOnceInOrderWhateverTheLogLooksLike(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		log    []int64
		upto   int64
		passed []int64
		beyond int64
	}{
		"plain":                   {[]int64{1, 2, 3, 4}, 4, []int64{1, 2, 3, 4}, 0},
		"more than wanted":        {[]int64{1, 2, 3, 4}, 2, []int64{1, 2}, 0},
		"repeats":                 {[]int64{1, 2, 1, 2, 3, 3, 4}, 4, []int64{1, 2, 3, 4}, 0},
		"a hole filled later":     {[]int64{1, 3, 4, 2, 3, 4}, 4, []int64{1, 2, 3, 4}, 0},
		"a hole":                  {[]int64{1, 3, 4}, 4, []int64{1}, 3},
		"an end too early":        {[]int64{1, 2}, 4, []int64{1, 2}, 0},
		"a beginning that is off": {[]int64{2, 3}, 3, nil, 2},
		"records without number":  {[]int64{0, 1, 0, 2}, 2, []int64{1, 2}, 0},
		"nothing":                 {nil, 0, nil, 0},
	} {
		passed, r, err := read(t, numbered(c.log...), c.upto)
		if err != nil || !slices.Equal(passed, c.passed) || r.beyond[0] != c.beyond {
			t.Errorf("%s: read %v, beyond %d, %v", name, passed, r.beyond[0], err)
		}
	}
}

// failing is a log that cannot be reached.
type failing struct{ topics }

func (failing) Fetch(context.Context, []kafka.Position, time.Duration) ([]kafka.Fetched, error) {
	return nil, errors.New("connection refused")
}

func TestABrokerThatIsGoneIsAnErrorNotAnOffence(t *testing.T) {
	t.Parallel()
	if _, _, err := read(t, failing{numbered(1, 2)}, 2); err == nil ||
		!strings.Contains(err.Error(), "read topic a.events: connection refused") {
		t.Errorf("got %v", err)
	}
}

func TestRepeatedRecordsChangeNothing(t *testing.T) {
	t.Parallel()
	p := open(t, 4).picture(t)
	for at, records := range p.topics() {
		p.topics()[at] = append(slices.Clone(records), records...)
	}
	if broken := listed(p.verdict(t)); broken != nil {
		t.Error(broken)
	}
}

func TestAtMostTwentyOffencesAreListedAndAllAreCounted(t *testing.T) {
	t.Parallel()
	into := newTally("money", "it adds up", "orders")
	for i := range 33 {
		into.broken(fmt.Sprintf("order-%02d", 32-i), "is short")
	}
	r := Report{Checks: []Check{newTally("goods", "they do too", "SKUs").done(), into.done(), into.skip("no book")}, Sagas: 40,
		Open: 2}
	var text strings.Builder
	if err := r.Print(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"✓ goods", "✗ money", "broken 33 times", "    order-00: is short\n", "… and 13 more",
		"not checked: no book", "40 sagas, 2 still open"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is missing in\n%s", want, text.String())
		}
	}
	if n := strings.Count(text.String(), "is short"); n != 20 {
		t.Errorf("%d offences listed", n)
	}
	if r.Holds() || !slices.Equal(r.Broken(), []string{"money"}) {
		t.Errorf("holds %v, broken %v", r.Holds(), r.Broken())
	}
	data, err := json.Marshal(r)
	if err != nil || !strings.Contains(string(data), `"broken":33,"offending":[{"id":"order-00","text":"is short"}`) {
		t.Errorf("%s, %v", data, err)
	}
}

func TestATopicIsReadOnWhereTheReadingBeforeEndedAndAHoleIsLookedForAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		log  []int64
		upto []int64
		grow []int64 // by then
		last int64
	}{
		"plain":                             {[]int64{1, 2, 3, 4, 5}, []int64{2, 3, 5}, nil, 5},
		"what is fetched is more":           {[]int64{1, 2, 3, 4, 5, 6, 7}, []int64{1, 7}, nil, 7},
		"a hole that is filled":             {[]int64{1, 3}, []int64{3, 3}, []int64{1, 3, 2, 3}, 3},
		"a log that was lost and rewritten": {[]int64{1, 2, 3, 4}, []int64{4, 6}, []int64{5, 6}, 6},
		"a rewritten log that is longer":    {[]int64{1, 2}, []int64{2, 4}, []int64{1, 1, 1, 2, 3, 4}, 4},
		"beyond a hole":                     {[]int64{1, 4, 2, 3}, []int64{3, 4}, nil, 4},
	} {
		log := numbered(c.log...)
		r := reading{log: log, topic: "a.events", patience: 20 * time.Millisecond}
		var passed []int64
		for i, upto := range c.upto {
			if i == len(c.upto)-1 && c.grow != nil {
				maps.Copy(log, numbered(c.grow...))
			}
			r.upto = map[int]int64{0: upto}
			if err := r.run(t.Context(), func(rec *kafka.Record) { passed = append(passed, rec.Sequence) }); err != nil {
				t.Fatal(err)
			}
		}
		for i, n := range passed {
			if n != int64(i+1) {
				t.Errorf("%s: read %v", name, passed)
			}
		}
		if r.last[0] != c.last || len(passed) != int(c.last) {
			t.Errorf("%s: read %v up to %d", name, passed, r.last[0])
		}
	}
}
