package observe_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"orderflow.example/services/platform/command"
	"orderflow.example/services/platform/observe"
	"orderflow.example/shared/saga/metric"
	"orderflow.example/shared/service"
)

// written is a file written by people, or generated from one.
func written(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(root + path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// operations are the paths of the operators' listener, by method.
func operations(t *testing.T) map[string]bool {
	var document struct {
		Paths map[string]map[string]any
	}
	if err := json.Unmarshal([]byte(written(t, "schemas/openapi.operators.json")), &document); err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	for path, methods := range document.Paths {
		for method := range methods {
			all[strings.ToUpper(method)+" "+path] = true
		}
	}
	return all
}

var (
	requests = regexp.MustCompile(`\b(GET|POST|PATCH|PUT|DELETE) (/[a-z0-9_/{}]+)`)
	metrics  = regexp.MustCompile(`\borderflow_[a-z_]+[a-z]`)
	commands = regexp.MustCompile("`orderflow ([^`]+)`")
	flags    = regexp.MustCompile("`(--[a-z-]+)`")
	sources  = regexp.MustCompile("`(deployments/[^`]+)`")
)

// All paths, metrics, commands, flags and files named in the texts exist.
func TestWhatPanelsAndRunbooksNameExists(t *testing.T) {
	t.Parallel()
	texts := map[string]string{}
	for _, pattern := range []string{"deployments/runbooks/*.md", "deployments/README.md", "README.md"} {
		files, err := filepath.Glob(root + pattern)
		if err != nil || len(files) == 0 {
			t.Fatal(pattern, err)
		}
		for _, file := range files {
			texts[strings.TrimPrefix(file, root)] = written(t, strings.TrimPrefix(file, root))
		}
	}
	for _, d := range observe.Dashboards() {
		for _, r := range d.Rows {
			for _, p := range r.Panels {
				texts[d.Name+": "+p.Asks] = p.Do
			}
		}
	}
	there, known := operations(t), map[string]bool{}
	for _, m := range observe.Metrics() {
		known[m.Name] = true
	}
	for name, text := range texts {
		if name != "README.md" { // it names paths of the customers' listener too
			for _, r := range requests.FindAllStringSubmatch(text, -1) {
				if !there[r[1]+" "+r[2]] {
					t.Errorf("%s names %s %s, which the operators' listener does not serve", name, r[1], r[2])
				}
			}
		}
		for _, m := range metrics.FindAllString(text, -1) {
			if !known[m] && m != service.Scaler { // a user
				t.Errorf("%s names the metric %s, which nobody shows", name, m)
			}
		}
		for _, c := range commands.FindAllStringSubmatch(text, -1) {
			if wrong := typed(c[1]); wrong != "" {
				t.Errorf("%s says `orderflow %s`: %s", name, c[1], wrong)
			}
		}
		for _, f := range flags.FindAllStringSubmatch(text, -1) {
			if name != "README.md" && command.Up().Flag(f[1][2:]) == nil && command.Root().PersistentFlags().Lookup(f[1][2:]) == nil {
				t.Errorf("%s names the flag %s, which there is not", name, f[1])
			}
		}
		for _, s := range sources.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(root + s[1]); err != nil {
				t.Errorf("%s names %s: %v", name, s[1], err)
			}
		}
	}
}

// typed returns what is wrong with the words after `orderflow`: words in capitals are placeholders.
func typed(line string) (wrong string) {
	words := strings.Fields(line)
	found, rest, err := command.Root().Find(words)
	if err != nil || !found.Runnable() && (len(rest) > 0 || !found.HasSubCommands()) {
		return "there is no such command"
	}
	for _, word := range rest {
		name, _, _ := strings.Cut(strings.TrimPrefix(word, "--"), "=")
		if !strings.HasPrefix(word, "--") {
			continue
		}
		known := found.Flag(name) != nil
		found.InheritedFlags().VisitAll(func(f *pflag.Flag) { known = known || f.Name == name })
		if !known {
			return "there is no flag --" + name
		}
	}
	return ""
}

func TestEveryAlertHasARunbookAndEveryRunbookAnAlert(t *testing.T) {
	t.Parallel()
	var want []string
	for _, a := range observe.Alerts() {
		want = append(want, observe.Runbook(a.Name))
		text := written(t, observe.Runbook(a.Name))
		for _, part := range []string{"# " + a.Name + "\n", "**What it means.**", "**What to look at.**", "**What to do.**"} {
			if !strings.Contains(text, part) {
				t.Errorf("%s does not say %q", observe.Runbook(a.Name), part)
			}
		}
	}
	files, err := filepath.Glob(root + "deployments/runbooks/[A-Z]*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if name := strings.TrimPrefix(file, root); name != "deployments/runbooks/README.md" && !slices.Contains(want, name) {
			t.Errorf("%s is about no alert", name)
		}
	}
	for _, d := range observe.Dashboards() {
		for _, r := range d.Rows {
			for _, p := range r.Panels {
				if p.Alert != "" && !slices.Contains(want, observe.Runbook(p.Alert)) {
					t.Errorf("%s: %s is about the alert %s, which there is not", d.Name, p.Asks, p.Alert)
				}
			}
		}
	}
}

