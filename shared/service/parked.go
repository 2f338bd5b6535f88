package service

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"orderflow.example/shared/engine/parked"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/openapi"
)

// parkedRoutes are the operators' routes about parked inputs, of all services of this process, including partitions that
// other processes own.
type parkedRoutes struct {
	services parked.Services
}

type parkedPage[T any] struct {
	Items      []T       `json:"items"`
	NextCursor string    `json:"next_cursor,omitempty"`
	AsOf       time.Time `json:"as_of"` // the databases' time
	Truncated  bool      `json:"truncated,omitempty"`
}

func (r *parkedRoutes) list(c *gin.Context) {
	q := httpserver.NewQuery(c, "service", "group", "order", "key", "type", "form", "heads")
	f := parked.Filter{Service: c.Query("service"), Group: c.Query("group"), Order: c.Query("order"), Key: c.Query("key"),
		Type: c.Query("type"), Form: c.Query("form"), Heads: q.Yes("heads")}
	limit, from := q.Limit(defaultLimit, maxLimit), parked.Cursor{}
	q.Cursor(&from)
	if q.Refused() {
		return
	}
	ctx := c.Request.Context()
	page := parkedPage[parked.Item]{Items: []parked.Item{}}
	var err error
	if page.AsOf, err = r.services.Now(ctx); err == nil {
		var items []parked.Item
		var next *parked.Cursor
		if items, next, err = r.services.List(ctx, f, from, limit); next != nil {
			page.NextCursor = httpserver.EncodeCursor(*next)
		}
		page.Items = append(page.Items, items...)
	}
	answer(c, http.StatusOK, page, err)
}

// groups serves pages ordered by count: the groups change all the time.
func (r *parkedRoutes) groups(c *gin.Context) {
	q := httpserver.NewQuery(c, "service")
	limit, from := q.Limit(defaultLimit, maxLimit), 0
	q.Cursor(&from)
	if q.Refused() {
		return
	}
	ctx := c.Request.Context()
	page := parkedPage[parked.Group]{Items: []parked.Group{}}
	var err error
	if page.AsOf, err = r.services.Now(ctx); err == nil {
		var all []parked.Group
		var complete bool
		all, complete, err = r.services.Groups(ctx, c.Query("service"))
		rest := all[min(max(from, 0), len(all)):]
		if len(rest) > limit {
			rest, page.NextCursor = rest[:limit], httpserver.EncodeCursor(from+limit)
		}
		page.Items, page.Truncated = append(page.Items, rest...), err == nil && !complete
	}
	answer(c, http.StatusOK, page, err)
}

func (r *parkedRoutes) redrives(c *gin.Context) {
	q := httpserver.NewQuery(c)
	limit, before := q.Limit(defaultLimit, maxLimit), ""
	q.Cursor(&before)
	if before != "" && !isUUID(before) {
		q.Fault("cursor", "the cursor is not one of ours")
	}
	if q.Refused() {
		return
	}
	ctx := c.Request.Context()
	page := parkedPage[parked.Redrive]{Items: []parked.Redrive{}}
	var err error
	if page.AsOf, err = r.services.Now(ctx); err == nil {
		var list []parked.Redrive
		var more bool
		if list, more, err = r.services.Redrives(ctx, before, limit); more {
			page.NextCursor = httpserver.EncodeCursor(list[limit-1].ID)
		}
		page.Items = append(page.Items, list...)
	}
	answer(c, http.StatusOK, page, err)
}

func (r *parkedRoutes) progress(c *gin.Context) {
	found, err := r.services.Get(c.Request.Context(), c.Param("id"))
	answer(c, http.StatusOK, found, err)
}

func (r *parkedRoutes) stop(c *gin.Context) {
	found, err := r.services.Stop(c.Request.Context(), c.Param("id"))
	progressed(c, found)
	answer(c, http.StatusOK, found, err)
}

func (r *parkedRoutes) proceed(c *gin.Context) {
	found, err := r.services.Continue(c.Request.Context(), c.Param("id"))
	progressed(c, found)
	answer(c, http.StatusOK, found, err)
}

func (r *parkedRoutes) redrive(c *gin.Context) {
	var body parked.Request
	origin, problem := r.read(c, &body)
	if problem == nil && origin.Key == "" && !body.DryRun {
		_, problem = httpserver.IdempotencyKey("")
	}
	if problem != nil {
		httpserver.WriteProblem(c, problem)
		return
	}
	started, err := r.services.Redrive(c.Request.Context(), body, origin)
	status := http.StatusOK
	if !body.DryRun {
		openapi.Changed(c, nil, map[string]any{"redrive": started.ID, "total": started.Total})
		if status = http.StatusAccepted; err == nil {
			c.Header("Location", "/v1/parked/redrives/"+started.ID)
		}
	}
	replayed(c, started.Known)
	answer(c, status, started, err)
}

func (r *parkedRoutes) discard(c *gin.Context) {
	var body parked.Discard
	origin, problem := r.read(c, &body)
	if problem == nil && origin.Key == "" {
		_, problem = httpserver.IdempotencyKey("")
	}
	if problem != nil {
		httpserver.WriteProblem(c, problem)
		return
	}
	done, err := r.services.Discard(c.Request.Context(), body, origin)
	openapi.Changed(c, nil, map[string]any{"discard": done.ID, "discarded": done.Discarded, "released": done.Released})
	replayed(c, done.Known)
	answer(c, http.StatusAccepted, done, err)
}

// progressed notes for the audit how far a redrive is.
func progressed(c *gin.Context, r parked.Redrive) {
	openapi.Changed(c, nil, map[string]any{"redrive": r.ID, "state": r.State, "released": r.Released, "left": r.Left})
}

func answer(c *gin.Context, status int, body any, err error) {
	var refusal *parked.Refusal
	switch {
	case err == nil:
		c.JSON(status, body)
	case errors.As(err, &refusal):
		httpserver.WriteProblem(c, problemOf(c, refusal))
	default:
		_ = c.Error(err)
		c.Header("Retry-After", "1")
		httpserver.WriteProblem(c, httpserver.Unavailable())
	}
}

func problemOf(c *gin.Context, r *parked.Refusal) *httpserver.Problem {
	place := "body."
	if c.Request.Method == http.MethodGet {
		place = "query."
	}
	var faults []httpserver.Fault
	for _, f := range r.Faults {
		faults = append(faults, httpserver.Fault{Location: place + f.Location, Detail: f.Detail})
	}
	status := map[parked.Kind]int{parked.Invalid: http.StatusUnprocessableEntity, parked.NotFound: http.StatusNotFound,
		parked.Conflict: http.StatusConflict}[r.Kind]
	return httpserver.NewProblem(status, r.Slug, strings.TrimSpace(r.Detail), faults...)
}

func replayed(c *gin.Context, known bool) {
	if known {
		c.Header("Idempotent-Replayed", "true")
	}
}
