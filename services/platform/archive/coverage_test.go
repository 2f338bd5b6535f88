package archive_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"orderflow.example/services/platform/archive"
	"orderflow.example/services/platform/run"
	"orderflow.example/shared/service"
)

func appNamed(name string) service.App {
	return run.Apps[slices.IndexFunc(run.Apps, func(a service.App) bool { return a.Name == name })]
}

// fresh gives the records of a log ages from oldest to newest.
func (l logs) fresh(oldest, newest time.Duration) {
	for p, records := range l {
		for i := range records {
			age := oldest - (oldest-newest)*time.Duration(i)/time.Duration(len(records))
			l[p][i].Time = time.Now().Add(-age)
		}
	}
}

func TestTopicsCheckTellsFromWhereAServiceCanBeRebuiltAndWhatEndangersIt(t *testing.T) {
	t.Parallel()
	week := map[string]archive.Retention{topic: {Age: 7 * 24 * time.Hour, Bytes: -1}}
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		topic          []int64
		archived       []int64
		oldest, newest time.Duration
		retention      map[string]archive.Retention
		from, fault    string
	}{
		"all on the topic":                     {topic: upTo(1, 50), from: "its topics"},
		"a beginning that was published again": {topic: append(upTo(30, 50), upTo(1, 50)...), from: "its topics"},
		"a beginning that is archived":         {topic: upTo(30, 50), archived: upTo(1, 40), from: "the archive and its topics"},
		"a beginning that is lost":             {topic: upTo(30, 50), fault: "numbers 1 to 29 are neither"},
		"a gap behind the archive":             {topic: upTo(30, 50), archived: upTo(1, 20), fault: "numbers 21 to 29 are neither"},
		"an archive without its beginning":     {topic: upTo(30, 50), archived: upTo(10, 50), fault: "numbers 1 to 29 are neither"},
		"a topic that was wiped":               {archived: upTo(1, 20), fault: "ends with number 0, and there was number 20"},
		"forgetting, not archived at all": {topic: upTo(1, 50), oldest: time.Hour, retention: week, from: "its topics",
			fault: "no archive is given"},
		"forgetting, and archived in time": {topic: upTo(20, 50), archived: upTo(1, 45), oldest: 6 * day, retention: week,
			from: "the archive and its topics"},
		"forgetting, and the archive is behind": {topic: upTo(20, 50), archived: upTo(1, 25), oldest: 6 * day,
			newest: day, retention: week, from: "the archive and its topics", fault: "number 26 is"},
		"forgetting by size, and the archive is behind": {topic: upTo(1, 50), archived: upTo(1, 10), from: "its topics",
			retention: map[string]archive.Retention{topic: {Age: -1, Bytes: 20_000}},
			fault:     "40 events from number 11 on are not archived"},
		"forgetting by size, and there is room": {topic: upTo(1, 50), archived: upTo(1, 10), from: "its topics",
			retention: map[string]archive.Retention{topic: {Age: -1, Bytes: 1 << 30}}},
	} {
		log, store := logs{}, files{}
		if len(c.archived) > 0 {
			log.append(0, c.archived...)
			archived(t, archive.Archiving{Log: log, Store: store, Topics: []string{topic}, Partitions: 1, SegmentBytes: 5000, All: true})
			log[0] = nil
		}
		log.append(0, c.topic...)
		log.fresh(c.oldest, c.newest)
		s := archive.Survey{Log: log, Apps: []service.App{appNamed("order")}, Partitions: 1, Retention: c.retention}
		if len(c.archived) > 0 {
			s.Store = store
		}
		all, err := s.Run(t.Context())
		if err != nil {
			t.Fatal(name, err)
		}
		got := all[0]
		if !strings.HasPrefix(got.From, c.from) || (c.from == "") != (got.From == "") || c.fault == "" && len(got.Faults) > 0 ||
			c.fault != "" && !strings.Contains(strings.Join(got.Faults, "\n"), c.fault) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestASnapshotStandsForWhatIsLostBeforeItUnlessItIsOfAnotherVersionOrDamaged(t *testing.T) {
	t.Parallel()
	app := appNamed("order")
	db, conn := opened(t, app)
	store := files{}
	take := func(number int64) archive.Taken {
		execute(t, conn, `INSERT INTO engine.counter VALUES (0, $1) ON CONFLICT (partition) DO UPDATE SET sequence = excluded.sequence`,
			number)
		taken, err := archive.Take(t.Context(), store, app, db, nil)
		if err != nil {
			t.Fatal(err)
		}
		return taken
	}
	log := logs{}
	log.append(0, upTo(30, 50)...)
	check := func(what, from, fault string) {
		t.Helper()
		all, err := (&archive.Survey{Log: log, Store: store, Apps: []service.App{app}, Partitions: 1}).Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if faults := strings.Join(all[0].Faults, "\n"); all[0].Snapshot != from || (from == "") != (all[0].From == "") ||
			(fault == "") != (faults == "") || !strings.Contains(faults, fault) {
			t.Errorf("%s: %+v", what, all[0])
		}
	}
	check("none", "", "numbers 1 to 29")
	take(20)
	check("one that is too old", "", "numbers 21 to 29")
	good := take(35)
	check("a good one", good.Name, "")
	newer := take(40)
	store[newer.Name] = store[newer.Name][:100]
	check("a damaged one after it", good.Name, newer.Name)
	execute(t, conn, `INSERT INTO service_version (version_id, is_applied) VALUES (99999, true)`)
	delete(store, newer.Name)
	other := take(45)
	check("one of another version after it", good.Name, fmt.Sprintf("%s: it was taken of tables of version", other.Name))
}
