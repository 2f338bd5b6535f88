package reporting_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	event "orderflow.example/schemas/reporting"
	"orderflow.example/services/reporting"
	"orderflow.example/shared/saga"
)

// month runs the machine of days on a clock: deadlines fall due at their times, one of a kind for each day, as in the engine.
type month struct {
	t     *testing.T
	m     *saga.Machine
	now   time.Time
	days  map[string]reporting.Day
	due   []deadline
	said  []saga.Event
	count int
}

type deadline struct {
	at    time.Time
	since saga.Event
}

func newMonth(t *testing.T, zone string, start time.Time) *month {
	t.Helper()
	location, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	return &month{t: t, m: reporting.Calendar{Zone: location}.Days().Machine(), now: start, days: map[string]reporting.Day{}}
}

func (w *month) day(key string) reporting.Day {
	if d, known := w.days[key]; known {
		return d
	}
	return reporting.BlankDay(key)
}

func (w *month) isOpen(key string) bool { d := w.day(key); return d.Zone != "" && !d.Closed }

func (w *month) take(key string, run func(state any, stamp saga.Stamp) (saga.Step, error)) {
	w.t.Helper()
	step, err := run(w.day(key), func(e *saga.Event) {
		w.count++
		e.ID, e.Time = fmt.Sprint("event-", w.count), w.now
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.days[key] = step.State.(reporting.Day)
	w.said = append(w.said, step.Emitted...)
	for _, e := range step.Emitted {
		w.due = slices.DeleteFunc(w.due, func(d deadline) bool {
			return d.since.Key == e.Key && (d.since.Type == e.Type || slices.Contains(step.Settled, d.since.Type) && e.Key == key)
		})
	}
	for _, e := range step.Armed {
		at, err := w.m.DeadlineOf(e.Type).FallsDue(e)
		if err != nil {
			w.t.Fatal(err)
		}
		w.due = append(w.due, deadline{at, e})
	}
}

// enter tells a day of an entry, now.
func (w *month) enter(day string, transfers ...event.Transfer) {
	w.t.Helper()
	e := event.EntryDated.Of(event.EntryDatedV1{EntryID: "e", OrderID: "o", Transfers: transfers})
	e.ID, e.Key, e.Saga, e.Time = "dated", day, "o", w.now
	w.take(day, func(state any, stamp saga.Stamp) (saga.Step, error) { return w.m.Hear(state, e, stamp) })
}

// until lets all deadlines fall due up to a time.
func (w *month) until(end time.Time) {
	w.t.Helper()
	for {
		slices.SortStableFunc(w.due, func(a, b deadline) int { return a.at.Compare(b.at) })
		if len(w.due) == 0 || w.due[0].at.After(end) {
			w.now = end
			return
		}
		next := w.due[0]
		w.due = w.due[1:]
		if next.at.After(w.now) {
			w.now = next.at
		}
		w.take(next.since.Key, func(state any, stamp saga.Stamp) (saga.Step, error) {
			return w.m.Expire(state, next.since, stamp)
		})
	}
}

// closed are the reports, by day.
func (w *month) closed() map[string]event.DayClosedV1 {
	w.t.Helper()
	all := map[string]event.DayClosedV1{}
	for _, e := range w.said {
		d, is := e.Data.(event.DayClosedV1)
		if _, twice := all[e.Key]; is && twice {
			w.t.Fatalf("%s was closed twice", e.Key)
		}
		if is {
			all[e.Key] = d
		}
	}
	return all
}

func at(zone, text string) time.Time {
	l, err := time.LoadLocation(zone)
	if err != nil {
		panic(err)
	}
	t, err := time.ParseInLocation("2006-01-02 15:04:05", text, l)
	if err != nil {
		panic(err)
	}
	return t
}

func TestDaysFollowOnOneAnotherAlsoWhereClocksChange(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		zone, day string
		hours     float64
	}{
		{"Europe/London", "2026-03-28", 24}, {"Europe/London", "2026-03-29", 23}, {"Europe/London", "2026-10-25", 25},
		{"America/New_York", "2026-03-08", 23}, {"America/New_York", "2026-11-01", 25}, {"Asia/Tokyo", "2026-03-29", 24},
		{"Australia/Lord_Howe", "2026-04-05", 24.5}, {"America/Sao_Paulo", "2018-11-04", 23}, {"America/Sao_Paulo", "2018-02-17", 25},
		{"Africa/Cairo", "2026-04-24", 23}, {"Asia/Kathmandu", "2026-12-31", 24}, {"UTC", "2024-02-29", 24},
	} {
		location, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		calendar := reporting.Calendar{Zone: location}
		begins, ends, err := calendar.Bounds(c.day)
		if err != nil || ends.Sub(begins).Hours() != c.hours {
			t.Errorf("%s in %s has %v hours, want %v (%v)", c.day, c.zone, ends.Sub(begins).Hours(), c.hours, err)
		}
		for moment, want := range map[time.Time]bool{begins: true, begins.Add(-time.Nanosecond): false,
			ends.Add(-time.Nanosecond): true, ends: false} {
			if is := calendar.Day(moment) == c.day; is != want {
				t.Errorf("%s is of the day %s in %s: %v", moment, c.day, c.zone, is)
			}
		}
		if again, _, err := calendar.Bounds(calendar.Day(ends)); err != nil || !again.Equal(ends) {
			t.Errorf("%s in %s: the next day begins at %v, not at %v (%v)", c.day, c.zone, again, ends, err)
		}
	}
	// Samoa left a day out when it crossed the date line.
	apia, err := time.LoadLocation("Pacific/Apia")
	if err != nil {
		t.Fatal(err)
	}
	calendar := reporting.Calendar{Zone: apia}
	if _, ends, err := calendar.Bounds("2011-12-29"); err != nil || calendar.Day(ends) != "2011-12-31" {
		t.Errorf("after 2011-12-29 comes %s (%v)", calendar.Day(ends), err)
	}
	if _, _, err := calendar.Bounds("2026-02-30"); err == nil {
		t.Error("there is a 30 February")
	}
}

func TestEachDayIsClosedOnceAtItsEndAlsoOneWithoutEntries(t *testing.T) {
	t.Parallel()
	const zone = "Europe/London"
	w := newMonth(t, zone, at(zone, "2026-03-28 10:00:00"))
	w.enter("2026-03-28", transfer("bank", "revenue", 100))
	w.until(at(zone, "2026-03-31 12:00:00"))
	closed := w.closed()
	if len(closed) != 3 || closed["2026-03-28"].Entries != 1 || closed["2026-03-29"].Entries != 0 || !w.isOpen("2026-03-31") {
		t.Errorf("closed %+v", closed)
	}
	if got := w.day("2026-03-29"); got.Begins != "2026-03-29T00:00:00.000000Z" || got.Ends != "2026-03-29T23:00:00.000000Z" ||
		got.ClosedAt != "2026-03-29T23:10:00.000000Z" {
		t.Errorf("the short day is %+v", got)
	}
}

func TestAnEntryOfAClosedDayGoesToTheNextOneThatIsOpenAndIsSaidToBeLate(t *testing.T) {
	t.Parallel()
	w := newMonth(t, "UTC", at("UTC", "2026-03-01 10:00:00"))
	w.enter("2026-03-01", transfer("bank", "revenue", 100))
	w.until(at("UTC", "2026-03-04 08:00:00"))
	before := fmt.Sprint(w.closed()["2026-03-01"])
	for range 3 { // each takes the place of the one before, as deadlines do, before that fell due
		w.enter("2026-03-01", transfer("bank", "revenue", 7))
	}
	w.until(at("UTC", "2026-03-04 09:00:00"))
	w.enter("2026-03-01", transfer("bank", "fees", 1))
	w.enter("2026-03-03", transfer("bank", "revenue", 20))
	w.until(at("UTC", "2026-03-05 09:00:00"))
	closed := w.closed()
	if got := fmt.Sprint(closed["2026-03-01"]); got != before || closed["2026-03-02"].Entries != 0 {
		t.Errorf("a report has changed: %s, was %s", got, before)
	}
	want := []event.Total{{Currency: "GBP", Account: "bank", Debits: 42}, {Currency: "GBP", Account: "fees", Credits: 1},
		{Currency: "GBP", Account: "revenue", Credits: 41}}
	if got := closed["2026-03-04"]; got.Entries != 5 || got.LateEntries != 5 || !slices.Equal(got.Totals, want) {
		t.Errorf("the day that was open has %+v", got)
	}
	if d := w.day("2026-03-01"); d.Deferred.Entries != 4 {
		t.Errorf("the day says %d entries went on", d.Deferred.Entries)
	}
}

func TestWhatADayHasPassedOnIsTakenOnce(t *testing.T) {
	t.Parallel()
	carried := event.LateCarried.Of(event.LateCarriedV1{From: "2026-02-28", Entries: 1, At: "2026-03-01T09:00:00Z",
		Totals: []event.Total{{Currency: "GBP", Account: "bank", Debits: 7}, {Currency: "GBP", Account: "revenue", Credits: 7}}})
	carried.Key = "2026-03-01"
	m := utc.Days().Machine()
	d, n := any(reporting.BlankDay("2026-03-01")), 0
	for range 2 {
		step, err := m.Expire(d, carried, func(e *saga.Event) { e.Time = at("UTC", "2026-03-01 09:00:00") })
		if err != nil {
			t.Fatal(err)
		}
		d, n = step.State, n+len(step.Emitted)
	}
	if got := d.(reporting.Day); n != 2 || got.Entries != 1 || got.LateEntries != 1 { // it is opened, and one is counted
		t.Errorf("%d events, %+v", n, got)
	}
}

func TestADayLongAgoIsClosedAndEachDaySinceHasAReport(t *testing.T) {
	t.Parallel()
	w := newMonth(t, "UTC", at("UTC", "2026-03-01 10:00:00"))
	w.enter("2023-03-01", transfer("bank", "revenue", 100))
	w.until(at("UTC", "2026-03-01 10:00:01"))
	if got := len(w.closed()); got != 1096 {
		t.Errorf("%d days are closed", got)
	}
	if !w.isOpen("2026-03-01") {
		t.Error("today is not open")
	}
}
