package tracing

import (
	"encoding/binary"
	"sync"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Service records the spans of one service.
type Service struct {
	trace.Tracer
	bound uint64

	mu          sync.Mutex
	kept, older map[trace.TraceID]struct{}
}

// random are the bits of a trace's id by which it is chosen: the last 56, which are random in a UUIDv7 and in every id that
// conforms to https://www.w3.org/TR/trace-context-2/#random-trace-id-flag. sdk.TraceIDRatioBased compares higher ones, of
// which a UUID's version leaves a quarter of the values: of ratios below a half it would choose none.
const random = 1<<56 - 1

// keptAtOnce is how many failed sagas are remembered at least; the oldest go.
const keptAtOnce = 10_000

func boundOf(ratio float64) uint64 { return uint64(ratio * (random + 1)) }

func (s *Service) chosen(id trace.TraceID) bool {
	return binary.BigEndian.Uint64(id[8:])&random < s.bound
}

// Records tells whether a trace is recorded.
func (s *Service) Records(id trace.TraceID) bool {
	if s == nil {
		return false
	}
	if s.chosen(id) {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, kept := s.kept[id]
	_, older := s.older[id]
	return kept || older
}

// Keep records the trace from now on, in this service: something went wrong in it. It lasts until many others are kept, or
// the process ends.
func (s *Service) Keep(id trace.TraceID) {
	if s == nil || s.Records(id) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.kept) >= keptAtOnce {
		s.older, s.kept = s.kept, nil
	}
	if s.kept == nil {
		s.kept = map[trace.TraceID]struct{}{}
	}
	s.kept[id] = struct{}{}
}

// sampler records what is asked for by Begin, what a recorded span leads to, and new traces that are chosen.
type sampler struct{ of *Service }

func (s sampler) ShouldSample(p sdk.SamplingParameters) sdk.SamplingResult {
	parent := trace.SpanContextFromContext(p.ParentContext)
	want, _ := p.ParentContext.Value(idsKey{}).(ids)
	decision := sdk.Drop
	if want.record && want.trace == p.TraceID || parent.IsSampled() || !parent.IsValid() && s.of.chosen(p.TraceID) {
		decision = sdk.RecordAndSample
	}
	return sdk.SamplingResult{Decision: decision, Tracestate: parent.TraceState()}
}

func (sampler) Description() string { return "OrderflowSampler" }
