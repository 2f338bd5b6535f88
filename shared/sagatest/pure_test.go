package sagatest

import (
	"testing"

	"orderflow.example/shared/saga"
)

// failing is a test that notes that it failed.
type failing struct {
	testing.TB
	failed bool
}

func (f *failing) Helper()               {}
func (f *failing) Fatalf(string, ...any) { f.failed = true }

func TestAStateThatIsChangedInPlaceIsAFault(t *testing.T) {
	t.Parallel()
	type basket struct{ Lines map[string]int }
	m := saga.Choreography[basket]{Service: "basket"}.Machine()
	for name, step := range map[string]func(basket) basket{
		"in place": func(b basket) basket { b.Lines["tea"]++; return b },
		"a copy":   func(basket) basket { return basket{map[string]int{"tea": 2}} },
	} {
		noted, before := &failing{TB: t}, basket{map[string]int{"tea": 1}}
		check := kept(noted, m, before)
		step(before)
		if check(); noted.failed != (name == "in place") {
			t.Errorf("%s: failed is %v", name, noted.failed)
		}
	}
}
