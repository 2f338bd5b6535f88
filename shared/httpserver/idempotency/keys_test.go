package idempotency_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"orderflow.example/shared/database"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/idempotency"
	"orderflow.example/shared/httpserver/idempotency/idempotencytest"
)

var signing = []byte(strings.Repeat("k", 32))

// till is a route that moves money: it counts the payments, and makes one for each id.
type till struct {
	t      *testing.T
	engine http.Handler
	claims *idempotencytest.Memory

	mu     sync.Mutex
	paid   map[string]bool
	refuse *httpserver.Problem // before anything is done
	fails  error               // of doing it
	during func()
}

func open(t *testing.T, rule idempotency.Rule) *till {
	k := &till{t: t, claims: idempotencytest.New(), paid: map[string]bool{}}
	auth, err := httpserver.NewAuth(signing)
	if err != nil {
		t.Fatal(err)
	}
	s := httpserver.New(httpserver.Options{})
	keys := idempotency.New(k.claims, slog.New(slog.DiscardHandler))
	s.Engine().POST("/v1/tills/:till", auth.RequireCustomer(), keys.Handler(rule, k.pay))
	k.engine = s.Engine()
	return k
}

func (k *till) pay(c *gin.Context) {
	r := idempotency.Of(c.Request.Context())
	if k.refuse != nil {
		httpserver.WriteProblem(c, k.refuse)
		return
	}
	if p := r.Begin(c.Request.Context()); p != nil {
		httpserver.WriteProblem(c, p)
		return
	}
	if k.during != nil {
		k.during()
	}
	if k.fails != nil {
		r.Failed(k.fails)
		httpserver.WriteProblem(c, httpserver.Unavailable())
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.paid[r.ID()] = true
	c.Header("Location", c.Request.URL.Path)
	c.JSON(http.StatusAccepted, gin.H{"id": r.ID(), "times": len(k.paid)})
}

func (k *till) ask(path, body string, keys ...string) *httptest.ResponseRecorder {
	k.t.Helper()
	token, err := httpserver.Mint(signing, httpserver.AudienceCustomers, "ann", time.Minute)
	if err != nil {
		k.t.Fatal(err)
	}
	req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+token)
	for _, key := range keys {
		req.Header.Set("Idempotency-Key", key)
	}
	res := httptest.NewRecorder()
	k.engine.ServeHTTP(res, req)
	return res
}

func (k *till) is(a *httptest.ResponseRecorder, status int, slug string) {
	k.t.Helper()
	if a.Code != status || !strings.Contains(a.Body.String(), slug) {
		k.t.Fatalf("%d %s, want %d %s", a.Code, a.Body, status, slug)
	}
}

func TestARepeatIsAnsweredByteForByteWhateverHasChangedMeanwhile(t *testing.T) {
	t.Parallel()
	k := open(t, idempotency.Rule{})
	first := k.ask("/v1/tills/1", `{"a": 1, "b": 2}`, "k")
	k.is(first, 202, `"times":1`)
	k.refuse = httpserver.Conflict("closed", "the till is closed")
	for _, body := range []string{`{"a": 1, "b": 2}`, ` {"b":2,"a":1} `} {
		again := k.ask("/v1/tills/1", body, `"k"`)
		if again.Code != 202 || again.Body.String() != first.Body.String() || again.Header().Get("Idempotent-Replayed") != "true" ||
			again.Header().Get("Location") != "/v1/tills/1" || again.Header().Get("Content-Type") != first.Header().Get("Content-Type") {
			t.Fatalf("%d %v %s, first %s", again.Code, again.Header(), again.Body, first.Body)
		}
	}
	if len(k.paid) != 1 || first.Header().Get("Idempotent-Replayed") != "" {
		t.Fatalf("paid %v, %v", k.paid, first.Header())
	}
}

func TestAKeyOfAnotherRequestIsRefusedHoweverInvalidThatIs(t *testing.T) {
	t.Parallel()
	k := open(t, idempotency.Rule{})
	k.is(k.ask("/v1/tills/1", `{"a":1}`, "k"), 202, "")
	k.refuse = httpserver.Invalid()
	for _, other := range [][2]string{{"/v1/tills/1", `{"a":2}`}, {"/v1/tills/1", `{"a":1.0}`},
		{"/v1/tills/1", `{"a":`}, {"/v1/tills/1", ``},
		{"/v1/tills/1", `{"a":1}{}`}, {"/v1/tills/2", `{"a":1}`}, {"/v1/tills/1?x=1", `{"a":1}`}} {
		k.is(k.ask(other[0], other[1], "k"), 422, "idempotency-key-reused")
	}
}

func TestARequestThatWasRefusedLeavesItsKeyUnused(t *testing.T) {
	t.Parallel()
	k := open(t, idempotency.Rule{})
	k.refuse = httpserver.Invalid()
	k.is(k.ask("/v1/tills/1", `{"a":1}`, "k"), 422, "invalid")
	if all := k.claims.All(); len(all) != 0 {
		t.Fatalf("left %v", all)
	}
	k.refuse = nil
	k.is(k.ask("/v1/tills/1", `{"a":2}`, "k"), 202, "")
}

