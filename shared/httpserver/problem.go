package httpserver

import (
	"context"
	"encoding/json"
	"net/http"
	"path"
	"strconv"

	"github.com/gin-gonic/gin"
)

// problemBase is the prefix of every problem type. It is a name and need not resolve.
const problemBase = "https://orderflow.example/problems/"

// Problem is a refusal as defined in RFC 9457. It never holds anything taken from a request but the names of fields.
type Problem struct {
	Type   string  `json:"type" format:"uri" doc:"Stable name of the kind of problem"`
	Title  string  `json:"title" doc:"Short summary of the kind of problem"`
	Status int     `json:"status" doc:"HTTP status code"`
	Detail string  `json:"detail,omitempty" doc:"What was wrong this time, and what to do"`
	Errors []Fault `json:"errors,omitempty" doc:"Every fault that was found"`

	// RetryAfter is the value in seconds of the header of that name, for a problem that may end with time; 0 is 1. Where
	// it is set the answer counts as planned: it is not logged as an error of the server.
	RetryAfter int `json:"-"`

	RequestID string `json:"request_id,omitempty" doc:"The X-Request-Id of the answer"`
	TraceID   string `json:"trace_id,omitempty" doc:"The trace of the request's traceparent"`
}

// Fault is one mistake in a request and its place, as in body.lines[2].quantity.
type Fault struct {
	Detail   string `json:"detail"`
	Location string `json:"location,omitempty"`
}

// NewProblem makes a problem; slug is its stable name and must not change.
func NewProblem(status int, slug, detail string, faults ...Fault) *Problem {
	return &Problem{Type: problemBase + slug, Title: http.StatusText(status), Status: status, Detail: detail, Errors: faults}
}

// Invalid is the problem of a request that can be read but not accepted.
func Invalid(faults ...Fault) *Problem {
	return NewProblem(http.StatusUnprocessableEntity, "invalid", "the request is not valid; errors lists every fault", faults...)
}

// Malformed is the problem of a body that cannot be read.
func Malformed(faults ...Fault) *Problem {
	return NewProblem(http.StatusBadRequest, "malformed", "the body is not readable JSON; errors lists every fault",
		faults...)
}

// NotFound is the problem of a resource that does not exist, or is not the caller's to see.
func NotFound(detail string) *Problem { return NewProblem(http.StatusNotFound, "not-found", detail) }

// Conflict is the problem of a request that the current state does not allow.
func Conflict(slug, detail string) *Problem { return NewProblem(http.StatusConflict, slug, detail) }

// Internal is the problem of a failure of our own. It has no details; the log does.
func Internal() *Problem {
	return NewProblem(http.StatusInternalServerError, "internal", "the request could not be processed; trying again may help")
}

// Unavailable is the problem of a dependency that is down.
func Unavailable() *Problem {
	return NewProblem(http.StatusServiceUnavailable, "unavailable", "a part of the system is not available; try again shortly")
}

// Error makes a Problem an error, so that functions can return it.
func (p *Problem) Error() string { return p.Type + ": " + p.Detail }

// GetStatus is the HTTP status code.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is the media type of problems.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// Ready is the problem as the answer to a request; one that may end with time gets Retry-After.
func (p *Problem) Ready(ctx context.Context, header func(name, value string)) *Problem {
	if p.Status == http.StatusServiceUnavailable || p.Status == http.StatusTooManyRequests {
		header("Retry-After", strconv.Itoa(max(1, p.RetryAfter)))
	}
	answer := *p
	answer.RequestID, answer.TraceID = RequestID(ctx), traceID(ctx)
	return &answer
}

// plannedMark marks answers that are no error, whatever their status.
const plannedMark = "httpserver.planned"

const problemMark = "httpserver.problem"

// ProblemType is the last part of the type of the problem that a request was answered with; empty if with none.
func ProblemType(c *gin.Context) string { return path.Base("/" + c.GetString(problemMark)) }

// WriteProblem answers with the problem and ends the chain of handlers.
func WriteProblem(c *gin.Context, p *Problem) {
	c.Abort()
	if c.Writer.Written() {
		return
	}
	c.Set(plannedMark, p.RetryAfter > 0)
	c.Set(problemMark, p.Type)
	body, err := json.Marshal(p.Ready(c, func(name, value string) {
		if c.Writer.Header().Get(name) == "" {
			c.Header(name, value)
		}
	}))
	if err != nil {
		c.Status(http.StatusInternalServerError)
		return
	}
	c.Header("Cache-Control", "no-store")
	c.Header("Content-Type", p.ContentType("")) // a handler that failed half way may have set another
	c.Data(p.Status, p.ContentType(""), append(body, '\n'))
}

// WriteUnavailable answers that a part is away. The error goes to the log, not to the caller.
func WriteUnavailable(c *gin.Context, err error) {
	_ = c.Error(err)
	WriteProblem(c, Unavailable())
}
