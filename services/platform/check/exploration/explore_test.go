package exploration_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	frauds "orderflow.example/schemas/fraud"
	inventories "orderflow.example/schemas/inventory"
	"orderflow.example/schemas/order"
	events "orderflow.example/schemas/payment"
	refunds "orderflow.example/schemas/refund"
	"orderflow.example/services/fraud"
	"orderflow.example/services/inventory"
	orders "orderflow.example/services/order"
	"orderflow.example/services/payment"
	"orderflow.example/services/platform/check/exploration"
	"orderflow.example/services/refund"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/explore"
	"orderflow.example/shared/saga/model"
)

// roots returns the roots that the test is about.
func roots(is func(model.Scene) bool) []model.Scene {
	return slices.DeleteFunc(exploration.Scenes(), func(r model.Scene) bool { return !is(r) })
}

// plain is the order of a trusted customer for goods that are there, who may cancel.
func plain(r model.Scene) bool {
	return r.Stock == "enough" && r.Fill == "fill_all" && r.Customer == "trusted" && r.Returns == "" && !r.Missing &&
		!r.Revokes
}

func TestEveryOrderEndsAndNoEndBreaksAnInvariant(t *testing.T) {
	t.Parallel()
	r := exploration.Run(exploration.Model(exploration.Machines(), roots(func(r model.Scene) bool {
		return r.Returns != "each" && (r.Stock == "enough" && r.Fill == "fill_all" || r.Returns == "")
	})), explore.Options{})
	if r.Violation != nil {
		t.Fatalf("%s", r.Violation)
	}
	if r.Again != "" {
		t.Errorf("what order only notes matters: %s", r.Again)
	}
	if r.States < 100_000 || r.Ends < 1000 {
		t.Errorf("explored %d states and %d ends: that is not an order", r.States, r.Ends)
	}
	t.Logf("%d states, %d transitions, %d deep, in %.1f s", r.States, r.Transitions, r.Depth, r.Seconds)
}

func TestWhoOnlyListensToAnOrderEndsWithIt(t *testing.T) {
	t.Parallel()
	for _, listener := range exploration.Listeners() {
		for _, m := range exploration.All() {
			if !strings.HasSuffix(m.Roots[0].Name, listener.String()+" listens") {
				continue
			}
			r := exploration.Run(m, explore.Options{})
			if r.Violation != nil {
				t.Errorf("%s", r.Violation)
			}
			t.Logf("%s: %d states, %d transitions, %d deep, in %.1f s", listener, r.States, r.Transitions, r.Depth, r.Seconds)
		}
	}
}

// counting returns the model in which fraud counts the orders of a customer.
func counting() explore.Model { return exploration.All()[1] }

func TestEveryOrderOfACustomerWhoseOrdersAreCountedEnds(t *testing.T) {
	t.Parallel()
	r := exploration.Run(counting(), explore.Options{})
	if r.Violation != nil {
		t.Fatalf("%s", r.Violation)
	}
	for _, said := range []saga.Kind{frauds.FactsRequested, frauds.VelocityMeasured, frauds.Cleared, frauds.ReviewRequested,
		frauds.Rejected, frauds.Closed} {
		if slices.Contains(r.Unsaid, said.Name()) {
			t.Errorf("nothing leads to %s", said.Name())
		}
	}
	t.Logf("%d states, %d transitions, %d deep, in %.1f s", r.States, r.Transitions, r.Depth, r.Seconds)
}

func TestOrdersLetGoOfWhatAStockTakingDoesNotFindAndEnd(t *testing.T) {
	t.Parallel()
	r := exploration.Run(exploration.Model(exploration.Machines(), roots(func(s model.Scene) bool { return s.Missing })),
		explore.Options{})
	if r.Violation != nil {
		t.Fatalf("%s", r.Violation)
	}
	for _, said := range []saga.Kind{inventories.Recalled, inventories.CountedOut} {
		if slices.Contains(r.Unsaid, said.Name()) {
			t.Errorf("nothing leads to %s", said.Name())
		}
	}
	t.Logf("%d states, %d transitions, %d deep, in %.1f s", r.States, r.Transitions, r.Depth, r.Seconds)
}

func TestOrdersLeaveWithoutWhatTheWarehouseDoesNotFindAndEnd(t *testing.T) {
	t.Parallel()
	r := exploration.Run(exploration.Model(exploration.Machines(), roots(func(s model.Scene) bool {
		return s.Stock == "enough" && s.Fill == "fill_available" && !s.Missing
	})), explore.Options{})
	if r.Violation != nil {
		t.Fatalf("%s", r.Violation)
	}
	for _, said := range []saga.Kind{order.Reduced, order.Cancelled, order.Completed, inventories.Restocked} {
		if slices.Contains(r.Unsaid, said.Name()) {
			t.Errorf("nothing leads to %s", said.Name())
		}
	}
	t.Logf("%d states, %d transitions, %d deep, in %.1f s", r.States, r.Transitions, r.Depth, r.Seconds)
}

