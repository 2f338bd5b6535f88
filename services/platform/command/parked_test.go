package command_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"orderflow.example/services/platform/command"
	"orderflow.example/services/platform/run"
	"orderflow.example/shared/database"
	"orderflow.example/shared/embedded/embeddedtest"
	"orderflow.example/shared/engine/parked"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/service"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }

// counter is a Postgres on which payment has a database; nothing runs.
type counter struct {
	*testing.T
	url   string
	kafka string
	db    *gorm.DB
}

func newCounter(t *testing.T) *counter {
	t.Helper()
	url := embeddedtest.Postgres(t)
	i := slices.IndexFunc(run.Apps, func(a service.App) bool { return a.Name == "payment" })
	db, err := service.OpenDatabase(t.Context(), url, run.Apps[i], nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		db.Close()
		admin, err := database.Open(context.Background(), database.Options{URL: url})
		if err != nil {
			t.Error(err)
			return
		}
		defer admin.Close()
		for _, sql := range []string{`DROP DATABASE orderflow_payment WITH (FORCE)`, `DROP ROLE orderflow_payment_customer`,
			`DROP ROLE orderflow_payment`} {
			if err := admin.Gorm().Exec(sql).Error; err != nil {
				t.Error(err)
			}
		}
	})
	broker := embeddedtest.Kafka(t)
	client := kafka.Dial(kafka.Config{Brokers: []string{broker}})
	t.Cleanup(client.Close)
	if _, err := client.CreateTopics(t.Context(), []kafka.TopicSpec{{Name: service.AuditTopic, Partitions: 1}}); err != nil {
		t.Fatal(err)
	}
	c := &counter{t, url, broker, db.Gorm()}
	err = c.db.Exec(`INSERT INTO engine.parked (partition, key, form, type, id, saga, cause, at, data, reason)
		SELECT 0, 'o' || i, 'event', 'order.cancelled.v1', 'e' || i, 'o' || i, '', now(), '{"name": "Ann", "amount": 5}', 'boom ' || i
			FROM generate_series(1, 4) i`).Error
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// run runs `orderflow parked …` and returns its exit code and what it wrote.
func (c *counter) run(args ...string) (code int, stdout, stderr string) {
	c.Helper()
	var out, err bytes.Buffer
	root := command.Root()
	root.SetOut(&out)
	root.SetErr(&err)
	root.SetArgs(append([]string{"parked", "--postgres", c.url, "--kafka", c.kafka, "--data-dir", c.TempDir(), "--as", "ann"},
		args...))
	code = service.Execute(c.Context(), root, &err)
	return code, out.String(), err.String()
}

