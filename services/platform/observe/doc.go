// Package observe defines the monitoring of an installation: the list of all metrics, the dashboards for Grafana, and the
// alerts for Prometheus with their tests. It refers to the services, events and metrics declared in code, so that after a
// rename it does not build, or the generated files in deployments differ.
//
// No program imports it: `make generate` writes the files, and tests check them against a Prometheus that scrapes a running
// installation. Each service's model declares which of its events are watched.
package observe

import (
	"slices"
	"strings"

	"orderflow.example/schemas/metrics"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/saga/metric"
)

// Metrics are all metrics, by name.
func Metrics() []metric.Metric {
	all := append(slices.Concat(engine.Metrics, metrics.All), httpserver.Seconds)
	slices.SortFunc(all, func(a, b metric.Metric) int { return strings.Compare(a.Name, b.Name) })
	return all
}