func TestWhileTheFirstRequestIsUnderWayTheSecondIsToldToComeBack(t *testing.T) {
	t.Parallel()
	k := open(t, idempotency.Rule{})
	var second *httptest.ResponseRecorder
	k.during = func() { second = k.ask("/v1/tills/1", `{}`, "k") }
	k.is(k.ask("/v1/tills/1", `{}`, "k"), 202, "")
	k.is(second, 409, "idempotency-key-in-use")
	if second.Header().Get("Retry-After") == "" {
		t.Error("Retry-After is missing")
	}
}

func TestAProcessThatDiedBeforeItsAnswerWasKeptDidItOnce(t *testing.T) {
	t.Parallel()
	k := open(t, idempotency.Rule{})
	first := k.ask("/v1/tills/1", `{}`, "k")
	name := k.claims.All()[0].Name
	k.claims.Lose(name)
	busy := k.ask("/v1/tills/1", `{}`, "k") // the other process may still be working
	k.is(busy, 409, "idempotency-key-in-use")
	if busy.Header().Get("Retry-After") == "" {
		t.Error("Retry-After is missing")
	}
	k.claims.SetBusy(name, false)
	again := k.ask("/v1/tills/1", `{}`, "k")
	if again.Body.String() != first.Body.String() || len(k.paid) != 1 {
		t.Fatalf("%s then %s, paid %v", first.Body, again.Body, k.paid)
	}
	if k.ask("/v1/tills/1", `{}`, "k").Header().Get("Idempotent-Replayed") != "true" {
		t.Error("the answer was not kept")
	}
}

func TestAFailedRequestIsTriedAgainAtOnceUnlessItMayStillHaveItsEffect(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fault error
		then  int
	}{{errors.New("the disk is full"), 202}, {fmt.Errorf("commit: %w", database.ErrCommitUnknown), 409}} {
		k := open(t, idempotency.Rule{})
		k.fails = c.fault
		k.is(k.ask("/v1/tills/1", `{}`, "k"), 503, "unavailable")
		id := k.claims.All()[0].ID
		k.fails = nil
		if a := k.ask("/v1/tills/1", `{}`, "k"); a.Code != c.then || c.then == 202 && !k.paid[id] {
			t.Errorf("%v: %d, paid %v for %s", c.fault, a.Code, k.paid, id)
		}
	}
}

func TestOnlyWhereARouteSaysSoIsAKeyOptional(t *testing.T) {
	t.Parallel()
	k := open(t, idempotency.Rule{})
	for _, key := range []string{"", " ", `""`, `"open`, strings.Repeat("k", 256), "kéy"} {
		k.is(k.ask("/v1/tills/1", "{}", key), 400, "idempotency-key")
	}
	k.is(k.ask("/v1/tills/1", "{}"), 400, "idempotency-key")
	k = open(t, idempotency.Rule{Optional: true})
	k.is(k.ask("/v1/tills/1", "{}"), 202, `"times":1`)
	k.is(k.ask("/v1/tills/1", "{}"), 202, `"times":2`)
	k.is(k.ask("/v1/tills/1", "{}", ""), 400, "idempotency-key")
	k.is(k.ask("/v1/tills/1", "{}", "k"), 202, `"times":3`)
	k.is(k.ask("/v1/tills/1", "{}", "k"), 202, `"times":3`)
}

func TestAHandlerThatPanicsIsAnsweredAsAnyOther(t *testing.T) {
	t.Parallel()
	k := open(t, idempotency.Rule{})
	k.during = func() { panic("out of luck") }
	k.is(k.ask("/v1/tills/1", "{}", "k"), 500, "internal")
	k.during = nil
	k.is(k.ask("/v1/tills/1", "{}", "k"), 409, "idempotency-key-in-use") // its progress is unknown
}

func TestARouteThatTakesNoMoreRefusesWhatIsNewAndLeavesNothingOfIt(t *testing.T) {
	t.Parallel()
	full, serving := false, 0
	k := open(t, idempotency.Rule{Admit: func(known func() (bool, error)) (done func(), p *httpserver.Problem) {
		if there, err := known(); full && !there && err == nil {
			p = httpserver.NewProblem(503, "overloaded", "come back")
			p.RetryAfter = 7
			return nil, p
		}
		serving++
		return func() { serving-- }, nil
	}})
	first := k.ask("/v1/tills/1", `{"a":1}`, "k")
	k.is(first, 202, `"times":1`)
	full = true
	refused := k.ask("/v1/tills/1", `{"a":1}`, "new")
	k.is(refused, 503, "overloaded")
	if after := refused.Header().Get("Retry-After"); after != "7" || len(k.claims.All()) != 1 || len(k.paid) != 1 {
		t.Fatalf("Retry-After %q, claims %v, paid %v", after, k.claims.All(), k.paid)
	}
	if again := k.ask("/v1/tills/1", `{"a":1}`, "k"); again.Code != 202 || again.Body.String() != first.Body.String() {
		t.Fatalf("a repeat: %d %s", again.Code, again.Body)
	}
	k.is(k.ask("/v1/tills/1", `{"a":2}`, "k"), 422, "idempotency-key-reused")
	full = false
	k.during = func() {
		if full, k.during = true, nil; serving != 1 {
			t.Errorf("%d are served", serving)
		}
		k.is(k.ask("/v1/tills/1", `{"a":1}`, "new"), 409, "idempotency-key-in-use")
	}
	k.is(k.ask("/v1/tills/1", `{"a":1}`, "new"), 202, `"times":2`)
	if serving != 0 {
		t.Errorf("%d are served for ever", serving)
	}
}
