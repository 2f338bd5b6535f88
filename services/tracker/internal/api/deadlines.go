package api

import (
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"orderflow.example/services/tracker"
	"orderflow.example/services/tracker/internal/watch"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/openapi"
)

func (r *routes) deadline(c *gin.Context) {
	var d tracker.Deadline
	var problem error
	err := r.sagas.Read(func(x *tracker.Index, now time.Time) {
		var runs, known bool
		if d, runs, known = x.Deadline(c.Param("id"), now); !known {
			problem = watch.ErrNoDeadline
		} else if !runs {
			problem = watch.ErrSettled
		}
	})
	if err == nil && problem != nil {
		refuse(c, problem)
		return
	}
	answer(c, d, err)
}

func (r *routes) move(c *gin.Context) {
	var body due
	if p := httpserver.DecodeJSON(c, &body); p != nil {
		httpserver.WriteProblem(c, p)
		return
	}
	if body.DueAt == nil {
		httpserver.WriteProblem(c, httpserver.Invalid(httpserver.Fault{Detail: "want a time; DELETE takes a deadline off",
			Location: "body.due_at"}))
		return
	}
	r.change(c, body.DueAt)
}

func (r *routes) takeOff(c *gin.Context) {
	q := httpserver.NewQuery(c, "reason")
	for _, of := range []string{"limit", "cursor"} {
		if _, given := q.GetQuery(of); given {
			q.Fault(of, "there is no such parameter")
		}
	}
	if reason := q.Query("reason"); len(reason) > 500 || httpserver.UnusableText(reason) != "" {
		q.Fault("reason", "want at most 500 bytes of text without control characters")
	}
	if !q.Refused() {
		r.change(c, nil)
	}
}

// change has a deadline changed.
func (r *routes) change(c *gin.Context, due *time.Time) {
	ctx := c.Request.Context()
	before, after, err := r.sagas.Move(ctx, c.Param("id"), due, httpserver.Subject(ctx))
	if before.ID != "" {
		openapi.About(c, "order", before.Order)
		openapi.Changed(c, movedOf(before), movedOf(after))
	}
	if err != nil {
		refuse(c, err)
		return
	}
	c.JSON(http.StatusOK, after)
}

// movedOf is what the audit has of a deadline.
func movedOf(d tracker.Deadline) any {
	if d.ID == "" {
		return nil
	}
	return map[string]any{"service": d.Service, "since": d.Since, "due_at": d.DueAt}
}

func refuse(c *gin.Context, err error) {
	switch {
	case errors.Is(err, watch.ErrNoDeadline):
		httpserver.WriteProblem(c, httpserver.NotFound("there is no such deadline"))
	case errors.Is(err, watch.ErrSettled):
		httpserver.WriteProblem(c, httpserver.Conflict("deadline-settled",
			"the deadline does not run any more: it was settled, or has fired"))
	case errors.Is(err, watch.ErrUnconfirmed):
		httpserver.WriteProblem(c, httpserver.NewProblem(http.StatusServiceUnavailable, "unconfirmed",
			"the service that owns the deadline has not confirmed the change; it may not be running, and then makes it when it starts"))
	default:
		answer(c, nil, err)
	}
}
