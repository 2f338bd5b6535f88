package tracing_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"orderflow.example/shared/tracing"
)

func open(t *testing.T, ratio float64) (*tracing.Tracer, *tracetest.InMemoryExporter) {
	t.Helper()
	kept := tracetest.NewInMemoryExporter()
	tracer, err := tracing.Open(t.Context(), tracing.Options{Ratio: ratio, Exporter: kept})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tracer.Stop(context.Background()) })
	return tracer, kept
}

func received(t *testing.T, tracer *tracing.Tracer, kept *tracetest.InMemoryExporter) tracetest.SpanStubs {
	t.Helper()
	if err := tracer.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	return kept.GetSpans()
}

func TestServicesChooseTheSameOrdersAndAsManyAsAsked(t *testing.T) {
	t.Parallel()
	for _, ratio := range []float64{0, 0.1, 0.5, 1} {
		tracer, _ := open(t, ratio)
		payment, order := tracer.Service("payment"), tracer.Service("order")
		const n = 20_000
		chosen := 0
		for range n {
			id := trace.TraceID(uuid.Must(uuid.NewV7()))
			if payment.Records(id) != order.Records(id) {
				t.Fatalf("the services disagree on %s", id)
			}
			if payment.Records(id) {
				chosen++
			}
		}
		if got := float64(chosen) / n; math.Abs(got-ratio) > 0.02 || ratio == 0 && chosen > 0 || ratio == 1 && chosen < n {
			t.Errorf("of a ratio of %v %v were chosen", ratio, got)
		}
	}
}

func TestAFailedSagaIsRecordedUntilManyOthersFailed(t *testing.T) {
	t.Parallel()
	tracer, _ := open(t, 0)
	s := tracer.Service("payment")
	id := trace.TraceID(tracing.NewTrace())
	if s.Records(id) {
		t.Fatal("it is recorded at once")
	}
	s.Keep(id)
	for range 10_000 {
		if !s.Records(id) {
			t.Fatal("it is forgotten too early")
		}
		s.Keep(trace.TraceID(tracing.NewTrace()))
	}
	if tracer.Service("order").Records(id) {
		t.Error("another service records it without having heard of it")
	}
	for range 20_000 {
		s.Keep(trace.TraceID(tracing.NewTrace()))
	}
	if s.Records(id) {
		t.Error("it is remembered for ever")
	}
}

func TestWithoutACollectorNothingIsRecorded(t *testing.T) {
	t.Parallel()
	var off *tracing.Tracer
	s := off.Service("payment")
	id := trace.TraceID(tracing.NewTrace())
	if s.Keep(id); s.Records(id) {
		t.Error("it records")
	}
}

func TestCallersNameTheirTraceAndDoNotDecideWhetherItIsRecorded(t *testing.T) {
	t.Parallel()
	for _, ratio := range []float64{0, 1} {
		tracer, kept := open(t, ratio)
		caller := tracing.Context(trace.TraceID{1}, trace.SpanID{2})
		for _, flags := range []trace.TraceFlags{0, trace.FlagsSampled} {
			ctx, span := tracer.Service("api").Root(t.Context(), "GET /x", caller.WithTraceFlags(flags))
			span.End()
			if id, err := tracing.NewID(ctx); err != nil || trace.TraceID(id) == caller.TraceID() {
				t.Errorf("what the request creates has an id that its caller chose: %v, %v", id, err)
			}
		}
		spans := received(t, tracer, kept)
		if len(spans) != int(2*ratio) {
			t.Errorf("at a ratio of %v %d of 2 were recorded", ratio, len(spans))
		}
		for _, s := range spans {
			if s.SpanContext.TraceID() != caller.TraceID() || s.Parent.SpanID() != caller.SpanID() {
				t.Errorf("it is not in its caller's trace: %+v", s)
			}
		}
	}
}

func TestWhatARequestCreatesContinuesItsTrace(t *testing.T) {
	t.Parallel()
	tracer, kept := open(t, 1)
	ctx, span := tracer.Service("api").Root(t.Context(), "POST /x", trace.SpanContext{})
	saga, err := tracing.NewID(ctx)
	if err != nil {
		t.Fatal(err)
	}
	event := tracing.NewTrace().String()
	id, _ := tracing.Trace(saga.String())
	_, emitted := tracer.Service("order").Begin(context.Background(), tracing.Span{Name: "x.v1", Trace: id, ID: tracing.Event(event),
		Parent: span.SpanContext().SpanID()}, time.Now())
	emitted.End()
	span.End()
	spans := received(t, tracer, kept)
	i := slices.IndexFunc(spans, func(s tracetest.SpanStub) bool { return s.Name == "x.v1" })
	if len(spans) != 2 || spans[0].SpanContext.TraceID() != spans[1].SpanContext.TraceID() ||
		spans[i].Parent.SpanID() != span.SpanContext().SpanID() {
		t.Fatalf("got %+v", spans)
	}
	of := spans[i].SpanContext
	if header := tracing.Parent(saga.String(), event, true); header != "00-"+of.TraceID().String()+"-"+of.SpanID().String()+"-01" ||
		!tracing.Recorded(header) || tracing.Recorded(tracing.Parent(saga.String(), event, false)) {
		t.Errorf("its records carry %q", header)
	}
	if tracing.Parent("SKU-1", event, true) != "" || tracing.Recorded("") {
		t.Error("what has no trace carries one")
	}
}

func TestACollectorThatIsAwayIsMentionedAndStopsNothing(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	refused := refusing{tracetest.NewInMemoryExporter()}
	tracer, err := tracing.Open(t.Context(), tracing.Options{Ratio: 1, Exporter: refused,
		Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		_, span := tracer.Service("api").Root(t.Context(), "GET /x", trace.SpanContext{})
		span.End()
		if err := tracer.Flush(t.Context()); err != nil {
			t.Errorf("spans that are lost are an error: %v", err)
		}
	}
	if err := tracer.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if n := strings.Count(log.String(), "traces are lost"); n != 1 {
		t.Errorf("it is mentioned %d times, want once a minute: %s", n, log.String())
	}
}

type refusing struct{ *tracetest.InMemoryExporter }

func (refusing) ExportSpans(context.Context, []sdk.ReadOnlySpan) error {
	return errors.New("connection refused")
}
