//go:build load

package endtoend_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orderflow.example/services/platform/run"
	"orderflow.example/services/platform/trial"
)

// Each service is rolled from the build in ORDERFLOW_OLD_BUILD to this one, as a cluster does: a new process beside the old one,
// which is stopped once the new one is ready. A service that the old build has not got is started in its turn.
func TestAnUpdateServiceByServiceUnderLoadIsNotNoticed(t *testing.T) {
	old := os.Getenv("ORDERFLOW_OLD_BUILD")
	if old == "" {
		t.Fatal("ORDERFLOW_OLD_BUILD must be the directory of the old build: run `make rolling`, which makes one")
	}
	names := []string{"platform"}
	for _, app := range run.Apps {
		names = append(names, app.Name)
	}
	bin := trial.Programs(t, names...)
	f := startFleetOf(t, old, bin, built(t, old)...)
	f.site(t).Sell(t, "rolled", price, 100_000)
	l := startLoad(t, f, 100*time.Millisecond)
	f.bin = bin
	for _, app := range run.Apps {
		before := l.accepted()
		next, err := f.run(t, app.Name)
		if err != nil {
			t.Fatal(err)
		}
		last, there := f.processes[app.Name]
		f.processes[app.Name] = []*trial.Process{next}
		if app.Name == "storefront" {
			l.balance(next.Customers)
		}
		var took time.Duration
		if there {
			var code int
			if code, took = last[0].Terminate(); code != 0 {
				t.Errorf("%s: the old process ended with exit code %d: %s", app.Name, code, last[0].Log())
			}
		}
		trial.Await(t, "orders taken with the new "+app.Name, func() (bool, string) {
			return l.accepted() >= before+20, fmt.Sprint(l.accepted(), " orders")
		})
		t.Logf("%s: new process ready after %v, old one ended after %v, %d orders taken meanwhile", app.Name,
			next.ReadyIn.Round(time.Millisecond), took.Round(time.Millisecond), l.accepted()-before)
	}
	l.stop()
	l.checkAllEnded(t, f)
	stdout, stderr, code := trial.Command(f.orderflow, "parked", "list", "--data-dir", f.dir, "--json")
	if code != 0 || strings.Contains(stdout, `"key"`) {
		t.Errorf("parked: exit code %d: %s%s", code, stdout, stderr)
	}
	checkHolds(t, f.orderflow, f.dir)
}

// built are the services that a build has.
func built(t *testing.T, build string) (names []string) {
	t.Helper()
	for _, app := range run.Apps {
		if _, err := os.Stat(filepath.Join(build, app.Name)); err == nil {
			names = append(names, app.Name)
		}
	}
	if len(names) < 5 {
		t.Fatalf("the build in %s has only %v", build, names)
	}
	return names
}
