package observe

import (
	"maps"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// generated is the header of the files that this package writes.
const generated = "# Generated from services/platform/observe by make generate.\n"

type rules struct {
	Groups []group `yaml:"groups"`
}

type group struct {
	Name  string `yaml:"name"`
	Rules []rule `yaml:"rules"`
}

type rule struct {
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for,omitempty"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

// Runbook returns the path of an alert's runbook, from the root of the repository.
func Runbook(alert string) string { return "deployments/runbooks/" + alert + ".md" }

func (a Alert) annotations(says string) map[string]string {
	return map[string]string{"summary": says, "runbook_url": Runbook(a.Name)}
}

// Rules returns the alerts as Prometheus's rule file. All times are divided by faster, for tests; production uses 1.
func Rules(faster int) (string, error) {
	g := group{Name: "orderflow"}
	for _, a := range Alerts() {
		r := rule{Alert: a.Name, Expr: hasten(a.Expr, faster), Labels: map[string]string{"severity": a.Severity},
			Annotations: a.annotations(a.Says)}
		if a.For > 0 {
			r.For = over(a.For / time.Duration(faster))
		}
		g.Rules = append(g.Rules, r)
	}
	text, err := yaml.Marshal(rules{Groups: []group{g}})
	return generated + string(text), err
}

// hasten divides the windows of an expression.
func hasten(expr string, faster int) string {
	if faster == 1 {
		return expr
	}
	for _, d := range []time.Duration{5 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 6 * time.Hour} {
		expr = strings.ReplaceAll(expr, "["+over(d)+"]", "["+over(d/time.Duration(faster))+"]")
	}
	return expr
}

type ruleTests struct {
	RuleFiles          []string   `yaml:"rule_files"`
	EvaluationInterval string     `yaml:"evaluation_interval"`
	Tests              []ruleTest `yaml:"tests"`
}

type ruleTest struct {
	Name     string       `yaml:"name"`
	Interval string       `yaml:"interval"`
	Series   []ruleSeries `yaml:"input_series"`
	Alerts   []ruleAlert  `yaml:"alert_rule_test"`
}

type ruleSeries struct {
	Series string `yaml:"series"`
	Values string `yaml:"values"`
}

type ruleAlert struct {
	At       string     `yaml:"eval_time"`
	Alert    string     `yaml:"alertname"`
	Expected []expected `yaml:"exp_alerts"`
}

type expected struct {
	Labels      map[string]string `yaml:"exp_labels"`
	Annotations map[string]string `yaml:"exp_annotations"`
}

// resolved is when the cause of an alert is over in its test and has left the longest window.
const resolved = 35 * time.Minute

// RuleTests returns the alerts' tests for promtool: each fires on its series Fires, not before and not after, and not on
// Quiet.
func RuleTests() (string, error) {
	t := ruleTests{RuleFiles: []string{"alerts.yml"}, EvaluationInterval: "1m"}
	for _, a := range Alerts() {
		labels := maps.Clone(a.By)
		if labels == nil {
			labels = map[string]string{}
		}
		says := a.Says
		for name, value := range labels {
			says = strings.ReplaceAll(says, "{{ $labels."+name+" }}", value)
		}
		labels["severity"] = a.Severity
		fires := ruleAlert{Alert: a.Name, At: over(a.After), Expected: []expected{{labels, a.annotations(says)}}}
		t.Tests = append(t.Tests,
			ruleTest{a.Name + " fires", "1m", inputs(a.Fires), []ruleAlert{{At: "1m", Alert: a.Name}, fires, {At: over(max(a.Over,
				resolved)), Alert: a.Name}}},
			ruleTest{a.Name + " does not", "1m", inputs(a.Quiet), quiet(a)})
	}
	text, err := yaml.Marshal(t)
	return generated + string(text), err
}

// quiet checks repeatedly until the alert would have fired, and as long after.
func quiet(a Alert) (all []ruleAlert) {
	for i := range 3 {
		all = append(all, ruleAlert{At: over(time.Duration(i+1) * a.After / 2 / time.Minute * time.Minute), Alert: a.Name})
	}
	return all
}

func inputs(samples []Sample) (all []ruleSeries) {
	for _, s := range samples {
		all = append(all, ruleSeries(s))
	}
	slices.SortFunc(all, func(a, b ruleSeries) int { return strings.Compare(a.Series, b.Series) })
	return all
}
