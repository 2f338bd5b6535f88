package replay

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"orderflow.example/shared/kafka"
	"orderflow.example/shared/tracing"
)

// mostLinks is how many events a span of a replay is linked with at most.
const mostLinks = 128

// span begins a span of the replay, below that of ctx if there is one. It is never in the trace of an order: that tells what was
// decided once, and a replay decides nothing. It is linked with the events that are folded. The end takes the error.
func (r *Replay) span(ctx context.Context, name string, links []trace.SpanContext, about ...attribute.KeyValue) (
	context.Context, func(error)) {
	if r.Traces == nil {
		return ctx, func(error) {}
	}
	x := tracing.Span{Name: name, Kind: trace.SpanKindInternal, Links: links, About: about, Trace: trace.TraceID(tracing.NewTrace())}
	if above := trace.SpanContextFromContext(ctx); above.IsValid() {
		x.Trace, x.Parent = above.TraceID(), above.SpanID()
	}
	ctx, span := r.Traces.Begin(ctx, x, time.Now())
	return ctx, func(err error) {
		if err != nil {
			span.SetStatus(codes.Error, "see the command's output")
		}
		span.End()
	}
}

// linked adds the event of a record that was traced.
func (r *Replay) linked(links []trace.SpanContext, rec *kafka.Record) []trace.SpanContext {
	if r.Traces == nil || len(links) >= mostLinks || !tracing.Recorded(rec.TraceParent) {
		return links
	}
	id, ok := tracing.Trace(rec.Correlation)
	if !ok {
		return links
	}
	return append(links, tracing.Context(id, tracing.Event(rec.ID)))
}
