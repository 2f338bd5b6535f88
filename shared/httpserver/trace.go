package httpserver

import (
	"context"
	"regexp"
	"strings"
)

type (
	traceKey   struct{}
	streamsKey struct{}
	subjectKey struct{}
)

var traceParent = regexp.MustCompile(`^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`)

// validTraceParent follows https://www.w3.org/TR/trace-context/
func validTraceParent(header string) bool {
	return traceParent.MatchString(header) && header[:2] != "ff" &&
		header[3:35] != strings.Repeat("0", 32) && header[36:52] != strings.Repeat("0", 16)
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
