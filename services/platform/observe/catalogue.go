package observe

import (
	"fmt"
	"strings"
)

// Catalogue returns the Markdown list of all metrics.
func Catalogue() string {
	var b strings.Builder
	b.WriteString(
		"# Metrics\n\nGenerated from the declarations in the code by `make generate`. A label has no other values than said\n" +
			"here; " +
			"what is in no such set is counted as `other`. Histograms have these buckets and, for a Prometheus with\n" +
			"`scrape_native_histograms`, native ones. Beside them each process shows `go_…` and `process_…`, and of the database of\n" +
			"each service `go_sql_…{db_name}`.\n\n| metric | kind | unit | what it is |\n|---|---|---|---|\n")
	for _, m := range Metrics() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", m.Name, m.Kind, m.Unit, m.Help)
	}
	b.WriteString("\n## Labels\n\n| metric | label | what it says |\n|---|---|---|\n")
	for _, m := range Metrics() {
		for _, l := range m.Labels {
			says := l.Is
			if l.Values != nil {
				says += ": `" + strings.Join(l.Values, "`, `") + "`"
			}
			fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", m.Name, l.Name, says)
		}
	}
	b.WriteString("\n## Buckets\n\n| metric | upper bounds |\n|---|---|\n")
	for _, m := range Metrics() {
		if m.Buckets != nil {
			fmt.Fprintf(&b, "| `%s` | %s |\n", m.Name, strings.Trim(fmt.Sprint(m.Buckets), "[]"))
		}
	}
	return b.String()
}

// AlertTable returns the Markdown table of all alerts.
func AlertTable() string {
	var b strings.Builder
	for _, a := range Alerts() {
		says := strings.NewReplacer("{{ $labels.", "*", " }}", "*").Replace(a.Says)
		fmt.Fprintf(&b, "| [%s](runbooks/%[1]s.md) | %s | %s |\n", a.Name, a.Severity, says)
	}
	return b.String()
}
