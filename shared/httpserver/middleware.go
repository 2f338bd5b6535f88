package httpserver

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"orderflow.example/shared/measure"
	"orderflow.example/shared/saga/metric"
)

const streamMark = "httpserver.stream"

// Seconds is what a Server measures.
var Seconds = metric.Metric{Name: "orderflow_http_seconds", Kind: metric.Histogram, Unit: metric.Seconds,
	Help: "Time to answer HTTP requests, by route pattern and status code; event streams are left out.",
	Labels: []metric.Label{{Name: "route", Is: "the pattern of a route that is served, or " + unmatched},
		{Name: "code", Is: "a status code of HTTP"}},
	Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}}

// unmatched is the route of requests that no pattern matches.
const unmatched = "unmatched"

// statusCode tells whether code is one defined for HTTP.
func statusCode(code string) bool {
	n, err := strconv.Atoi(code)
	return err == nil && http.StatusText(n) != ""
}

// observe measures and logs by route pattern: paths and queries hold ids and names, patterns do not.
func (s *Server) observe() gin.HandlerFunc {
	seconds := measure.Histogram(s.options.Registerer, Seconds, measure.Labels{}.With("route", func(string) bool { return true }).
		With("code", statusCode))
	return func(c *gin.Context) {
		start := time.Now()
		c.Next()
		route, took := c.FullPath(), time.Since(start)
		if route == "" {
			route = unmatched
		}
		code := c.Writer.Status()
		if !c.GetBool(streamMark) {
			measure.Observe(seconds.WithLabelValues(route, strconv.Itoa(code)), took.Seconds(), recordedTrace(c.Request.Context()))
		}
		level := slog.LevelDebug
		if code >= 500 && !c.GetBool(plannedMark) {
			level = slog.LevelError
		}
		ctx := c.Request.Context()
		if !s.log.Enabled(ctx, level) {
			return
		}
		args := []any{"method", c.Request.Method, "route", route, "code", code, "took", took}
		if len(c.Errors) > 0 {
			args = append(args, "error", c.Errors.Last().Err)
		}
		s.log.Log(ctx, level, "request", args...)
	}
}

// recover answers a panic with a problem that has no details.
func (s *Server) recover() gin.HandlerFunc {
	return func(c *gin.Context) {
		defer func() {
			reason := recover()
			if reason == nil {
				return
			}
			if reason == http.ErrAbortHandler {
				panic(reason)
			}
			// Only the runtime's own panics are certain to hold nothing of the request.
			what := fmt.Sprintf("%T", reason)
			if fault, ok := reason.(runtime.Error); ok {
				what = fault.Error()
			}
			s.log.ErrorContext(c, "handler panicked", "route", c.FullPath(),
				"reason", what, "stack", string(debug.Stack()))
			if c.Writer.Written() {
				// It is too late for an answer: close the connection, so that the client does not take half an answer for the
				// whole.
				panic(http.ErrAbortHandler)
			}
			WriteProblem(c, Internal())
		}()
		c.Next()
	}
}

// body reads the whole body, bounded, of callers that may send one, refuses card numbers, and keeps it for handlers.
func (s *Server) body() gin.HandlerFunc {
	return func(c *gin.Context) {
		if c.Request.Body == nil || c.Request.Body == http.NoBody || c.FullPath() == "" {
			return
		}
		partner := slices.Contains(s.options.Uninspected, c.FullPath())
		if s.options.Admit != nil && !partner {
			if p := s.options.Admit(c); p != nil {
				WriteProblem(c, p)
				return
			}
		}
		if encoding := c.GetHeader("Content-Encoding"); encoding != "" && encoding != "identity" {
			WriteProblem(c, NewProblem(http.StatusUnsupportedMediaType, "content-encoding",
				"send the body as it is, without Content-Encoding"))
			return
		}
		limit := s.options.BodyLimit
		if own, ok := s.options.RouteBodyLimits[c.FullPath()]; ok {
			limit = own
		}
		body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, limit))
		if err != nil {
			WriteProblem(c, unreadable(err, limit))
			return
		}
		if !partner {
			if faults := cardFaults(body); faults != nil {
				WriteProblem(c, NewProblem(http.StatusUnprocessableEntity, "card-number",
					"the body contains what looks like a payment card number; send a payment token instead", faults...))
				return
			}
		}
		c.Request.Body = io.NopCloser(bytes.NewReader(body))
		c.Next()
	}
}

func unreadable(err error, limit int64) *Problem {
	var big *http.MaxBytesError
	var network net.Error
	switch {
	case errors.As(err, &big):
		return NewProblem(http.StatusRequestEntityTooLarge, "too-large", fmt.Sprintf("the body is larger than %d bytes", limit))
	case errors.As(err, &network) && network.Timeout():
		return NewProblem(http.StatusRequestTimeout, "timeout", "the body did not arrive in time")
	}
	return Malformed(Fault{Detail: "the body could not be read to its end", Location: "body"})
}
