package watch

import (
	"github.com/prometheus/client_golang/prometheus"

	"orderflow.example/services/tracker"
)

// metrics are what operators watch of all sagas. No label carries an id.
type metrics struct {
	overdue       *prometheus.GaugeVec
	open          *prometheus.GaugeVec
	seconds       *prometheus.HistogramVec
	compensations *prometheus.CounterVec

	shownOverdue, shownOpen map[string]bool // the labels that have a value
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{shownOverdue: map[string]bool{}, shownOpen: map[string]bool{},
		overdue: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "orderflow_obligations_overdue",
			Help: "What services owe sagas and is overdue, by the service that owes it."}, []string{"service"}),
		open: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "orderflow_sagas_open",
			Help: "Sagas that have not ended, by the status last told."}, []string{"status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "orderflow_saga_seconds",
			Help:    "From an order being placed to its end, of the sagas that ended while this tracker watched.",
			Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 3600, 86400, 604800}}, []string{"outcome"}),
		compensations: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "orderflow_compensations_total",
			Help: "Sagas turned back while this tracker watched, by the reason of their cancellation."}, []string{"reason"}),
	}
	if r != nil {
		r.MustRegister(m.overdue, m.open, m.seconds, m.compensations)
	}
	return m
}

// show sets the gauges. What there is none of any more reads 0.
func (m *metrics) show(f tracker.Figures) {
	set(m.overdue, f.Overdue, m.shownOverdue)
	set(m.open, f.Open, m.shownOpen)
}

func set(gauge *prometheus.GaugeVec, values map[string]int, shown map[string]bool) {
	for label := range values {
		shown[label] = true
	}
	for label := range shown {
		gauge.WithLabelValues(label).Set(float64(values[label]))
	}
}
