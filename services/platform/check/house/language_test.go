package house_test

import (
	"maps"
	"slices"
	"testing"

	"orderflow.example/schemas/registry"
	"orderflow.example/services/platform/run"
	"orderflow.example/shared/saga"
)

// said lists the services by the events they may emit, heard by the events of others they have a row for.
func said() (said, heard map[string][]string) {
	said, heard = map[string][]string{}, map[string][]string{}
	for _, app := range run.Apps {
		for _, b := range app.Bindings {
			for _, name := range b.Machine.Says() {
				said[name] = append(said[name], app.Name)
			}
			for _, name := range b.Machine.Hears() {
				heard[name] = append(heard[name], app.Name)
			}
		}
	}
	return said, heard
}

func TestWhatIsHeardIsSaid(t *testing.T) {
	t.Parallel()
	said, heard := said()
	for _, name := range slices.Sorted(maps.Keys(heard)) {
		if said[name] == nil {
			t.Errorf("%v waits for %s, which nobody says", heard[name], name)
		}
	}
}

func TestWhatIsDeclaredIsSaidAndWhatIsSaidIsDeclared(t *testing.T) {
	t.Parallel()
	said, _ := said()
	for _, kind := range registry.Events() {
		if said[kind.Name()] == nil {
			t.Errorf("%s is declared, but no row of %s emits it", kind.Name(), saga.Producer(kind.Name()))
		}
		delete(said, kind.Name())
	}
	for name, by := range said {
		t.Errorf("%v emits %s, which the registry does not list", by, name)
	}
}
