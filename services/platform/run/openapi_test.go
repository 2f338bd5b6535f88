package run_test

import (
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"orderflow.example/services/platform/console/web"
	"orderflow.example/services/platform/run"
	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/service"
)

//go:generate go test -count=1 -run TestTheGeneratedOpenAPIDocumentsAreWhatTheListenersServe -update

var update = flag.Bool("update", false, "write the OpenAPI documents")

func TestTheGeneratedOpenAPIDocumentsAreWhatTheListenersServe(t *testing.T) {
	t.Parallel()
	customers, operators, err := service.Describe(run.Apps...)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"storefront": customers, "operators": operators} {
		file := "../../../schemas/openapi." + name + ".json"
		if *update {
			if err := os.WriteFile(file, text, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if committed, err := os.ReadFile(file); err != nil || string(committed) != string(text) {
			t.Errorf("%s describes another API: run make generate (%v)", file, err)
		}
	}
}

// undescribed are the routes of the description itself and its page, of the shop's page, the console's files, and the simulated
// world, which is no part of the product. The pages of the console are in web.Pages.
var undescribed = regexp.MustCompile(`^/(openapi|docs|shop|assets/|sim/)`)

func TestEveryRouteIsDescribedAndEveryDescriptionServed(t *testing.T) {
	t.Parallel()
	r := start(t)
	variable := regexp.MustCompile(`[:*](\w+)`)
	for i, d := range doors(r) {
		anybody := trial.Caller{URL: d.caller.URL}
		document := trial.Read[struct{ Paths map[string]map[string]any }](t, anybody.Must(t, 200, "GET", "/openapi.json", nil))
		described := map[string]bool{}
		for path, operations := range document.Paths {
			for method := range operations {
				described[strings.ToUpper(method)+" "+path] = true
			}
		}
		if least := []int{10, 27}[i]; len(described) < least {
			t.Errorf("%s: only %d operations are described", d.name, len(described))
		}
		for _, route := range d.server.Engine().Routes() {
			if undescribed.MatchString(route.Path) || d.name == "operators" && slices.Contains(web.Pages, route.Path) {
				continue
			}
			operation := route.Method + " " + variable.ReplaceAllString(route.Path, "{$1}")
			if !described[operation] {
				t.Errorf("%s: %s is not described", d.name, operation)
			}
			delete(described, operation)
		}
		for operation := range described {
			t.Errorf("%s: %s is described and not served", d.name, operation)
		}
		if page := anybody.Must(t, 200, "GET", "/docs", nil); !strings.Contains(page.Body, "Orderflow") {
			t.Errorf("%s: the page is %s", d.name, page.Body)
		}
	}
}
