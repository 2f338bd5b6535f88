package engine

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the engine's part of what operators watch. No label carries an id.
type metrics struct {
	events    *prometheus.CounterVec
	seconds   *prometheus.HistogramVec
	calls     *prometheus.CounterVec
	oldest    prometheus.Gauge
	lag       *prometheus.GaugeVec
	parked    prometheus.Gauge
	published prometheus.Counter
	holes     prometheus.Counter
	rewinds   prometheus.Counter
	service   string
}

func newMetrics(r prometheus.Registerer, service string) *metrics {
	of := prometheus.Labels{"service": service}
	m := &metrics{
		service: service,
		events: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "orderflow_events_total", ConstLabels: of,
			Help: "Events heard, by what became of them: done, repeat, parked, foreign."}, []string{"event", "outcome"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "orderflow_event_seconds", ConstLabels: of,
			Help:    "From an event being decided by its producer to its effect being committed here.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5, 30}}, []string{"event"}),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "orderflow_calls_total", ConstLabels: of,
			Help: "Questions to the outside world, by outcome of the try: answered, unknown."}, []string{"call", "outcome"}),
		oldest: prometheus.NewGauge(prometheus.GaugeOpts{Name: "orderflow_outbox_oldest_seconds", ConstLabels: of,
			Help: "Age of the oldest committed event not yet on the topic."}),
		lag: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "orderflow_lag_seconds", ConstLabels: of,
			Help: "Age of the last event read of a topic while there are more to read, the worst partition; 0 at the end."}, []string{"topic"}),
		parked: prometheus.NewGauge(prometheus.GaugeOpts{Name: "orderflow_parked", ConstLabels: of,
			Help: "Keys with parked events, in the partitions owned here."}),
		published: prometheus.NewCounter(prometheus.CounterOpts{Name: "orderflow_published_total", ConstLabels: of,
			Help: "Events acknowledged by the broker."}),
		holes: prometheus.NewCounter(prometheus.CounterOpts{Name: "orderflow_holes_total", ConstLabels: of,
			Help: "Missing numbers found in topics read. Each is an alarm until it is filled."}),
		rewinds: prometheus.NewCounter(prometheus.CounterOpts{Name: "orderflow_rewinds_total", ConstLabels: of,
			Help: "Times a log was found to be another one than before and read again."}),
	}
	if r != nil {
		r.MustRegister(m.events, m.seconds, m.calls, m.oldest, m.lag, m.parked, m.published, m.holes, m.rewinds)
	}
	return m
}

func (m *metrics) event(name, outcome string) { m.events.WithLabelValues(name, outcome).Inc() }

func (m *metrics) called(question, outcome string) { m.calls.WithLabelValues(question, outcome).Inc() }

// processed counts the events of one batch that are done. The labels of a type are looked up once.
func (m *metrics) processed(done []*input) {
	now, names := time.Now(), map[string]processed{}
	for _, in := range done {
		if in.form != heard {
			continue
		}
		of, ok := names[in.event.Type]
		if !ok {
			of = processed{m.events.WithLabelValues(in.event.Type, "done"), m.seconds.WithLabelValues(in.event.Type)}
			names[in.event.Type] = of
		}
		of.done.Inc()
		of.seconds.Observe(now.Sub(in.event.Time).Seconds())
	}
}

type processed struct {
	done    prometheus.Counter
	seconds prometheus.Observer
}

// measure sets the gauges; found is nil where the tables could not be asked.
func (e *Engine) measure(workers []*worker, found map[int]survey) {
	if found != nil {
		keys := 0
		for _, w := range workers {
			keys += found[w.partition].ParkedKeys
		}
		e.metrics.parked.Set(float64(keys))
	}
	lags := make(map[string]float64, len(e.topics))
	for _, w := range workers {
		for _, r := range w.readers {
			lag := 0.0
			if at := r.behind.Load(); at != 0 {
				lag = time.Since(time.Unix(0, at)).Seconds()
			}
			lags[r.topic] = max(lags[r.topic], lag)
		}
	}
	for topic, lag := range lags {
		e.metrics.lag.WithLabelValues(topic).Set(lag)
	}
	oldest := time.Time{}
	e.publisher.mu.Lock()
	for _, q := range e.publisher.parts {
		if len(q.queue) > 0 && (oldest.IsZero() || q.queue[0].Time.Before(oldest)) {
			oldest = q.queue[0].Time
		}
	}
	e.publisher.mu.Unlock()
	age := 0.0
	if !oldest.IsZero() {
		age = time.Since(oldest).Seconds()
	}
	e.metrics.oldest.Set(age)
}
