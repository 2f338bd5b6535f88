package house_test

import (
	"slices"
	"strings"
	"testing"

	listed "orderflow.example/services/platform/services"
	"orderflow.example/shared/engine"
)

// Every service declares the events to be watched.
func TestEveryServiceSaysWhatIsWatchedOfIt(t *testing.T) {
	t.Parallel()
	for _, app := range listed.All {
		says := func(name string) func(engine.Binding) bool {
			return func(b engine.Binding) bool { return b.Machine.Emits(name) }
		}
		alerts := 0
		for _, w := range app.Model.Watched {
			if w.Asks == "" || !strings.HasSuffix(w.Asks, "?") || w.Do == "" || len(w.Events) == 0 {
				t.Errorf("%s: %+v: a panel asks a question about events, and says what to do", app.Name, w)
			}
			for _, kind := range slices.Concat(w.Events, w.Among) {
				if !slices.ContainsFunc(app.Bindings, says(kind.Name())) {
					t.Errorf("%s: %q is about %s, which it does not say", app.Name, w.Asks, kind.Name())
				}
			}
			if w.Alert != nil {
				alerts++
				share := len(w.Among) >= 2 && w.Alert.Above > 0 && w.Alert.Least > 0
				number := len(w.Among) == 0 && w.Alert.Above >= 0 && w.Alert.Least == 0
				if !share && !number || w.Alert.Says == "" {
					t.Errorf("%s: %s: an alert is about a share of several events, or about their number", app.Name, w.Alert.Name)
				}
			}
		}
		if len(app.Model.Watched) == 0 {
			t.Errorf("the model of %s has nothing Watched: what is to be seen on a dashboard?", app.Name)
		}
		if (alerts > 0) == (app.Model.Unalarmed != "") {
			t.Errorf("the model of %s has %d alerts, and Unalarmed says %q: one of them", app.Name, alerts, app.Model.Unalarmed)
		}
	}
}
