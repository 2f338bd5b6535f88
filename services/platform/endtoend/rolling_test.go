//go:build load

package endtoend_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"orderflow.example/services/platform/run"
	"orderflow.example/services/platform/trial"
)

// Each service is rolled from the build in ORDERFLOW_OLD_BUILD to this one, as a cluster does: a new process beside the old one,
// which is stopped once the new one is ready.
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
	f := startFleetOf(t, old, bin, names[1:]...)
	f.site(t).Sell(t, "rolled", price, 100_000)
	l := startLoad(t, f, 100*time.Millisecond)
	f.bin = bin
	for _, app := range run.Apps {
		before := l.accepted()
		next, err := f.run(t, app.Name)
		if err != nil {
			t.Fatal(err)
		}
		last := f.processes[app.Name][0]
		l.mu.Lock()
		f.processes[app.Name] = []*trial.Process{next}
		l.mu.Unlock()
		if app.Name == "storefront" {
			l.balance(next.Customers)
		}
		code, took := last.Terminate()
		if code != 0 {
			t.Errorf("%s: the old process ended with exit code %d: %s", app.Name, code, last.Log())
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
