package deployments

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"orderflow.example/services/platform/console/web"
	"orderflow.example/services/platform/run"
	"orderflow.example/shared/service"
)

// route leads the paths that it matches to a service; the first that matches counts.
type route struct {
	path    *regexp.Regexp
	service string
}

func leadsTo(routes []route, path string) string {
	for _, r := range routes {
		if r.path.MatchString(path) {
			return r.service
		}
	}
	return ""
}

// served are the paths that one service alone serves on each listener, with the service; others are asked for at its own.
func served(t *testing.T) (customers, operators map[string]string) {
	t.Helper()
	listeners := []map[string][]string{{}, {}}
	for _, app := range run.Apps {
		ofCustomers, ofOperators, err := service.Describe(app)
		if err != nil {
			t.Fatal(err)
		}
		for i, text := range [][]byte{ofCustomers, ofOperators} {
			var document struct{ Paths map[string]any }
			if err := json.Unmarshal(text, &document); err != nil {
				t.Fatal(err)
			}
			for path := range document.Paths {
				listeners[i][path] = append(listeners[i][path], app.Name)
			}
		}
	}
	for _, paths := range listeners {
		maps.DeleteFunc(paths, func(_ string, apps []string) bool { return len(apps) > 1 })
	}
	single := func(paths map[string][]string) map[string]string {
		all := map[string]string{}
		for path, apps := range paths {
			all[path] = apps[0]
		}
		return all
	}
	customers, operators = single(listeners[0]), single(listeners[1])
	if len(customers) < 10 || len(operators) < 15 {
		t.Fatalf("only %v and %v have one service", customers, operators)
	}
	return customers, operators
}

var variable = regexp.MustCompile(`\{\w+\}`)

func checkRoutes(t *testing.T, file string, routes []route, want map[string]string) {
	t.Helper()
	for path, app := range want {
		if got := leadsTo(routes, variable.ReplaceAllString(path, "a1")); got != app {
			t.Errorf("%s leads %s to %q, want %s", file, path, got, app)
		}
	}
}

func TestComposeLeadsEveryPathToTheServiceThatServesIt(t *testing.T) {
	t.Parallel()
	const file = "deployments/compose/routes.conf"
	customers, operators := served(t)
	text := read(t, file)
	for listener, want := range map[string]map[string]string{"customers": customers, "operators": operators} {
		block := regexp.MustCompile(`(?ms)^map \$uri \$` + listener + ` \{\n(.*?)^\}`).FindStringSubmatch(text)
		if block == nil {
			t.Fatalf("%s has no map of %s", file, listener)
		}
		var routes, last []route
		for line := range strings.Lines(block[1]) {
			pattern, to, _ := strings.Cut(strings.TrimSpace(line), " ")
			to = strings.TrimSuffix(to, ";")
			if pattern == "default" {
				last = []route{{regexp.MustCompile(""), to}}
				continue
			}
			routes = append(routes, route{regexp.MustCompile(strings.TrimPrefix(pattern, "~")), to})
		}
		checkRoutes(t, file, append(routes, last...), want)
	}
}

// ingress is one of the chart's.
type ingress struct {
	Enabled bool
	Paths   []struct {
		Path, Service string
		PathType      string `yaml:"pathType"`
	}
}

func (i ingress) routes() (routes []route) {
	for _, p := range i.Paths {
		end := map[string]string{"Exact": "$", "Prefix": "(/|$)", "ImplementationSpecific": ""}[p.PathType]
		routes = append(routes, route{regexp.MustCompile("^" + strings.TrimSuffix(p.Path, "/") + end), p.Service})
	}
	return routes
}

func TestTheChartLeadsEveryPathToTheServiceThatServesIt(t *testing.T) {
	t.Parallel()
	customers, operators := served(t)
	for _, page := range web.Pages {
		operators[regexp.MustCompile(`[:*](\w+)`).ReplaceAllString(page, "{$1}")] = "tracker"
	}
	var v struct {
		Services         map[string]struct{ Customers bool }
		Ingress          ingress
		OperatorsIngress ingress `yaml:"operatorsIngress"`
	}
	readYAML(t, chart+"values.yaml", &v)
	checkRoutes(t, chart+"values.yaml, ingress", v.Ingress.routes(), customers)
	checkRoutes(t, chart+"values.yaml, operatorsIngress", v.OperatorsIngress.routes(), operators)
	if v.Ingress.Enabled || v.OperatorsIngress.Enabled {
		t.Error("the chart opens itself to the outside without being asked")
	}
	var open, want []string
	for name, s := range v.Services {
		if s.Customers {
			open = append(open, name)
		}
	}
	for _, app := range customers {
		want = append(want, app)
	}
	slices.Sort(open)
	slices.Sort(want)
	if want = slices.Compact(want); !slices.Equal(open, want) {
		t.Errorf("the chart opens the customers' listener of %v, want %v", open, want)
	}
}
