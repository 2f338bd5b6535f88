package engine

import (
	"context"
	"testing"
	"time"

	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/tracing"
)

// heard is an event as it is heard.
func heard() input {
	order := tracing.NewTrace().String()
	return input{form: event, heard: true, record: &kafka.Record{ID: tracing.NewTrace().String(), Type: "payment.authorized.v1",
		Key: order, Correlation: order}}
}

// hooks are all that tracing does in a batch of one event that asks, and in the try.
func hooks(e *Engine, in input) func() {
	b := &batch{e: e, shares: []*share{{w: &worker{e: e}, inputs: []input{in}}}}
	first := &b.shares[0].inputs[0]
	own := saga.Event{ID: in.record.ID, Type: "order.confirmed.v1", Key: in.record.Key, Saga: in.record.Key, Cause: in.record.ID}
	steps, out, now := []taken{{}}, []outgoing{{event: own}}, time.Now()
	sent := []kafka.Record{*in.record}
	c := &call{event: own, lane: &lane{}, ctx: context.Background()}
	return func() {
		b.trace = batchTrace{}
		b.beginTrace(c.ctx, now)
		b.traceStep(first, steps, out)
		e.recorded(own)
		b.endTrace(now, nil)
		_, span := e.beginTry(c, now)
		e.endTry(c, span, now, nil)
		e.requestOf(c.ctx)
		e.traceSend(sent, now, nil)
		first.trace()
	}
}

func TestTracingThatIsOffAllocatesNothing(t *testing.T) {
	e := &Engine{Config: Config{Service: "order"}}
	if n := testing.AllocsPerRun(100, hooks(e, heard())); n != 0 {
		t.Errorf("%v allocations for an event", n)
	}
}

// BenchmarkTracing shows the cost per event: none when off, little where its order is not chosen.
func BenchmarkTracing(b *testing.B) {
	run := func(name string, traces *tracing.Service) {
		do := hooks(&Engine{Config: Config{Service: "order", Traces: traces}}, heard())
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				do()
			}
		})
	}
	run("off", nil)
	for name, ratio := range map[string]float64{"not chosen": 0, "chosen": 1} {
		tracer, err := tracing.Open(b.Context(), tracing.Options{Ratio: ratio, Exporter: tracetest.NewNoopExporter()})
		if err != nil {
			b.Fatal(err)
		}
		defer tracer.Stop(context.Background())
		run(name, tracer.Service("order"))
	}
}
