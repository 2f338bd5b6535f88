package repair_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"orderflow.example/services/platform/command"
	"orderflow.example/services/platform/repair"
	"orderflow.example/services/platform/run"
	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/database"
	"orderflow.example/shared/embedded/embeddedtest"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/service"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }

// installation is a broker, a database, the world behind a gate, and all services, which can be stopped and started again.
type installation struct {
	*testing.T
	config   service.Config
	services *run.Platform
	site     *trial.Site
	gate     *trial.Gate
	kafka    *kafka.Client
}

func install(t *testing.T) *installation {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	i := &installation{T: t, config: trial.Config(dir+"/world", 50)}
	i.config.Kafka, i.config.Postgres = trial.Kafka(t), embeddedtest.Postgres(t)
	if i.config.Kafka == nil {
		i.config.Kafka = []string{embeddedtest.Kafka(t)}
	}
	i.config.JWTKeyFile = dir + "/key"
	if err := os.WriteFile(i.config.JWTKeyFile, bytes.Repeat([]byte("repair key "), 5), 0o600); err != nil {
		t.Fatal(err)
	}
	i.kafka = kafka.Dial(kafka.Config{Brokers: i.config.Kafka, ClientID: "repair-test"})
	t.Cleanup(i.kafka.Close)
	c := i.config
	c.Services = []string{run.World}
	world, err := trial.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { world.Stop() })
	i.gate = trial.NewGate(t, world.WorldURL)
	i.config = i.config.With(run.Outside(i.gate.URL))
	i.config.DataDir = dir + "/services"
	for _, app := range run.Apps {
		i.config.Services = append(i.config.Services, app.Name)
	}
	i.start()
	t.Cleanup(i.stop)
	key, err := i.config.Key()
	if err != nil {
		t.Fatal(err)
	}
	storefront := func() string { return i.services.StorefrontURL }
	i.site = &trial.Site{Key: key, Storefront: storefront, Operators: func(name string) string {
		if name == run.World {
			return world.OperatorsURL
		}
		return i.services.OperatorsURL
	}}
	return i
}

func (i *installation) start() {
	i.Helper()
	var err error
	if i.services, err = trial.Start(i.config); err != nil {
		i.Fatal(err)
	}
}

func (i *installation) stop() {
	if i.services != nil {
		if err := i.services.Stop(); err != nil {
			i.Error(err)
		}
	}
	i.services = nil
}

// wipe deletes all topics, as if Kafka had lost its data.
func (i *installation) wipe() {
	i.Helper()
	var names []string
	for _, s := range service.Topics(i.config.Partitions, 0, run.Apps...) {
		names = append(names, s.Name)
	}
	if err := i.kafka.DeleteTopics(i.Context(), names...); err != nil {
		i.Fatal(err)
	}
}

// prune deletes half of the published events from the outboxes, as their retention does.
func (i *installation) prune() {
	i.Helper()
	for _, app := range run.Apps {
		if len(app.Bindings) == 0 {
			continue
		}
		url, err := database.Provision(i.Context(), i.config.Postgres, app.Name)
		if err != nil {
			i.Fatal(err)
		}
		db, err := database.Open(i.Context(), database.Options{URL: url})
		if err != nil {
			i.Fatal(err)
		}
		err = db.Gorm().Exec(`WITH p AS (
				UPDATE engine.published SET pruned = greatest(pruned, sequence / 2) RETURNING partition, pruned)
			DELETE FROM engine.outbox o USING p WHERE o.partition = p.partition AND o.sequence <= p.pruned`).Error
		if err != nil {
			i.Fatal(err)
		}
		db.Close()
	}
}

// orderflow runs a command on the installation.
func (i *installation) orderflow(args ...string) (code int, stdout, stderr string) {
	i.Helper()
	var out, errs bytes.Buffer
	root := command.Root()
	root.SetOut(&out)
	root.SetErr(&errs)
	root.SetArgs(append(args, "--kafka", i.config.Kafka[0], "--postgres", i.config.Postgres, "--log-level", "error"))
	code = service.Execute(context.WithoutCancel(i.Context()), root, &errs)
	return code, out.String(), errs.String()
}

func (i *installation) must(args ...string) string {
	i.Helper()
	code, stdout, stderr := i.orderflow(args...)
	if code != 0 {
		i.Fatalf("orderflow %v: exit code %d: %s%s", args, code, stdout, stderr)
	}
	return stdout
}

const price = 700

