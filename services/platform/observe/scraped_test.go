package observe_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"orderflow.example/services/platform/demo"
	"orderflow.example/services/platform/observe"
	"orderflow.example/services/platform/observe/picture"
	"orderflow.example/services/platform/observe/prometheus"
	"orderflow.example/services/platform/run"
	"orderflow.example/services/platform/services"
	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/saga/metric"
	"orderflow.example/shared/service"
)

// scraped is an installation with failing external systems, scraped by a Prometheus while real orders are processed.
type scraped struct {
	*run.Platform
	*prometheus.Server
	traces *trial.Collector
	last   time.Time // of the demo
}

// scene is the load while Prometheus scrapes.
type scene struct {
	orders    int
	rate      float64 // a second; 0 is unlimited
	speed     float64 // of the world outside
	interval  time.Duration
	meanwhile func(g *trial.Gate)
}

func scrape(t *testing.T, sc scene) scraped {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	t.Cleanup(cancel)
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	c := trial.Config(dir, sc.speed)
	addr := unused(t)
	gate := trial.NewGate(t, "http://"+addr)
	traces := trial.NewCollector(t)
	c.OTLPEndpoint, c.TraceRatio = traces.URL, 1
	c = c.With(service.Settings{"backlog": 10 * time.Second, "world-addr": addr, "gateway-url": gate.URL + "/sim/gateway"})
	p, err := run.Start(ctx, c, run.Options{Faults: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Stop() })
	rules, err := observe.Rules(1)
	if err != nil {
		t.Fatal(err)
	}
	server, err := prometheus.Start(ctx, prometheus.Config{Script: root + "scripts/prometheus.sh", Dir: t.TempDir(),
		Job: observe.Job, Targets: []string{strings.TrimPrefix(p.OperatorsURL, "http://")}, Interval: sc.interval, Rules: rules})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	file, err := demo.Open("")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	plan, err := demo.NewPlan(file, demo.Sample, sc.orders, "")
	if err != nil {
		t.Fatal(err)
	}
	key, err := p.Config.Key()
	if err != nil {
		t.Fatal(err)
	}
	// A rate needs two scrapes at least, and a series that begins with the first event of a kind misses it.
	trial.Await(t, "the first scrapes", func() (bool, string) {
		got, err := server.Query(ctx, `count_over_time(up{job="`+observe.Job+`"}[1m]) > 2`, time.Now())
		return err == nil && len(got) == 1, fmt.Sprint(got, err)
	})
	if sc.meanwhile != nil {
		sc.meanwhile(gate)
	}
	_, err = demo.Run(ctx, demo.Options{StorefrontURL: p.StorefrontURL, OperatorsURL: p.OperatorsURL, Key: key, Plan: plan,
		Rate: sc.rate})
	if err != nil {
		t.Fatal(err)
	}
	return scraped{p, server, traces, time.Now()}
}

