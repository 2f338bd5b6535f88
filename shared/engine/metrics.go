package engine

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"orderflow.example/shared/kafka"
	"orderflow.example/shared/measure"
	"orderflow.example/shared/saga/metric"
	"orderflow.example/shared/tracing"
)

// Metrics are declared here, what a service's engine shows of it.
var (
	EventsTotal = metric.Metric{Name: "orderflow_events_total", Kind: metric.Counter,
		Help: "Events heard, by what became of them.",
		Labels: []metric.Label{metric.Service, metric.Event,
			metric.Of("outcome", "what became of an event", outcomeDone, outcomeForeign, outcomeParked, outcomeRepeat)}}
	EventSeconds = metric.Metric{Name: "orderflow_event_seconds", Kind: metric.Histogram, Unit: metric.Seconds,
		Help:    "From an event being decided by its producer to its effect being committed here.",
		Labels:  []metric.Label{metric.Service, metric.Event},
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 120}}
	PublishedTotal = metric.Metric{Name: "orderflow_published_total", Kind: metric.Counter,
		Help:   "Events acknowledged by the broker.",
		Labels: []metric.Label{metric.Service, {Name: metric.Event.Name, Is: "a type of event that the service says"}}}
	PublishSeconds = metric.Metric{Name: "orderflow_publish_seconds", Kind: metric.Histogram, Unit: metric.Seconds,
		Help:    "From sending a batch of events to the broker's acknowledgement.",
		Labels:  []metric.Label{metric.Service},
		Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 30}}
	OutboxOldest = metric.Metric{Name: "orderflow_outbox_oldest_seconds", Kind: metric.Gauge, Unit: metric.Seconds,
		Help:   "Age of the oldest committed event not yet on the topic.",
		Labels: []metric.Label{metric.Service}}
	Lag = metric.Metric{Name: "orderflow_lag_seconds", Kind: metric.Gauge, Unit: metric.Seconds,
		Help:   "How long ago a topic was last read and applied to its end, the worst partition; 0 while it is.",
		Labels: []metric.Label{metric.Service, {Name: "topic", Is: "a topic that the service reads"}}}
	BatchInputs = metric.Metric{Name: "orderflow_batch_inputs", Kind: metric.Histogram,
		Help:    "Events, answers, commands and deadlines decided in one transaction.",
		Labels:  []metric.Label{metric.Service},
		Buckets: []float64{1, 2, 5, 10, 25, 50, 100, 250, 500, 1000}}
	CommitSeconds = metric.Metric{Name: "orderflow_commit_seconds", Kind: metric.Histogram, Unit: metric.Seconds,
		Help: "How long a transaction took that decides a batch.",
		Labels: []metric.Label{metric.Service,
			metric.Of("outcome", "what became of a transaction", commitDone, commitFailed)},
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 120}}
	CallsTotal = metric.Metric{Name: "orderflow_calls_total", Kind: metric.Counter,
		Help: "Questions to the outside world, by outcome of the try.",
		Labels: []metric.Label{metric.Service, callLabel,
			metric.Of("outcome", "what came of a try", callAnswered, callRefused, callUnknown)}}
	CallSeconds = metric.Metric{Name: "orderflow_call_seconds", Kind: metric.Histogram, Unit: metric.Seconds,
		Help:    "How long a try to ask the outside world took, whatever came of it.",
		Labels:  []metric.Label{metric.Service, callLabel},
		Buckets: []float64{.0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}}
	ParkedKeys = metric.Metric{Name: "orderflow_parked", Kind: metric.Gauge,
		Help:   "Keys with parked events, in the partitions owned here.",
		Labels: []metric.Label{metric.Service}}
	HolesTotal = metric.Metric{Name: "orderflow_holes_total", Kind: metric.Counter,
		Help:   "Missing numbers found in topics read. Each is an alarm until it is filled.",
		Labels: []metric.Label{metric.Service}}
	RewindsTotal = metric.Metric{Name: "orderflow_rewinds_total", Kind: metric.Counter,
		Help:   "Times a log was found to be another one than before and read again.",
		Labels: []metric.Label{metric.Service}}
	AlarmsTotal = metric.Metric{Name: "orderflow_alarms_total", Kind: metric.Counter,
		Help: "Violations that were noticed. The log says where.",
		Labels: []metric.Label{metric.Service,
			metric.Of("kind", "what was violated", alarmHole, alarmForeignRecord, alarmTopicLost, alarmDatabaseBehind, alarmPruned)}}
	PartitionsOwned = metric.Metric{Name: "orderflow_partitions_owned", Kind: metric.Gauge,
		Help:   "Partitions owned here.",
		Labels: []metric.Label{metric.Service}}
	PartitionsStopped = metric.Metric{Name: "orderflow_partitions_stopped", Kind: metric.Gauge,
		Help:   "Partitions owned here that stand still, as something of the installation is at fault. The log and /readyz say what.",
		Labels: []metric.Label{metric.Service}}
	TakeoversTotal = metric.Metric{Name: "orderflow_takeovers_total", Kind: metric.Counter,
		Help:   "Times a partition was taken: at the start, after another process, or anew after a failure.",
		Labels: []metric.Label{metric.Service}}
)

