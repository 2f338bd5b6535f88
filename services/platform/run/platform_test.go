package run_test

import (
	"crypto/rand"
	"fmt"
	"os"
	"sync"
	"testing"

	"orderflow.example/services/platform/run"
	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/service"
)

// whole is one platform with all services, shared by the tests of this package.
var whole = sync.OnceValues(func() (running, error) {
	asked = true
	dir, err := os.MkdirTemp("", "orderflow-platform-")
	if err == nil {
		err = os.Chmod(dir, 0o755) // as root, the private Postgres runs as another user
	}
	if err != nil {
		return running{dir: dir}, err
	}
	p, err := trial.Start(trial.Config(dir, 100).With(service.Settings{"interactions": 100}))
	if err != nil {
		return running{dir: dir}, err
	}
	site, err := trial.Whole(p)
	return running{p, site, dir}, err
})

var asked bool // before the tests ended

type running struct {
	*run.Platform
	site *trial.Site
	dir  string
}

func start(t *testing.T) running {
	t.Helper()
	r, err := whole()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// fresh is a name that no other run of a test on this platform uses.
func fresh(name string) string { return name + "-" + rand.Text()[:8] }

func TestMain(m *testing.M) {
	code := m.Run()
	if !asked {
		os.Exit(code)
	}
	r, err := whole()
	if err == nil {
		err = r.Stop()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "the platform of the tests:", err)
		code = max(code, 1)
	}
	os.RemoveAll(r.dir)
	os.Exit(code)
}
