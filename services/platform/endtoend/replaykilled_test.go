package endtoend_test

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"orderflow.example/services/platform/services"
	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/database"
)

// heldReplay stops the replays of a service at one of their writes of progress, or in the swap. Only the server's administrator
// may do that.
type heldReplay struct {
	in   *installation
	name string
	db   *database.DB
}

func (in *installation) holdReplay(t *testing.T, service string) *heldReplay {
	t.Helper()
	u, err := url.Parse(in.Postgres)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/orderflow_" + service
	db, err := database.Open(t.Context(), database.Options{URL: u.String(), MaxConns: 2, AppName: "trial"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	h := &heldReplay{in, service, db}
	for _, s := range []string{"CREATE SCHEMA held", "CREATE SEQUENCE held.notes", "CREATE TABLE held.at (write int)",
		"INSERT INTO held.at VALUES (NULL)",
		`CREATE FUNCTION held.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
			'BEGIN IF nextval(''held.notes'') >= (SELECT write FROM held.at WHERE write > 0) THEN PERFORM pg_sleep(600); END IF;
			RETURN new; END'`,
		`CREATE FUNCTION held.command() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN
			IF current_query() LIKE ''%SET SCHEMA replaced%'' AND (SELECT write = 0 FROM held.at) THEN PERFORM pg_sleep(600); END IF;
			IF TG_TAG = ''CREATE TABLE'' AND current_query() LIKE ''%replay_progress%'' THEN
				CREATE OR REPLACE TRIGGER hold BEFORE INSERT OR UPDATE ON replay.replay_progress FOR EACH ROW EXECUTE FUNCTION held.note();
			END IF; END'`,
		`CREATE EVENT TRIGGER hold ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE') EXECUTE FUNCTION held.command()`} {
		execute(t, db, s)
	}
	return h
}

// at holds all writes of progress from this one on, or at 0 the swap; nothing from never on.
func (h *heldReplay) at(t *testing.T, write int64) {
	t.Helper()
	execute(t, h.db, fmt.Sprintf(`ALTER SEQUENCE held.notes RESTART; UPDATE held.at SET write = %d`, write))
}

const nowhere = 1 << 30

// writes counts the writes of progress that replays have committed.
func (h *heldReplay) writes(t *testing.T) (n int64) {
	t.Helper()
	if err := h.db.Gorm().Raw(`SELECT count(*) FROM replay.replay_progress`).Row().Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// await waits until a session of the replay is held, and returns its process.
func (h *heldReplay) await(t *testing.T, log func() string) (pid int) {
	t.Helper()
	trial.Await(t, "the replay of "+h.name+" to be held", func() (bool, string) {
		err := h.in.admin.Gorm().Raw(`SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = $1 LIMIT 1`,
			"orderflow_"+h.name).Row().Scan(&pid)
		return err == nil, fmt.Sprint(err, log())
	})
	return pid
}

// release ends the sessions of replays that were killed.
func (h *heldReplay) release(t *testing.T) {
	t.Helper()
	trial.Await(t, "the sessions of the replay of "+h.name+" to end", func() (bool, string) {
		var left int
		err := h.in.admin.Gorm().Raw(`SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
			WHERE application_name = 'orderflow-replay' AND datname = $1`, "orderflow_"+h.name).Row().Scan(&left)
		return err == nil && left == 0, fmt.Sprint(left, err)
	})
}

// command is the one that is killed, and finishes what it began.
func (h *heldReplay) command() []string {
	return []string{"replay", h.name, "--apply", "--data-dir", h.in.Config.DataDir, "--log-level", "error"}
}

// TestAReplayOfAnyServiceKilledAtAnyMomentIsFinishedByTheSameCommand kills the replay of each service at 10, 50 and 90 % of its
// transactions and in the swap, one after the other: each goes on where the one before was killed.
func TestAReplayOfAnyServiceKilledAtAnyMomentIsFinishedByTheSameCommand(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.site.Sell(t, "survivor", price, 10*purchases)
	all := in.buy(t, "killed", 16)
	in.site.Sell(t, "sent-back", price, 1)
	for i := range 8 { // so that every service has events in several partitions
		in.site.Sell(t, fmt.Sprint("unsold-", i), price, 1)
	}
	back := in.site.BuyAs(t, "sender", trial.NewBasket(trial.Line{SKU: "sent-back", Quantity: 1}))
	back.Await(t, "completed")
	back.Return(t, trial.Line{SKU: "sent-back", Quantity: 1})
	awaitAllEnded(t, in.site)
	in.settle(t)
	orderflow := filepath.Join(trial.Programs(t, "platform"), "orderflow")
	for _, app := range services.All { // not in parallel: this test may hold the broker that those in the other places wait for
		t.Run(app.Name, func(t *testing.T) { in.killReplays(t, orderflow, app.Name) })
	}
	in.crashServer(t, orderflow, "storefront")
	for _, command := range []string{"replay payment --diff", "replay payment --decide", "verify",
		"topics archive --all --to nowhere"} {
		args := append(strings.Fields(command), "--partitions", "2", "--kafka", strings.Join(in.Kafka, ","), "--postgres", in.Postgres)
		if stdout, stderr, code := trial.Command(orderflow, args...); code != 3 ||
			!strings.Contains(stderr, "payment.events: has 4 partitions, not 2") {
			t.Errorf("%s of half the partitions: %d %s%s", command, code, stdout, stderr)
		}
	}
	checkPurchases(t, in.site, all)
	in.checkHolds(t)
	in.checkEqual(t)
}

func (in *installation) killReplays(t *testing.T, orderflow, name string) {
	h := in.holdReplay(t, name)
	if c := in.compare(t, name); !c.Equal() {
		t.Fatalf("before: %+v", c)
	}
	total := h.writes(t) // one for each partition of a topic: there are few events
	if total < 2 {
		t.Fatalf("%d writes: not much is killed", total)
	}
	execute(t, h.db, `DROP SCHEMA replay CASCADE`)
	done := int64(0)
	for _, share := range []int64{10, 50, 90, 100} {
		held := (total*share + 99) / 100
		if share < 100 {
			h.at(t, held-done)
		} else {
			h.at(t, 0)
		}
		killed := trial.RunUntil(t, orderflow, h.command()...)
		h.await(t, killed.Log)
		killed.Kill()
		h.release(t)
		now := h.writes(t)
		if now < done || share < 100 && now >= held {
			t.Errorf("killed at %d%% of %d writes, after %d: %d are done", share, total, done, now)
		}
		done = now
	}
	if done != total {
		t.Errorf("in the swap %d of %d writes are done", done, total)
	}
	h.at(t, nowhere)
	if stdout, stderr, code := trial.Command(orderflow, h.command()...); code != 0 {
		t.Fatalf("the same command: %d %s%s", code, stdout, stderr)
	}
	execute(t, h.db, `DROP EVENT TRIGGER hold`)
	execute(t, h.db, `DROP SCHEMA held CASCADE`)
	if c := in.compare(t, name); !c.Equal() {
		t.Errorf("after: %+v", c)
	}
	if stdout, stderr, code := trial.Command(orderflow, "replay", name, "--decide", "--data-dir", in.Config.DataDir); code != 0 {
		t.Errorf("decided again: %d %s%s", code, stdout, stderr)
	}
}

// crashServer has a session of the server die in the middle of a replay. It then ends all others, as it does when it cannot write
// its log on a full disk.
func (in *installation) crashServer(t *testing.T, orderflow, name string) {
	t.Helper()
	h := in.holdReplay(t, name)
	execute(t, h.db, `DROP SCHEMA IF EXISTS replay CASCADE`)
	h.at(t, 6)
	type end struct {
		stdout, stderr string
		code           int
	}
	ended := make(chan end, 1)
	go func() {
		var e end
		e.stdout, e.stderr, e.code = trial.Command(orderflow, h.command()...)
		ended <- e
	}()
	pid := h.await(t, func() string { return "" })
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	e := <-ended
	lines := strings.Split(strings.TrimSpace(e.stderr), "\n") // those before the last are of the progress
	if last := lines[len(lines)-1]; e.code != 3 || !strings.HasPrefix(last, "orderflow: replay: the database's server went away") ||
		!strings.Contains(last, "run the same command again") {
		t.Errorf("the server crashed: %d %s%s", e.code, e.stdout, e.stderr)
	}
	trial.Await(t, "the server to be up", func() (bool, string) {
		err := h.db.Gorm().Exec(`UPDATE held.at SET write = NULL`).Error
		return err == nil, fmt.Sprint(err)
	})
	if stdout, stderr, code := trial.Command(orderflow, h.command()...); code != 0 {
		t.Errorf("the same command, once the server is up: %d %s%s", code, stdout, stderr)
	}
	execute(t, h.db, `DROP EVENT TRIGGER hold`)
	execute(t, h.db, `DROP SCHEMA held CASCADE`)
}
