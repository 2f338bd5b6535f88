package measure_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"orderflow.example/shared/measure"
	"orderflow.example/shared/saga/metric"
)

var called = metric.Metric{Name: "calls_total", Kind: metric.Counter, Help: "Calls.", Labels: []metric.Label{metric.Service,
	{Name: "call", Is: "a question"}, metric.Of("outcome", "what came of it", "answered", "refused")}}

func TestWhatIsNotInALabelsSetIsOneSeriesTogether(t *testing.T) {
	t.Parallel()
	r := prometheus.NewRegistry()
	c := measure.Counter(r, called, measure.Service("payment").With("call", measure.Among([]string{"authorize"})))
	c.WithLabelValues("authorize", "answered").Inc()
	for i := range 1000 {
		c.WithLabelValues(fmt.Sprint("order-", i), "refused").Inc()
		c.WithLabelValues("authorize", fmt.Sprint("told ", i)).Inc()
	}
	want := `# HELP calls_total Calls.
# TYPE calls_total counter
calls_total{call="authorize",outcome="answered",service="payment"} 1
calls_total{call="authorize",outcome="other",service="payment"} 1000
calls_total{call="other",outcome="refused",service="payment"} 1000
`
	if err := testutil.GatherAndCompare(r, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
}

func TestALabelWithoutASetIsNotMade(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func(){
		"an open label":    func() { measure.Counter(nil, called, measure.Service("payment")) },
		"a service unsaid": func() { measure.Counter(nil, called, measure.Labels{}.With("call", measure.Among(nil))) },
		"another kind":     func() { measure.Gauge(nil, called, measure.Service("payment").With("call", measure.Among(nil))) },
		"a function of calls": func() {
			measure.GaugeFunc(nil, metric.Metric{Name: "x", Kind: metric.Gauge, Labels: called.Labels[2:]}, measure.Labels{}, nil)
		},
	} {
		if told := panics(make); !strings.HasPrefix(told, "measure: ") {
			t.Errorf("%s: panic %q, want one of package measure", name, told)
		}
	}
}

func panics(f func()) (told string) {
	defer func() {
		if p := recover(); p != nil {
			told = fmt.Sprint(p)
		}
	}()
	f()
	return ""
}

func TestHistogramsHaveTheirDeclaredBucketsAndNativeOnes(t *testing.T) {
	t.Parallel()
	took := metric.Metric{Name: "took_seconds", Kind: metric.Histogram, Unit: metric.Seconds, Help: "Time.",
		Buckets: []float64{.1, 1}}
	r := prometheus.NewRegistry()
	measure.Histogram(r, took, measure.Labels{}).WithLabelValues().Observe(.25)
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	h := families[0].GetMetric()[0].GetHistogram()
	if len(h.GetBucket()) != 2 || h.GetBucket()[0].GetCumulativeCount() != 0 || h.GetBucket()[1].GetCumulativeCount() != 1 {
		t.Errorf("the declared buckets are %v", h.GetBucket())
	}
	if len(h.GetPositiveSpan()) != 1 || h.GetSchema() < 3 {
		t.Errorf("the native ones are %v of schema %d", h.GetPositiveSpan(), h.GetSchema())
	}
}
