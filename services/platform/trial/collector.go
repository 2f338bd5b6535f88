package trial

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// Collector receives traces over OTLP/HTTP and keeps them.
type Collector struct {
	URL string

	mu    sync.Mutex
	spans []Span
}

// Span is a span received. Ids are in hexadecimal; Parent is empty for a root.
type Span struct {
	Service, Name, Kind string
	Trace, ID, Parent   string
	Links               []string // the traces of the spans linked
	Failed              string   // why; "error" without a reason; empty if it did not
	About               map[string]string
}

// NewCollector starts a collector.
func NewCollector(t testing.TB) *Collector {
	c := &Collector{}
	server := httptest.NewServer(http.HandlerFunc(c.take))
	t.Cleanup(server.Close)
	c.URL = server.URL
	return c
}

func (c *Collector) take(w http.ResponseWriter, r *http.Request) {
	var request collector.ExportTraceServiceRequest
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = proto.Unmarshal(body, &request)
	}
	if err != nil || r.URL.Path != "/v1/traces" {
		http.Error(w, fmt.Sprint("no traces: ", err), http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, of := range request.ResourceSpans {
		service := texts(of.Resource.Attributes)["service.name"]
		for _, scope := range of.ScopeSpans {
			for _, s := range scope.Spans {
				c.spans = append(c.spans, received(service, s))
			}
		}
	}
}

func received(service string, s *otlp.Span) Span {
	got := Span{Service: service, Name: s.Name, Kind: s.Kind.String(), Trace: fmt.Sprintf("%x", s.TraceId),
		ID: fmt.Sprintf("%x", s.SpanId), Parent: fmt.Sprintf("%x", s.ParentSpanId), About: texts(s.Attributes)}
	for _, l := range s.Links {
		got.Links = append(got.Links, fmt.Sprintf("%x", l.TraceId))
	}
	if s.Status.GetCode() == otlp.Status_STATUS_CODE_ERROR {
		got.Failed = s.Status.GetMessage()
		if got.Failed == "" {
			got.Failed = "error"
		}
	}
	return got
}

func texts(attributes []*common.KeyValue) map[string]string {
	all := make(map[string]string, len(attributes))
	for _, a := range attributes {
		all[a.Key] = a.Value.GetStringValue()
		if all[a.Key] == "" {
			all[a.Key] = fmt.Sprint(a.Value.GetIntValue())
		}
	}
	return all
}

// Trace returns the spans received of an order.
func (c *Collector) Trace(_ testing.TB, order string) (all []Span) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.spans {
		if s.Trace == TraceID(order) {
			all = append(all, s)
		}
	}
	return all
}

// Named returns the spans received of this name, of any trace.
func (c *Collector) Named(name string) (all []Span) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.spans {
		if s.Name == name {
			all = append(all, s)
		}
	}
	return all
}

// TraceID is the id of an order's trace.
func TraceID(order string) string { return strings.ReplaceAll(order, "-", "") }
