package engine_test

import (
	"fmt"
	"testing"
	"time"

	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
)

// closedDay is what a day's state holds once it is closed.
const closedDay = 1_000_000

// days is a service that counts what is told it of a day, and closes each day when it ends, which begins the next.
func (b *bed) days(length time.Duration, last int) *saga.Machine {
	n := b.names
	begun, closed := n.promised.Keyed("day"), n.due.Keyed("day")
	isClosed := func(s tally) bool { return len(s.Seen) > 0 && s.Seen[len(s.Seen)-1] == closedDay }
	return saga.Choreography[tally]{
		Service: n.service, Key: "day",
		Blank: func(key string) tally { return tally{Key: key} },
		Evolve: func(s tally, e saga.Event) tally {
			switch e.Type {
			case n.counted.Name():
				s.Seen = append(append([]int64(nil), s.Seen...), e.Data.(countedV1).N)
			case closed.Name():
				s.Seen = append(append([]int64(nil), s.Seen...), closedDay)
			}
			return s
		},
		Rows: []saga.Row{
			saga.On(n.sent, func(s tally, e sentV1) []saga.Event {
				switch {
				case isClosed(s):
					return nil
				case e.Do == "begin":
					return []saga.Event{begun.Of(countedV1{e.N})}
				}
				return []saga.Event{n.counted.Of(countedV1{e.N})}
			}, begun, n.counted),
			saga.At(begun, func(e countedV1) time.Time { return time.UnixMilli(e.N) }, func(s tally, e countedV1) []saga.Event {
				var day int
				if _, err := fmt.Sscanf(s.Key, "day-%d", &day); err != nil || isClosed(s) {
					return nil
				}
				said := []saga.Event{closed.Of(countedV1{int64(len(s.Seen))})}
				if day < last {
					said = append(said, begun.About(dayKey(day+1), countedV1{e.N + length.Milliseconds()}))
				}
				return said
			}, closed, begun).Settled(closed),
		},
	}.Machine()
}

func dayKey(n int) string { return fmt.Sprintf("day-%d", n) }

func TestEachDayIsClosedOnceAtItsEndAndBeginsTheNextWhoeverOwnsIt(t *testing.T) {
	b := newBed(t)
	const last = 8
	m := b.days(300*time.Millisecond, last)
	first := b.start(running(m))
	b.start(running(m))
	b.send(dayKey(3), sentV1{N: 5}, sentV1{N: 6}) // told of a day that has not begun
	end := time.Now().Add(300 * time.Millisecond).UnixMilli()
	b.send(dayKey(1), sentV1{N: end, Do: "begin"}, sentV1{N: end, Do: "begin"})
	closedAt := func(day int) []int64 { return b.published(b.names.due, dayKey(day)) }
	b.eventually("the third day is closed", func() bool { return len(closedAt(3)) > 0 })
	first.kill()
	b.eventually("the last day is closed", func() bool { return len(closedAt(last)) > 0 })
	partitions := map[int]bool{}
	for day := 1; day <= last; day++ {
		want := []int64{0}
		if day == 3 {
			want = []int64{2}
		}
		if got := closedAt(day); !equal(got, want) {
			t.Errorf("%s was closed with %v, want %v", dayKey(day), got, want)
		}
		partitions[kafka.PartitionOf(dayKey(day), b.partitions)] = true
	}
	for partition := range b.partitions {
		for _, r := range b.log(partition) {
			if r.Correlation != r.Key {
				t.Errorf("%s of %s belongs to %s", r.Type, r.Key, r.Correlation)
			}
		}
	}
	left := b.count(`SELECT (SELECT count(*) FROM engine.deadline) + (SELECT count(*) FROM engine.parked)`)
	if left != 0 || len(partitions) != b.partitions {
		t.Errorf("%d deadlines or parked left, days in %d partitions", left, len(partitions))
	}
	b.foldEqualsRows(m)
}
