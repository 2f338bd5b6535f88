package engine

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"

	"orderflow.example/shared/kafka"
	"orderflow.example/shared/tracing"
)

// traceSend records that records were sent to the topic if one of them is recorded: as a child of its event if that is all that
// was sent, else in a trace of its own that is linked with each. What is sent again has a span again.
func (e *Engine) traceSend(records []kafka.Record, began time.Time, err error) {
	if e.Traces == nil {
		return
	}
	var links []trace.SpanContext
	for i := range records {
		if len(links) < mostLinks && tracing.Recorded(records[i].TraceParent) {
			id, _ := tracing.Trace(records[i].Correlation)
			links = append(links, tracing.Context(id, tracing.Event(records[i].ID)))
		}
	}
	if len(links) == 0 {
		return
	}
	x := tracing.Span{Name: "send " + e.topic(), Kind: trace.SpanKindClient, Links: links, Trace: trace.TraceID(tracing.NewTrace()),
		About: []attribute.KeyValue{semconv.MessagingSystemKafka, semconv.MessagingOperationTypeSend,
			semconv.MessagingDestinationName(e.topic()), semconv.MessagingBatchMessageCount(len(records))}}
	if len(records) == 1 {
		x.Trace, x.Parent, x.Links = links[0].TraceID(), links[0].SpanID(), nil
	}
	_, span := e.Traces.Begin(context.Background(), x, began)
	if err != nil {
		span.SetStatus(codes.Error, line(err.Error()))
	}
	span.End()
}
