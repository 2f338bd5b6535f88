package engine

import (
	"context"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"

	"orderflow.example/shared/saga"
	"orderflow.example/shared/tracing"
)

// The spans of a saga, see package tracing: each input that has an effect is a step, a child of the event heard, of the try
// that was answered, or of the request. Each event emitted is a child of its step, or of the own event that it followed from.
// Each try of a call is a child of the event that asks. Steps and events are recorded once their transaction is committed;
// what is tried again leaves no trace of its own but a failed transaction. What is sent to the topic is a child of its event, or
// linked with those that were sent together.

// batchTrace is what a batch adds to the traces of its sagas. The zero one adds nothing.
type batchTrace struct {
	transaction trace.Span // nil: not recorded
	steps       []tracedStep
}

// tracedStep is a step to be recorded once it is committed.
type tracedStep struct {
	in     *input
	out    []outgoing
	parked string // the reason
}

// failures are the events by which sagas fail here, and those heard after which their effects are undone here.
type failures struct {
	said  map[string]bool
	undos map[undo]bool
}

type undo struct {
	form form
	on   string
}

var rowForms = map[saga.Form]form{saga.Reaction: event, saga.Calling: answer, saga.Deadline: deadline}

func failuresOf(bindings []Binding) failures {
	f := failures{map[string]bool{}, map[undo]bool{}}
	for _, b := range bindings {
		for _, k := range b.Machine.Failed {
			f.said[k.Name()] = true
		}
		for _, r := range b.Machine.Rows {
			if len(r.Undoes) > 0 {
				f.undos[undo{rowForms[r.Form], r.On.Name()}] = true
			}
		}
	}
	return f
}

// recorded tells whether the saga of an own event is recorded, and keeps that of a failure.
func (e *Engine) recorded(own saga.Event) bool {
	if e.Traces == nil {
		return false
	}
	id, ok := tracing.Trace(own.Saga)
	if ok && e.failures.said[own.Type] {
		e.Traces.Keep(id)
	}
	return ok && e.Traces.Records(id)
}

// requestOf is the span in which a command is submitted; nil if there is none, or tracing is off.
func (e *Engine) requestOf(ctx context.Context) *trace.SpanContext {
	if e.Traces == nil {
		return nil
	}
	if c := trace.SpanContextFromContext(ctx); c.IsValid() {
		return &c
	}
	return nil
}

// saga is the one that the input is about.
func (in *input) saga() string {
	if in.record != nil {
		return or(in.record.Correlation, in.record.Key)
	}
	return in.event.Saga
}

// trace is the id of the input's trace, empty unless it is recorded.
func (in *input) trace() string {
	if !in.traced {
		return ""
	}
	id, _ := tracing.Trace(in.saga())
	return id.String()
}

// follow notes whether the saga of an input is recorded. It is kept if its producer records it, if the input is compensated
// for here, and if it was parked.
func (e *Engine) follow(in *input) (id trace.TraceID) {
	id, ok := tracing.Trace(in.saga())
	if !ok {
		return id
	}
	on := in.event.Type
	if in.record != nil {
		on = in.record.Type
	}
	if in.number != 0 || in.record != nil && tracing.Recorded(in.record.TraceParent) || e.failures.undos[undo{in.form, on}] {
		e.Traces.Keep(id)
	}
	if in.traced = e.Traces.Records(id); in.traced && !in.span.IsValid() {
		in.span = tracing.NewSpan()
	}
	return id
}

// mostLinks is how many spans a span is linked with at most.
const mostLinks = 128

// beginTrace begins the span of the transaction if the saga of an input is recorded: as a child of its step if that is all,
// else in a trace of its own that is linked with each, since no step is the parent of what all share.
func (b *batch) beginTrace(ctx context.Context, began time.Time) context.Context {
	t := b.e.Traces
	if t == nil {
		return ctx
	}
	n, links := 0, []trace.SpanContext(nil)
	for _, s := range b.shares {
		for i := range s.inputs {
			in := &s.inputs[i]
			if !in.concerns() {
				continue
			}
			n++
			if id := b.e.follow(in); in.traced && len(links) < mostLinks {
				links = append(links, tracing.Context(id, in.span))
			}
		}
	}
	if len(links) == 0 {
		return ctx
	}
	x := tracing.Span{Name: "commit", Kind: trace.SpanKindInternal, Links: links,
		Trace: trace.TraceID(tracing.NewTrace()), About: []attribute.KeyValue{semconv.MessagingBatchMessageCount(n)}}
	if n == 1 {
		x.Trace, x.Parent, x.Links = links[0].TraceID(), links[0].SpanID(), nil
	}
	ctx, b.trace.transaction = t.Begin(ctx, x, began)
	return ctx
}

// id is the trace of the transaction, empty unless it is recorded.
func (t batchTrace) id() string {
	if t.transaction == nil {
		return ""
	}
	return t.transaction.SpanContext().TraceID().String()
}

