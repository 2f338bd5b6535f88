// Package measure makes Prometheus collectors of declared metrics. A label whose values are not all declared gets them
// here, from the component that knows them; any other value is counted as metric.Other, so that input from outside cannot
// create series.
//
// Histograms have the declared buckets and, for a Prometheus that asks for them, native ones within 10% of each value.
package measure

import (
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"orderflow.example/shared/saga/metric"
)

// Labels complete the labels of a metric's declaration.
type Labels struct {
	Fixed map[string]string            // labels with one value here: the service
	Known map[string]func(string) bool // the valid values of other labels, by name
}

// Service returns the labels of a service's metrics.
func Service(name string) Labels { return Labels{Fixed: map[string]string{metric.Service.Name: name}} }

// With adds the values of a label.
func (l Labels) With(label string, known func(value string) bool) Labels {
	all := map[string]func(string) bool{label: known}
	maps.Copy(all, l.Known)
	return Labels{l.Fixed, all}
}

// Among returns the set of these values.
func Among(values []string) func(string) bool {
	set := make(map[string]bool, len(values))
	for _, v := range values {
		set[v] = true
	}
	return func(v string) bool { return set[v] }
}

// Counter makes a counter and registers it, unless the registerer is nil.
func Counter(r prometheus.Registerer, m metric.Metric, l Labels) *prometheus.CounterVec {
	return register(r, prometheus.V2.NewCounterVec(prometheus.CounterVecOpts{
		CounterOpts:    prometheus.CounterOpts{Name: m.Name, Help: m.Help, ConstLabels: l.Fixed},
		VariableLabels: variable(m, metric.Counter, l)}))
}

// Gauge makes a gauge and registers it, unless the registerer is nil.
func Gauge(r prometheus.Registerer, m metric.Metric, l Labels) *prometheus.GaugeVec {
	return register(r, prometheus.V2.NewGaugeVec(prometheus.GaugeVecOpts{
		GaugeOpts:      prometheus.GaugeOpts{Name: m.Name, Help: m.Help, ConstLabels: l.Fixed},
		VariableLabels: variable(m, metric.Gauge, l)}))
}

// GaugeFunc makes a gauge that calls value and registers it, unless the registerer is nil.
func GaugeFunc(r prometheus.Registerer, m metric.Metric, l Labels, value func() float64) prometheus.GaugeFunc {
	if n := len(variable(m, metric.Gauge, l)); n > 0 {
		panic(fmt.Sprintf("measure: %s has %d labels that are not fixed: a GaugeFunc needs all labels fixed", m.Name, n))
	}
	return register(r, prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: m.Name, Help: m.Help, ConstLabels: l.Fixed}, value))
}

// The limits of native histograms: their resolution, and the number of buckets above which they become coarser.
const (
	nativeFactor     = 1.1
	nativeBuckets    = 100
	nativeResetAfter = time.Hour
)

// Histogram makes a histogram and registers it, unless the registerer is nil.
func Histogram(r prometheus.Registerer, m metric.Metric, l Labels) *prometheus.HistogramVec {
	return register(r, prometheus.V2.NewHistogramVec(prometheus.HistogramVecOpts{
		HistogramOpts: prometheus.HistogramOpts{Name: m.Name, Help: m.Help, ConstLabels: l.Fixed, Buckets: m.Buckets,
			NativeHistogramBucketFactor: nativeFactor, NativeHistogramMaxBucketNumber: nativeBuckets,
			NativeHistogramMinResetDuration: nativeResetAfter},
		VariableLabels: variable(m, metric.Histogram, l)}))
}

// Observe adds a value and, as the exemplar of its bucket, the id of the trace in which it was measured; none if that is empty.
func Observe(o prometheus.Observer, value float64, trace string) {
	if with, ok := o.(prometheus.ExemplarObserver); ok && trace != "" {
		with.ObserveWithExemplar(value, prometheus.Labels{"trace_id": trace})
		return
	}
	o.Observe(value)
}

// variable are the labels that are not fixed, each restricted to its set. A declaration that does not fit panics: it is a
// mistake in the code.
func variable(m metric.Metric, kind metric.Kind, l Labels) (all prometheus.ConstrainedLabels) {
	if m.Kind != kind {
		panic(fmt.Sprintf("measure: %s is declared as a %s, and made as a %s", m.Name, m.Kind, kind))
	}
	for _, label := range m.Labels {
		if _, fixed := l.Fixed[label.Name]; fixed {
			continue
		}
		known := l.Known[label.Name]
		if known == nil && label.Values != nil {
			known = Among(label.Values)
		}
		if known == nil {
			panic(fmt.Sprintf("measure: the values of the label %s of %s are neither declared nor given", label.Name, m.Name))
		}
		all = append(all, prometheus.ConstrainedLabel{Name: label.Name, Constraint: func(value string) string {
			if known(value) {
				return value
			}
			return metric.Other
		}})
	}
	return all
}

// register registers a collector. If the same one is registered already, that one is returned.
func register[C prometheus.Collector](r prometheus.Registerer, c C) C {
	if r == nil {
		return c
	}
	var known prometheus.AlreadyRegisteredError
	switch err := r.Register(c); {
	case errors.As(err, &known):
		return known.ExistingCollector.(C)
	case err != nil:
		panic(fmt.Sprintf("measure: %v", err))
	}
	return c
}
