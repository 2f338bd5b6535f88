package archive_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"orderflow.example/services/platform/archive"
	"orderflow.example/services/platform/eventlog"
	"orderflow.example/shared/embedded/embeddedtest"
	"orderflow.example/shared/kafka"
)

func archived(t *testing.T, a archive.Archiving) []archive.Archived {
	t.Helper()
	a.Patience = 10 * time.Millisecond
	report, err := a.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// readBack reads the archived records of the partitions, in order, after these numbers.
func readBack(t *testing.T, store archive.Store, upto, after map[int]int64) (map[int][]kafka.Record, error) {
	t.Helper()
	log, err := archive.OpenLog(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	found := map[int][]kafka.Record{}
	r := eventlog.Reading{Log: log, Topic: topic, Upto: upto, Last: maps.Clone(after), Patience: 10 * time.Millisecond}
	err = r.Run(t.Context(), func(rec *kafka.Record) error {
		found[rec.Partition] = append(found[rec.Partition], *rec)
		return nil
	})
	return found, err
}

func same(a, b kafka.Record) bool {
	a.Offset, b.Offset = 0, 0
	if (a.Malformed == nil) != (b.Malformed == nil) || a.Malformed != nil && a.Malformed.Error() != b.Malformed.Error() {
		return false
	}
	a.Malformed, b.Malformed = nil, nil
	return reflect.DeepEqual(a, b)
}

func TestWhatIsReadFromAnArchiveIsWhatStoodOnTheTopic(t *testing.T) {
	for kind, store := range stores(t) {
		r := rand.New(rand.NewPCG(7, 7))
		log, last := logs{}, map[int]int64{}
		for round := range 12 { // each resumes where the one before ended
			for p := range 3 {
				more := int64(r.IntN(400))
				numbers := upTo(last[p]+1, last[p]+more)
				for range r.IntN(20) { // repeats, records of other sources, and a refill from the middle
					at := r.IntN(len(numbers) + 1)
					numbers = slices.Insert(numbers, at, int64(r.IntN(int(last[p])+1)))
				}
				if last[p] += more; r.IntN(3) == 0 && last[p] > 0 {
					numbers = append(numbers, upTo(1+r.Int64N(last[p]), last[p])...)
				}
				log.append(p, numbers...)
			}
			a := archive.Archiving{Log: log, Store: store, Topics: []string{topic}, Partitions: 3, SegmentBytes: 1000 + r.IntN(100_000),
				All: round%2 == 1}
			for _, got := range archived(t, a) {
				if got.Fault != "" || got.Topped != last[got.Partition] || a.All && got.Last != got.Topped {
					t.Fatalf("%s: round %d: %+v of %d", kind, round, got, last[got.Partition])
				}
			}
		}
		for _, after := range []map[int]int64{{}, {0: 5, 1: last[1] / 2, 2: last[2] - 1}} {
			found, err := readBack(t, store, last, after)
			if err != nil {
				t.Fatal(kind, err)
			}
			for p := range 3 {
				if got, want := int64(len(found[p])), last[p]-after[p]; got != want {
					t.Fatalf("%s: partition %d: %d records read back of %d", kind, p, got, want)
				}
				for i, rec := range found[p] {
					if want := record(p, after[p]+int64(i)+1); !same(rec, want) {
						t.Fatalf("%s: read back\n%+v\nwant\n%+v", kind, rec, want)
					}
				}
			}
		}
	}
}

func TestWhatStoodOnARealTopicIsReadBack(t *testing.T) {
	t.Parallel()
	client := kafka.Dial(kafka.Config{Brokers: []string{embeddedtest.Kafka(t)}})
	t.Cleanup(client.Close)
	name := embeddedtest.Topic(t, "order")
	topic := name + ".events"
	if _, err := client.CreateTopics(t.Context(), []kafka.TopicSpec{{Name: topic, Partitions: 1}}); err != nil {
		t.Fatal(err)
	}
	var want []kafka.Record
	for n := range int64(3000) {
		rec := record(0, n+1)
		rec.Source, rec.Topic, rec.Malformed, rec.Time = "/"+name, topic, nil, rec.Time.Truncate(time.Microsecond)
		want = append(want, rec)
	}
	if err := client.NewProducer().Publish(t.Context(), []kafka.Batch{{Topic: topic, Records: want}})[0].Err; err != nil {
		t.Fatal(err)
	}
	store := archive.Dir(t.TempDir())
	a := archive.Archiving{Log: client, Store: store, Topics: []string{topic}, Partitions: 1, SegmentBytes: 200_000, All: true}
	if got := archived(t, a)[0]; got.Fault != "" || got.Last != 3000 || got.Segments < 3 {
		t.Fatalf("%+v", got)
	}
	if got := archived(t, a)[0]; got.Fault != "" || got.Segments != 0 {
		t.Errorf("archived again: %+v", got)
	}
	log, err := archive.OpenLog(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	for which, l := range map[string]eventlog.Log{"topic": client, "archive": log} {
		r := eventlog.Reading{Log: l, Topic: topic, Upto: map[int]int64{0: 3000}, Patience: time.Minute}
		n := 0
		err := r.Run(t.Context(), func(rec *kafka.Record) error {
			if !same(*rec, want[n]) {
				return fmt.Errorf("number %d is\n%+v, not\n%+v", n+1, *rec, want[n])
			}
			n++
			return nil
		})
		if err != nil || n != 3000 {
			t.Errorf("the %s: %d, %v", which, n, err)
		}
	}
}

func TestAnInterruptedArchiveGoesOn(t *testing.T) {
	t.Parallel()
	log := logs{}
	log.append(0, upTo(1, 500)...)
	whole := files{}
	archived(t, archive.Archiving{Log: log, Store: whole, Topics: []string{topic}, Partitions: 1, SegmentBytes: 5000, All: true})
	for cut := range len(whole) { // a kill after any number of files
		names := slices.Sorted(maps.Keys(whole))
		part := files{}
		for _, name := range names[:cut] {
			part[name] = whole[name]
		}
		archived(t, archive.Archiving{Log: log, Store: part, Topics: []string{topic}, Partitions: 1, SegmentBytes: 5000, All: true})
		if !reflect.DeepEqual(part, whole) {
			t.Fatalf("after %d files it resumed with another result", cut)
		}
	}
}

func TestOnlyCompleteSegmentsAreWrittenUnlessAllIsAskedFor(t *testing.T) {
	t.Parallel()
	log, store := logs{}, files{}
	log.append(0, upTo(1, 100)...)
	a := archive.Archiving{Log: log, Store: store, Topics: []string{topic}, Partitions: 1, SegmentBytes: 1 << 20}
	if got := archived(t, a)[0]; got.Segments != 0 || len(store) != 0 || got.Topped != 100 {
		t.Errorf("%+v", got)
	}
	a.All = true
	if got := archived(t, a)[0]; got.Segments != 1 || got.Last != 100 {
		t.Errorf("%+v", got)
	}
}

func TestNothingIsArchivedAcrossAHole(t *testing.T) {
	t.Parallel()
	log, store := logs{}, files{}
	log.append(0, 1, 2, 3, 5, 6)
	log.append(1, 1, 2)
	a := archive.Archiving{Log: log, Store: store, Topics: []string{topic}, Partitions: 2, All: true}
	got := archived(t, a)
	if got[0].Last != 3 || !strings.Contains(got[0].Fault, "numbers 4 to 4 are missing") || got[1].Last != 2 || got[1].Fault != "" {
		t.Errorf("%+v", got)
	}
	log.append(0, 4, 5, 6)
	if got := archived(t, a); got[0].Last != 6 || got[0].Fault != "" {
		t.Errorf("once it is filled: %+v", got)
	}
}

func TestATopicWhoseBeginningIsGoneIsArchivedFromThereOn(t *testing.T) {
	t.Parallel()
	log, store := logs{}, files{}
	log.append(0, upTo(50, 60)...)
	a := archive.Archiving{Log: log, Store: store, Topics: []string{topic}, Partitions: 1, All: true}
	if got := archived(t, a)[0]; got.First != 50 || got.Last != 60 || got.Fault != "" {
		t.Errorf("%+v", got)
	}
	log.append(0, 61)
	if got := archived(t, a)[0]; got.First != 50 || got.Last != 61 || got.Fault != "" {
		t.Errorf("%+v", got)
	}
	log[0] = nil
	log.append(0, 70, 71)
	if got := archived(t, a)[0]; got.Last != 61 || !strings.Contains(got.Fault, "numbers 62 to 69") {
		t.Errorf("%+v", got)
	}
}

func TestATopicThatWasNumberedAnewIsNotTakenForTheOneArchived(t *testing.T) {
	t.Parallel()
	log, store := logs{}, files{}
	log.append(0, upTo(1, 20)...)
	a := archive.Archiving{Log: log, Store: store, Topics: []string{topic}, Partitions: 1, All: true}
	archived(t, a)
	was := slices.Clone(log[0])
	log[0] = nil
	log.append(0, 0, 0, 1, 2, 3) // the same events, at other offsets
	log.append(0, upTo(4, 30)...)
	if got := archived(t, a)[0]; got.Fault != "" || got.Last != 30 {
		t.Errorf("a topic that was refilled: %+v", got)
	}
	log[0] = was
	log.append(0, upTo(21, 40)...)
	for i := range log[0] {
		log[0][i].ID = "of another installation"
	}
	if got := archived(t, a)[0]; got.Last != 30 || !strings.Contains(got.Fault, "archive to another place") {
		t.Errorf("another topic: %+v", got)
	}
}
