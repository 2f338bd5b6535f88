package engine

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the engine's Prometheus metrics. No label carries an id.
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
	alarms    *prometheus.CounterVec
	stopped   prometheus.Gauge
	known     func(name string) bool
}

// Kinds of alarms.
const (
	alarmHole           = "hole"            // a number is missing on a topic that is read
	alarmForeignRecord  = "foreign_record"  // a record of another service, or with the number of another event
	alarmTopicLost      = "topic_lost"      // the own topic lost published events
	alarmDatabaseBehind = "database_behind" // the database lost commits that are on the own topic
	alarmPruned         = "pruned"          // a consumer misses an event that was deleted from the outbox
)

func newMetrics(r prometheus.Registerer, e *Engine) *metrics {
	of := prometheus.Labels{"service": e.Service}
	m := &metrics{
		known: e.hears,
		events: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "orderflow_events_total", ConstLabels: of,
			Help: "Events consumed, by outcome: done, repeat, parked, foreign."}, []string{"event", "outcome"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "orderflow_event_seconds", ConstLabels: of,
			Help:    "Time from the decision of the producer to the commit of the effect here.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5, 30}}, []string{"event"}),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "orderflow_calls_total", ConstLabels: of,
			Help: "Tries of calls to outside parties, by outcome: answered, unknown, refused."}, []string{"call", "outcome"}),
		oldest: prometheus.NewGauge(prometheus.GaugeOpts{Name: "orderflow_outbox_oldest_seconds", ConstLabels: of,
			Help: "Age of the oldest committed event not yet on the topic."}),
		lag: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "orderflow_lag_seconds", ConstLabels: of,
			Help: "Time since a topic was last applied to its end, of the worst partition; 0 while it is."}, []string{"topic"}),
		parked: prometheus.NewGauge(prometheus.GaugeOpts{Name: "orderflow_parked", ConstLabels: of,
			Help: "Keys with parked events, in the partitions owned here."}),
		published: prometheus.NewCounter(prometheus.CounterOpts{Name: "orderflow_published_total", ConstLabels: of,
			Help: "Events acknowledged by the broker."}),
		holes: prometheus.NewCounter(prometheus.CounterOpts{Name: "orderflow_holes_total", ConstLabels: of,
			Help: "Missing numbers found in consumed topics. Each is an alarm until it is filled."}),
		rewinds: prometheus.NewCounter(prometheus.CounterOpts{Name: "orderflow_rewinds_total", ConstLabels: of,
			Help: "Times a topic partition was found to be another log than before and read again."}),
		alarms: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "orderflow_alarms_total", ConstLabels: of,
			Help: "Violations found: hole, foreign_record, topic_lost, database_behind, pruned. The log names the place."},
			[]string{"kind"}),
		stopped: prometheus.NewGauge(prometheus.GaugeOpts{Name: "orderflow_partitions_stopped", ConstLabels: of,
			Help: "Partitions owned here that are stopped by a fault of the installation. The log and /readyz name it."}),
	}
	for _, kind := range []string{alarmHole, alarmForeignRecord, alarmTopicLost, alarmDatabaseBehind, alarmPruned} {
		m.alarms.WithLabelValues(kind)
	}
	if r != nil {
		r.MustRegister(m.events, m.seconds, m.calls, m.oldest, m.lag, m.parked, m.published, m.holes, m.rewinds, m.alarms, m.stopped)
	}
	return m
}

// event counts a consumed event. Types that this service does not know share an empty label.
func (m *metrics) event(name, outcome string) {
	if !m.known(name) {
		name = ""
	}
	m.events.WithLabelValues(name, outcome).Inc()
}

func (m *metrics) called(question, outcome string) { m.calls.WithLabelValues(question, outcome).Inc() }

func (m *metrics) alarm(kind string) { m.alarms.WithLabelValues(kind).Inc() }

// processed counts the events of a committed batch. The labels of a type are looked up once.
func (m *metrics) processed(done []*input, now time.Time) {
	names := map[string]processed{}
	for _, in := range done {
		if in.form != event {
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

// measure sets the gauges; found is nil if the tables could not be read. Lag and the age of the outbox count from the last
// moment at which all was well, so that they grow while nothing can be fetched, applied or published.
func (e *Engine) measure(found map[int]survey) {
	lags := make(map[string]time.Duration, len(e.topics))
	for _, topic := range e.topics {
		lags[topic] = 0
	}
	keys, stopped, oldest, now := 0, 0, 0.0, time.Now()
	silence := e.fetcher.silence(now)
	if since, partitions := e.lease.lost(); partitions > 0 {
		stopped = partitions
		for topic := range lags {
			lags[topic] = now.Sub(since)
		}
	}
	for _, p := range e.lease.owns() {
		since, _ := p.standstill()
		if !since.IsZero() {
			stopped++
			for topic := range lags {
				lags[topic] = max(lags[topic], e.clock.now().Sub(since))
			}
		}
		keys += found[p.partition].ParkedKeys
		if e.running.of(p.partition) != p {
			oldest = max(oldest, found[p.partition].Unpublished)
			continue
		}
		if p.publisher.unfinished() {
			oldest = max(oldest, found[p.partition].Unpublished)
		}
		for _, r := range p.readers {
			lags[r.topic] = max(lags[r.topic], r.lag(now), silence)
		}
	}
	for topic, lag := range lags {
		e.metrics.lag.WithLabelValues(topic).Set(lag.Seconds())
	}
	e.metrics.stopped.Set(float64(stopped))
	if found != nil {
		e.metrics.parked.Set(float64(keys))
		e.metrics.oldest.Set(oldest)
	}
}
