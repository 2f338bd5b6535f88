package idempotency

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"io/fs"
	"reflect"
	"regexp"
	"strconv"
	"sync"
	"testing"

	"gorm.io/gorm"

	"orderflow.example/shared/database"
	"orderflow.example/shared/embedded/embeddedtest"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }

//go:embed testdata/migrations/*.sql
var files embed.FS

func open(t *testing.T) *database.DB {
	t.Helper()
	db, err := database.Open(t.Context(), database.Options{URL: embeddedtest.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	migrations, err := fs.Sub(files, "testdata/migrations")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := database.Migrate(t.Context(), db, migrations, "service_version"); err != nil {
		t.Fatal(err)
	}
	return db
}

func claim(caller, key, id string) Claim {
	return Claim{Name: Name{caller, "/v1/goods", key}, Fingerprint: []byte("of " + id), ID: id}
}

// take makes or reads a claim.
func take(t *testing.T, c *Table, want Claim) Claim {
	t.Helper()
	got, err := c.Take(t.Context(), want)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestAKeyStandsForTheFirstRequestItCameWith(t *testing.T) {
	t.Parallel()
	c := NewTable(open(t).Gorm())
	if got := take(t, c, claim("ann", "k", "o1")); !got.Fresh || got.ID != "o1" {
		t.Fatalf("first: %+v", got)
	}
	if got := take(t, c, claim("ann", "k", "o2")); got.Fresh || got.ID != "o1" || !bytes.Equal(got.Fingerprint, []byte("of o1")) {
		t.Fatalf("again: %+v", got)
	}
	if got := take(t, c, claim("bob", "k", "o3")); !got.Fresh {
		t.Fatalf("another caller: %+v", got)
	}
	elsewhere := claim("ann", "k", "o4")
	elsewhere.Route = "/v1/money"
	if got := take(t, c, elsewhere); !got.Fresh {
		t.Fatalf("another route: %+v", got)
	}
}

func TestAnUnfinishedClaimIsTakenOverOnceItsMakerHadTime(t *testing.T) {
	t.Parallel()
	db := open(t)
	c := NewTable(db.Gorm())
	mine := take(t, c, claim("ann", "k", "o1"))
	resumes := func(want bool) {
		t.Helper()
		if got, err := c.Resume(t.Context(), mine); err != nil || got != want {
			t.Fatalf("resumed %v %v, want %v", got, err, want)
		}
	}
	resumes(false)
	if err := c.Release(t.Context(), mine); err != nil {
		t.Fatal(err)
	}
	resumes(true)
	resumes(false)
	if err := db.Gorm().Exec("UPDATE idempotency_keys SET busy_until = now() - interval '1 second'").Error; err != nil {
		t.Fatal(err)
	}
	resumes(true)
}

func TestAKeyIsFreeAgainAfterSevenDays(t *testing.T) {
	t.Parallel()
	db := open(t)
	c := NewTable(db.Gorm())
	for age, fresh := range map[string]bool{"6 days 23 hours": false, "7 days 1 minute": true} {
		take(t, c, claim("ann", age, "o1"))
		if err := db.Gorm().Exec("UPDATE idempotency_keys SET created_at = now() - $1::interval WHERE key = $1",
			age).Error; err != nil {
			t.Fatal(err)
		}
		if got := take(t, c, claim("ann", age, "o2")); got.Fresh != fresh || (got.ID == "o2") != fresh {
			t.Errorf("after %s: %+v", age, got)
		}
	}
}

func TestTwoProcessesThatTakeTheSameKeysAgreeOnTheirIDs(t *testing.T) {
	t.Parallel()
	db := open(t)
	const keys = 300
	var taken [2][keys]Claim
	var all sync.WaitGroup
	for p := range taken {
		c := NewTable(db.Gorm())
		for k := range keys {
			all.Go(func() {
				var err error
				k := (k*7 + p*100) % keys
				if taken[p][k], err = c.Take(context.Background(), claim("ann", fmt.Sprint(k), fmt.Sprint("o", p))); err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	for k := range keys {
		a, b := taken[0][k], taken[1][k]
		if a.ID != b.ID || a.Fresh == b.Fresh {
			t.Fatalf("key %d: %+v and %+v", k, a, b)
		}
	}
}

func TestTheFirstAnswerIsKeptAndTheKeyIsFreeOnceItIsForgotten(t *testing.T) {
	t.Parallel()
	c := NewTable(open(t).Gorm())
	mine := take(t, c, claim("ann", "k", "o1"))
	first := Answer{Status: 202, Location: "/v1/goods/1", ContentType: "application/json", Body: []byte(`{"n":1}` + "\n\x00")}
	for _, a := range []Answer{first, {Status: 200, Body: []byte("another")}} {
		if kept, err := c.Keep(t.Context(), mine, a); err != nil || !reflect.DeepEqual(kept, first) {
			t.Fatalf("kept %+v %v", kept, err)
		}
	}
	if got := take(t, c, claim("ann", "k", "o2")); got.Answer == nil || !reflect.DeepEqual(*got.Answer, first) {
		t.Fatalf("again: %+v", got)
	}
	if err := c.Release(t.Context(), mine); err != nil {
		t.Fatal(err)
	}
	if got, err := c.Resume(t.Context(), mine); got || err != nil {
		t.Fatalf("an answered claim was resumed: %v %v", got, err)
	}
	if err := c.Forget(t.Context(), mine); err != nil {
		t.Fatal(err)
	}
	if got := take(t, c, claim("ann", "k", "o3")); !got.Fresh || got.Answer != nil {
		t.Fatalf("after it was forgotten: %+v", got)
	}
	if kept, err := c.Keep(t.Context(), mine, first); err == nil {
		t.Fatalf("an answer was kept for a key that is another request's: %+v", kept)
	}
}

func TestAKeyIsKnownFromItsClaimUntilItExpiresAndLookingClaimsNothing(t *testing.T) {
	t.Parallel()
	db := open(t)
	c := NewTable(db.Gorm())
	known := func(caller, key string) bool {
		t.Helper()
		there, err := c.Known(t.Context(), Name{caller, "/v1/goods", key})
		if err != nil {
			t.Fatal(err)
		}
		return there
	}
	if known("ann", "k") || !take(t, c, claim("ann", "k", "o1")).Fresh {
		t.Fatal("known before it was claimed")
	}
	if !known("ann", "k") || known("bob", "k") || known("ann", "l") {
		t.Fatal("a claim is not known, or others are")
	}
	if err := db.Gorm().Exec("UPDATE idempotency_keys SET created_at = now() - interval '7 days 1 minute'").Error; err != nil {
		t.Fatal(err)
	}
	if known("ann", "k") {
		t.Fatal("known for longer than it is kept")
	}
	var all sync.WaitGroup
	take(t, c, claim("ann", "7", "o7"))
	for k := range 20 {
		all.Go(func() {
			if there, err := c.Known(context.Background(), Name{"ann", "/v1/goods", fmt.Sprint(k)}); err != nil || there != (k == 7) {
				t.Errorf("key %d: %v %v", k, there, err)
			}
		})
	}
	all.Wait()
}

func TestOnlyAClaimItselfIsCommittedWithoutWaitingForTheDisk(t *testing.T) {
	t.Parallel()
	db := open(t)
	c := NewTable(db.Gorm())
	if err := db.Gorm().Exec(`CREATE TABLE committed AS SELECT 0 AS claims, ''::text AS how;
		CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
		$$ BEGIN UPDATE committed SET claims = claims + 1, how = current_setting('synchronous_commit'); RETURN NULL; END $$;
		CREATE CONSTRAINT TRIGGER noting AFTER INSERT ON idempotency_keys DEFERRABLE INITIALLY DEFERRED
		FOR EACH ROW EXECUTE FUNCTION note()`).Error; err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for k := range 50 {
		all.Go(func() {
			if _, err := c.Take(context.Background(), claim("ann", fmt.Sprint(k), "o")); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	var claims int
	var how string
	err := db.Gorm().Raw(`SELECT claims, how FROM committed`).Row().Scan(&claims, &how)
	if err != nil || claims != 50 || how != "off" {
		t.Errorf("%d claims, committed with %q, %v", claims, how, err)
	}
	for i := range 30 { // in the sessions that claims were made in, too
		all.Go(func() {
			var now string
			err := db.Gorm().Raw(`SELECT current_setting('synchronous_commit') FROM pg_sleep(0.01)`).Row().Scan(&now)
			if err != nil || now != "on" {
				t.Errorf("session %d commits with %q, %v", i, now, err)
			}
		})
	}
	all.Wait()
}

// A statement that reads all keys by their age would become slower with each key.
func TestAKeyIsFoundWithoutReadingOthers(t *testing.T) {
	t.Parallel()
	db := open(t)
	fill := `INSERT INTO idempotency_keys (caller, route, key, fingerprint, id, created_at, busy_until)
		SELECT 'ann', '/v1/goods', 'k' || n, 'f', 'o' || n, now(), now() FROM generate_series(1, 2000) AS n`
	if err := db.Gorm().Exec(fill).Error; err != nil {
		t.Fatal(err)
	}
	c := NewTable(db.Gorm())
	if got := take(t, c, claim("ann", "k7", "other")); got.ID != "o7" {
		t.Fatalf("taken: %+v", got)
	}
	if known, err := c.Known(t.Context(), Name{"ann", "/v1/goods", "k8"}); !known || err != nil {
		t.Fatalf("known: %v, %v", known, err)
	}
	for _, s := range []string{takeSQL, lookSQL} {
		var plan string
		arguments := map[string]string{takeSQL: "'{ann}', '{/v1/goods}', '{k7}', '{f}', '{o}'",
			lookSQL: "'{ann}', '{/v1/goods}', '{k7}'"}[s]
		types := map[string]string{takeSQL: "text[], text[], text[], bytea[], text[]", lookSQL: "text[], text[], text[]"}[s]
		err := database.Transact(t.Context(), db, func(tx *gorm.DB) error {
			if err := tx.Exec("PREPARE asked (" + types + ") AS " + s).Error; err != nil {
				return err
			}
			defer tx.Exec("DEALLOCATE asked")
			return tx.Raw("EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE asked (" + arguments + ")").Row().Scan(&plan)
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range regexp.MustCompile(`"Actual Rows": (\d+)`).FindAllStringSubmatch(plan, -1) {
			if rows, _ := strconv.Atoi(n[1]); rows > 10 {
				t.Errorf("%s\nreads %d rows for one key:\n%s", s, rows, plan)
			}
		}
	}
}
