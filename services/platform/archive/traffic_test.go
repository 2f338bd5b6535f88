package archive_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"orderflow.example/services/platform/archive"
	"orderflow.example/services/platform/eventlog"
	"orderflow.example/services/platform/run"
	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/database"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/service"
)

// A snapshot is taken of every service while orders run through all of them: its rows must be the fold of the events up to its
// position, read back from an archive of the topics.
func TestASnapshotTakenUnderTrafficIsTheFoldOfTheTopicsUpToItsPosition(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	config := trial.Config(dir, 100)
	config.Kafka = trial.Kafka(t)
	p, err := trial.Start(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Stop() })
	site, err := trial.Whole(p)
	if err != nil {
		t.Fatal(err)
	}
	site.Sell(t, "snapped", 500, 1000)
	ctx, stop := context.WithCancel(t.Context())
	var shoppers sync.WaitGroup
	for i := range 4 {
		shoppers.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				basket := trial.NewBasket(trial.Line{SKU: "snapped", Quantity: 1})
				basket.PaymentToken = []string{"tok_ok", "tok_declined", "tok_ok", "tok_slow"}[n%4]
				_, err := site.Customer(fmt.Sprintf("snapped-%d", i)).
					Send("POST", "/v1/orders", basket, fmt.Sprintf("Idempotency-Key: %d-%d", i, n))
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	store := archive.Dir(t.TempDir())
	databases := p.Host.Databases()
	names := map[string]string{}
	trial.Await(t, "orders to have come everywhere", func() (bool, string) {
		var captured int64
		err := databases["shipping"].Gorm().Raw(`SELECT coalesce(sum(sequence), 0) FROM engine.counter`).Row().Scan(&captured)
		return captured > 10, fmt.Sprint(captured, err)
	})
	for _, app := range run.Apps {
		if len(app.Bindings) == 0 {
			continue
		}
		taken, err := archive.Take(t.Context(), store, app, databases[app.Name], nil)
		if err != nil {
			t.Fatal(err)
		}
		names[app.Name] = taken.Name
	}
	stop()
	shoppers.Wait()
	client := kafka.Dial(kafka.Config{Brokers: p.Kafka})
	t.Cleanup(client.Close)
	var topics []string
	for name := range databases {
		topics = append(topics, name+".events")
	}
	trial.Await(t, "what the snapshots follow from to be on the topics", func() (bool, string) {
		report, err := archive.Archiving{Log: client, Store: store, Topics: topics, Partitions: p.Config.Partitions,
			All: true}.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range report {
			if r.Fault != "" {
				t.Fatalf("%+v", r)
			}
		}
		log, err := archive.OpenLog(t.Context(), store)
		if err != nil {
			t.Fatal(err)
		}
		for service, name := range names {
			s, err := archive.OpenSnapshot(t.Context(), store, name)
			if err != nil {
				t.Fatal(err)
			}
			for partition, last := range s.Position.Own {
				if log.Holdings.From(service+".events", partition, 0) < last {
					return false, service
				}
			}
		}
		return true, ""
	})
	for _, app := range run.Apps {
		if name, taken := names[app.Name]; taken {
			checkFold(t, p.Postgres, store, app, name)
		}
	}
}

// checkFold restores a snapshot, folds the archived topics up to its position, and compares the rows of both.
func checkFold(t *testing.T, postgres string, store archive.Store, app service.App, name string) {
	t.Helper()
	url, err := database.Provision(t.Context(), postgres, app.Name)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	s, err := archive.OpenSnapshot(t.Context(), store, name)
	if err != nil {
		t.Fatal(err)
	}
	shadow(t, conn, "restored", tables(app))
	shadow(t, conn, "folded", tables(app))
	if err := s.Restore(t.Context(), conn, "restored"); err != nil {
		t.Fatal(err)
	}
	db, err := database.Open(t.Context(), database.Options{URL: url, Schema: "folded"})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	log, err := archive.OpenLog(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range engine.WithRebuiltLookups(app.Bindings) {
		states, err := b.Store.Load(db.Gorm(), nil) // nothing yet; unlike one in memory it is saved
		if err != nil {
			t.Fatal(err)
		}
		says, shows := map[string]bool{}, map[string]bool{}
		positions := map[string]map[int]int64{app.Topic(): s.Position.Own}
		topics := []string{app.Topic()} // before those of other services: what they say of an order follows from it
		for _, name := range b.Machine.Says() {
			says[name] = true
		}
		for _, r := range b.Machine.Rows {
			if topic := saga.Topic(r.On.Name()); r.Form == saga.Projection {
				shows[r.On.Name()] = true
				if positions[topic] == nil {
					topics = append(topics, topic)
				}
				positions[topic] = map[int]int64{}
				for partition, m := range s.Position.Inputs[topic] {
					positions[topic][partition] = m.Sequence
				}
			}
		}
		for _, topic := range topics {
			upto := positions[topic]
			r := eventlog.Reading{Log: log, Topic: topic, Upto: upto, Patience: time.Minute}
			err := r.Run(t.Context(), func(rec *kafka.Record) (err error) {
				_, left := s.Position.Left[rec.ID]
				if !says[rec.Type] && !shows[rec.Type] || left {
					return nil
				}
				e := engine.EventOf(rec)
				if e.Data, err = b.Machine.Kind(rec.Type).Decode(rec.Data); err != nil {
					return err
				}
				if says[rec.Type] {
					if state, kept := b.Machine.Fold(states.Get(e), e); kept {
						states.Put(e, state)
					}
					return nil
				}
				about, err := b.Machine.About(e)
				for _, e := range about {
					states.Put(e, b.Machine.Show(states.Get(e), e))
				}
				return err
			})
			for partition, last := range upto {
				if err == nil && r.Last[partition] < last {
					err = fmt.Errorf("partition %d ends with %d, not %d", partition, r.Last[partition], last)
				}
			}
			if err != nil {
				t.Fatalf("%s: %s: %v", app.Name, topic, err)
			}
		}
		if err := states.Save(db.Gorm()); err != nil {
			t.Fatal(err)
		}
	}
	for _, table := range tables(app) {
		table = table[strings.LastIndex(table, ".")+1:]
		if restored, folded := digest(t, conn, "restored."+table), digest(t, conn, "folded."+table); restored != folded {
			t.Errorf("%s: %s: the snapshot has %s, the topics lead to %s", app.Name, table, restored, folded)
		} else {
			t.Logf("%s: %s: %s", app.Name, table, restored)
		}
	}
}
