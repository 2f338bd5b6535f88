package tracing

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/trace"
)

// Trace is the trace of a saga: its id, if that is a UUID. Others have none.
func Trace(saga string) (id trace.TraceID, ok bool) {
	if len(saga) != 36 {
		return id, false
	}
	u, err := uuid.Parse(saga)
	return trace.TraceID(u), err == nil && trace.TraceID(u).IsValid()
}

// Event is the span of an event: the half of its id that is random. The zero one where the id is not a UUID.
func Event(id string) (span trace.SpanID) {
	if of, ok := Trace(id); ok {
		copy(span[:], of[8:])
	}
	return span
}

// Parent is the traceparent (https://www.w3.org/TR/trace-context/) of an event of a saga; empty where they have no trace.
func Parent(saga, event string, recorded bool) string {
	if len(saga) != 36 || len(event) != 36 {
		return ""
	}
	flags := "-00"
	if recorded {
		flags = "-01"
	}
	return "00-" + saga[:8] + saga[9:13] + saga[14:18] + saga[19:23] + saga[24:] + "-" + event[19:23] + event[24:] + flags
}

// Recorded tells whether the sender of a traceparent records its trace.
func Recorded(traceParent string) bool {
	if len(traceParent) != 55 {
		return false
	}
	flags, err := hex.DecodeString(traceParent[53:])
	return err == nil && trace.TraceFlags(flags[0]).IsSampled()
}

// IDOf is the trace's id in a traceparent that is valid.
func IDOf(traceParent string) string { return traceParent[3:35] }

type (
	idsKey struct{}
	ownKey struct{}
)

// ids are those of the next span; zero ones are replaced.
type ids struct {
	trace  trace.TraceID
	span   trace.SpanID
	record bool // whatever else would be decided
}

// generator gives spans the ids that their context names, and others random ones.
type generator struct{}

func (generator) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	want, _ := ctx.Value(idsKey{}).(ids)
	if !want.trace.IsValid() {
		want.trace = trace.TraceID(NewTrace())
	}
	return want.trace, orRandom(want.span)
}

func (generator) NewSpanID(ctx context.Context, in trace.TraceID) trace.SpanID {
	if want, _ := ctx.Value(idsKey{}).(ids); want.trace == in {
		return orRandom(want.span)
	}
	return orRandom(trace.SpanID{})
}

// NewID is an id for what a request creates: that of the request's own trace where it has one, so that the request is the
// root of the trace of the saga that it begins.
func NewID(ctx context.Context) (uuid.UUID, error) {
	if own, ok := ctx.Value(ownKey{}).(uuid.UUID); ok {
		return own, nil
	}
	return uuid.NewV7()
}

// NewTrace is the id of a new trace. It can be a saga's as well.
func NewTrace() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// NewSpan is the id of a new span.
func NewSpan() trace.SpanID { return orRandom(trace.SpanID{}) }

func orRandom(id trace.SpanID) trace.SpanID {
	for !id.IsValid() {
		binary.BigEndian.PutUint64(id[:], rand.Uint64())
	}
	return id
}
