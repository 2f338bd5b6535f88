package command_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"orderflow.example/services/platform/command"
	"orderflow.example/services/platform/services"
	"orderflow.example/shared/saga"
)

const root = "../../../"

var (
	codes      = regexp.MustCompile("`([^`]+)`")
	subscribed = regexp.MustCompile("(?m)^\\| [^|]+ \\| `([a-z]+\\.[a-z_]+)` \\| ([a-z, ]+) \\|$")
)

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(root + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTheCommandsRequestsAndTestsInTheTableOfUsesExist(t *testing.T) {
	t.Parallel()
	uses, makefile := read(t, "services/uses.md"), read(t, "Makefile")
	if !strings.Contains(read(t, "README.md"), "(services/uses.md)") {
		t.Error("the README does not lead to services/uses.md")
	}
	seen := 0
	for _, found := range codes.FindAllStringSubmatch(uses, -1) {
		what := found[1]
		first, rest, _ := strings.Cut(what, " ")
		seen++
		switch {
		case first == "make":
			if !strings.Contains(makefile, "\n"+rest+":") {
				t.Errorf("%s: the Makefile has no such target", what)
			}
		case first == "orderflow":
			if c, left, err := command.Root().Find(strings.Fields(rest)); err != nil || len(left) > 0 || !c.HasParent() {
				t.Errorf("%s: there is no such command: %v %v", what, left, err)
			}
		case slices.Contains([]string{"GET", "POST", "PUT"}, first):
			if !served(t, first, rest) {
				t.Errorf("%s: no listener serves it", what)
			}
		case strings.HasPrefix(what, "Test"):
			if err := exec.Command("grep", "-rq", "--include=*_test.go", "func "+what+"(", root+"services").Run(); err != nil {
				t.Errorf("%s: there is no such test", what)
			}
		default:
			seen--
		}
	}
	if seen < 15 {
		t.Errorf("only %d of the codes were recognised", seen)
	}
}

// served tells whether one of the OpenAPI documents has the operation.
func served(t *testing.T, method, path string) bool {
	t.Helper()
	for _, name := range []string{"storefront", "operators"} {
		var document struct{ Paths map[string]map[string]any }
		if err := json.Unmarshal([]byte(read(t, "schemas/openapi."+name+".json")), &document); err != nil {
			t.Fatal(err)
		}
		if _, there := document.Paths[path][strings.ToLower(method)]; there {
			return true
		}
	}
	return false
}

func TestTheSubscribersInTheTableOfUsesAreThoseDeclared(t *testing.T) {
	t.Parallel()
	list := subscribed.FindAllStringSubmatch(read(t, "services/uses.md"), -1)
	if len(list) != 6 {
		t.Fatalf("%d events", len(list))
	}
	for _, line := range list {
		var want []string
		for _, app := range services.All {
			if app.Name == saga.Producer(line[1]) {
				continue
			}
			for _, b := range app.Bindings {
				for _, r := range b.Machine.Rows {
					if strings.HasPrefix(r.On.Name(), line[1]+".v") && !slices.Contains(want, app.Name) {
						want = append(want, app.Name)
					}
				}
			}
		}
		if got := line[2]; got != strings.Join(want, ", ") {
			t.Errorf("%s: %s, and declared are %s", line[1], got, strings.Join(want, ", "))
		}
	}
}
