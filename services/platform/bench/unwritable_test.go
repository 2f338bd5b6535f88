package bench

import (
	"io"
	"testing"
	"time"

	"orderflow.example/shared/embedded/embeddedtest"
)

// The slowdown of the others is judged by make stages: two seconds on a busy machine are too short for that.
func TestSagasOfAPartitionThatCannotBeWrittenWaitAndTheOthersEnd(t *testing.T) {
	t.Parallel()
	o := Options{Postgres: embeddedtest.Postgres(t), Dir: t.TempDir(), Partitions: 2, Window: 2 * time.Second,
		WarmUp: 100 * time.Millisecond, Progress: io.Discard}
	u := longEnough(t, o, func(o Options) (Unwritable, error) { return RunUnwritable(t.Context(), o) })
	if u.Refused == 0 || u.Held == 0 || u.CaughtUp <= 0 {
		t.Errorf("%+v", u)
	}
	for i, name := range []string{"before", "during", "after"} {
		if p := u.Phases[i]; p.Name != name || p.Sagas == 0 || p.P50 <= 0 || p.P50 > p.P99 || p.P99 > p.Max {
			t.Errorf("%+v", p)
		}
	}
}