// unused is an address at which nothing listens.
func unused(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// standIn substitutes values for Grafana's variables.
func standIn(expr, service string) string {
	return strings.NewReplacer("$__rate_interval", "15s", "$__range", "1m", "$service", service).Replace(expr)
}

func TestEveryQueryIsAnsweredByAPrometheusThatScrapesARealRun(t *testing.T) {
	t.Parallel()
	s := scrape(t, scene{orders: 150, speed: 20, interval: time.Second})
	// data waits until an expression has data, as periodic measurements may come late, and returns its number of series.
	data := func(name, expr string) (n int) {
		t.Helper()
		trial.Await(t, name+": "+expr, func() (bool, string) {
			got, err := s.Range(t.Context(), expr, s.last.Add(-time.Minute), time.Now(), time.Second)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			n = len(got)
			return n > 0, "no data"
		})
		return n
	}
	t.Run("panels", func(t *testing.T) {
		for _, d := range observe.Dashboards() {
			for _, r := range d.Rows {
				for _, p := range r.Panels {
					for _, q := range p.Queries {
						if d.Service {
							s.ofServices(t, p, q)
						} else if p.Empty == "" {
							data(d.Name+": "+p.Asks, standIn(q.Expr, ""))
						} else if _, err := s.Query(t.Context(), standIn(q.Expr, ""), s.last); err != nil {
							t.Error(err)
						}
					}
				}
			}
		}
	})
	t.Run("alerts", func(t *testing.T) {
		for _, a := range observe.Alerts() {
			for _, part := range strings.Split(a.Expr, " and ") {
				side, _, _ := strings.Cut(strings.ReplaceAll(part, " == ", " > "), " > ")
				side, _, _ = strings.Cut(side, " >= ")
				data(a.Name, side)
			}
		}
	})
	t.Run("pictures", func(t *testing.T) {
		for _, d := range observe.Dashboards() {
			text, err := d.JSON()
			if err != nil {
				t.Fatal(err)
			}
			answer := func(expr string) ([]prometheus.Series, error) {
				return s.Range(t.Context(), standIn(expr, "payment"), s.last.Add(-time.Minute), s.last, time.Second)
			}
			drawn, err := picture.Dashboard([]byte(text), "", answer, s.last.Add(-time.Minute), s.last)
			if err != nil || drawn.Bounds().Dy() < 400 {
				t.Errorf("%s cannot be drawn: %v", d.Name, err)
			}
		}
	})
	t.Run("exemplars", s.exemplars)
	t.Run("labels", s.closed)
	t.Run("cost", s.cost)
}

// ofServices checks a query of the template for every service: with data, or legitimately without.
func (s scraped) ofServices(t *testing.T, p observe.Panel, q observe.Query) {
	t.Helper()
	some := false
	for _, app := range services.All {
		got, err := s.Query(t.Context(), standIn(q.Expr, app.Name), s.last)
		switch {
		case err != nil:
			t.Errorf("%s: %v", p.Asks, err)
		case len(got) == 0 && p.Empty == "":
			t.Errorf("service: %s: no data of %s: %s", p.Asks, app.Name, q.Expr)
		case len(got) == 0 && app.Answerers != nil && p.Alert == "OutsideFailing":
			t.Errorf("service: %s: no data of %s, which asks outside", p.Asks, app.Name)
		}
		some = some || len(got) > 0
	}
	if !some {
		t.Errorf("service: %s: no data of any service: %s", p.Asks, q.Expr)
	}
}

// exemplars: each panel of a histogram has one query with exemplars, and these are traces that were recorded.
func (s scraped) exemplars(t *testing.T) {
	panels := 0
	for _, d := range observe.Dashboards() {
		text, err := d.JSON()
		if err != nil {
			t.Fatal(err)
		}
		var drawn struct {
			Panels []struct {
				Title   string
				Targets []struct {
					Expr     string
					Exemplar bool
				}
			}
		}
		if err := json.Unmarshal([]byte(text), &drawn); err != nil {
			t.Fatal(err)
		}
		for _, p := range drawn.Panels {
			asked := 0
			for _, q := range p.Targets {
				if !q.Exemplar {
					continue
				}
				asked++
				trial.Await(t, d.Name+": "+p.Title+": exemplars of recorded traces", func() (bool, string) {
					found, err := s.Exemplars(t.Context(), standIn(q.Expr, "payment"), s.last.Add(-time.Minute), time.Now())
					for _, ids := range found {
						for _, id := range ids {
							if len(s.traces.Trace(t, id)) > 0 {
								return true, ""
							}
						}
					}
					return false, fmt.Sprint(found, err)
				})
			}
			if lines := strings.Contains(fmt.Sprint(p.Targets), "histogram_quantile"); lines != (asked == 1) {
				t.Errorf("%s: %s: %d queries ask for exemplars", d.Name, p.Title, asked)
			}
			panels += asked
		}
	}
	if panels < 8 {
		t.Errorf("only %d panels show exemplars", panels)
	}
}

// families are the metrics that the installation exports.
func (s scraped) families(t *testing.T) map[string]*dto.MetricFamily {
	t.Helper()
	response, err := http.Get(s.OperatorsURL + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return families
}

// closed: every metric is declared, has exactly the labels declared, and each label only values of its set. No value is
// counted as other, as those outside a set would be.
func (s scraped) closed(t *testing.T) {
	declared, seen := map[string]metric.Metric{}, map[string]bool{}
	for _, m := range observe.Metrics() {
		declared[m.Name] = m
	}
	for name, family := range s.families(t) {
		if !strings.HasPrefix(name, "orderflow_") {
			continue
		}
		m, known := declared[name]
		if !known {
			t.Errorf("%s is shown and not declared", name)
			continue
		}
		seen[name] = true
		if got := family.GetHelp(); got != m.Help || !strings.EqualFold(family.GetType().String(), string(m.Kind)) {
			t.Errorf("%s is a %v: %s", name, family.GetType(), got)
		}
		for _, one := range family.GetMetric() {
			if len(one.GetLabel()) != len(m.Labels) {
				t.Errorf("%s has the labels %v, declared are %v", name, one.GetLabel(), m.Labels)
			}
			for _, l := range one.GetLabel() {
				switch d := m.Label(l.GetName()); {
				case d == nil:
					t.Errorf("%s has the label %s, which is not declared", name, l.GetName())
				case l.GetValue() == metric.Other, d.Values != nil && !slices.Contains(d.Values, l.GetValue()):
					t.Errorf("%s has %s %q, which is not in its set", name, l.GetName(), l.GetValue())
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		if !seen[name] {
			t.Errorf("%s is declared, and nobody shows it", name)
		}
	}
}

// The limits of a scrape. Series do not grow with orders, so they also hold after nine months.
const (
	mostSeries = 6000
	mostBytes  = 1 << 20
)

func (s scraped) cost(t *testing.T) {
	got, err := s.Query(t.Context(), `scrape_samples_scraped{job="`+observe.Job+`"}`, s.last)
	if err != nil || len(got) != 1 {
		t.Fatal(got, err)
	}
	took, err := s.Query(t.Context(), `max_over_time(scrape_duration_seconds{job="`+observe.Job+`"}[1m])`, s.last)
	if err != nil || len(took) != 1 {
		t.Fatal(took, err)
	}
	response, err := http.Get(s.OperatorsURL + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	size, err := io.Copy(io.Discard, response.Body)
	samples := got[0].Samples[0].Value
	t.Logf("a scrape of all services has %v samples in %d bytes, and took at most %.0f ms", samples, size,
		1000*took[0].Samples[0].Value)
	if samples > mostSeries || size > mostBytes || err != nil {
		t.Errorf("%v samples in %d bytes; at most %d in %d are wanted (%v)", samples, size, mostSeries, mostBytes, err)
	}
}