func TestWhatIsWrongWithCountingIsMissed(t *testing.T) {
	t.Parallel()
	counts := fraud.Subjects
	counts.Rows = slices.Clone(counts.Rows)
	counts.Rows[0] = saga.On(frauds.OrderSeen, func(_ fraud.Subject, e frauds.OrderSeenV1) []saga.Event {
		return []saga.Event{frauds.OrderCounted.Of(frauds.OrderCountedV1(e))} // each time it is consumed
	}, frauds.OrderCounted)
	trusts := fraud.Subjects
	trusts.Rows = slices.Clone(trusts.Rows)
	trusts.Rows[1] = saga.On(frauds.OrderCounted, func(_ fraud.Subject, e frauds.OrderCountedV1) []saga.Event {
		none := frauds.VelocityMeasuredV1{Subject: "customer"} // always without earlier ones
		return []saga.Event{frauds.VelocityMeasured.About(e.OrderID, none)}
	}, frauds.VelocityMeasured)
	for want, broken := range map[string]*saga.Machine{
		"fraud (subject) hears fraud.order_seen again":           counts.Machine(),
		"it was cleared by the rules, and is one order too many": trusts.Machine(),
	} {
		model := counting()
		i := slices.IndexFunc(model.Machines, func(m explore.Machine) bool { return m.String() == broken.String() })
		model.Machines[i].Machine, model.Machines[i].Before = broken, nil
		found := explore.Explore(model, explore.Options{}).Violation
		if found == nil || !strings.Contains(found.Why, want) {
			t.Errorf("%s: found\n%v", want, found)
		}
	}
}

// with returns the real machines, one of them replaced.
func with(other *saga.Machine) []*saga.Machine {
	return replaced(exploration.Machines(), other)
}

// without returns a service as declared, without its rows of this form and trigger.
func without[S any](c saga.Choreography[S], form saga.Form, on saga.Kind) *saga.Machine {
	c.Rows = slices.DeleteFunc(slices.Clone(c.Rows), func(r saga.Row) bool { return r.Form == form && r.On.Name() == on.Name() })
	return c.Machine()
}

// forgetful is a payment service that compensates a cancelled order, but keeps no tombstone if the cancellation is its first
// event.
func forgetful() *saga.Machine {
	c := payment.Choreography
	c.Evolve = func(p payment.Payment, e saga.Event) payment.Payment {
		if p.Status == payment.Waiting && e.Type == events.Voided.Name() {
			return p
		}
		return payment.Evolve(p, e)
	}
	return c.Machine()
}

func TestWhatIsTakenOutOfTheChoreographyIsMissed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		broken *saga.Machine
		why    string
		steps  []string
	}{
		"a compensation": {
			without(payment.Choreography, saga.Reaction, order.Cancelled),
			"nothing more can happen: order is cancelling, waits for payment.voided or refund.issued",
			[]string{"order hears payment.expired → cancelled, status_changed", "inventory hears order.cancelled → released"},
		},
		"another compensation": {
			without(inventory.Choreography, saga.Reaction, order.Cancelled),
			"nothing more can happen: order is cancelling, waits for inventory.released",
			[]string{"payment hears order.cancelled → voided"},
		},
		"a deadline": {
			without(payment.Choreography, saga.Deadline, events.AuthorizationRequested),
			"nothing more can happen: order is cancelling, waits for payment.voided or refund.issued",
			[]string{"the gateway never answers (asked by payment.authorization_requested)", "payment hears order.cancelled → withdrawn"},
		},
		"another deadline": {
			without(refund.Choreography, saga.Deadline, refunds.Failed),
			"nothing more can happen: order is shipped, waits for refund.issued",
			[]string{"the gateway refuses to refund (try_later) (asked by refund.requested)"},
		},
		"a tombstone": {
			forgetful(),
			"nothing more can happen: order is cancelled, and 1000 is still set aside",
			[]string{"payment hears order.cancelled → voided", "payment hears fraud.cleared → authorization_requested",
				"the gateway authorizes, the answer is lost (asked by payment.authorization_requested)"},
		},
		"a consumer": {
			without(orders.Choreography, saga.Reaction, events.Voided),
			"nothing more can happen: order is cancelling, waits for payment.voided or refund.issued",
			[]string{"payment hears order.cancelled → voided", "inventory hears order.cancelled → released"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			model := exploration.Model(with(c.broken), roots(plain))
			found := explore.Explore(model, explore.Options{}).Violation
			if found == nil {
				t.Fatal("nothing is missed")
			}
			t.Log("\n" + found.String())
			if found.Why != c.why {
				t.Errorf("found: %s\nwant:  %s", found.Why, c.why)
			}
			for _, step := range c.steps {
				if !slices.ContainsFunc(found.Steps, func(s explore.Step) bool { return s.Words == step }) {
					t.Errorf("the counter-example does not say: %s", step)
				}
			}
			if _, why, err := explore.Replay(model, kept(t, *found)); err != nil || why != c.why {
				t.Errorf("replayed: %q, %v", why, err)
			}
			if _, why, _ := explore.Replay(exploration.Model(exploration.Machines(), roots(plain)), kept(t, *found)); why != "" {
				t.Errorf("the whole choreography fails in the same way: %s", why)
			}
		})
	}
}

