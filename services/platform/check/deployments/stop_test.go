package deployments

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"orderflow.example/services/platform/run"
	"orderflow.example/shared/service"
)

// spare is how much later than its own --stop-timeout a process is killed: the time that it then takes to end.
const spare = 5 * time.Second

func TestNobodyIsKilledBeforeItsTimeToStopIsOver(t *testing.T) {
	t.Parallel()
	var p project
	readYAML(t, "deployments/compose/compose.yaml", &p)
	checked := 0
	for name, s := range p.Services {
		of := s.Build.Args.Service
		if of == "" {
			continue // another's image
		}
		app := service.App{Name: of}
		for _, a := range run.Apps {
			if a.Name == of {
				app = a
			}
		}
		c, err := configured(t, app, s.Environment)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if kill, err := time.ParseDuration(s.Grace); err != nil || kill < c.StopTimeout+spare {
			t.Errorf("compose.yaml kills %s after %q, with a --stop-timeout of %v: %v", name, s.Grace, c.StopTimeout, err)
		}
		checked++
	}
	if checked <= len(run.Apps) {
		t.Errorf("only %d containers were found", checked)
	}
}

func TestTheChartStopsEachPodBeforeItIsKilled(t *testing.T) {
	t.Parallel()
	var v struct {
		Grace int `yaml:"terminationGracePeriodSeconds"`
	}
	readYAML(t, chart+"values.yaml", &v)
	if least := service.StopTimeout + spare; time.Duration(v.Grace)*time.Second < least {
		t.Errorf("the chart kills after %d s, which leaves less than the default --stop-timeout; want %v", v.Grace, least)
	}
	names := templates(t)["_names.tpl"]
	if derived := `ORDERFLOW_STOP_TIMEOUT, value: "{{ sub (int .Values.terminationGracePeriodSeconds) 5 }}s"`; !strings.Contains(
		names, derived) {
		t.Errorf("_names.tpl does not derive the time to stop: %s", derived)
	}
	_, pod, _ := strings.Cut(names, `define "orderflow.pod"`)
	if pod, _, _ = strings.Cut(pod, "{{- end }}\n\n"); !strings.Contains(pod,
		"terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}\n") {
		t.Errorf("a pod has no terminationGracePeriodSeconds: %s", pod)
	}
	specs := regexp.MustCompile(`(?m)^ +containers:`)
	for file, text := range templates(t) {
		if n := strings.Count(text, `include "orderflow.pod" `); n != len(specs.FindAllString(text, -1)) {
			t.Errorf("%s has %d pods, and %d with what every pod has", file, len(specs.FindAllString(text, -1)), n)
		}
	}
}
