// Package observe is what operators watch an installation with: the list of all metrics, the dashboards for Grafana, and the
// alerts for Prometheus with their tests. It is made of what the code declares, services, events and metrics, so that what is
// renamed there does not build here, or the generated files in deployments differ.
//
// Nothing that runs imports it: `make generate` writes the files, and tests hold them against a Prometheus that scrapes a
// running installation. What a single service wants watched stands in its model.
package observe

import (
	"slices"
	"strings"

	"orderflow.example/schemas/metrics"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/saga/metric"
)

// Metrics are all metrics there are, by name.
func Metrics() []metric.Metric {
	all := append(slices.Concat(engine.Metrics, metrics.All), httpserver.Seconds)
	slices.SortFunc(all, func(a, b metric.Metric) int { return strings.Compare(a.Name, b.Name) })
	return all
}
