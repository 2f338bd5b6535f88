package parked_test

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"orderflow.example/shared/engine/parked"
)

const (
	broken = "panic: order … is broken" // as a group has it
	other  = "unknown SKU …"
)

func TestARedriveReleasesTheFrozenSetInOrderAndInStepsAndNothingElse(t *testing.T) {
	t.Parallel()
	o := newOwner(t, "payment")
	o.parkMany("a", 200, "panic: order % is broken")
	o.parkMany("b", 20, `unknown SKU "%"`)
	g := o.group(broken)
	if g.Sagas != 200 || g.Events != 400 || g.Service != "payment" || g.Type != "payment.captured.v1" || g.Form != "event" ||
		g.Example != "a1" {
		t.Errorf("the group is %+v", g)
	}
	dry := o.redrive(parked.Request{Group: g.ID, DryRun: true})
	if dry.Total != 200 || dry.Later != 0 || dry.Events != 400 || dry.ID != "" || len(dry.Items) != 200 || dry.Items[0].Behind != 1 {
		t.Errorf("the dry run says %d, %d, %d", dry.Total, dry.Later, dry.Events)
	}
	o.park("a999", "panic: order a999 is broken")
	if n := o.count(`SELECT count(*) FROM engine.redrive`); n != 0 {
		t.Errorf("the dry run left %d redrives", n)
	}
	started := o.redrive(parked.Request{Group: g.ID, AsOf: &dry.AsOf, Steps: []int{1, 2, 5, 20}, Reason: "mended"})
	if started.Total != 200 || started.Later != 1 {
		t.Fatalf("started %+v", started)
	}
	r := o.settle(started.ID)
	if r.State != parked.StateDone || r.Released != 200 || r.Failed+r.Gone+r.Left != 0 || r.By != "ann" || r.Reason != "mended" ||
		r.EndedAt == nil {
		t.Errorf("it ended as %+v", r)
	}
	var sizes []int
	for _, s := range r.Steps {
		sizes = append(sizes, s.Done)
	}
	if want := []int{1, 2, 5, 20, 20, 20, 20, 20, 20, 20, 20, 20, 12}; !reflect.DeepEqual(sizes, want) || o.most > 20 {
		t.Errorf("steps of %v, want %v; at most %d at once", sizes, want, o.most)
	}
	last := map[string]int64{}
	for i, p := range o.processed {
		if p.Number < last[p.Key] {
			t.Errorf("%s: %d after %d", p.Key, p.Number, last[p.Key])
		}
		last[p.Key] = p.Number
		if i == 0 && p.Key != "a1" {
			t.Errorf("the first was %s", p.Key)
		}
	}
	if left := o.count(`SELECT count(*) FROM engine.parked`); left != 41 || len(o.processed) != 400 {
		t.Errorf("%d rows left, %d processed", left, len(o.processed))
	}
	if marked := o.count(`SELECT count(*) FROM engine.parked WHERE redrive`); marked != 0 {
		t.Errorf("%d others are marked", marked)
	}
}