// buy places orders.
func (i *installation) buy(n int) (buyers []*trial.Buyer) {
	i.Helper()
	for range n {
		buyers = append(buyers, i.site.Buy(i, trial.NewBasket(trial.Line{SKU: "repaired", Quantity: 1})))
	}
	return buyers
}

// ends checks that the orders complete, that each was paid once, and that every invariant holds.
func (i *installation) ends(buyers []*trial.Buyer) {
	i.Helper()
	for _, b := range buyers {
		b.Await(i, "completed")
		if book := i.site.Book(i, b.ID); book != (trial.Ledger{Authorized: price, Captured: price}) {
			i.Errorf("order %s: %+v in the gateway's book", b.ID, book)
		}
	}
	i.must("verify")
}

// inFlight are orders whose capture gets no answer, and some that have just been placed.
func (i *installation) inFlight() (buyers []*trial.Buyer) {
	i.Helper()
	i.gate.Shut("/sim/gateway/v1/captures")
	buyers = i.buy(8)
	for _, b := range buyers {
		b.Await(i, "confirmed")
	}
	return append(buyers, i.buy(4)...)
}

func TestTopicsThatWereWipedAreFilledAgainWithOrdersInFlight(t *testing.T) {
	i := install(t)
	i.site.Sell(t, "repaired", price, 1000)
	archive := t.TempDir()

	i.step("while the services run", func() {
		buyers := i.inFlight()
		i.wipe()
		buyers = append(buyers, i.buy(3)...)
		i.must("topics", "repair")
		i.gate.Open()
		i.ends(buyers)
		if out := i.must("topics", "check"); !strings.Contains(out, "all topics are as they must be") {
			i.Error(out)
		}
	})

	i.step("while they are down, and the outboxes have forgotten half of it", func() {
		buyers := i.inFlight()
		i.must("topics", "archive", "--all", "--to", archive)
		i.stop()
		i.prune()
		i.wipe()
		if code, _, stderr := i.orderflow("topics", "repair"); code != service.CodeFailed ||
			!strings.Contains(stderr, "order.events partition 0 still lacks numbers 1") {
			i.Fatalf("without an archive: exit code %d: %s", code, stderr)
		}
		code, stdout, stderr := i.orderflow("topics", "repair", "--json", "--archive", archive)
		if code != service.CodeFailed ||
			!strings.Contains(stderr, "records cannot be put in front of existing ones: run again with --recreate") {
			i.Fatalf("with one, too late: exit code %d: %s", code, stderr)
		}
		var report repair.Report
		if err := json.Unmarshal([]byte(stdout), &report); err != nil {
			i.Fatal(err)
		}
		var lacking []string
		for _, p := range report.Parts {
			if len(p.Stays) > 0 && !slices.Contains(lacking, p.Topic) {
				lacking = append(lacking, p.Topic)
			}
		}
		if code, _, stderr := i.orderflow("topics", "repair", "--recreate", strings.Join(lacking, ",")); code != service.CodeFailed ||
			!strings.Contains(stderr, "is not deleted: outbox and archive do not hold numbers 1") {
			i.Fatalf("recreated without what is lost: exit code %d: %s", code, stderr)
		}
		i.must("topics", "repair", "--archive", archive, "--recreate", strings.Join(lacking, ","))
		i.start()
		i.gate.Open()
		i.ends(buyers)
		i.must("topics", "check", "--archive", archive)
	})

	i.step("while the services run, and the outboxes have forgotten half of it", func() {
		buyers := i.inFlight()
		i.must("topics", "archive", "--all", "--to", archive)
		i.prune()
		i.wipe()
		buyers = append(buyers, i.buy(3)...)
		out := i.must("topics", "repair", "--archive", archive)
		i.gate.Open()
		i.ends(buyers)
		i.must("topics", "archive", "--all", "--to", archive) // it goes on: the numbers are the same
		again := i.must("topics", "repair", "--archive", archive)
		if strings.Contains(again, "created") || !strings.Contains(out, "created order.events") {
			i.Errorf("repaired again: %s", again)
		}
		if taken := i.must("snapshot", "--all", "--to", archive); !strings.Contains(taken, "snapshots/refund/") {
			i.Error(taken)
		}
		if listed := i.must("topics", "list", "--archive", archive); !strings.Contains(listed, "0: 1 to ") {
			i.Error(listed)
		}
	})
}

// step is a subtest on the installation.
func (i *installation) step(name string, fn func()) {
	i.Helper()
	whole := i.T
	whole.Run(name, func(t *testing.T) {
		i.T = t
		defer func() { i.T = whole }()
		fn()
	})
	if whole.Failed() {
		whole.FailNow()
	}
}
