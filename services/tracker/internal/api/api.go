// Package api is what operators may ask the tracker over HTTP: how an order's saga went, who owes what, which deadlines
// run, and to move one of them. It shows nothing personal.
package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"orderflow.example/services/tracker"
	"orderflow.example/services/tracker/internal/watch"
	"orderflow.example/shared/httpserver"
)

// Sagas is what the routes work with. *watch.Watcher is one.
type Sagas interface {
	// Read lets fn look at all sagas at one moment. A watch.Behind says that not enough is known yet.
	Read(fn func(x *tracker.Index, now time.Time)) error
	// Saga tells the story of one order; found is false where there is none.
	Saga(ctx context.Context, order string) (told tracker.Saga, found bool, err error)
	// Move has a deadline moved, or taken off where due is nil. Its errors are those of package watch.
	Move(ctx context.Context, id string, due *time.Time, by string) (before, after tracker.Deadline, err error)
}

const (
	defaultLimit = 50
	maxLimit     = 200
)

type routes struct {
	sagas Sagas
	log   *slog.Logger
}

// Register adds the routes. choreography is the declared choreography as JSON.
func Register(s *httpserver.Server, auth *httpserver.Auth, sagas Sagas, choreography []byte, log *slog.Logger) {
	r := &routes{sagas: sagas, log: log}
	g := s.Engine().Group("/v1", auth.RequireOperator())
	g.GET("/sagas", r.listSagas)
	g.GET("/sagas/:order", r.saga)
	g.GET("/obligations", r.listObligations)
	g.GET("/deadlines", r.listDeadlines)
	g.GET("/deadlines/:id", r.deadline)
	g.PATCH("/deadlines/:id", r.move)
	g.DELETE("/deadlines/:id", r.takeOff)
	g.GET("/choreography", func(c *gin.Context) { c.Data(http.StatusOK, "application/json", choreography) })
}

type page[T any] struct {
	Items      []T    `json:"items"`
	NextCursor string `json:"next_cursor,omitempty"`
}

// query reads the parameters of a list and gathers what is wrong with them.
type query struct {
	*gin.Context
	faults []httpserver.Fault
}

func (q *query) fault(name, detail string) {
	q.faults = append(q.faults, httpserver.Fault{Detail: detail, Location: "query." + name})
}

// knows refuses every parameter but these, so that a misspelt filter does not pass for none.
func (q *query) knows(names ...string) {
	for given := range q.Request.URL.Query() {
		known := given == "limit" || given == "cursor"
		for _, name := range names {
			known = known || name == given
		}
		if !known {
			q.faults = append(q.faults, httpserver.Fault{Detail: "there is a parameter that this list does not have", Location: "query"})
		}
	}
}

func (q *query) limit() int {
	text, given := q.GetQuery("limit")
	if !given {
		return defaultLimit
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxLimit {
		q.fault("limit", "want a number from 1 to "+strconv.Itoa(maxLimit))
	}
	return n
}

func (q *query) yesOrNo(name string) *bool {
	text, given := q.GetQuery(name)
	if !given || text == "" {
		return nil
	}
	yes := text == "true"
	if !yes && text != "false" {
		q.fault(name, "want true or false")
	}
	return &yes
}

func (q *query) cursor(into any) (given bool) {
	text := q.Query("cursor")
	if text == "" {
		return false
	}
	if err := httpserver.DecodeCursor(text, into); err != nil {
		q.fault("cursor", err.Error())
	}
	return true
}

// refused answers where something is wrong.
func (q *query) refused() bool {
	if q.faults == nil {
		return false
	}
	httpserver.WriteProblem(q.Context, httpserver.Invalid(q.faults...))
	return true
}

func (r *routes) listSagas(c *gin.Context) {
	q := &query{Context: c}
	q.knows("state", "open", "stuck", "q")
	limit, mark := q.limit(), tracker.Mark{}
	filter := tracker.Filter{State: c.Query("state"), Open: q.yesOrNo("open"), Stuck: q.yesOrNo("stuck"), Prefix: c.Query("q")}
	var after *tracker.Mark
	if q.cursor(&mark) {
		after = &mark
	}
	if q.refused() {
		return
	}
	p := page[tracker.Summary]{Items: []tracker.Summary{}}
	err := r.sagas.Read(func(x *tracker.Index, now time.Time) {
		list, next, more := x.Sagas(filter, after, limit, now)
		p.Items = append(p.Items, list...)
		if more {
			p.NextCursor = httpserver.EncodeCursor(*next)
		}
	})
	answer(c, p, err)
}

func (r *routes) saga(c *gin.Context) {
	told, found, err := r.sagas.Saga(c.Request.Context(), c.Param("order"))
	if err == nil && !found {
		httpserver.WriteProblem(c, httpserver.NotFound("there is no saga of this order"))
		return
	}
	answer(c, told, err)
}

func (r *routes) listObligations(c *gin.Context) {
	q := &query{Context: c}
	q.knows("overdue", "service", "kind", "cause", "order")
	filter := tracker.ObligationFilter{Overdue: q.yesOrNo("overdue"), Service: c.Query("service"), Kind: c.Query("kind"),
		Cause: c.Query("cause"), Order: c.Query("order")}
	list(q, r, func(x *tracker.Index, now time.Time) []tracker.Obligation { return x.Obligations(filter, now) })
}

func (r *routes) listDeadlines(c *gin.Context) {
	q := &query{Context: c}
	q.knows("order", "service", "overdue")
	service, overdue := c.Query("service"), q.yesOrNo("overdue")
	list(q, r, func(x *tracker.Index, now time.Time) (chosen []tracker.Deadline) {
		for _, d := range x.Deadlines(c.Query("order"), now) {
			if (service == "" || d.Service == service) && (overdue == nil || d.Overdue == *overdue) {
				chosen = append(chosen, d)
			}
		}
		return chosen
	})
}

// list answers with a page of what was found. What is owed changes all the time: the cursor counts.
func list[T any](q *query, r *routes, find func(x *tracker.Index, now time.Time) []T) {
	limit, from := q.limit(), 0
	q.cursor(&from)
	if q.refused() {
		return
	}
	p := page[T]{Items: []T{}}
	err := r.sagas.Read(func(x *tracker.Index, now time.Time) {
		all := find(x, now)
		rest := all[min(max(from, 0), len(all)):]
		if len(rest) > limit {
			rest, p.NextCursor = rest[:limit], httpserver.EncodeCursor(from+limit)
		}
		p.Items = append(p.Items, rest...)
	})
	answer(q.Context, p, err)
}

func answer(c *gin.Context, body any, err error) {
	var behind watch.Behind
	switch {
	case err == nil:
		c.JSON(http.StatusOK, body)
	case errors.As(err, &behind):
		c.Header("Retry-After", "1")
		httpserver.WriteProblem(c, httpserver.NewProblem(http.StatusServiceUnavailable, "catching-up", "the tracker is reading the topics: "+behind.Error()))
	default:
		_ = c.Error(err)
		httpserver.WriteProblem(c, httpserver.Unavailable())
	}
}
