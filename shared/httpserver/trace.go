package httpserver

import (
	"context"
	"log/slog"
	"regexp"
	"strings"

	"go.opentelemetry.io/otel/trace"
)

type (
	traceKey   struct{}
	streamsKey struct{}
	subjectKey struct{}
)

var traceParent = regexp.MustCompile(`^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$`)

// parseTraceParent reads a header as defined in https://www.w3.org/TR/trace-context/, of later versions only the fields
// of this one, and returns it in version 00; empty when it is not valid.
func parseTraceParent(headers []string) string {
	if len(headers) != 1 {
		return ""
	}
	part := traceParent.FindStringSubmatch(headers[0])
	if part == nil || part[1] == "ff" || part[1] == "00" && part[5] != "" ||
		part[2] == strings.Repeat("0", 32) || part[3] == strings.Repeat("0", 16) {
		return ""
	}
	return "00-" + part[2] + "-" + part[3] + "-" + part[4]
}

// WithTraceParent returns a context that carries a W3C traceparent.
func WithTraceParent(ctx context.Context, header string) context.Context {
	return context.WithValue(ctx, traceKey{}, header)
}

// TraceParent is the caller's traceparent, empty when there was none or it was not valid.
func TraceParent(ctx context.Context) string {
	header, _ := ctx.Value(traceKey{}).(string)
	return header
}

// traceID is the trace that the caller's request belongs to, empty without one.
func traceID(ctx context.Context) string {
	if header := TraceParent(ctx); header != "" {
		return header[3:35]
	}
	return ""
}

// LogRequests adds to each log line the id of its request, its caller's trace, and the span in which it is logged if that is
// recorded, from the context.
func LogRequests(next slog.Handler) slog.Handler {
	if done, ok := next.(requestLog); ok {
		return done
	}
	return requestLog{next}
}

type requestLog struct{ slog.Handler }

func (h requestLog) Handle(ctx context.Context, r slog.Record) error {
	if id := RequestID(ctx); id != "" {
		r.AddAttrs(slog.String("request_id", id))
	}
	if header := TraceParent(ctx); header != "" {
		r.AddAttrs(slog.String("traceparent", header))
	}
	if span := trace.SpanContextFromContext(ctx); span.IsSampled() {
		r.AddAttrs(slog.String("trace_id", span.TraceID().String()), slog.String("span_id", span.SpanID().String()))
	}
	return h.Handler.Handle(ctx, r)
}

func (h requestLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return requestLog{h.Handler.WithAttrs(attrs)}
}

func (h requestLog) WithGroup(name string) slog.Handler { return requestLog{h.Handler.WithGroup(name)} }
