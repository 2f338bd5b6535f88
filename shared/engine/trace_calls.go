package engine

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"orderflow.example/shared/tracing"
)

// beginTry begins the span of a try to ask, if the saga is recorded; else the span is nil.
func (e *Engine) beginTry(c *call, began time.Time) (context.Context, trace.Span) {
	c.span = trace.SpanID{}
	if id, ok := e.recordsCall(c); ok {
		return e.Traces.Begin(c.ctx, c.spanOf(id), began)
	}
	return c.ctx, nil
}

// endTry ends it. A try that failed is recorded in any case: its saga is kept. It returns the trace, empty if there is none.
func (e *Engine) endTry(c *call, span trace.Span, began time.Time, err error) string {
	if e.Traces == nil {
		return ""
	}
	var later notYet
	failed := err != nil && !errors.As(err, &later) && c.ctx.Err() == nil
	if span == nil && failed {
		if id, ok := tracing.Trace(c.event.Saga); ok {
			e.Traces.Keep(id)
			_, span = e.Traces.Begin(c.ctx, c.spanOf(id), began)
		}
	}
	if span == nil {
		return ""
	}
	outcome := callAnswered
	switch {
	case IsRefused(err):
		outcome = callRefused
	case failed:
		outcome = callUnknown
	case err != nil:
		outcome = "not yet"
	}
	if failed {
		span.SetStatus(codes.Error, line(err.Error()))
	}
	span.SetAttributes(attribute.String("orderflow.call.outcome", outcome))
	span.End()
	c.span = span.SpanContext().SpanID()
	return span.SpanContext().TraceID().String()
}

func (e *Engine) recordsCall(c *call) (id trace.TraceID, ok bool) {
	if e.Traces == nil {
		return id, false
	}
	id, ok = tracing.Trace(c.event.Saga)
	return id, ok && e.Traces.Records(id)
}

// spanOf describes the present try.
func (c *call) spanOf(id trace.TraceID) tracing.Span {
	return tracing.Span{Name: c.lane.answerer.Question, Kind: trace.SpanKindClient, Trace: id, Parent: tracing.Event(c.event.ID),
		About: []attribute.KeyValue{attribute.Int("orderflow.call.try", c.try)}}
}
