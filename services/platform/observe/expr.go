package observe

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/metric"
)

// match selects series by a label.
type match struct{ label, op, value string }

func is(label, value string) match        { return match{label, "=", value} }
func not(label, value string) match       { return match{label, "!=", value} }
func in(label string, of ...string) match { return match{label, "=~", strings.Join(of, "|")} }

// service matches the service of the dashboard's variable.
var service = is(metric.Service.Name, "$service")

// events matches events of a service.
func events(of []saga.Kind) []match {
	names := make([]string, len(of))
	for i, k := range of {
		names[i] = strings.ReplaceAll(k.Name(), ".", `\\.`)
	}
	return []match{is(metric.Service.Name, saga.Producer(of[0].Name())), in(metric.Event.Name, names...)}
}

// series returns a selector. It panics for a label or a value that the metric does not have.
func series(m metric.Metric, matches ...match) string { return selector(m, m.Name, matches) }

func selector(m metric.Metric, name string, matches []match) string {
	if len(matches) == 0 {
		return name
	}
	list := make([]string, len(matches))
	for i, x := range matches {
		l := m.Label(x.label)
		if l == nil && x.label != "le" {
			panic(fmt.Sprintf("observe: %s has no label %s", m.Name, x.label))
		}
		if l != nil && l.Values != nil && x.op != "=~" && !slices.Contains(l.Values, x.value) {
			panic(fmt.Sprintf("observe: %s of %s is never %q", x.label, m.Name, x.value))
		}
		list[i] = fmt.Sprintf(`%s%s"%s"`, x.label, x.op, x.value)
	}
	return name + "{" + strings.Join(list, ",") + "}"
}

// over is the window of a rate: the dashboard's, or a duration.
const window = "$__rate_interval"

func over(d time.Duration) string {
	switch {
	case d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return fmt.Sprintf("%ds", d/time.Second)
}

// perSecond is the rate of a counter.
func perSecond(m metric.Metric, window string, matches ...match) string {
	must(m, metric.Counter)
	return "rate(" + series(m, matches...) + "[" + window + "])"
}

// grown is the increase of a counter.
func grown(m metric.Metric, window string, matches ...match) string {
	must(m, metric.Counter)
	return "increase(" + series(m, matches...) + "[" + window + "])"
}

// The series of a histogram.
func buckets(m metric.Metric, window string, matches ...match) string {
	return histogram(m, "_bucket", window, matches)
}
func count(m metric.Metric, window string, matches ...match) string {
	return histogram(m, "_count", window, matches)
}
func total(m metric.Metric, window string, matches ...match) string {
	return histogram(m, "_sum", window, matches)
}

func histogram(m metric.Metric, part, window string, matches []match) string {
	must(m, metric.Histogram)
	return "rate(" + selector(m, m.Name+part, matches) + "[" + window + "])"
}

// upTo selects the bucket with an upper bound. Prometheus writes it as 5 or as 5.0, depending on its version.
func upTo(m metric.Metric, bound float64) match {
	if !slices.Contains(m.Buckets, bound) {
		panic(fmt.Sprintf("observe: no bucket of %s ends at %v", m.Name, bound))
	}
	return match{"le", "=~", fmt.Sprintf(`%v(\\.0)?`, bound)}
}

func must(m metric.Metric, kind metric.Kind) {
	if m.Kind != kind {
		panic(fmt.Sprintf("observe: %s is a %s, not a %s", m.Name, m.Kind, kind))
	}
}

// sum and most aggregate series by labels. Each process of the tracker exports the same values: of these the maximum is
// taken, not the sum.
func sum(expr string, by ...string) string  { return grouped("sum", expr, by) }
func most(expr string, by ...string) string { return grouped("max", expr, by) }

func grouped(how, expr string, by []string) string {
	if len(by) == 0 {
		return how + "(" + expr + ")"
	}
	return how + " by (" + strings.Join(by, ", ") + ") (" + expr + ")"
}

// quantile is a quantile of a histogram.
func quantile(q float64, m metric.Metric, window string, by []string, matches ...match) string {
	for _, label := range by {
		if !m.Has(label) {
			panic(fmt.Sprintf("observe: %s has no label %s", m.Name, label))
		}
	}
	return fmt.Sprintf("histogram_quantile(%v, %s)", q, sum(buckets(m, window, matches...), append([]string{"le"}, by...)...))
}

// perMinute converts a rate per second.
func perMinute(expr string) string { return "60 * " + expr }

// share is the ratio of a part to the whole.
func share(part, whole string) string { return part + " / " + whole }
