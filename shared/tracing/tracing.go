// Package tracing records sagas as OpenTelemetry traces and sends them over OTLP/HTTP. A saga is one trace, whose id is the
// saga's own, and an event is a span, whose id is a part of the event's: so parents are known from what a record carries
// anyway, and neither rows nor replays need a context of their own. Whether a saga is recorded is decided from its id too:
// all services come to the same answer without asking. One that fails is recorded from then on, whatever its id.
//
// It knows no event. The engine, the HTTP server and adapters record spans; package service opens a Tracer if the
// configuration names a collector. Without one nothing is recorded: a nil *Service may be asked, and says no.
package tracing

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"
)

// Options configure a Tracer.
type Options struct {
	URL   string  // of the collector, as in http://127.0.0.1:4318; /v1/traces is added
	Ratio float64 // of the sagas and requests that are recorded: 0 to 1
	Log   *slog.Logger

	Exporter sdk.SpanExporter // in place of the collector, for tests; else nil
}

// Spans wait in memory for a collector that is slow or away; when this many wait, further ones are dropped.
const (
	waiting = 1 << 14
	atOnce  = 1 << 10

	exportTimeout = 10 * time.Second
	stopTimeout   = 2 * time.Second
)

// Tracer sends the spans of all services of a process.
type Tracer struct {
	ratio     float64
	processor sdk.SpanProcessor

	mu       sync.Mutex
	services map[string]*Service
}

// Open does not connect: a collector that is away stops nothing, and is mentioned in the log.
func Open(ctx context.Context, o Options) (*Tracer, error) {
	exporter := o.Exporter
	if exporter == nil {
		var err error
		exporter, err = otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(o.URL+"/v1/traces"),
			otlptracehttp.WithTimeout(exportTimeout))
		if err != nil {
			return nil, fmt.Errorf("tracing: send to %s: %w", o.URL, err)
		}
	}
	processor := sdk.NewBatchSpanProcessor(&delivery{SpanExporter: exporter, log: o.Log}, sdk.WithMaxQueueSize(waiting),
		sdk.WithMaxExportBatchSize(atOnce), sdk.WithBatchTimeout(time.Second))
	return &Tracer{ratio: o.Ratio, processor: processor, services: map[string]*Service{}}, nil
}

// Service returns what records the spans of a service. The Tracer may be nil: then it is nil too.
func (t *Tracer) Service(name string) *Service {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if s := t.services[name]; s != nil {
		return s
	}
	s := &Service{bound: boundOf(t.ratio)}
	s.Tracer = sdk.NewTracerProvider(sdk.WithSpanProcessor(t.processor), sdk.WithIDGenerator(generator{}),
		sdk.WithSampler(sampler{s}),
		sdk.WithResource(resource.NewSchemaless(semconv.ServiceName(name), semconv.ServiceNamespace("orderflow")))).
		Tracer("orderflow.example/shared/tracing")
	t.services[name] = s
	return s
}

// Flush sends what waits.
func (t *Tracer) Flush(ctx context.Context) error { return t.processor.ForceFlush(ctx) }

// Stop sends what waits, for a moment: a collector that is away does not keep a process from stopping.
func (t *Tracer) Stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stopTimeout)
	defer cancel()
	_ = t.processor.Shutdown(ctx) // delivery has logged why
	return nil
}

// delivery logs failures, at most one a minute; nobody else can do anything about them.
type delivery struct {
	sdk.SpanExporter
	log *slog.Logger

	mu   sync.Mutex
	said time.Time
}

func (d *delivery) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	err := d.SpanExporter.ExportSpans(ctx, spans)
	if err == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if time.Since(d.said) > time.Minute && d.log != nil {
		d.said = time.Now()
		d.log.Warn("traces are lost: their collector does not take them; check --otlp-endpoint", "spans", len(spans), "err", err)
	}
	return nil
}

// Span describes a span that is recorded after it has ended, or whose ids are known before.
type Span struct {
	Name   string
	Kind   trace.SpanKind
	Trace  trace.TraceID
	ID     trace.SpanID // the zero one is replaced by a random one
	Parent trace.SpanID // in the same trace; the zero one: it has none
	Links  []trace.SpanContext
	About  []attribute.KeyValue
}

// Begin starts a span, which is recorded: whether it should be is for the caller to ask. The context is its children's.
func (s *Service) Begin(ctx context.Context, x Span, at time.Time) (context.Context, trace.Span) {
	named := context.WithValue(ctx, idsKey{}, ids{x.Trace, x.ID, true})
	options := append(make([]trace.SpanStartOption, 0, 4), trace.WithSpanKind(x.Kind), trace.WithTimestamp(at),
		trace.WithAttributes(x.About...))
	if len(x.Links) > 0 {
		links := make([]trace.Link, len(x.Links))
		for i, to := range x.Links {
			links[i].SpanContext = to
		}
		options = append(options, trace.WithLinks(links...))
	}
	parent := trace.SpanContext{}
	if x.Parent.IsValid() {
		parent = Context(x.Trace, x.Parent)
	}
	_, span := s.Tracer.Start(trace.ContextWithRemoteSpanContext(named, parent), x.Name, options...)
	return trace.ContextWithSpan(ctx, span), span
}

// Root starts the span of a request from outside, of which nothing is known yet. If the caller named no trace it has one of
// its own, whose id NewID gives to what the request creates. It is recorded if its trace is chosen: callers do not decide.
func (s *Service) Root(ctx context.Context, name string, caller trace.SpanContext, about ...attribute.KeyValue) (
	context.Context, trace.Span) {
	options := []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(about...)}
	if caller.IsValid() {
		return s.Tracer.Start(trace.ContextWithRemoteSpanContext(ctx, caller.WithTraceFlags(s.flags(caller.TraceID()))), name,
			options...)
	}
	own := NewTrace()
	_, span := s.Tracer.Start(context.WithValue(ctx, idsKey{}, ids{trace: trace.TraceID(own)}), name, options...)
	return context.WithValue(trace.ContextWithSpan(ctx, span), ownKey{}, own), span
}

func (s *Service) flags(of trace.TraceID) trace.TraceFlags {
	return trace.TraceFlags(0).WithSampled(s.Records(of))
}

// Context refers to a recorded span.
func Context(of trace.TraceID, span trace.SpanID) trace.SpanContext {
	return trace.NewSpanContext(trace.SpanContextConfig{TraceID: of, SpanID: span, TraceFlags: trace.FlagsSampled, Remote: true})
}
