package deployments

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	payment "orderflow.example/services/payment/app"
	"orderflow.example/services/platform/command"
	"orderflow.example/services/platform/run"
	shipping "orderflow.example/services/shipping/app"
	"orderflow.example/shared/service"
)

const chart = "deployments/helm/orderflow/"

type values struct {
	Services map[string]struct {
		Outside []string
		Scaled  *bool
	}
	Outside map[string]string
}

func TestTheChartHasEveryServiceWithTheOutsideItCalls(t *testing.T) {
	t.Parallel()
	var v values
	readYAML(t, chart+"values.yaml", &v)
	var want []string
	for _, app := range run.Apps {
		want = append(want, app.Name)
		var outside []string
		for _, flag := range app.Missing(service.Config{}) {
			outside = append(outside, strings.TrimSuffix(flag, "-url"))
		}
		if got := v.Services[app.Name].Outside; !slices.Equal(got, outside) {
			t.Errorf("%s calls %v, the chart gives it %v", app.Name, outside, got)
		}
		if scaled := v.Services[app.Name].Scaled; (scaled == nil || *scaled) != app.Hears() {
			t.Errorf("%s has a lag to be scaled by: %t", app.Name, app.Hears())
		}
		for _, party := range outside {
			if _, there := v.Outside[party]; !there {
				t.Errorf("values.yaml has no address of the %s", party)
			}
		}
	}
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(v.Services)); !slices.Equal(got, want) {
		t.Errorf("the chart runs %v, want %v", got, want)
	}
}

var (
	variables = regexp.MustCompile(`ORDERFLOW_[A-Z_]*[A-Z]`)
	lists     = regexp.MustCompile(`\(list ("[^)]*)\)|:= list ("[^}]*")`)
	words     = regexp.MustCompile(`"([^"]*)"|\$replicas|\$tracker|\$webhooks|\$scans`)
	paths     = regexp.MustCompile(`httpGet: \{path: (/[a-z]+)|port: operators, path: (/[a-z]+)`)
)

func templates(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(root + chart + "templates/*")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	all := map[string]string{}
	for _, file := range files {
		all[filepath.Base(file)] = read(t, strings.TrimPrefix(file, root))
	}
	return all
}

func TestTheVariablesAndCommandsOfTheChartExist(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	flags := command.Up().Flags()
	flags.AddFlagSet(command.Root().PersistentFlags())
	flags.VisitAll(func(f *pflag.Flag) {
		known["ORDERFLOW_"+strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))] = true
	})
	commands := 0
	for file, text := range templates(t) {
		for _, name := range variables.FindAllString(text, -1) {
			if !known[name] {
				t.Errorf("%s sets %s, which nothing reads", file, name)
			}
		}
		for _, list := range lists.FindAllStringSubmatch(text, -1) {
			var args []string
			for _, word := range words.FindAllStringSubmatch(list[1]+list[2], -1) {
				switch word[0] {
				case "$replicas":
					args = append(args, "--replication-factor=3")
				case "$tracker":
					args = append(args, "http://tracker:8081")
				case "$webhooks":
					args = append(args, "http://payment:8080"+payment.App.Webhooks.Path)
				case "$scans":
					args = append(args, "http://shipping:8080"+shipping.App.Webhooks.Path)
				default:
					args = append(args, word[1])
				}
			}
			commands++
			checkCommand(t, file, args)
		}
	}
	if commands < 5 {
		t.Errorf("only %d commands were found", commands)
	}
}

func TestThePathsAndPortsOfTheChartAndTheImageExist(t *testing.T) {
	t.Parallel()
	var document struct{ Paths map[string]any }
	if err := json.Unmarshal([]byte(read(t, "schemas/openapi.operators.json")), &document); err != nil {
		t.Fatal(err)
	}
	served := 0
	for file, text := range templates(t) {
		for _, path := range paths.FindAllStringSubmatch(text, -1) {
			served++
			if _, there := document.Paths[path[1]+path[2]]; !there {
				t.Errorf("%s asks for %s, which the operators' listener does not serve", file, path[1]+path[2])
			}
		}
	}
	if served < 5 {
		t.Errorf("only %d paths were found", served)
	}
	names := templates(t)["_names.tpl"]
	for flag, port := range map[string]string{"HTTP_ADDR": "8080", "OPS_ADDR": "8081"} {
		if !strings.Contains(names, `ORDERFLOW_`+flag+`, value: "0.0.0.0:`+port+`"`) ||
			!strings.Contains(templates(t)["services.yaml"], "containerPort: "+port) ||
			!regexp.MustCompile(`(?m)^EXPOSE .*\b`+port).MatchString(read(t, "deployments/docker/Dockerfile")) {
			t.Errorf("the listener on %s is not the one that the chart and the image open", port)
		}
	}
}

// Every process checks the cookie, and the origin of requests that have it.
func TestTheChartTellsEveryProcessWhereTheConsoleIs(t *testing.T) {
	t.Parallel()
	_, env, found := strings.Cut(templates(t)["_names.tpl"], `define "orderflow.env"`)
	env, _, ended := strings.Cut(env, "define ")
	if !found || !ended || !strings.Contains(env, "with .Values.operatorsIngress }}{{ if .enabled") ||
		!strings.Contains(env, "ORDERFLOW_CONSOLE_URL") ||
		!strings.Contains(templates(t)["services.yaml"], `include "orderflow.env"`) {
		t.Errorf("the settings of all processes are %s", env)
	}
}

func TestTheChartScalesByLagWithTheUserThatMaySeeItAlone(t *testing.T) {
	t.Parallel()
	_, keda, found := strings.Cut(templates(t)["monitoring.yaml"], ".Values.autoscaling.enabled")
	if !found || !strings.Contains(keda, "username: "+service.Scaler+"\n") || strings.Contains(keda, "administrator") {
		t.Errorf("KEDA logs in as another than %s: %s", service.Scaler, keda)
	}
}

func TestTheChartCarriesTheDashboardsAndAlertsOfThisFolder(t *testing.T) {
	t.Parallel()
	for link, to := range map[string]string{"dashboards": "deployments/grafana", "rules": "deployments/prometheus"} {
		there, err := filepath.EvalSymlinks(root + chart + link)
		if err != nil || there != filepath.Clean(root+to) {
			t.Errorf("%s leads to %s, want %s: %v", link, there, to, err)
		}
	}
	if _, err := os.Stat(root + chart + "rules/alerts.yml"); err != nil {
		t.Error(err)
	}
}