// carryOut acts as a process of payment until stop; fails returns the reason why sagas fail again, "" if they do not.
func (c *counter) carryOut(fails func() string) (stop func()) {
	ctx, cancel := context.WithCancel(c.Context())
	var all sync.WaitGroup
	all.Go(func() {
		for ctx.Err() == nil {
			err := parked.Advance(ctx, c.db)
			if err == nil && fails() == "" {
				err = c.db.WithContext(ctx).Exec(`DELETE FROM engine.parked WHERE redrive`).Error
			} else if err == nil {
				err = c.db.WithContext(ctx).Exec(`UPDATE engine.parked SET redrive = false, reason = $1 WHERE redrive`, fails()).Error
			}
			if err != nil && ctx.Err() == nil {
				c.Error(err)
				return
			}
			select {
			case <-ctx.Done():
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
	return func() { cancel(); all.Wait() }
}

func TestParkedSagasAreListedRedrivenAndDiscardedFromTheCommandLine(t *testing.T) {
	c := newCounter(t)
	code, out, stderr := c.run("groups", "--json")
	var groups struct{ Items []parked.Group }
	if err := json.Unmarshal([]byte(out), &groups); code != 0 || err != nil || len(groups.Items) != 1 || groups.Items[0].Sagas != 4 {
		t.Fatalf("groups: %d %s%s %v", code, out, stderr, err)
	}
	group := groups.Items[0].ID
	for _, look := range []struct {
		args  []string
		words []string
	}{
		{[]string{"groups"}, []string{group, "payment", "boom …"}},
		{[]string{"list", "--limit", "2"}, []string{"o1", "o2", "and more"}},
		{[]string{"show", "o3"}, []string{"order.cancelled.v1 of order o3", `{"amount":5,"name":"…"}`}},
		{[]string{"redrive", group, "--dry-run"}, []string{"4 sagas with 4 events would be redriven"}},
		{[]string{"discard", "4", "--service", "payment", "--reason", "twice"}, []string{"discarded 1 row"}},
	} {
		code, out, stderr := c.run(look.args...)
		for _, words := range look.words {
			if code != 0 || !strings.Contains(out, words) || strings.Contains(out, "Ann") {
				t.Errorf("%v: %d %s%s, want %q", look.args, code, out, stderr, words)
			}
		}
	}

	stop := c.carryOut(func() string { return "still broken" })
	code, out, stderr = c.run("redrive", group, "--rate", "1000", "--reason", "mended")
	stop()
	if code != service.CodeFailed || !strings.Contains(stderr, "was: boom 1; now: still broken") || !strings.Contains(out,
		"failed again in payment") {
		t.Errorf("redrive: %d %s%s", code, out, stderr)
	}
	var list struct{ Items []parked.Redrive }
	if code, out, _ = c.run("redrives", "--json"); code != 0 || json.Unmarshal([]byte(out), &list) != nil ||
		len(list.Items) != 1 || list.Items[0].State != "failed" || list.Items[0].By != "ann" {
		t.Fatalf("redrives: %d %s", code, out)
	}
	id := list.Items[0].ID
	stop = c.carryOut(func() string { return "" })
	code, out, stderr = c.run("continue", id)
	stop()
	if code != 0 || !strings.Contains(out, "3 of 3 released") {
		t.Errorf("continue: %d %s%s", code, out, stderr)
	}
	if code, out, _ := c.run("redrives", id); code != 0 || !strings.Contains(out, "done") {
		t.Errorf("redrives ID: %d %s", code, out)
	}
	if code, _, stderr := c.run("continue", id); code != service.CodeFailed || !strings.Contains(stderr,
		"there is nothing to go on with") {
		t.Errorf("continue of a redrive that is done: %d %s", code, stderr)
	}
	if code, out, _ := c.run("groups"); code != 0 || !strings.Contains(out, "nothing is parked") {
		t.Errorf("groups at the end: %d %s", code, out)
	}
	c.refuses()
}

// refuses are mistakes, each with the exit code and a text of the error.
func (c *counter) refuses() {
	for args, want := range map[string]struct {
		code  int
		words string
	}{
		"redrive":                                  {service.CodeUsage, "say what to redrive: a GROUP, --order ID, or --all"},
		"redrive x --all":                          {service.CodeUsage, "say what to redrive"},
		"redrive x --order o1":                     {service.CodeUsage, "say what to redrive"},
		"redrive 0123456789ab":                     {service.CodeFailed, "look at the groups again"},
		"redrive --order o1":                       {service.CodeFailed, "nothing of this order is parked"},
		"redrive --all --steps 1,0":                {service.CodeUsage, "steps[1]: want 1 to"},
		"redrive --all --steps -1":                 {service.CodeUsage, "steps[0]: want 1 to"},
		"redrive --all --rate 0":                   {service.CodeUsage, "per_second: want"},
		"redrive --all --rate -5":                  {service.CodeUsage, "per_second: want"},
		"redrive --all --pause maybe":              {service.CodeUsage, "pause: want none, or ask"},
		"redrive --all --service paymnet":          {service.CodeUsage, "there are: payment"},
		"redrive --all":                            {service.CodeFailed, "nothing is parked"},
		"discard 1 --reason x":                     {service.CodeUsage, "--service"},
		"discard 1 --service payment":              {service.CodeUsage, "--reason"},
		"discard one --service payment --reason x": {service.CodeUsage, "is not the number of a parked row"},
		"discard 99 --service payment --reason x":  {service.CodeFailed, "it is not parked, or not any more"},
		"discard":    {service.CodeUsage, "arg"},
		"show o1":    {service.CodeFailed, "nothing of that is parked"},
		"stop x":     {service.CodeFailed, "there is no such redrive"},
		"continue x": {service.CodeFailed, "there is no such redrive"},
		"nothing":    {service.CodeUsage, "unknown command"},
	} {
		code, _, stderr := c.run(strings.Fields(args)...)
		if code != want.code || !strings.Contains(stderr, want.words) || strings.Count(stderr, "\n") != 1 {
			c.Errorf("parked %s: exit code %d, %q; want %d and %q", args, code, stderr, want.code, want.words)
		}
	}
}

func TestParkedWithoutARunningInstallationSaysWhatToDo(t *testing.T) {
	t.Parallel()
	var stderr strings.Builder
	root := command.Root()
	dir := t.TempDir()
	root.SetArgs([]string{"parked", "list", "--data-dir", dir})
	if code := service.Execute(t.Context(), root, &stderr); code != service.CodeEnvironment || !strings.Contains(stderr.String(),
		fmt.Sprint("orderflow up --data-dir ", dir)) {
		t.Errorf("exit code %d: %s", code, stderr.String())
	}
}
