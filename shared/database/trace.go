package database

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"
)

// tracer records round trips to the server as spans, in contexts whose span is recorded. The library
// github.com/exaring/otelpgx does as much, but also records the server's messages, which quote values.
type tracer struct{}

// mostText is how much of the statements is recorded, in bytes.
const mostText = 2000

func (tracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, q pgx.TraceQueryStartData) context.Context {
	if !trace.SpanFromContext(ctx).IsRecording() {
		return ctx
	}
	verb, _, _ := strings.Cut(strings.TrimSpace(q.SQL), " ")
	return startStatement(ctx, verb, q.SQL)
}

func (tracer) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, q pgx.TraceQueryEndData) {
	endStatement(ctx, q.Err)
}

func (tracer) TraceBatchStart(ctx context.Context, _ *pgx.Conn, b pgx.TraceBatchStartData) context.Context {
	if !trace.SpanFromContext(ctx).IsRecording() {
		return ctx
	}
	var text strings.Builder
	for _, q := range b.Batch.QueuedQueries {
		if text.Len() < mostText {
			text.WriteString(q.SQL)
			text.WriteString(";\n")
		}
	}
	return startStatement(ctx, "batch", text.String(), semconv.DBOperationBatchSize(b.Batch.Len()))
}

func (tracer) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

func (tracer) TraceBatchEnd(ctx context.Context, _ *pgx.Conn, b pgx.TraceBatchEndData) {
	endStatement(ctx, b.Err)
}

type statementKey struct{}

func startStatement(ctx context.Context, name, text string, more ...attribute.KeyValue) context.Context {
	about := append(more, semconv.DBSystemNamePostgreSQL,
		semconv.DBQueryText(strings.ToValidUTF8(text[:min(len(text), mostText)], "")))
	_, span := trace.SpanFromContext(ctx).TracerProvider().Tracer("orderflow.example/shared/database").
		Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(about...))
	return context.WithValue(ctx, statementKey{}, span)
}

func endStatement(ctx context.Context, err error) {
	span, ok := ctx.Value(statementKey{}).(trace.Span)
	if !ok {
		return
	}
	if err != nil {
		span.SetStatus(codes.Error, cause(err))
	}
	span.End()
}