// The faults are made by `make alerts`, which is not part of every run: this is what notices that one is missing.
func TestEveryAlertHasAFaultMadeForIt(t *testing.T) {
	t.Parallel()
	faults := written(t, "services/platform/observe/firing_test.go")
	for _, a := range observe.Alerts() {
		if !strings.Contains(faults, `"`+a.Name+`"`) {
			t.Errorf("no fault in firing_test.go makes %s fire", a.Name)
		}
	}
}

func TestPrometheusScrapesWhereTheOperatorsListenerIs(t *testing.T) {
	t.Parallel()
	var config struct {
		RuleFiles []string `yaml:"rule_files"`
		Scrape    []struct {
			Job    string                       `yaml:"job_name"`
			Path   string                       `yaml:"metrics_path"`
			Static []struct{ Targets []string } `yaml:"static_configs"`
		} `yaml:"scrape_configs"`
	}
	if err := yaml.Unmarshal([]byte(written(t, "deployments/prometheus/prometheus.yml")), &config); err != nil {
		t.Fatal(err)
	}
	for _, file := range config.RuleFiles {
		written(t, "deployments/prometheus/"+file)
	}
	if len(config.RuleFiles) == 0 || len(config.Scrape) != 1 {
		t.Fatalf("%+v", config)
	}
	s := config.Scrape[0]
	if s.Job != observe.Job || !operations(t)["GET "+s.Path] {
		t.Errorf("%+v: the alerts are about the job %s", s, observe.Job)
	}
	addr := command.Root().PersistentFlags().Lookup("ops-addr").DefValue
	if !slices.Equal(s.Static[0].Targets, []string{addr}) {
		t.Errorf("it scrapes %v; --ops-addr is %s if nobody says otherwise", s.Static[0].Targets, addr)
	}
}

func TestEveryPanelAsksAndTellsWhatToDo(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, d := range observe.Dashboards() {
		for _, r := range d.Rows {
			wide := 0
			for _, p := range r.Panels {
				wide += p.Span
				if !strings.HasSuffix(p.Asks, "?") && !strings.HasSuffix(p.Asks, "?)") && !strings.HasSuffix(p.Asks,
					"%)?") || p.Do == "" || p.Unit == "" {
					t.Errorf("%s: %q: a panel asks a question, has a unit, and says what to do", d.Name, p.Asks)
				}
				for _, q := range p.Queries {
					for _, m := range observe.Metrics() {
						used[m.Name] = used[m.Name] || strings.Contains(q.Expr, m.Name)
					}
				}
			}
			if wide != 24 { // the next row would begin where this one ends
				t.Errorf("%s: a row is %d wide, not 24", d.Name, wide)
			}
		}
	}
	for _, a := range observe.Alerts() {
		for _, m := range observe.Metrics() {
			used[m.Name] = used[m.Name] || strings.Contains(a.Expr, m.Name)
		}
	}
	for _, m := range observe.Metrics() {
		if !used[m.Name] {
			t.Errorf("%s is on no dashboard and in no alert: who looks at it?", m.Name)
		}
	}
}

// The metrics that others rely on keep their names and labels.
func TestTheMetricsOfTheContractAreThereWithTheirLabels(t *testing.T) {
	t.Parallel()
	all := map[string]metric.Metric{}
	for _, m := range observe.Metrics() {
		all[m.Name] = m
	}
	for name, labels := range map[string]string{
		"orderflow_events_total": "service event outcome", "orderflow_event_seconds": "service event",
		"orderflow_saga_seconds": "outcome",
		"orderflow_sagas_open":   "status", "orderflow_compensations_total": "reason", "orderflow_calls_total": "service call outcome",
		"orderflow_outbox_oldest_seconds": "service", "orderflow_lag_seconds": "service topic", "orderflow_parked": "service",
		"orderflow_obligations_overdue": "service", "orderflow_conservation_breaks": "kind", "orderflow_http_seconds": "route code",
	} {
		var got []string
		for _, l := range all[name].Labels {
			got = append(got, l.Name)
		}
		if strings.Join(got, " ") != labels {
			t.Errorf("%s has the labels %v, want %s", name, got, labels)
		}
	}
}
