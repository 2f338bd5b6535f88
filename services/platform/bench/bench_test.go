package bench

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"orderflow.example/shared/embedded/embeddedtest"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }

func options(t *testing.T) Options {
	return Options{Kafka: []string{embeddedtest.Kafka(t)}, Postgres: embeddedtest.Postgres(t), Dir: t.TempDir(), Partitions: 2,
		InFlight: 30, Window: 600 * time.Millisecond, WarmUp: 100 * time.Millisecond, Progress: io.Discard}
}

// longEnough measures for longer until a saga ended: how long one takes depends on the machine.
func longEnough[R any](t *testing.T, o Options, measure func(Options) (R, error)) R {
	t.Helper()
	result, err := measure(o)
	for ; errors.Is(err, errTooShort); result, err = measure(o) {
		o.Dir, o.Window = t.TempDir(), 4*o.Window
	}
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestEverySagaEndsAndTheFiguresAreOfThisWindow(t *testing.T) {
	t.Parallel()
	result := longEnough(t, options(t), func(o Options) (Result, error) { return Run(t.Context(), o) })
	if len(result.Windows) != 2 || result.Windows[0].InFlight != 30 || result.Windows[1].InFlight != 1 {
		t.Fatalf("measured %+v", result.Windows)
	}
	for _, w := range result.Windows {
		if w.Sagas == 0 || w.P50 <= 0 || w.P50 > w.P99 || w.P99 > w.Max || w.PerSecond < float64(w.Sagas)/w.Seconds*0.99 {
			t.Errorf("%+v", w)
		}
	}
	var table bytes.Buffer
	if err := Print(&table, ThisMachine(), []Result{result}); err != nil || strings.Count(table.String(), result.Broker) != 2 {
		t.Errorf("%v\n%s", err, table.String())
	}
}

func TestEveryPointOfTheGrowthCurvesIsMeasured(t *testing.T) {
	t.Parallel()
	points := longEnough(t, options(t), func(o Options) ([]Point, error) {
		return RunGrowth(t.Context(), GrowthOptions{Options: o, Ended: []int{1, 200}, Open: []int{5}, Engines: []int{2}})
	})
	var curves []string
	for _, p := range points {
		curves = append(curves, fmt.Sprint(p.Curve, " ", p.At))
		if p.Window.Sagas == 0 || p.Databases <= 0 {
			t.Errorf("%+v", p)
		}
	}
	if want := []string{"ended 1", "ended 200", "in flight 5", "processes 2"}; !slices.Equal(curves, want) {
		t.Errorf("measured %v, want %v", curves, want)
	}
	if points[2].Window.InFlight != 5 {
		t.Errorf("%+v", points[2])
	}
	var table bytes.Buffer
	if err := PrintGrowth(&table, ThisMachine(), points); err != nil || strings.Count(table.String(), "\n") != 3+len(points) {
		t.Errorf("%v\n%s", err, table.String())
	}
}

func TestAFinalStateThatIsWrongIsNoticed(t *testing.T) {
	t.Parallel()
	s, err := open(t.Context(), options(t))
	defer func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	}()
	if err != nil {
		t.Fatal(err)
	}
	ends, err := watch(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	go ends.run(t.Context())
	var started atomic.Int64
	l := &load{site: s, started: &started, ends: ends}
	for started.Load() < 2*refusedEach {
		if err := l.one(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.check(t.Context(), started.Load()); err != nil {
		t.Fatal(err)
	}
	db := s.services[2].db.Gorm()
	for name, sql := range map[string][2]string{
		"a compensation that did not happen": {
			`UPDATE steps SET status = 'done' WHERE saga = (SELECT min(saga) FROM steps WHERE status = 'undone')`,
			`UPDATE steps SET status = 'undone' WHERE number % 10 = 0 AND status = 'done'`},
		"an event more": {
			`INSERT INTO engine.outbox SELECT partition, sequence + 1000, id, type, key, saga, cause, at, data FROM engine.outbox LIMIT 1`,
			`DELETE FROM engine.outbox WHERE sequence > 1000`},
	} {
		if changed := db.Exec(sql[0]); changed.Error != nil || changed.RowsAffected != 1 {
			t.Fatal(changed.Error, changed.RowsAffected)
		}
		if err := s.check(t.Context(), started.Load()); err == nil || !strings.Contains(err.Error(), "step 2") {
			t.Errorf("%s: %v", name, err)
		}
		if changed := db.Exec(sql[1]); changed.Error != nil || changed.RowsAffected != 1 {
			t.Fatal(changed.Error, changed.RowsAffected)
		}
		if err := s.check(t.Context(), started.Load()); err != nil {
			t.Fatal(err)
		}
	}
}
