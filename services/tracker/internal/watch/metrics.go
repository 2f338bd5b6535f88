package watch

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"orderflow.example/schemas"
	declared "orderflow.example/schemas/metrics"
	"orderflow.example/services/tracker"
	"orderflow.example/shared/measure"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/metric"
	"orderflow.example/shared/saga/model"
	"orderflow.example/shared/tracing"
)

// metrics are those of all sagas. No label carries an id.
type metrics struct {
	overdue       *prometheus.GaugeVec
	open          *prometheus.GaugeVec
	stuck         *prometheus.GaugeVec
	begun         prometheus.Counter
	answers       *prometheus.HistogramVec
	seconds       *prometheus.HistogramVec
	compensations *prometheus.CounterVec
	money         *prometheus.CounterVec

	services []string
}

func newMetrics(r prometheus.Registerer, machines []*saga.Machine, money []model.Money) *metrics {
	m, none := &metrics{}, measure.Labels{}
	for _, x := range machines {
		m.services = append(m.services, x.Service)
	}
	var movements []string
	for _, x := range money {
		movements = append(movements, x.Movement)
	}
	m.overdue = measure.Gauge(r, declared.Overdue, none.With(metric.Service.Name, measure.Among(m.services)))
	m.open = measure.Gauge(r, declared.SagasOpen, none)
	m.stuck = measure.Gauge(r, declared.SagasStuck, none)
	m.begun = measure.Counter(r, declared.SagasBegun, none).WithLabelValues()
	m.answers = measure.Histogram(r, declared.AnswerSeconds, none)
	m.seconds = measure.Histogram(r, declared.SagaSeconds, none)
	m.compensations = measure.Counter(r, declared.Compensations, none)
	for _, reason := range declared.Compensations.Label("reason").Values {
		m.compensations.WithLabelValues(reason)
	}
	m.money = measure.Counter(r, declared.Money, none.With("movement", measure.Among(movements)).
		With("currency", schemas.KnownCurrency))
	return m
}

// show sets the gauges. A count without sagas is 0.
func (m *metrics) show(f tracker.Figures) {
	set(m.overdue, m.services, f.Overdue)
	set(m.open, declared.SagasOpen.Label("status").Values, f.Open)
	set(m.stuck, declared.SagasStuck.Label("cause").Values, f.Stuck)
}

func set(gauge *prometheus.GaugeVec, labels []string, values map[string]int) {
	for _, label := range labels {
		gauge.WithLabelValues(label).Set(float64(values[label]))
	}
}

// tell sets the callbacks of the index. They count what happens from now on, not events read from before.
func (m *metrics) tell(x *tracker.Index, now func() bool, money []model.Money, traces *tracing.Service) {
	x.Began = func() {
		if now() {
			m.begun.Inc()
		}
	}
	timed := func(of *prometheus.HistogramVec) func(tracker.ID, string, time.Duration) {
		return func(saga tracker.ID, label string, took time.Duration) {
			if !now() {
				return
			}
			exemplar := ""
			if id := trace.TraceID(saga); traces.Records(id) {
				exemplar = id.String()
			}
			measure.Observe(of.WithLabelValues(label), took.Seconds(), exemplar)
		}
	}
	x.Answered, x.Ended = timed(m.answers), timed(m.seconds)
	x.Cancelled = func(reason string) {
		if now() {
			m.compensations.WithLabelValues(reason).Inc()
		}
	}
	x.Told = map[string]func(any){}
	for _, one := range money {
		x.Told[one.Event.Name()] = func(payload any) {
			if amount, currency := one.Of(payload); now() && amount > 0 {
				m.money.WithLabelValues(one.Movement, currency).Add(float64(amount))
			}
		}
	}
}