// kept is a counter-example stored in a file.
func kept(t *testing.T, v explore.Violation) (read explore.Violation) {
	t.Helper()
	data, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(data, &read)
	}
	if err != nil {
		t.Fatal(err)
	}
	return read
}

// The files are counter-examples, as printed, that the exploration found in earlier versions of the services.
func TestWhatWasOnceFoundDoesNotHappenAgain(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("testdata/*.json")
	if err != nil || len(names) < 5 {
		t.Fatalf("found %v, %v", names, err)
	}
	model := exploration.Model(exploration.Machines(), exploration.Scenes())
	for _, name := range names {
		var v explore.Violation
		data, err := os.ReadFile(name)
		if err == nil {
			err = json.Unmarshal(data, &v)
		}
		if err != nil {
			t.Fatal(err)
		}
		frames, why, err := explore.Replay(model, v)
		if why != "" || len(frames) < 3 {
			t.Errorf("%s: after %d of %d steps: %q, %v", name, len(frames)-1, len(v.Steps), why, err)
		}
	}
}

// reduced explores a model with the reduction and without, and compares all ends.
func reduced(t *testing.T, m explore.Model) {
	t.Helper()
	ends := func(o explore.Options) (map[string]bool, explore.Result) {
		found := map[string]bool{}
		o.Ends = func(v explore.View) { found[v.String()] = true }
		return found, explore.Explore(m, o)
	}
	few, less := ends(explore.Options{})
	every, all := ends(explore.Options{All: true})
	if !maps.Equal(few, every) || len(every) == 0 || less.Violation != nil || all.Violation != nil {
		t.Errorf("%d ends with the reduction, %d without", len(few), len(every))
	}
	notes := map[string]bool{}
	for _, machine := range m.Machines {
		notes[machine.String()] = len(machine.Notes) > 0
	}
	for i, p := range less.Parts { // each part has the same steps, apart from the order of events it only notes
		if !notes[p.Name] && p != all.Parts[i] {
			t.Errorf("with the reduction %+v, without %+v", p, all.Parts[i])
		}
	}
	t.Logf("%d states with the reduction, %d without", less.States, all.States)
	if less.States*10 > all.States {
		t.Errorf("%d states with the reduction, %d without: it spares nothing", less.States, all.States)
	}

}

func TestTheReductionLosesNoEndOfAnOrderThatIsNotCarriedOut(t *testing.T) {
	t.Parallel()
	reduced(t, exploration.Model(exploration.Machines(), roots(func(r model.Scene) bool {
		return r.Returns == "" && !r.Cancels && (r.Stock == "none" || r.Stock == "enough" && r.Operator == "refuses")
	})))
}

// Without the reduction a whole order has too many states if refunds, and those who only listen, books and invoices, are
// explored as well.
func TestTheReductionLosesNoEndOfAnOrder(t *testing.T) {
	t.Parallel()
	m := exploration.Model(slices.DeleteFunc(exploration.Machines(), func(m *saga.Machine) bool {
		return slices.Contains([]string{"invoice", "reporting", "refund"}, m.Service)
	}), roots(func(r model.Scene) bool { return plain(r) && !r.Cancels }))
	m.End = nil // it reads their states
	reduced(t, m)
}

func TestTheReductionLosesNoEndWhereOrdersAreCounted(t *testing.T) {
	t.Parallel()
	var machines []*saga.Machine
	for _, m := range counting().Machines {
		machines = append(machines, m.Machine)
	}
	var scenes []model.Scene
	for _, operator := range []string{"", "approves", "refuses"} {
		scenes = append(scenes, model.Scene{Stock: "none", Fill: "fill_all", Customer: "often", Operator: operator, Counts: true})
	}
	reduced(t, exploration.Model(machines, scenes))
}

func TestTheReductionFindsWhatIsWrongAsSoon(t *testing.T) {
	t.Parallel()
	for _, broken := range []*saga.Machine{forgetful(), without(payment.Choreography, saga.Reaction, order.Cancelled)} {
		model := exploration.Model(with(broken), roots(func(r model.Scene) bool { return plain(r) && r.Cancels }))
		less, all := explore.Explore(model, explore.Options{}), explore.Explore(model, explore.Options{All: true})
		if less.Violation == nil || all.Violation == nil || less.Violation.Why != all.Violation.Why ||
			len(less.Violation.Steps) != len(all.Violation.Steps) {
			t.Errorf("with the reduction\n%swithout\n%s", less.Violation, all.Violation)
		}
	}
}

func TestAReportSaysWhatWasExploredAndWhatMustNotBe(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	model := exploration.Model(with(without(orders.Choreography, saga.Reaction, events.Voided)), roots(plain))
	if err := exploration.Run(model, explore.Options{}).Print(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"order, fraud, fraud (subject), inventory, payment, shipping, warehouse, refund",
		"left out   storefront", "roots      2",
		"bounds     one order", "states a second", "This must not be:\nRoot: stock enough (fill_all), customer trusted",
		". order hears storefront.order_placed"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is missing in\n%s", want, &text)
		}
	}
}
