package httpserver

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"

	"orderflow.example/shared/tracing"
)

// trace records the request as a span: by its route's pattern, as paths and queries hold ids and names. One that fails is
// recorded whether or not its trace was chosen.
func (s *Server) trace(c *gin.Context) {
	t := s.options.Traces
	if t == nil || !strings.HasPrefix(c.FullPath(), "/v1/") { // not probes, scrapes and pages
		return
	}
	r, began := c.Request, time.Now()
	header := propagation.TraceContext{}.Extract(context.Background(), propagation.HeaderCarrier(r.Header))
	caller := trace.SpanContextFromContext(header)
	name := r.Method + " " + c.FullPath()
	ctx, span := t.Root(r.Context(), name, caller, semconv.HTTPRequestMethodKey.String(r.Method), semconv.HTTPRoute(c.FullPath()))
	c.Request = r.WithContext(ctx)
	c.Next()
	code := c.Writer.Status()
	failed := code >= http.StatusInternalServerError && !c.GetBool(plannedMark)
	if own := span.SpanContext(); failed && !span.IsRecording() {
		_, span = t.Begin(r.Context(), tracing.Span{Name: name, Kind: trace.SpanKindServer, Trace: own.TraceID(), ID: own.SpanID(),
			Parent: caller.SpanID()}, began)
	}
	span.SetAttributes(semconv.HTTPResponseStatusCode(code))
	if failed {
		span.SetStatus(codes.Error, "")
	}
	span.End()
}

// recordedTrace is the id of the trace that a context belongs to, empty unless it is recorded.
func recordedTrace(ctx context.Context) string {
	if span := trace.SpanContextFromContext(ctx); span.IsSampled() {
		return span.TraceID().String()
	}
	return ""
}
