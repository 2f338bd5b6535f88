package httpserver_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/tracing"
)

func TestARequestIsASpanAndTheExemplarOfItsDuration(t *testing.T) {
	t.Parallel()
	for _, ratio := range []float64{0, 1} {
		kept, registry := tracetest.NewInMemoryExporter(), prometheus.NewRegistry()
		tracer, err := tracing.Open(t.Context(), tracing.Options{Ratio: ratio, Exporter: kept})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { tracer.Stop(context.Background()) })
		s := httpserver.New(httpserver.Options{Registerer: registry, Traces: tracer.Service("api")})
		s.Engine().GET("/v1/orders/:id", func(c *gin.Context) { c.Status(204) })
		s.Engine().GET("/v1/broken", func(*gin.Context) { panic("a fault") })
		s.Engine().GET("/metrics", httpserver.Metrics(registry))
		get := func(path string) string {
			request, recorder := httptest.NewRequest("GET", path, nil), httptest.NewRecorder()
			request.Header.Set("Accept", "application/openmetrics-text; version=1.0.0")
			s.Engine().ServeHTTP(recorder, request)
			return recorder.Body.String()
		}
		get("/v1/orders/secret-id?email=secret-mail")
		get("/v1/broken")
		text := get("/metrics")
		if err := tracer.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		names := map[string]tracetest.SpanStub{}
		for _, span := range kept.GetSpans() {
			names[span.Name] = span
			if strings.Contains(span.Name, "secret") || len(span.Attributes) == 0 {
				t.Errorf("the span %q has the attributes %v", span.Name, span.Attributes)
			}
		}
		span, there := names["GET /v1/orders/:id"]
		if there != (ratio == 1) || there && !strings.Contains(text, `trace_id="`+span.SpanContext.TraceID().String()+`"`) {
			t.Errorf("at a ratio of %v the spans are %v and the metrics %s", ratio, names, text)
		}
		if names["GET /v1/broken"].Status.Code != codes.Error {
			t.Errorf("at a ratio of %v the failure is recorded as %+v", ratio, names["GET /v1/broken"])
		}
		if _, there := names["GET /metrics"]; there {
			t.Error("a scrape is traced")
		}
	}
}