// traceStep notes a step that has an effect.
func (b *batch) traceStep(in *input, steps []taken, out []outgoing) {
	if b.e.Traces == nil {
		return
	}
	effect := len(out) > 0 || in.form == command
	for _, t := range steps {
		effect = effect || t.step.Changed
	}
	if b.e.follow(in); in.traced && effect {
		b.trace.steps = append(b.trace.steps, tracedStep{in: in, out: out})
	}
}

// traceParked notes an input that was parked, not those that wait behind it, and keeps its saga.
func (b *batch) traceParked(in *input, reason string) {
	if b.e.Traces == nil || reason == "" {
		return
	}
	if id, ok := tracing.Trace(in.saga()); ok {
		b.e.Traces.Keep(id)
	}
	if b.e.follow(in); in.traced {
		b.trace.steps = append(b.trace.steps, tracedStep{in: in, parked: line(reason)})
	}
}

// endTrace records the transaction and, if it is committed, its steps.
func (b *batch) endTrace(began time.Time, err error) {
	if b.e.Traces == nil {
		return
	}
	if t := b.trace.transaction; t != nil {
		if err != nil {
			t.SetStatus(codes.Error, line(err.Error()))
		}
		t.End()
	}
	if err != nil {
		return
	}
	now := time.Now()
	for _, s := range b.trace.steps {
		b.e.recordStep(s, b.trace.transaction, began, now)
	}
}

// recordStep records a step and the events that it emitted.
func (e *Engine) recordStep(s tracedStep, transaction trace.Span, began, ended time.Time) {
	in := s.in
	id, _ := tracing.Trace(in.saga())
	x := tracing.Span{Trace: id, ID: in.span, Kind: trace.SpanKindConsumer, About: []attribute.KeyValue{
		semconv.MessagingSystemKafka, semconv.MessagingOperationTypeProcess, semconv.MessagingMessageID(in.event.ID)}}
	switch x.Parent = tracing.Event(in.event.ID); in.form {
	case command:
		x.Name, x.Kind, x.Parent, x.About = in.event.Type, trace.SpanKindInternal, trace.SpanID{}, nil
		if r := in.request; r != nil && r.TraceID() == id {
			x.Parent = r.SpanID()
		} else if r != nil {
			x.Links = append(x.Links, *r)
		}
	case answer, refusal:
		x.Name = "answered " + in.event.Type
		x.Parent = or(in.from, x.Parent)
	case deadline:
		x.Name = "deadline " + in.event.Type
	default:
		x.Name = "process " + in.event.Type
		if in.record != nil {
			x.About = append(x.About, semconv.MessagingDestinationName(in.record.Topic),
				semconv.MessagingKafkaOffset(int(in.record.Offset)))
		}
	}
	if transaction != nil && transaction.SpanContext().TraceID() != id {
		x.Links = append(x.Links, transaction.SpanContext())
	}
	_, step := e.Traces.Begin(context.Background(), x, began)
	if s.parked != "" {
		step.SetStatus(codes.Error, "parked: "+s.parked)
	}
	step.End(trace.WithTimestamp(ended))
	for _, o := range s.out {
		e.recordEvent(o.event, id, in.span, s.out, ended)
	}
}

// recordEvent records an own event, at the moment when it was committed.
func (e *Engine) recordEvent(own saga.Event, id trace.TraceID, step trace.SpanID, siblings []outgoing, at time.Time) {
	x := tracing.Span{Name: own.Type, Kind: trace.SpanKindProducer, ID: tracing.Event(own.ID), Parent: step,
		About: []attribute.KeyValue{semconv.MessagingSystemKafka, semconv.MessagingOperationTypeCreate,
			semconv.MessagingDestinationName(e.topic()), semconv.MessagingMessageID(own.ID)}}
	var ok bool
	if x.Trace, ok = tracing.Trace(own.Saga); !ok || !e.Traces.Records(x.Trace) {
		return
	}
	for _, o := range siblings {
		if o.event.ID == own.Cause {
			x.Parent = tracing.Event(own.Cause)
		}
	}
	if x.Trace != id { // of another saga
		x.Parent, x.Links = trace.SpanID{}, []trace.SpanContext{tracing.Context(id, step)}
	}
	_, span := e.Traces.Begin(context.Background(), x, at)
	if e.failures.said[own.Type] {
		span.SetStatus(codes.Error, "the saga fails")
	}
	span.End(trace.WithTimestamp(at))
}

// idsOf are the ids in a log line about an event.
func idsOf(e saga.Event) slog.Attr {
	ids := []slog.Attr{slog.String("id", e.ID), slog.String("saga", e.Saga)}
	if id, ok := tracing.Trace(e.Saga); ok {
		ids = append(ids, slog.String("trace_id", id.String()))
	}
	return slog.Attr{Value: slog.GroupValue(ids...)}
}
