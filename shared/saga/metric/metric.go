// Package metric declares metrics: each once, with its meaning, its unit, and labels whose values are a closed set. It is
// pure. shared/measure makes Prometheus collectors of declarations; the platform's dashboards, alerts and list of all
// metrics refer to the declarations, so that a renamed metric does not build until all follow.
package metric

import "slices"

// Kind is the Prometheus type of a metric.
type Kind string

const (
	Counter   Kind = "counter"
	Gauge     Kind = "gauge"
	Histogram Kind = "histogram"
)

// Unit is the unit of a metric's values.
type Unit string

const (
	Count      Unit = "" // of the things in the metric's name
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

// Label declares the values that a label may have.
type Label struct {
	Name   string
	Is     string   // the kind of its values: "a service"
	Values []string // all of them; nil where they depend on the process, which gives them to measure
}

// The labels that many metrics have.
var (
	Service = Label{Name: "service", Is: "the service that reports it"}
	Event   = Label{Name: "event", Is: "a type of event that the service hears"}
)

// Other is a label's value in place of one that is not in its set.
const Other = "other"

// Of returns a label with exactly these values.
func Of(name, is string, values ...string) Label {
	slices.Sort(values)
	return Label{Name: name, Is: is, Values: values}
}

// Has tells whether the metric has the label.
func (m Metric) Has(label string) bool { return m.Label(label) != nil }

// Label returns the metric's label of that name, nil if it has none.
func (m Metric) Label(name string) *Label {
	for i := range m.Labels {
		if m.Labels[i].Name == name {
			return &m.Labels[i]
		}
	}
	return nil
}
