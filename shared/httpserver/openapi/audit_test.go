package openapi

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"orderflow.example/shared/httpserver"
)

// book is an audit in memory.
type book struct {
	intended, ended []Act
	full            error
}

func (b *book) Intend(_ context.Context, a Act) error {
	b.intended = append(b.intended, a)
	return b.full
}
func (b *book) End(_ context.Context, a Act) { b.ended = append(b.ended, a) }

func TestEveryActIsInTheAuditBeforeItIsDoneAndWithWhatCameOfIt(t *testing.T) {
	t.Parallel()
	key := bytes.Repeat([]byte("k"), 32)
	auth, err := httpserver.NewAuth(key)
	if err != nil {
		t.Fatal(err)
	}
	token, err := httpserver.Mint(key, httpserver.AudienceOperators, "ann", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	kept, done, dry := &book{}, 0, false
	s := httpserver.New(httpserver.Options{})
	r := NewRoutes(s, auth.RequireOperator(), "Operators", "1", "")
	r.Audited(kept)
	Handle[struct {
		ID string `path:"id"`
	}, struct{}](r, huma.Operation{OperationID: "mend", Method: http.MethodPost,
		Path: "/v1/lamps/:id/mending"}, func(c *gin.Context) {
		if !dry && len(kept.intended) != len(kept.ended)+1 {
			t.Error("it is done before it is in the audit")
		}
		done++
		switch c.Param("id") {
		case "gone":
			httpserver.WriteProblem(c, httpserver.NotFound("there is no such lamp"))
		case "away":
			httpserver.WriteUnavailable(c, errors.New("away"))
		case "hot":
			panic("hot")
		case "twice":
			c.Header("Idempotent-Replayed", "true")
		default:
			Changed(c, "dark", "bright")
		}
	})
	ask := func(id, body string) int {
		req := httptest.NewRequest(http.MethodPost, "/v1/lamps/"+id+"/mending", strings.NewReader(body))
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		s.Engine().ServeHTTP(w, req)
		return w.Code
	}
	for id, want := range map[string]string{"l1": "done", "gone": "refused: not-found", "away": "unknown: unavailable",
		"hot": "unknown: internal", "twice": "repeated"} {
		ask(id, `{"reason":"it is dark","group":"g1","items":[{"sku":"A"}]}`)
		got := kept.ended[len(kept.ended)-1]
		if got.ID != kept.intended[len(kept.intended)-1].ID || got.By != "ann" || got.What != "mend" || got.Reason != "it is dark" ||
			got.Outcome != want || (got.Before == "dark") != (want == "done") || len(got.Asked) == 0 ||
			!maps.Equal(got.On, map[string]string{"lamp": id, "group": "g1", "sku": "A"}) {
			t.Errorf("%s: kept is %+v", id, got)
		}
	}
	before, acts := done, len(kept.intended)
	dry = true
	if status := ask("l1", `{"dry_run":true}`); status != 200 || done != before+1 || len(kept.intended) != acts {
		t.Errorf("a dry run: %d, done %d times, %d acts more", status, done-before, len(kept.intended)-acts)
	}
}

func TestWhatCannotBeKeptIsNotDone(t *testing.T) {
	t.Parallel()
	kept := &book{full: errors.New("no broker")}
	s := httpserver.New(httpserver.Options{})
	r := NewRoutes(s, func(*gin.Context) {}, "Operators", "1", "")
	r.Audited(kept)
	done := false
	Handle[struct{}, struct{}](r, huma.Operation{OperationID: "mend", Method: http.MethodPost, Path: "/v1/mending"},
		func(*gin.Context) { done = true })
	w := httptest.NewRecorder()
	s.Engine().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/v1/mending", nil))
	if w.Code != 503 || done || w.Header().Get("Retry-After") == "" || strings.Contains(w.Body.String(), "broker") {
		t.Errorf("answered %d %s, done: %t", w.Code, w.Body, done)
	}
}
