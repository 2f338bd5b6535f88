package observe_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"orderflow.example/services/platform/observe"
)

//go:generate go test -count=1 -run TestTheGeneratedDeploymentsAreWhatTheCodeDeclares -update

var update = flag.Bool("update", false, "write deployments/grafana and deployments/prometheus")

const root = "../../../"

func TestTheGeneratedDeploymentsAreWhatTheCodeDeclares(t *testing.T) {
	t.Parallel()
	wanted := map[string]string{"prometheus/metrics.md": observe.Catalogue()}
	keep := func(name, text string, err error) {
		if err != nil {
			t.Fatal(err)
		}
		wanted[name] = text
	}
	for _, d := range observe.Dashboards() {
		text, err := d.JSON()
		keep("grafana/"+d.Name+".json", text, err)
	}
	text, err := observe.Rules(1)
	keep("prometheus/alerts.yml", text, err)
	text, err = observe.RuleTests()
	keep("prometheus/alerts_test.yml", text, err)

	page, err := os.ReadFile(root + "deployments/README.md")
	keep("README.md", string(page), err)
	before, rest, found := strings.Cut(string(page), "|---|---|---|\n")
	_, after, ended := strings.Cut(rest, "\n\n")
	if !found || !ended {
		t.Fatal("deployments/README.md has no table of alerts")
	}
	wanted["README.md"] = before + "|---|---|---|\n" + observe.AlertTable() + "\n" + after

	for name, text := range wanted {
		path := root + "deployments/" + name
		if *update {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if committed, err := os.ReadFile(path); err != nil || string(committed) != text {
			t.Errorf("deployments/%s says something else (%v): run make generate", name, err)
		}
	}
	there, err := filepath.Glob(root + "deployments/grafana/*.json")
	if err != nil {
		t.Fatal(err)
	}
	if n := len(observe.Dashboards()); len(there) != n {
		slices.Sort(there)
		t.Errorf("deployments/grafana has %v: there are %d dashboards", there, n)
	}
}
