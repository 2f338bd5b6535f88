package world_test

import (
	"fmt"
	"testing"
	"time"

	"orderflow.example/services/platform/world"
)

func lines(skus ...string) object {
	list := []object{}
	for _, sku := range skus {
		list = append(list, object{"sku": sku, "quantity": 2, "warehouse": "north"})
	}
	return object{"order": "o1", "lines": list}
}

func TestPickIsPackedInItsTime(t *testing.T) {
	t.Parallel()
	now := newClock()
	c := start(t, world.Options{Now: now.now})
	c.want(404, "GET", "/floor/v1/picks/s1", "", nil)
	c.want(202, "PUT", "/floor/v1/picks/s1", "", lines("A", "B"))
	now.pass(900 * time.Millisecond)
	if got := c.get("/floor/v1/picks/s1").State; got != "picking" {
		t.Errorf("after 0.9 s: %s", got)
	}
	now.pass(2100 * time.Millisecond)
	c.want(202, "PUT", "/floor/v1/picks/s1", "", lines("A", "B"))
	if got := c.get("/floor/v1/picks/s1").State; got != "packed" {
		t.Errorf("after 3 s: %s", got)
	}
	c.want(422, "PUT", "/floor/v1/picks/s1", "", lines("A"))
	c.want(400, "PUT", "/floor/v1/picks/s2", "", lines())
}

func TestWhatIsNeverFoundIsMissing(t *testing.T) {
	t.Parallel()
	now := newClock()
	c := start(t, world.Options{Now: now.now})
	c.want(202, "PUT", "/floor/v1/picks/s1", "", lines("A", "SHORT-1"))
	now.pass(3 * time.Second)
	s := c.get("/floor/v1/picks/s1")
	if s.State != "short" || len(s.Missing) != 1 || s.Missing[0].SKU != "SHORT-1" {
		t.Errorf("%+v", s)
	}
}

func TestAPickMayBePackedWithoutWhatIsMissing(t *testing.T) {
	t.Parallel()
	now := newClock()
	c := start(t, world.Options{Now: now.now})
	partial := func(skus ...string) object {
		o := lines(skus...)
		o["partial"] = true
		return o
	}
	c.want(202, "PUT", "/floor/v1/picks/s1", "", partial("A", "SHORT-1"))
	c.want(202, "PUT", "/floor/v1/picks/s2", "", partial("SHORT-1"))
	c.want(422, "PUT", "/floor/v1/picks/s1", "", lines("A", "SHORT-1"))
	now.pass(3 * time.Second)
	if s := c.get("/floor/v1/picks/s1"); s.State != "packed" || len(s.Missing) != 1 || s.Missing[0].SKU != "SHORT-1" {
		t.Errorf("%+v", s)
	}
	if s := c.get("/floor/v1/picks/s2"); s.State != "short" || len(s.Missing) != 1 {
		t.Errorf("%+v", s)
	}
}

func TestCancelledPickStaysCancelled(t *testing.T) {
	t.Parallel()
	now := newClock()
	c := start(t, world.Options{Now: now.now})
	c.want(202, "PUT", "/floor/v1/picks/s1", "", lines("A"))
	c.want(204, "DELETE", "/floor/v1/picks/s1", "", nil)
	c.want(204, "DELETE", "/floor/v1/picks/early", "", nil)
	c.want(202, "PUT", "/floor/v1/picks/early", "", lines("A"))
	now.pass(time.Hour)
	for _, id := range []string{"s1", "early"} {
		if got := c.get("/floor/v1/picks/" + id).State; got != "cancelled" {
			t.Errorf("%s: %s", id, got)
		}
	}
}

func TestParcelsOfOneOrderArePickedAndCancelledByThemselves(t *testing.T) {
	t.Parallel()
	now := newClock()
	c := start(t, world.Options{Now: now.now})
	for _, id := range []string{"s1", "s2", "s3"} {
		c.want(202, "PUT", "/floor/v1/picks/"+id, "", lines(map[string]string{"s1": "A", "s2": "SHORT-1", "s3": "B"}[id]))
	}
	c.want(204, "DELETE", "/floor/v1/picks/s1", "", nil)
	now.pass(3 * time.Second)
	for id, want := range map[string]string{"s1": "cancelled", "s2": "short", "s3": "packed"} {
		if got := c.get("/floor/v1/picks/" + id).State; got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
}

func TestPurchaseArrivesInItsTime(t *testing.T) {
	t.Parallel()
	now := newClock()
	c := start(t, world.Options{Now: now.now, Speed: 10})
	order := object{"sku": "A", "quantity": 40, "warehouse": "north"}
	c.want(202, "PUT", "/floor/v1/purchases/p1", "", order)
	now.pass(490 * time.Millisecond)
	if got := c.get("/floor/v1/purchases/p1").State; got != "ordered" {
		t.Errorf("after 0.49 s at speed 10: %s", got)
	}
	now.pass(510 * time.Millisecond)
	c.want(202, "PUT", "/floor/v1/purchases/p1", "", order)
	if got := c.get("/floor/v1/purchases/p1").State; got != "delivered" {
		t.Errorf("after 1 s at speed 10: %s", got)
	}
	c.want(422, "PUT", "/floor/v1/purchases/p1", "", object{"sku": "A", "quantity": 41, "warehouse": "north"})
}

func TestSomePicksAreMiscountedOnABadDay(t *testing.T) {
	t.Parallel()
	now := newClock()
	c := start(t, world.Options{Now: now.now, Faults: true, Speed: 1000})
	until := func(status int, method, path string, body object) (s said) {
		for s.Status != status {
			s = c.ask(method, path, "", body)
		}
		return s
	}
	for i := range 600 {
		until(202, "PUT", fmt.Sprint("/floor/v1/picks/s", i), lines("A"))
	}
	now.pass(time.Second)
	short := 0
	for i := range 600 {
		if until(200, "GET", fmt.Sprint("/floor/v1/picks/s", i), nil).State == "short" {
			short++
		}
	}
	if short == 0 || short > 20 {
		t.Errorf("%d of 600 picks are short, want about 6", short)
	}
}
