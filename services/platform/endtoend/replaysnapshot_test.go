package endtoend_test

import (
	"log/slog"
	"maps"
	"slices"
	"testing"
	"time"

	"orderflow.example/services/platform/archive"
	"orderflow.example/services/platform/eventlog"
	"orderflow.example/services/platform/replay"
	"orderflow.example/services/platform/services"
	"orderflow.example/shared/kafka"
)

func TestAReplayFromASnapshotAndAnArchiveIsTheSameAndThoseOfAnotherInstallationAreRefused(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.site.Sell(t, "survivor", price, 10*purchases)
	in.buy(t, "early", 8)
	awaitAllEnded(t, in.site)
	in.settle(t)
	store := archive.Dir(t.TempDir())
	var topics []string
	snapshots := map[string]string{}
	for _, app := range services.All {
		taken, err := archive.Take(t.Context(), store, app, in.Host.Databases()[app.Name], nil)
		if err != nil {
			t.Fatal(err)
		}
		topics, snapshots[app.Name] = append(topics, app.Topic()), taken.Name
	}
	in.buy(t, "late", 8)
	awaitAllEnded(t, in.site)
	in.settle(t)
	if _, err := (archive.Archiving{Log: in.kafka, Store: store, Topics: topics, Partitions: in.Partitions, All: true}).
		Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	from := func(name string, log eventlog.Log, archived *archive.Log, s *archive.Snapshot) (*replay.Comparison, error) {
		t.Helper()
		r, err := replay.Open(t.Context(), replay.Config{App: app(name), Partitions: in.Partitions, Postgres: in.Postgres,
			Log: log, Archive: archived, Snapshot: s, Fresh: true, Patience: 100 * time.Millisecond,
			Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if _, err := r.Rebuild(t.Context()); err != nil {
			return nil, err
		}
		return r.Compare(t.Context())
	}
	open := func(name string) *archive.Snapshot {
		t.Helper()
		s, err := archive.OpenSnapshot(t.Context(), store, snapshots[name])
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	archived, err := archive.OpenLog(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	same := func(what string, c *replay.Comparison, err error) {
		t.Helper()
		if err != nil || !c.Equal() {
			t.Errorf("%s: %+v, %v", what, c, err)
		}
	}
	for _, app := range services.All {
		c, err := from(app.Name, in.kafka, nil, open(app.Name))
		same(app.Name+" from a snapshot", c, err)
	}
	const topic = "payment.events"
	late := func(change func(*kafka.Record)) eventlog.Log { // the topic, without its beginning
		return faulty{in.kafka, topic, func(records []kafka.Record) []kafka.Record {
			records = slices.DeleteFunc(records, func(r kafka.Record) bool { return r.Sequence < 4 })
			for i := range records {
				change(&records[i])
			}
			return records
		}}
	}
	c, err := from("payment", late(func(*kafka.Record) {}), archived, nil)
	same("from an archive and the rest of the topic", c, err)

	_, err = from("payment", late(func(r *kafka.Record) { r.ID = "other " + r.ID }), archived, nil)
	in.refuses(t, "an archive of another installation", err, topic, "in the archive", "on the topic: the archive is of another")
	other := open("payment")
	other.LastIDs = maps.Clone(other.LastIDs)
	for p := range other.LastIDs {
		other.LastIDs[p] = "an event of another shop"
	}
	_, err = from("payment", in.kafka, nil, other)
	in.refuses(t, "a snapshot of another installation", err, topic, "an event of another shop", "another installation")
	other = open("storefront")
	for p, m := range other.Position.Inputs["order.events"] {
		m.RecordID = "an event of another shop"
		other.Position.Inputs["order.events"][p] = m
	}
	_, err = from("storefront", in.kafka, nil, other)
	in.refuses(t, "a snapshot of another installation's orders", err, "order.events", "an event of another shop")
	other = open("payment")
	for p := range other.Position.Own {
		other.Position.Own[p] += 1000
	}
	_, err = from("payment", in.kafka, nil, other)
	in.refuses(t, "a snapshot that is ahead", err, topic, "which ends with", "orderflow topics repair")
	in.checkHolds(t)
}