var callLabel = metric.Label{Name: "call", Is: "a question that the service asks outside"}

// Metrics are all of them.
var Metrics = []metric.Metric{EventsTotal, EventSeconds, PublishedTotal, PublishSeconds, OutboxOldest, Lag, BatchInputs,
	CommitSeconds,
	CallsTotal, CallSeconds, ParkedKeys, HolesTotal, RewindsTotal, AlarmsTotal, PartitionsOwned, PartitionsStopped, TakeoversTotal}

// What becomes of an event heard, a transaction, a try to ask.
const (
	outcomeDone    = "done"
	outcomeRepeat  = "repeat"
	outcomeParked  = "parked"
	outcomeForeign = "foreign"

	commitDone   = "committed"
	commitFailed = "failed"

	callAnswered = "answered"
	callUnknown  = "unknown"
	callRefused  = "refused"
)

// Kinds of alarms.
const (
	alarmHole           = "hole"            // a number is missing on a topic that is read
	alarmForeignRecord  = "foreign_record"  // a record of another service, or with the number of another event
	alarmTopicLost      = "topic_lost"      // the own topic lost published events
	alarmDatabaseBehind = "database_behind" // the database lost commits that are on the own topic
	alarmPruned         = "pruned"          // a consumer misses an event that was deleted from the outbox
)

// metrics are the engine's part of what operators watch. No label carries an id, or anything else that comes in.
type metrics struct {
	events         *prometheus.CounterVec
	seconds        *prometheus.HistogramVec
	published      *prometheus.CounterVec
	publishSeconds prometheus.Observer
	oldest         prometheus.Gauge
	lag            *prometheus.GaugeVec
	batch          prometheus.Observer
	commits        *prometheus.HistogramVec
	calls          *prometheus.CounterVec
	callSeconds    *prometheus.HistogramVec
	parked         prometheus.Gauge
	holes          prometheus.Counter
	rewinds        prometheus.Counter
	alarms         *prometheus.CounterVec
	owned          prometheus.Gauge
	stopped        prometheus.Gauge
	takeovers      prometheus.Counter
}

