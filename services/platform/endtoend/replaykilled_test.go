package endtoend_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"

	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/database"
)

// holdReplay blocks the nth write of a replay's progress, or the swap, until release. Only the server's administrator may
// do that.
func (in *installation) holdReplay(t *testing.T, service string, at string) (release func()) {
	t.Helper()
	url, err := database.Provision(t.Context(), in.Postgres, service)
	if err != nil {
		t.Fatal(err)
	}
	db, err := database.Open(t.Context(), database.Options{URL: url, MaxConns: 2, AppName: "trial"})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := db.Pool().Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	run := func(ctx context.Context, conn *sql.Conn, statements ...string) {
		t.Helper()
		for _, s := range statements {
			if _, err := conn.ExecContext(ctx, s); err != nil {
				t.Fatal(err)
			}
		}
	}
	run(t.Context(), conn, "SET ROLE NONE", "CREATE SCHEMA held", "CREATE SEQUENCE held.notes",
		`CREATE FUNCTION held.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
			'BEGIN IF nextval(''held.notes'') = `+at+` THEN PERFORM pg_sleep(600); END IF; RETURN new; END'`,
		`CREATE FUNCTION held.command() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN
			IF current_query() LIKE ''%SET SCHEMA replaced%'' AND `+at+` = 0 THEN PERFORM pg_sleep(600); END IF;
			IF TG_TAG = ''CREATE TABLE'' AND current_query() LIKE ''%replay_progress%'' THEN
				CREATE OR REPLACE TRIGGER hold BEFORE INSERT OR UPDATE ON replay.replay_progress FOR EACH ROW EXECUTE FUNCTION held.note();
			END IF; END'`,
		`CREATE EVENT TRIGGER hold ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE') EXECUTE FUNCTION held.command()`)
	return func() {
		t.Helper()
		run(context.WithoutCancel(t.Context()), conn,
			`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'`,
			"DROP EVENT TRIGGER hold", "DROP SCHEMA held CASCADE")
		conn.Close()
		db.Close()
	}
}

func TestAReplayKilledAtAnyMomentIsFinishedByTheSameCommand(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.site.Sell(t, "survivor", price, 10*purchases)
	all := in.buy(t, "killed", 16)
	awaitAllEnded(t, in.site)
	orderflow := filepath.Join(trial.Programs(t, "platform"), "orderflow")
	// The storefront is rebuilt from its own topic and six others; the progress is written once for each non-empty partition.
	for _, moment := range [][2]string{{"storefront", "2"}, {"storefront", "10"}, {"storefront", "18"}, {"storefront", "0"},
		{"invoice", "3"}, {"invoice", "0"}, {"reporting", "3"}, {"reporting", "0"}, {"notification", "3"}, {"notification", "0"},
		{"recommendation", "3"}, {"recommendation", "0"}} { // 0 is in the swap
		name, at := moment[0], moment[1]
		args := []string{"replay", name, "--apply", "--data-dir", in.Config.DataDir, "--log-level", "error"}
		// Each replay begins anew: the comparison before has left one that is finished.
		if err := in.Host.Databases()[name].Gorm().Exec(`DROP SCHEMA IF EXISTS replay CASCADE`).Error; err != nil {
			t.Fatal(err)
		}
		release := in.holdReplay(t, name, at)
		killed := trial.RunUntil(t, orderflow, args...)
		trial.Await(t, "the replay of "+name+" to be at "+at, func() (bool, string) {
			var held int
			err := in.admin.Gorm().Raw("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'").Row().Scan(&held)
			return held > 0, fmt.Sprint(held, err, killed.Log())
		})
		killed.Kill()
		release()
		if stdout, stderr, code := trial.Command(orderflow, args...); code != 0 {
			t.Errorf("%s killed at %s: the same command: %d %s%s", name, at, code, stdout, stderr)
		}
		if c := in.compare(t, name); !c.Equal() {
			t.Errorf("%s killed at %s: %+v", name, at, c)
		}
	}
	checkPurchases(t, in.site, all)
	in.checkHolds(t)
	in.checkEqual(t)
}