func TestWhatIsStillBrokenStopsTheRedriveAfterOneSagaAndContinueReleasesAll(t *testing.T) {
	t.Parallel()
	o := newOwner(t, "payment")
	o.parkMany("a", 60, "panic: order % is broken")
	o.fails = func(r row) string { return "still: " + r.Key }
	id := o.redrive(parked.Request{All: true}).ID
	r := o.settle(id)
	want := []parked.Failure{{Service: "payment", Order: "a1", Key: "a1", Was: "panic: order a1 is broken", Now: "still: a1"}}
	if len(r.Failures) == 1 {
		want[0].At = r.Failures[0].At
	}
	if r.State != parked.StateFailed || r.Failed != 1 || r.Left != 59 || !reflect.DeepEqual(r.Failures, want) ||
		o.count(`SELECT count(*) FROM engine.parked`) != 120 {
		t.Fatalf("it stands at %+v", r)
	}
	o.advance() // nothing more
	if n := o.count(`SELECT count(*) FROM engine.parked WHERE redrive`); n != 0 {
		t.Errorf("after the failure %d are marked", n)
	}
	if r, err := services(o).Continue(t.Context(), id); err != nil || r.State != parked.StateRunning {
		t.Fatal(r, err)
	}
	if r = o.settle(id); r.State != parked.StateFailed || r.Failed != 1 || len(r.Failures) != 2 ||
		r.Failures[0].Was != "still: a1" || r.Failures[0].Retried || !r.Failures[1].Retried {
		t.Fatalf("continued it stands at %+v", r)
	}
	o.fails = nil
	if _, err := services(o).Continue(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if r = o.settle(id); r.State != parked.StateDone || r.Released != 60 || r.Failed != 0 ||
		o.count(`SELECT count(*) FROM engine.parked`) != 0 {
		t.Fatalf("mended it ended as %+v", r)
	}
	if o.processed[0].Key != "a1" || o.processed[2].Key != "a2" {
		t.Errorf("the failed one was not the first: %v", o.processed[:3])
	}
	refused(t, second(services(o).Continue(t.Context(), id)), parked.Conflict, "the redrive is done")
}

func second[T any](_ T, err error) error { return err }

func refused(t *testing.T, err error, kind parked.Kind, words string) {
	t.Helper()
	r, ok := err.(*parked.Refusal)
	if !ok || r.Kind != kind || !strings.Contains(err.Error(), words) {
		t.Errorf("got %T %v, want a refusal that says %q", err, err, words)
	}
}

func TestASecondRowOfAKeyThatFailsIsAFailureWithItsOwnReason(t *testing.T) {
	t.Parallel()
	o := newOwner(t, "payment")
	first := o.park("a", "boom")
	o.park("a", "")
	o.fails = func(r row) string {
		if r.Number == first {
			return ""
		}
		return "the second is broken too"
	}
	id := o.redrive(parked.Request{Orders: []string{"a"}}).ID
	if r := o.settle(id); r.State != parked.StateFailed || r.Failures[0].Now != "the second is broken too" {
		t.Errorf("it stands at %+v", r)
	}
	o.fails = nil
	if _, err := services(o).Continue(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if r := o.settle(id); r.State != parked.StateDone || r.Released != 1 || r.Gone != 0 {
		t.Errorf("continued it ended as %+v", r)
	}
}

func TestWhatComesToWaitWhileItsKeyIsReleasedIsReleasedToo(t *testing.T) {
	t.Parallel()
	o := newOwner(t, "payment")
	o.park("a", "boom")
	id := o.redrive(parked.Request{All: true}).ID
	o.advance()
	o.processNext(o.count(`SELECT partition FROM engine.parked`), "a")
	o.park("a", "") // and the owner dies: the next one sees nothing marked
	r := o.settle(id)
	if r.State != parked.StateDone || len(o.processed) != 2 {
		t.Errorf("it ended as %+v, %d processed", r, len(o.processed))
	}
}

func TestTheRateHoldsHoweverOftenItIsLookedAt(t *testing.T) {
	t.Parallel()
	o := newOwner(t, "payment")
	o.parkMany("a", 30, "panic: order % is broken")
	slow := 0.02 // one in fifty seconds
	id := o.redrive(parked.Request{All: true, Steps: []int{10}, PerSecond: &slow}).ID
	for range 20 {
		o.advance()
		o.process()
	}
	if r := o.get(id); r.Released != 1 || r.State != parked.StateRunning || r.At != "a1" {
		t.Errorf("it stands at %+v", r)
	}
}

func TestAskedForAPauseItWaitsAfterEachStep(t *testing.T) {
	t.Parallel()
	o := newOwner(t, "payment")
	o.parkMany("a", 5, "panic: order % is broken")
	id := o.redrive(parked.Request{All: true, Steps: []int{1, 2}, Pause: "ask"}).ID
	for _, released := range []int{1, 3} {
		if r := o.settle(id); r.State != parked.StatePaused || r.Released != released {
			t.Fatalf("it stands at %+v, want %d released", r, released)
		}
		if _, err := services(o).Continue(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	if r := o.settle(id); r.State != parked.StateDone || r.Released != 5 {
		t.Errorf("it ended as %+v", r)
	}
}

func TestAStoppedRedriveBeginsNothingMoreAndGoesOnWhereItStood(t *testing.T) {
	t.Parallel()
	o := newOwner(t, "payment")
	o.parkMany("a", 10, "panic: order % is broken")
	id := o.redrive(parked.Request{All: true, Steps: []int{3}}).ID
	o.advance()
	if r, err := services(o).Stop(t.Context(), id); err != nil || r.State != parked.StateStopped {
		t.Fatal(r, err)
	}
	for range 3 {
		o.process()
		o.advance()
	}
	if r := o.get(id); r.State != parked.StateStopped || r.Released == 0 || r.Released > 3 || r.Released+r.Left != 10 {
		t.Fatalf("stopped it stands at %+v", r)
	}
	refused(t, second(services(o).Stop(t.Context(), id)), parked.Conflict, "does not run any more: it is stopped")
	if _, err := services(o).Continue(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if r := o.settle(id); r.State != parked.StateDone || r.Released != 10 {
		t.Errorf("it ended as %+v", r)
	}
}

func TestWithoutStoppingAtFailuresAllGetTheirTurnAndItEndsAsFailed(t *testing.T) {
	t.Parallel()
	o := newOwner(t, "payment")
	o.parkMany("a", 10, "panic: order % is broken")
	o.fails = func(r row) string {
		if r.Key == "a3" || r.Key == "a7" {
			return "still"
		}
		return ""
	}
	no := false
	id := o.redrive(parked.Request{All: true, StopOnFailure: &no}).ID
	if r := o.settle(id); r.State != parked.StateFailed || r.Released != 8 || r.Failed != 2 || r.Left != 0 {
		t.Errorf("it ended as %+v", r)
	}
}

func TestWhatIsNotParkedAnyMoreIsPassedOver(t *testing.T) {
	t.Parallel()
	o := newOwner(t, "payment")
	for i := range 4 {
		o.park(fmt.Sprint("a", i), "boom")
	}
	id := o.redrive(parked.Request{All: true, Steps: []int{2}}).ID
	o.exec(`DELETE FROM engine.parked WHERE key IN ('a1', 'a2')`)
	if r := o.settle(id); r.State != parked.StateDone || r.Released != 2 || r.Gone != 2 || r.Left != 0 {
		t.Errorf("it ended as %+v", r)
	}
}

func TestOneRedriveOfAServiceAtATimeAndManyCoordinatorsAreAsOne(t *testing.T) {
	t.Parallel()
	o, quiet := newOwner(t, "payment"), newOwner(t, "shipping")
	o.parkMany("a", 100, "panic: order % is broken")
	quiet.park("a1", "boom")
	id := o.redrive(parked.Request{All: true}).ID
	_, err := services(o, quiet).Redrive(t.Context(), parked.Request{All: true}, parked.Origin{})
	refused(t, err, parked.Conflict, id)
	if n := quiet.count(`SELECT count(*) FROM engine.redrive`); n != 0 {
		t.Errorf("the refused request left %d redrives in another service", n)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 10 {
				if err := parked.Advance(t.Context(), o.db); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if r := o.settle(id); r.State != parked.StateDone || r.Released != 100 || o.most > 100 {
		t.Errorf("it ended as %+v", r)
	}
	both, err := services(o, quiet).Redrive(t.Context(), parked.Request{Orders: []string{"a1"}}, parked.Origin{})
	if err != nil || both.Total != 1 {
		t.Fatal(both, err)
	}
	if r := quiet.settle(both.ID); r.State != parked.StateDone || !reflect.DeepEqual(r.Services, []string{"shipping"}) {
		t.Errorf("it ended as %+v", r)
	}
}

func TestARedriveOfSeveralServicesIsOneAndASentAgainRequestIsTheSame(t *testing.T) {
	t.Parallel()
	a, b := newOwner(t, "payment"), newOwner(t, "shipping")
	a.parkMany("a", 3, "panic: order % is broken")
	b.parkMany("a", 4, "panic: order % is broken")
	origin := parked.Origin{By: "ann", Key: "k", Digest: "d"}
	first, err := services(a, b).Redrive(t.Context(), parked.Request{All: true, PerSecond: &fast}, origin)
	if err != nil || first.Total != 7 {
		t.Fatal(first, err)
	}
	a.settle(first.ID)
	if r, err := services(a, b).Get(t.Context(), first.ID); err != nil || r.State != parked.StateRunning || r.Released != 3 ||
		r.Total != 7 {
		t.Errorf("%+v %v", r, err)
	}
	b.settle(first.ID)
	a.park("z", "boom")
	again, err := services(a, b).Redrive(t.Context(), parked.Request{All: true, PerSecond: &fast}, origin)
	if err != nil || !again.Known || again.ID != first.ID || again.Total != 7 {
		t.Errorf("sent again: %+v %v", again, err)
	}
	origin.Digest = "another"
	_, err = services(a, b).Redrive(t.Context(), parked.Request{All: true}, origin)
	refused(t, err, parked.Invalid, "came with another request")
	list, more, err := services(a, b).Redrives(t.Context(), "", 10)
	if err != nil || more || len(list) != 1 || list[0].Total != 7 || list[0].State != parked.StateDone {
		t.Errorf("the list is %+v %v", list, err)
	}
	// A process that died between the services: the rest is made up for.
	b.exec(`DELETE FROM engine.redrive`)
	b.park("late", "boom")
	origin.Digest = "d"
	again, err = services(a, b).Redrive(t.Context(), parked.Request{All: true, PerSecond: &fast}, origin)
	if err != nil || again.ID != first.ID || again.Total != 4 {
		t.Errorf("made up for: %+v %v", again, err)
	}
}

func TestARefusedCallIsAskedAgainAloneAndAnotherRefusalIsAFailure(t *testing.T) {
	t.Parallel()
	o := newOwner(t, "payment")
	call := row{Key: "a", Form: parked.FormCall, Type: "payment.capture_requested.v1", ID: "call-1", Reason: "402 no such card"}
	o.parkAs(call)
	o.park("a", "boom")
	o.parkAs(row{Key: "b", Form: call.Form, Type: call.Type, ID: "call-2", Reason: call.Reason})
	g := o.group("… no such card")
	id := o.redrive(parked.Request{Group: g.ID, Steps: []int{1}}).ID
	o.advance()
	if n := o.count(`SELECT count(*) FROM engine.parked WHERE redrive`); n != 1 {
		t.Errorf("%d rows are marked", n)
	}
	o.exec(`DELETE FROM engine.parked WHERE redrive`) // asked again,
	o.advance()
	if r := o.get(id); r.State != parked.StateRunning || r.Released != 1 {
		t.Fatalf("it stands at %+v", r)
	}
	o.parkAs(call) // and refused again, a little later
	o.advance()
	if r := o.get(id); r.State != parked.StateFailed || r.Released != 0 || r.Failed != 1 || r.Failures[0].Now != call.Reason {
		t.Errorf("it stands at %+v", r)
	}
}

func TestWhatCannotBeRedrivenIsRefusedWithWhatToDo(t *testing.T) {
	t.Parallel()
	o := newOwner(t, "payment")
	o.parkMany("a", 2000, "panic: order % is broken")
	zero, negative, soon, past := 0.0, -1.0, time.Now().Add(time.Hour), time.Now().Add(-time.Hour)
	for name, c := range map[string]struct {
		parked.Request
		kind  parked.Kind
		words string
	}{
		"of nothing":    {parked.Request{}, parked.Invalid, "just one of group, orders and all"},
		"of two things": {parked.Request{All: true, Group: "x"}, parked.Invalid, "just one of group, orders and all"},
		"an unknown service": {parked.Request{All: true, Service: "paymnet"}, parked.Invalid,
			"there is no such service here; there are: payment"},
		"an unknown group": {parked.Request{Group: "0123456789ab"}, parked.NotFound, "look at the groups again"},
		"an order not parked": {parked.Request{Orders: []string{"a1", "gone"}}, parked.NotFound,
			"orders[1]: nothing of this order is parked"},
		"no orders":          {parked.Request{Orders: []string{}}, parked.Invalid, "orders: want 1 to 1000"},
		"no steps":           {parked.Request{All: true, Steps: []int{}}, parked.Invalid, "steps: want 1 to 100 steps"},
		"a step of nothing":  {parked.Request{All: true, Steps: []int{1, 0}}, parked.Invalid, "steps[1]: want 1 to"},
		"a negative step":    {parked.Request{All: true, Steps: []int{-1}}, parked.Invalid, "steps[0]: want 1 to"},
		"too many steps":     {parked.Request{All: true, Steps: []int{1}}, parked.Invalid, "that makes 2000 steps"},
		"a rate of 0":        {parked.Request{All: true, PerSecond: &zero}, parked.Invalid, "per_second: want"},
		"a negative rate":    {parked.Request{All: true, PerSecond: &negative}, parked.Invalid, "per_second: want"},
		"another pause":      {parked.Request{All: true, Pause: "maybe"}, parked.Invalid, "pause: want none, or ask"},
		"a reason of lines":  {parked.Request{All: true, Reason: "a\nb"}, parked.Invalid, "reason: want one line"},
		"as of a time ahead": {parked.Request{All: true, AsOf: &soon}, parked.Invalid, "as_of: want"},
		"as of before all":   {parked.Request{All: true, AsOf: &past}, parked.Conflict, "2000 were parked since"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := services(o).Redrive(t.Context(), c.Request, parked.Origin{})
			refused(t, err, c.kind, c.words)
		})
	}
	refused(t, second(services(o).Get(t.Context(), "not-an-id")), parked.NotFound, "no such redrive")
	refused(t, second(services(o).Stop(t.Context(), "01950000-0000-7000-8000-000000000000")), parked.NotFound, "no such redrive")
	empty := newOwner(t, "shipping")
	_, err := services(empty).Redrive(t.Context(), parked.Request{All: true}, parked.Origin{})
	refused(t, err, parked.Conflict, "nothing is parked")
	if n := o.count(`SELECT count(*) FROM engine.redrive`) + o.count(`SELECT count(*) FROM engine.parked WHERE redrive`); n != 0 {
		t.Errorf("what was refused left %d traces", n)
	}
}
