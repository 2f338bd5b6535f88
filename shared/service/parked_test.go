package service_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"orderflow.example/shared/database"
	"orderflow.example/shared/embedded/embeddedtest"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/engine/parked"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/service"
)

// desk is the operators' listener of a process with two services that own no partition.
type desk struct {
	*testing.T
	server *httpserver.Server
	token  string
	dbs    map[string]*gorm.DB
	acts   []openapi.Act // that have ended
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	key := bytes.Repeat([]byte("k"), 32)
	auth, err := httpserver.NewAuth(key)
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{T: t, server: httpserver.New(httpserver.Options{}), dbs: map[string]*gorm.DB{}}
	if d.token, err = httpserver.Mint(key, httpserver.AudienceOperators, "ann", time.Minute); err != nil {
		t.Fatal(err)
	}
	var services parked.Services
	for _, name := range []string{"payment", "shipping"} {
		db, err := database.Open(t.Context(), database.Options{URL: embeddedtest.Database(t)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		if _, err := database.Migrate(t.Context(), db, engine.Migrations, "engine_version"); err != nil {
			t.Fatal(err)
		}
		d.dbs[name] = db.Gorm()
		services = append(services, parked.Service{Name: name, DB: db.Gorm()})
	}
	routes := openapi.NewRoutes(d.server, auth.RequireOperator(), "Operators", "1", "")
	routes.Audited(d)
	service.RegisterParked(routes, services)
	return d
}

func (d *desk) Intend(context.Context, openapi.Act) error { return nil }
func (d *desk) End(_ context.Context, a openapi.Act)      { d.acts = append(d.acts, a) }

// kept tells whether an act of ann is in the audit, with its reason and outcome.
func (d *desk) kept(what, reason, outcome string) bool {
	return slices.ContainsFunc(d.acts, func(a openapi.Act) bool {
		return a.By == "ann" && a.What == what && a.Reason == reason && a.Outcome == outcome && (a.After != nil || outcome != "done")
	})
}

func (d *desk) exec(name, sql string, args ...any) {
	d.Helper()
	if err := d.dbs[name].Exec(sql, args...).Error; err != nil {
		d.Fatal(err)
	}
}

// park parks n orders in a service.
func (d *desk) park(name string, n int) {
	d.Helper()
	d.exec(name, `INSERT INTO engine.parked (partition, key, form, type, id, saga, cause, at, data, reason)
		SELECT 0, 'o' || i, 'event', 'order.cancelled.v1', 'e' || i, 'o' || i, '', now(), '{}', 'boom ' || i
			FROM generate_series(1, $1::int) i`, n)
}

// ask sends a request; headers are "Name: value".
func (d *desk) ask(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	d.Helper()
	req := httptest.NewRequest(method, path, strings.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+d.token)
	req.Header.Set("Content-Type", "application/json")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	res := httptest.NewRecorder()
	d.server.Engine().ServeHTTP(res, req)
	return res
}

func must[T any](d *desk, status int, res *httptest.ResponseRecorder) (answer T) {
	d.Helper()
	if res.Code != status {
		d.Fatalf("got %d %s, want %d", res.Code, res.Body, status)
	}
	if err := json.Unmarshal(res.Body.Bytes(), &answer); err != nil {
		d.Fatal(err)
	}
	return answer
}

type itemsOf[T any] struct {
	Items      []T
	NextCursor string    `json:"next_cursor"`
	AsOf       time.Time `json:"as_of"`
}

const withKey = "Idempotency-Key: k1"

func TestOperatorsRedriveAGroupFromAProcessThatOwnsNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.park("payment", 3)
	d.park("shipping", 5)
	groups := must[itemsOf[parked.Group]](d, 200, d.ask("GET", "/v1/parked/groups", ""))
	if len(groups.Items) != 2 || groups.Items[0].Service != "shipping" || groups.Items[0].Sagas != 5 ||
		groups.Items[0].Reason != "boom …" || groups.AsOf.IsZero() {
		t.Fatalf("the groups are %+v", groups)
	}
	dry := must[parked.Started](d, 200, d.ask("POST", "/v1/parked/redrive", fmt.Sprintf(`{"group":%q,"dry_run":true}`,
		groups.Items[0].ID)))
	if dry.Total != 5 || len(dry.Items) != 5 || dry.ID != "" {
		t.Errorf("the dry run says %+v", dry)
	}
	asOf, err := json.Marshal(dry.AsOf)
	if err != nil {
		t.Fatal(err)
	}
	body := fmt.Sprintf(
		`{"group":%q,"as_of":%s,"steps":[2],"per_second":1000,"pause":"ask","stop_on_failure":true,"reason":"mended"}`,
		groups.Items[0].ID, asOf)
	res := d.ask("POST", "/v1/parked/redrive", body, withKey)
	started := must[parked.Started](d, 202, res)
	if started.Total != 5 || started.Later != 0 || res.Header().Get("Location") != "/v1/parked/redrives/"+started.ID {
		t.Errorf("started %+v at %s", started, res.Header().Get("Location"))
	}
	again := d.ask("POST", "/v1/parked/redrive", body, `Idempotency-Key: "k1"`)
	if again.Code != 202 || again.Body.String() != res.Body.String() || again.Header().Get("Idempotent-Replayed") != "true" {
		t.Errorf("sent again: %d %s, first %s", again.Code, again.Body, res.Body)
	}
	for _, released := range []int{2, 4} {
		d.finishStep()
		r := must[parked.Redrive](d, 200, d.ask("GET", "/v1/parked/redrives/"+started.ID, ""))
		if r.State != "paused" || r.Released != released || r.By != "ann" || r.Steps[0].Done != 2 {
			t.Fatalf("it stands at %+v", r)
		}
		must[parked.Redrive](d, 200, d.ask("POST", "/v1/parked/redrives/"+started.ID+"/continue", ""))
	}
	d.finishStep()
	list := must[itemsOf[parked.Redrive]](d, 200, d.ask("GET", "/v1/parked/redrives?limit=1", ""))
	if len(list.Items) != 1 || list.Items[0].State != "done" || list.Items[0].Released != 5 || list.NextCursor != "" {
		t.Errorf("the list is %+v", list)
	}
	if !d.kept("redrive-parked", "mended", "done") || !d.kept("redrive-parked", "mended", "repeated") ||
		!d.kept("continue-redrive", "", "done") {
		t.Errorf("kept are %+v", d.acts)
	}
}

// finishStep does the work of the owner for the marked rows in shipping, and of the coordinator before and after.
func (d *desk) finishStep() {
	d.Helper()
	for range 2 {
		if err := parked.Advance(d.Context(), d.dbs["shipping"]); err != nil {
			d.Fatal(err)
		}
		d.exec("shipping", `DELETE FROM engine.parked WHERE redrive`)
	}
	if err := parked.Advance(d.Context(), d.dbs["shipping"]); err != nil {
		d.Fatal(err)
	}
}

func TestOperatorsPageThroughWhatIsParkedAndDiscardOneWithAReason(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.park("payment", 3)
	d.park("shipping", 2)
	var found []parked.Item
	for cursor := ""; ; {
		page := must[itemsOf[parked.Item]](d, 200, d.ask("GET", "/v1/parked?limit=2&cursor="+url.QueryEscape(cursor), ""))
		found = append(found, page.Items...)
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	if len(found) != 5 || found[0].Service != "payment" || found[4].Service != "shipping" || found[4].Order != "o2" ||
		found[4].Event != "e2" {
		t.Errorf("found %+v", found)
	}
	body := fmt.Sprintf(`{"items":[{"service":"shipping","number":%d}],"reason":"sent twice"}`, found[4].Number)
	res := d.ask("POST", "/v1/parked/discard", body, withKey)
	if done := must[parked.Discarded](d, 202, res); done.Discarded != 1 {
		t.Errorf("discarded %+v", done)
	}
	if again := d.ask("POST", "/v1/parked/discard", body, withKey); again.Code != 202 ||
		again.Body.String() != res.Body.String() || again.Header().Get("Idempotent-Replayed") != "true" {
		t.Errorf("sent again: %d %s", again.Code, again.Body)
	}
	if left := must[itemsOf[parked.Item]](d, 200, d.ask("GET", "/v1/parked?service=shipping", "")); len(left.Items) != 1 {
		t.Errorf("left is %+v", left)
	}
	if !d.kept("discard-parked", "sent twice", "done") {
		t.Errorf("kept are %+v", d.acts)
	}
}

func TestWhatOperatorsMayNotAskIsRefusedWithAStableTypeAndItsPlace(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.park("payment", 3)
	used := `{"all":true,"per_second":0.01}`
	running := must[parked.Started](d, 202, d.ask("POST", "/v1/parked/redrive", used, "Idempotency-Key: used")).ID
	const anotherKey = "Idempotency-Key: k2"
	for name, c := range map[string]struct {
		method, path, body, key string
		status                  int
		slug, words             string
	}{
		"a misspelt filter":  {"GET", "/v1/parked?ordre=o1", "", "", 422, "invalid", "does not have"},
		"a limit of 0":       {"GET", "/v1/parked?limit=0", "", "", 422, "invalid", "query.limit"},
		"a made up cursor":   {"GET", "/v1/parked?cursor=zzz", "", "", 422, "invalid", "query.cursor"},
		"a made up id":       {"GET", "/v1/parked/redrives?cursor=ImEi", "", "", 422, "invalid", "query.cursor"},
		"an unknown service": {"GET", "/v1/parked?service=refund", "", "", 422, "invalid", "query.service"},
		"no text":            {"GET", "/v1/parked?order=%00", "", "", 422, "invalid", "query.order"},
		"an unknown redrive": {"GET", "/v1/parked/redrives/1", "", "", 404, "not-found", "no such redrive"},
		"without a key":      {"POST", "/v1/parked/redrive", `{"all":true}`, "", 400, "idempotency-key", "Idempotency-Key"},
		"another body": {"POST", "/v1/parked/redrive", `{"all":false}`, "Idempotency-Key: used", 422,
			"idempotency-key-reused", "another request"},
		"another route": {"POST", "/v1/parked/discard", used, "Idempotency-Key: used", 422, "idempotency-key-reused",
			"another request"},
		"while one runs": {"POST", "/v1/parked/redrive", `{"all":true}`, anotherKey, 409, "redrive-running", running},
		"an unknown field": {"POST", "/v1/parked/redrive", `{"everything":true}`, anotherKey, 422, "invalid",
			"body.everything"},
		"an unknown group": {"POST", "/v1/parked/redrive", `{"group":"00"}`, anotherKey, 404, "not-parked",
			"look at the groups again"},
		"an order not parked": {"POST", "/v1/parked/redrive", `{"orders":["o1","o9"]}`, anotherKey, 404, "not-parked",
			"body.orders[1]"},
		"steps of nothing": {"POST", "/v1/parked/redrive", `{"all":true,"steps":[0]}`, anotherKey, 422, "invalid",
			"body.steps[0]"},
		"a negative rate": {"POST", "/v1/parked/redrive", `{"all":true,"per_second":-1}`, anotherKey, 422, "invalid",
			"body.per_second"},
		"continue what runs": {"POST", "/v1/parked/redrives/" + running + "/continue", "", "", 409, "redrive-running", "running"},
		"discard without reason": {"POST", "/v1/parked/discard", `{"items":[{"service":"payment","number":1}]}`, anotherKey, 422,
			"invalid", "body.reason"},
		"discard nothing there": {"POST", "/v1/parked/discard", `{"items":[{"service":"payment","number":99}],"reason":"x"}`,
			anotherKey, 404, "not-parked", "body.items[0]"},
	} {
		t.Run(name, func(t *testing.T) {
			headers := []string{}
			if c.key != "" {
				headers = append(headers, c.key)
			}
			res := d.ask(c.method, c.path, c.body, headers...)
			problem := httpserver.Problem{}
			if err := json.Unmarshal(res.Body.Bytes(), &problem); err != nil {
				t.Fatal(err)
			}
			if res.Code != c.status || !strings.HasSuffix(problem.Type, "/"+c.slug) || !strings.Contains(res.Body.String(), c.words) {
				t.Errorf("got %d %s, want %d %s and %q", res.Code, res.Body, c.status, c.slug, c.words)
			}
		})
	}
	d.token = ""
	if res := d.ask("GET", "/v1/parked", ""); res.Code != http.StatusUnauthorized {
		t.Errorf("without a token: %d", res.Code)
	}
}
