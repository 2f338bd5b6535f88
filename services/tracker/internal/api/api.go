// Package api is the tracker's HTTP API for operators: sagas, obligations and deadlines, and moving a deadline. It shows
// nothing personal.
package api

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"orderflow.example/schemas/order"
	"orderflow.example/services/tracker"
	"orderflow.example/services/tracker/internal/watch"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/openapi"
)

// Sagas is what the routes need. *watch.Watcher implements it.
type Sagas interface {
	// Read calls fn with all sagas at one moment. The error is a watch.Behind until the first reading is done.
	Read(fn func(x *tracker.Index, now time.Time)) error
	// Saga returns the saga of one order; found is false if there is none.
	Saga(ctx context.Context, order string) (told tracker.Saga, found bool, err error)
	// Move has a deadline moved, or taken off if due is nil. Its errors are those of package watch.
	Move(ctx context.Context, id string, due *time.Time, by string) (before, after tracker.Deadline, err error)
	// Acts lists what operators did, the newest first; all is false if there are others.
	Acts(f watch.ActFilter, before string, limit int) (list []openapi.Act, all bool, err error)
}

const (
	defaultLimit = 50
	maxLimit     = 200
)

type routes struct {
	sagas    Sagas
	services []string
}

type page[T any] struct {
	Items      []T       `json:"items"`
	NextCursor string    `json:"next_cursor,omitempty"`
	AsOf       time.Time `json:"as_of"` // ages are counted from then
}

func (r *routes) listSagas(c *gin.Context) {
	q := httpserver.NewQuery(c, filters...)
	limit, mark, filter := q.Limit(defaultLimit, maxLimit), tracker.Mark{}, r.filterOf(q)
	var after *tracker.Mark
	if q.Cursor(&mark) {
		after = &mark
	}
	if q.Refused() {
		return
	}
	p := page[tracker.Summary]{Items: []tracker.Summary{}}
	err := r.sagas.Read(func(x *tracker.Index, now time.Time) {
		p.AsOf = now.UTC()
		list, next, more := x.Sagas(filter, after, limit, now)
		p.Items = append(p.Items, list...)
		if more {
			p.NextCursor = httpserver.EncodeCursor(*next)
		}
	})
	answer(c, p, err)
}

// filters are the parameters that filterOf reads.
var filters = []string{"orders", "state", "open", "stuck", "attention", "q", "reason", "service", "cause", "customer", "sku",
	"from", "to"}

func (r *routes) filterOf(q *httpserver.Query) tracker.Filter {
	return tracker.Filter{Orders: q.Several("orders", maxLimit), State: q.OneOf("state", order.Statuses()...),
		Open: q.YesOrNo("open"), Stuck: q.YesOrNo("stuck"), Attention: q.YesOrNo("attention"), Prefix: q.Query("q"),
		Reason: q.Query("reason"), Service: q.OneOf("service", r.services...), Cause: q.OneOf("cause", tracker.Causes...),
		Customer: q.Query("customer"), SKU: q.Query("sku"), From: q.Time("from"), To: q.Time("to")}
}

func (r *routes) facets(c *gin.Context) {
	q := httpserver.NewQuery(c, filters...)
	filter := r.filterOf(q)
	if q.Refused() {
		return
	}
	var told tracker.Facets
	err := r.sagas.Read(func(x *tracker.Index, now time.Time) { told = x.Facets(filter, now) })
	answer(c, told, err)
}

func (r *routes) overview(c *gin.Context) {
	if httpserver.NewQuery(c).Refused() {
		return
	}
	var told tracker.Overview
	err := r.sagas.Read(func(x *tracker.Index, now time.Time) { told = x.Overview(now) })
	answer(c, told, err)
}

func (r *routes) flow(c *gin.Context) {
	if httpserver.NewQuery(c).Refused() {
		return
	}
	var told tracker.Flow
	err := r.sagas.Read(func(x *tracker.Index, now time.Time) { told = x.Flow(now) })
	answer(c, told, err)
}

func (r *routes) series(c *gin.Context) {
	q := httpserver.NewQuery(c, "step")
	step := q.OneOf("step", tracker.Steps...)
	if q.Refused() {
		return
	}
	var told tracker.Series
	err := r.sagas.Read(func(x *tracker.Index, now time.Time) { told = x.Series(cmp.Or(step, tracker.Steps[0]), now) })
	answer(c, told, err)
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
	q := httpserver.NewQuery(c, "overdue", "service", "kind", "cause", "order")
	filter := tracker.ObligationFilter{Overdue: q.YesOrNo("overdue"), Service: q.OneOf("service", r.services...),
		Kind: q.OneOf("kind", tracker.Kinds...), Cause: q.OneOf("cause", tracker.Causes...), Order: c.Query("order")}
	list(q, r, func(x *tracker.Index, now time.Time) []tracker.Obligation { return x.Obligations(filter, now) })
}

func (r *routes) listDeadlines(c *gin.Context) {
	q := httpserver.NewQuery(c, "order", "service", "overdue")
	service, overdue := q.OneOf("service", r.services...), q.YesOrNo("overdue")
	list(q, r, func(x *tracker.Index, now time.Time) (chosen []tracker.Deadline) {
		for _, d := range x.Deadlines(c.Query("order"), now) {
			if (service == "" || d.Service == service) && (overdue == nil || d.Overdue == *overdue) {
				chosen = append(chosen, d)
			}
		}
		return chosen
	})
}

// list answers with a page of the results. Obligations change all the time: the cursor is a count.
func list[T any](q *httpserver.Query, r *routes, find func(x *tracker.Index, now time.Time) []T) {
	limit, from := q.Limit(defaultLimit, maxLimit), 0
	q.Cursor(&from)
	if q.Refused() {
		return
	}
	p := page[T]{Items: []T{}}
	err := r.sagas.Read(func(x *tracker.Index, now time.Time) {
		p.AsOf = now.UTC()
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
		httpserver.WriteProblem(c, httpserver.NewProblem(http.StatusServiceUnavailable, "catching-up",
			"the tracker is reading the topics: "+behind.Error()))
	default:
		httpserver.WriteUnavailable(c, err)
	}
}
