package console_test

import (
	"errors"
	"os"
	"sync"
	"testing"

	"orderflow.example/services/platform/trial"
)

// installation is one for all tests, with the simulated world many times faster than real time.
var installation = sync.OnceValues(func() (*trial.Site, error) {
	dir, err := os.MkdirTemp("", "console")
	if err != nil {
		return nil, err
	}
	ended = append(ended, func() { os.RemoveAll(dir) })
	p, err := trial.Start(trial.Config(dir, 100))
	if err != nil {
		return nil, err
	}
	ended = append(ended, func() { stopped = errors.Join(stopped, p.Stop()) })
	key, err := p.Config.Key()
	return &trial.Site{Key: key, Storefront: func() string { return p.StorefrontURL },
		Operators: func(string) string { return p.OperatorsURL }}, err
})

var stopped error

func installed(t *testing.T) *trial.Site {
	t.Helper()
	site, err := installation()
	if err != nil {
		t.Fatal(err)
	}
	return site
}

func TestMain(m *testing.M) {
	code := m.Run()
	for i := len(ended) - 1; i >= 0; i-- {
		ended[i]()
	}
	if stopped != nil {
		println("the installation of the tests:", stopped.Error())
		code = max(code, 1)
	}
	os.Exit(code)
}
