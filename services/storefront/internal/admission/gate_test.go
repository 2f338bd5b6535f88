package admission

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// table is the orders as a test has them.
type table struct {
	mu      sync.Mutex
	waiting int
	err     error
	looks   chan struct{}
}

func (t *table) Waiting(context.Context, time.Time, time.Time) (now, old, placed int, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	select {
	case t.looks <- struct{}{}:
	default:
	}
	return t.waiting, t.waiting, 0, t.err
}

func (t *table) set(waiting int, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting, t.err = waiting, err
}

func open(within time.Duration) (*Gate, *table, *prometheus.Registry) {
	there, r := &table{looks: make(chan struct{}, 1)}, prometheus.NewRegistry()
	g := New(context.Background(), within, there, slog.New(slog.DiscardHandler), r)
	g.going = true // the test polls itself
	return g, there, r
}

func isNew() (bool, error)   { return false, nil }
func isKnown() (bool, error) { return true, nil }

func TestBeyondTheLimitWhatIsNewIsRefusedWithTheTimeToComeAgainAndWhatIsKnownIsNot(t *testing.T) {
	t.Parallel()
	g, there, r := open(10 * time.Second)
	there.set(3*least, nil)
	if err := g.look(time.Now()); err != nil {
		t.Fatal(err)
	}
	_, p := g.Admit(isNew)
	if p == nil || p.Status != 503 || !strings.HasSuffix(p.Type, "/overloaded") || p.RetryAfter < 2 ||
		!strings.Contains(p.Detail, "nothing was done") {
		t.Fatalf("answered %+v", p)
	}
	if _, p := g.Admit(isKnown); p != nil {
		t.Errorf("a repeat was answered %+v", p)
	}
	if _, p := g.Admit(func() (bool, error) { return false, errors.New("no database") }); p == nil || p.Status != 503 {
		t.Errorf("without the database: %+v", p)
	}
	want := `# HELP orderflow_orders_shed_total Orders that were not taken because too many wait: 503 and Retry-After.
# TYPE orderflow_orders_shed_total counter
orderflow_orders_shed_total{service="storefront"} 1
`
	if err := testutil.GatherAndCompare(r, strings.NewReader(want), "orderflow_orders_shed_total"); err != nil {
		t.Error(err)
	}
	there.set(0, nil)
	if err := g.look(time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, p := g.Admit(isNew); p != nil {
		t.Errorf("with room again: %+v", p)
	}
}

func TestNobodyLooksUntilSomebodyOrders(t *testing.T) {
	t.Parallel()
	g, there, _ := open(10 * time.Second)
	ctx, end := context.WithCancel(t.Context())
	g.ctx, g.going = ctx, false
	if _, p := g.Admit(isNew); p != nil {
		t.Fatalf("answered %+v", p)
	}
	<-there.looks
	end()
}

func TestWithoutALimitNothingIsRefused(t *testing.T) {
	t.Parallel()
	g, _, _ := open(0)
	for range 3 * least {
		if _, p := g.Admit(isNew); p != nil {
			t.Fatalf("answered %+v", p)
		}
	}
}

func TestATableThatCannotBeReadLeavesTheLimitAsItWas(t *testing.T) {
	t.Parallel()
	g, there, _ := open(10 * time.Second)
	there.set(2*least, nil)
	if err := g.look(time.Now()); err != nil {
		t.Fatal(err)
	}
	there.set(0, errors.New("no database"))
	if err := g.look(time.Now()); err == nil {
		t.Error("a failed read returned no error")
	}
	if _, p := g.Admit(isNew); p == nil {
		t.Error("orders are admitted")
	}
}

func TestOrdersThatAreBeingPlacedCountAlthoughTheTableDoesNotHaveThemYet(t *testing.T) {
	t.Parallel()
	g, _, _ := open(10 * time.Second)
	var placing []func()
	for {
		done, p := g.Admit(isNew)
		if p != nil {
			break
		}
		placing = append(placing, done)
	}
	look := func() (admitted bool) {
		t.Helper()
		if err := g.look(time.Now()); err != nil {
			t.Fatal(err)
		}
		_, p := g.Admit(isNew)
		return p == nil
	}
	if len(placing) != least || look() {
		t.Errorf("%d orders were admitted, and more after a look", len(placing))
	}
	for _, done := range placing {
		done()
	}
	if !look() {
		t.Error("no order is admitted although all were refused for their content")
	}
}
