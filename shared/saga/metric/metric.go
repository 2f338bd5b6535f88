// Package metric is how a metric is declared: once, with its meaning, its unit, and labels whose values are a closed set. It
// is pure. shared/measure makes Prometheus collectors of declarations; the platform's dashboards, alerts and list of all
// metrics name them by their declarations, so that what is renamed does not build until all follow.
package metric

import "slices"

// Kind is what Prometheus makes of a metric.
type Kind string

const (
	Counter   Kind = "counter"
	Gauge     Kind = "gauge"
	Histogram Kind = "histogram"
)

// Unit is what a metric's values are.
type Unit string

const (
	Count      Unit = "" // of what the name says
	Seconds    Unit = "seconds"
	MinorUnits Unit = "minor units" // of the currency that a label names
)

// Metric declares one metric.
type Metric struct {
	Name    string
	Kind    Kind
	Unit    Unit
	Help    string
	Labels  []Label
	Buckets []float64 // of a histogram: upper bounds, in its unit
}

// Label declares what a label may be.
type Label struct {
	Name   string
	Is     string   // what its values are: "a service"
	Values []string // all of them; nil where they follow from what a process runs, which says so to measure
}

// The labels that many metrics have.
var (
	Service = Label{Name: "service", Is: "the service that reports it"}
	Event   = Label{Name: "event", Is: "a type of event that the service hears"}
)

// Other is what a label says in place of a value that is not in its set.
const Other = "other"

// Of is a label with exactly these values.
func Of(name, is string, values ...string) Label {
	slices.Sort(values)
	return Label{Name: name, Is: is, Values: values}
}

// Has tells whether the metric has the label.
func (m Metric) Has(label string) bool { return m.Label(label) != nil }

// Label is the metric's label of that name, nil if it has none.
func (m Metric) Label(name string) *Label {
	for i := range m.Labels {
		if m.Labels[i].Name == name {
			return &m.Labels[i]
		}
	}
	return nil
}