func newMetrics(r prometheus.Registerer, e *Engine) *metrics {
	of := measure.Service(e.Service)
	heard, asked := of.With(metric.Event.Name, e.hears), of.With(callLabel.Name, e.asks)
	m := &metrics{
		events:         measure.Counter(r, EventsTotal, heard),
		seconds:        measure.Histogram(r, EventSeconds, heard),
		published:      measure.Counter(r, PublishedTotal, of.With(metric.Event.Name, e.says)),
		publishSeconds: measure.Histogram(r, PublishSeconds, of).WithLabelValues(),
		oldest:         measure.Gauge(r, OutboxOldest, of).WithLabelValues(),
		lag:            measure.Gauge(r, Lag, of.With("topic", measure.Among(e.topics))),
		batch:          measure.Histogram(r, BatchInputs, of).WithLabelValues(),
		commits:        measure.Histogram(r, CommitSeconds, of),
		calls:          measure.Counter(r, CallsTotal, asked),
		callSeconds:    measure.Histogram(r, CallSeconds, asked),
		parked:         measure.Gauge(r, ParkedKeys, of).WithLabelValues(),
		holes:          measure.Counter(r, HolesTotal, of).WithLabelValues(),
		rewinds:        measure.Counter(r, RewindsTotal, of).WithLabelValues(),
		alarms:         measure.Counter(r, AlarmsTotal, of),
		owned:          measure.Gauge(r, PartitionsOwned, of).WithLabelValues(),
		stopped:        measure.Gauge(r, PartitionsStopped, of).WithLabelValues(),
		takeovers:      measure.Counter(r, TakeoversTotal, of).WithLabelValues(),
	}
	m.begin(e)
	return m
}

// begin makes the series that rates are taken of: one that appears with its first event has lost it.
func (m *metrics) begin(e *Engine) {
	for _, kind := range AlarmsTotal.Label("kind").Values {
		m.alarms.WithLabelValues(kind)
	}
	for _, outcome := range CommitSeconds.Label("outcome").Values {
		m.commits.WithLabelValues(outcome)
	}
	for _, b := range e.Bindings {
		for _, name := range b.Machine.Hears() {
			for _, outcome := range []string{outcomeDone, outcomeParked} {
				m.events.WithLabelValues(name, outcome)
			}
		}
		for _, name := range b.Machine.Says() {
			m.published.WithLabelValues(name)
		}
	}
	for _, a := range e.Answerers {
		for _, outcome := range CallsTotal.Label("outcome").Values {
			m.calls.WithLabelValues(a.Question, outcome)
		}
	}
}

// says tells whether a machine of the service may emit events of this type.
func (e *Engine) says(name string) bool {
	return slices.ContainsFunc(e.Bindings, func(b Binding) bool { return slices.Contains(b.Machine.Says(), name) })
}

// asks tells whether the service asks this question.
func (e *Engine) asks(question string) bool {
	return slices.ContainsFunc(e.Answerers, func(a Answerer) bool { return a.Question == question })
}

// event counts an event heard. Types that this service does not hear have one label together.
func (m *metrics) event(name, outcome string) { m.events.WithLabelValues(name, outcome).Inc() }

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
			of = processed{m.events.WithLabelValues(in.event.Type, outcomeDone), m.seconds.WithLabelValues(in.event.Type)}
			names[in.event.Type] = of
		}
		of.done.Inc()
		measure.Observe(of.seconds, now.Sub(in.event.Time).Seconds(), in.trace())
	}
}

// publishedAll counts the events of one request that the broker has.
func (m *metrics) publishedAll(records []kafka.Record, took time.Duration) {
	names, exemplar := map[string]int{}, ""
	for i := range records {
		if exemplar == "" && tracing.Recorded(records[i].TraceParent) {
			exemplar = tracing.IDOf(records[i].TraceParent)
		}
		names[records[i].Type]++
	}
	measure.Observe(m.publishSeconds, took.Seconds(), exemplar)
	for name, n := range names {
		m.published.WithLabelValues(name).Add(float64(n))
	}
}

// committed notes a transaction, whatever became of it, and the trace of it, if there is one.
func (m *metrics) committed(inputs int, took time.Duration, err error, trace string) {
	outcome := commitDone
	if err != nil {
		outcome = commitFailed
	}
	measure.Observe(m.batch, float64(inputs), trace)
	measure.Observe(m.commits.WithLabelValues(outcome), took.Seconds(), trace)
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
	owned := e.lease.owns()
	for _, p := range owned {
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
	e.metrics.owned.Set(float64(len(owned)))
	e.metrics.stopped.Set(float64(stopped))
	if found != nil {
		e.metrics.parked.Set(float64(keys))
		e.metrics.oldest.Set(oldest)
	}
}
