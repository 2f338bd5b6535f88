package eventlog_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"orderflow.example/services/platform/eventlog"
	"orderflow.example/shared/kafka"
)

// records is a log of one partition; a fetch returns few of them, so that there are many fetches.
type records []kafka.Record

func (l *records) Offsets(context.Context, string, []int) (first, next map[int]int64, err error) {
	return map[int]int64{0: 0}, map[int]int64{0: int64(len(*l))}, nil
}

func (l *records) Fetch(_ context.Context, positions []kafka.Position, _ time.Duration) (all []kafka.Fetched, err error) {
	for _, at := range positions {
		rest := (*l)[min(at.Offset, int64(len(*l))):]
		rest = rest[:min(len(rest), 3)]
		all = append(all, kafka.Fetched{Topic: at.Topic, Partition: at.Partition, Records: rest, Next: at.Offset + int64(len(rest))})
	}
	return all, nil
}

// numbered is a log whose records have these numbers.
func numbered(numbers ...int64) *records {
	var l records
	for i, n := range numbers {
		l = append(l, kafka.Record{Topic: "a.events", Source: "/a", Offset: int64(i), ID: fmt.Sprint("id-", n), Sequence: n})
	}
	return &l
}

func read(t *testing.T, log eventlog.Log, upto int64) (passed []int64, r eventlog.Reading, err error) {
	t.Helper()
	r = eventlog.Reading{Log: log, Topic: "a.events", Upto: map[int]int64{0: upto}, Patience: 20 * time.Millisecond}
	err = r.Run(t.Context(), func(rec *kafka.Record) error { passed = append(passed, rec.Sequence); return nil })
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
		if err != nil || !slices.Equal(passed, c.passed) || r.Beyond[0] != c.beyond {
			t.Errorf("%s: read %v, beyond %d, %v", name, passed, r.Beyond[0], err)
		}
	}
}

// failing is a log that cannot be reached.
type failing struct{ eventlog.Log }

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

func TestARecordThatIsRefusedEndsTheReadingHoweverLongItCouldWait(t *testing.T) {
	t.Parallel()
	r := eventlog.Reading{Log: numbered(1, 2, 3, 4), Topic: "a.events", Upto: map[int]int64{0: 4}, Patience: time.Hour}
	refused, passed := errors.New("refused"), 0
	err := r.Run(t.Context(), func(rec *kafka.Record) error {
		if passed++; rec.Sequence == 2 {
			return refused
		}
		return nil
	})
	if !errors.Is(err, refused) || passed != 2 {
		t.Errorf("%v after %d records", err, passed)
	}
}

func TestATopicIsReadOnWhereTheReadingBeforeEndedAndAHoleIsLookedForAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		log  []int64
		upto []int64
		grow []int64 // the log's numbers by then
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
		r := eventlog.Reading{Log: log, Topic: "a.events", Patience: 20 * time.Millisecond}
		var passed []int64
		for i, upto := range c.upto {
			if i == len(c.upto)-1 && c.grow != nil {
				*log = *numbered(c.grow...)
			}
			r.Upto = map[int]int64{0: upto}
			if err := r.Run(t.Context(), func(rec *kafka.Record) error { passed = append(passed, rec.Sequence); return nil }); err != nil {
				t.Fatal(err)
			}
		}
		for i, n := range passed {
			if n != int64(i+1) {
				t.Errorf("%s: read %v", name, passed)
			}
		}
		if r.Last[0] != c.last || len(passed) != int(c.last) {
			t.Errorf("%s: read %v up to %d", name, passed, r.Last[0])
		}
	}
}

// inOne is a log whose fetches return all records.
type inOne struct{ *records }

func (l inOne) Fetch(_ context.Context, positions []kafka.Position, _ time.Duration) (all []kafka.Fetched, err error) {
	for _, at := range positions {
		whole := *l.records
		all = append(all, kafka.Fetched{Topic: at.Topic, Partition: at.Partition, Records: whole[at.Offset:], Next: int64(len(whole))})
	}
	return all, nil
}

func TestARecordThatIsNoEventIsToldOfOnceAcrossReadings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		numbers []int64 // 0 is a record of another source
		upto    []int64
		told    []string // "offset why"
	}{
		"number by number":   {[]int64{1, 2, 2, 3, 0, 4, 4, 5}, []int64{1, 2, 3, 4, 5}, []string{"2 1", "4 0", "6 1"}},
		"beyond what is due": {[]int64{1, 2, 2, 0, 3}, []int64{1, 3}, []string{"2 1", "3 0"}},
		"before a hole":      {[]int64{1, 2, 2, 0, 4}, []int64{4, 4, 4}, []string{"2 1", "3 0"}},
		"at the end":         {[]int64{1, 2, 2, 0, 1}, []int64{2, 2}, []string{"2 1", "3 0", "4 1"}},
	} {
		log := numbered(c.numbers...)
		records := *log
		for i := range records {
			if records[i].Sequence == 0 {
				records[i].Source, records[i].Sequence = "/b", 2
			}
		}
		for _, l := range []eventlog.Log{log, inOne{log}} {
			var told []string
			r := eventlog.Reading{Log: l, Topic: "a.events", Patience: time.Millisecond, Aside: func(rec *kafka.Record, why eventlog.Why) {
				told = append(told, fmt.Sprint(rec.Offset, " ", int(why)))
			}}
			for _, upto := range c.upto {
				r.Upto = map[int]int64{0: upto}
				if err := r.Run(t.Context(), func(*kafka.Record) error { return nil }); err != nil {
					t.Fatal(err)
				}
			}
			if !slices.Equal(told, c.told) {
				t.Errorf("%s in %T: told %v, want %v", name, l, told, c.told)
			}
		}
	}
}
