package choreography_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"orderflow.example/schemas/compatibility"
	"orderflow.example/services/catalog"
	"orderflow.example/services/fraud"
	"orderflow.example/services/inventory"
	"orderflow.example/services/order"
	"orderflow.example/services/payment"
	"orderflow.example/services/platform/check/choreography"
	"orderflow.example/services/platform/run"
	"orderflow.example/services/refund"
	"orderflow.example/services/shipping"
	"orderflow.example/services/storefront"
	"orderflow.example/services/warehouse"
	"orderflow.example/shared/saga"
)

func TestTheDeclaredChoreographyKeepsEveryRule(t *testing.T) {
	t.Parallel()
	rules := choreography.Check(choreography.LanguageOf(run.Apps...), choreography.Machines(run.Apps...)...)
	for _, r := range rules {
		if r.Looked == 0 {
			t.Errorf("%s looked at nothing", r.Name)
		}
		for _, f := range r.Faults {
			t.Errorf("%s: %s: %s", f.Check, f.Service, f.Text)
		}
	}
	var page bytes.Buffer
	if err := choreography.Print(&page, rules); err != nil || strings.Count(page.String(), "✓") != len(rules) {
		t.Errorf("prints\n%s(%v)", page.String(), err)
	}
}

// variant is one machine without one of its rows.
type variant struct {
	row     saga.Row
	machine *saga.Machine
}

func without[S any](c saga.Choreography[S]) (all []variant) {
	rows := c.Rows
	for i, row := range rows {
		if row.Form == saga.Lookup {
			continue // without it there is no machine: Choreography.Machine refuses a lookup that nothing keeps
		}
		c.Rows = slices.Delete(slices.Clone(rows), i, i+1)
		all = append(all, variant{row, c.Machine()})
	}
	return all
}

func variants() []variant {
	return slices.Concat(without(storefront.Choreography), without(storefront.Products), without(catalog.Choreography),
		without(order.Choreography), without(fraud.Choreography(&fraud.Rules{}, nil)), without(fraud.Subjects),
		without(fraud.RuleSets), without(inventory.Choreography),
		without(payment.Choreography),
		without(shipping.Choreography), without(warehouse.Picks), without(warehouse.Supplies), without(refund.Choreography))
}

// checked returns the faults of the real choreography with one machine replaced.
func checked(v variant) []choreography.Fault {
	machines := choreography.Machines(run.Apps...)
	for i, m := range machines {
		if m.String() == v.machine.String() {
			machines[i] = v.machine
		}
	}
	return choreography.Faults(choreography.Check(choreography.LanguageOf(run.Apps...), machines...))
}

// notWaits are deadlines without which no wait is endless, with the reason.
var notWaits = map[string]string{
	"fraud (subject) on fraud.listed.v1":    "it ends a listing; nobody waits for that",
	"inventory on inventory.offered.v1":     "who takes no offer waits on, until the deadline of inventory.backordered",
	"inventory on inventory.recalled.v1":    "an order that is not told of its missing goods goes on, until the floor misses them",
	"inventory on inventory.backordered.v1": "order's deadline on backordered ends the same wait a day later by cancelling",
	"payment on payment.readied.v1":         "order's deadlines on validated and extended end the same wait by cancelling",
}

func TestNoDeadlineCanBeTakenOutUnnoticed(t *testing.T) {
	t.Parallel()
	tried := 0
	for _, v := range variants() {
		if v.row.Form != saga.Deadline {
			continue
		}
		tried++
		faults, name := checked(v), v.machine.String()+" on "+v.row.On.Name()
		switch noticed := slices.ContainsFunc(faults, func(f choreography.Fault) bool { return f.Check == "bounded" }); {
		case !noticed && notWaits[name] == "":
			t.Errorf("%s without its deadline on %s is found fault with only for %v", v.machine, v.row.On.Name(), faults)
		case noticed && notWaits[name] != "":
			t.Errorf("the deadline of %s ends a wait: %v", name, faults)
		}
	}
	if tried < 7 {
		t.Errorf("tried %d deadlines", tried)
	}
}

// note is the payload of the toys below, and seen their state: the events they have consumed.
type note struct{}
type seen map[string]bool

func toy(service string, final []saga.Kind, rows ...saga.Row) *saga.Machine {
	return declared(service, saga.Order, final, rows...).Machine()
}

func declared(service string, key saga.Key, final []saga.Kind, rows ...saga.Row) saga.Choreography[seen] {
	return saga.Choreography[seen]{Service: service, Key: key, Final: final, Rows: rows, Blank: func(string) seen { return seen{} },
		Evolve: func(s seen, e saga.Event) seen {
			if byPurse[e.Type] != (key == purse) {
				return s // about something else
			}
			next := seen{e.Type: true}
			for name := range s {
				next[name] = true
			}
			return next
		}}
}

// once emits the events unless the state has the first of them, or any of those that rule it out.
func once(say saga.Type[note], unless ...saga.Kind) func(seen, note) []saga.Event {
	return func(s seen, _ note) []saga.Event {
		for _, k := range append([]saga.Kind{say}, unless...) {
			if s[k.Name()] {
				return nil
			}
		}
		return []saga.Event{say.Of(note{})}
	}
}

func event(name string) saga.Type[note] { return saga.Define[note](name + ".v1") }

var (
	shopPlaced, shopCancelled, shopDone       = event("shop.placed"), event("shop.cancelled"), event("shop.done")
	tillAsked, tillPaid, tillNoted, tillFreed = event("till.asked"), event("till.paid"), event("till.noted"), event("till.freed")
	vanLoaded, vanLeft                        = event("van.loaded"), event("van.left")
	placeIt, giveUpIt                         = saga.Command[note]("place"), saga.Command[note]("give_up")
	bankPay                                   = saga.Ask[note, note]("bank.pay")
	roadDrive                                 = saga.Ask[note, note]("road.drive")
	shopFinal, tillFinal, vanFinal            = []saga.Kind{shopDone}, []saga.Kind{tillFreed}, []saga.Kind(nil)
	shopRows, tillRows, vanRows               = goodShop(), goodTill(), goodVan()
	allEvents                                 = []saga.Kind{shopPlaced, shopCancelled, shopDone, tillAsked, tillPaid, tillNoted,
		tillFreed, vanLoaded, vanLeft}
)

// The good toys: a shop, a till that calls the bank, a van that leaves after the payment.
func goodShop() []saga.Row {
	return []saga.Row{
		saga.On(placeIt, once(shopPlaced), shopPlaced),
		saga.On(giveUpIt, once(shopCancelled), shopCancelled),
		saga.After(time.Hour, shopPlaced, once(shopCancelled, shopDone), shopCancelled).Settled(shopDone, shopCancelled),
		saga.On(vanLeft, once(shopDone), shopDone),
	}
}

func goodTill() []saga.Row {
	return []saga.Row{
		saga.On(shopPlaced, once(tillAsked, tillFreed), tillAsked),
		saga.Call(tillAsked, bankPay, once(tillPaid), tillPaid).UntilAnswered(time.Minute).DroppedBy(tillFreed),
		saga.On(shopCancelled, once(tillFreed), tillFreed).Compensates(tillAsked),
	}
}

func goodVan() []saga.Row {
	return []saga.Row{
		saga.On(tillPaid, once(vanLoaded), vanLoaded, vanLeft).Pivot(vanLeft),
		saga.Call(vanLoaded, roadDrive, once(vanLeft), vanLeft).UntilAnswered(time.Minute).Compensates(tillPaid),
	}
}

func language(events ...saga.Kind) choreography.Language {
	return choreography.Language{Events: events, Topics: []string{"shop.events", "till.events", "van.events"},
		Example: func(saga.Kind) ([]byte, bool) { return []byte("{}"), true }}
}

func TestEachRuleFindsItsFault(t *testing.T) {
	t.Parallel()
	said := slices.DeleteFunc(slices.Clone(allEvents), func(k saga.Kind) bool { return k.Name() == tillNoted.Name() })
	shop, till, van := toy("shop", shopFinal, shopRows...), toy("till", tillFinal, tillRows...), toy("van", vanFinal, vanRows...)
	if faults := choreography.Faults(choreography.Check(language(said...), shop, till, van)); len(faults) > 0 {
		t.Fatalf("the good toys are found fault with: %v", faults)
	}
	with := func(rows []saga.Row, i int, row saga.Row) []saga.Row {
		rows = slices.Clone(rows)
		rows[i] = row
		return rows
	}
	untouched := language(said...)
	for name, c := range map[string]struct {
		rule, says string
		l          choreography.Language
		machines   []*saga.Machine
	}{
		"nobody says what is heard": {"heard is said", "waits for van.left", untouched,
			[]*saga.Machine{shop, till, toy("van", vanFinal, saga.On(tillPaid, once(vanLoaded), vanLoaded))}},
		"nobody hears what is said": {"said is heard", "says van.left and nobody hears it", untouched,
			[]*saga.Machine{toy("shop", shopFinal, shopRows[:3]...), till, van}},
		"final is heard": {"said is heard", "declares till.paid Final, and van hears it", untouched,
			[]*saga.Machine{shop, toy("till", []saga.Kind{tillPaid, tillFreed}, tillRows...), van}},
		"never said":          {"said is heard", "no row emits till.noted", language(allEvents...), []*saga.Machine{shop, till, van}},
		"not in the language": {"said is heard", "the language does not list", language(said[1:]...), []*saga.Machine{shop, till, van}},
		"nothing undoes it": {"undone", "asks bank.pay on till.asked before the pivot", untouched,
			[]*saga.Machine{shop, toy("till", tillFinal, with(tillRows, 2, saga.On(shopCancelled, once(tillFreed), tillFreed))...), van}},
		"no deadline": {"bounded", "waits for bank.pay after till.asked without a deadline", untouched,
			[]*saga.Machine{shop, toy("till", tillFinal, with(tillRows, 1, saga.Call(tillAsked, bankPay, once(tillPaid), tillPaid))...),
				van}},
		"asked for ever": {"bounded", "no deadline that runs from an earlier event", untouched,
			[]*saga.Machine{toy("shop", shopFinal, shopRows[0], shopRows[1], shopRows[3]), till, van}},
		"dropped by what never happens": {"given up", "drops bank.pay on till.noted, which no other row of it emits", untouched,
			[]*saga.Machine{shop, toy("till", tillFinal, with(tillRows, 1, tillRows[1].DroppedBy(tillNoted))...), van}},
		"dropped by its own answer": {"given up", "drops bank.pay on till.paid, which no other row of it emits", untouched,
			[]*saga.Machine{shop, toy("till", tillFinal, with(tillRows, 1, tillRows[1].DroppedBy(tillPaid))...), van}},
		"dropped and not undone": {"given up", "nothing undoes till.asked, which may have been done", untouched,
			[]*saga.Machine{shop, toy("till", tillFinal, tillRows[0], tillRows[1].DroppedBy(tillFreed),
				saga.On(shopCancelled, once(tillFreed), tillFreed).Compensates(tillPaid)), van}},
		"irrevocable too early": {"irrevocable", "does on till.asked what cannot be taken back", untouched,
			[]*saga.Machine{shop, toy("till", tillFinal, with(tillRows, 1, tillRows[1].Irrevocably())...), van}},
		"no topic": {"language", "a topic that is not made",
			choreography.Language{Events: said, Topics: []string{"shop.events", "van.events"}, Example: untouched.Example},
			[]*saga.Machine{shop, till, van}},
		"no example": {"language", "no schema or no example", choreography.Language{Events: said, Topics: untouched.Topics,
			Example: func(saga.Kind) ([]byte, bool) { return nil, false }}, []*saga.Machine{shop, till, van}},
		"no such key": {"keyed", "shop.placed is keyed by colour, which no machine declares",
			language(append([]saga.Kind{shopPlaced.Keyed("colour")}, said[1:]...)...), []*saga.Machine{shop, till, van}},
		"a field is gone": {"grown", "shop.placed.v1: colour: is gone", choreography.Language{Events: said, Topics: untouched.Topics,
			Example: untouched.Example,
			Broken:  []compatibility.Problem{{Event: shopPlaced.Name(), Place: "colour", Change: "is gone", Advice: "keep it"}}},
			[]*saga.Machine{shop, till, van}},
		"twice": {"seen twice", "hears shop.placed twice", untouched,
			[]*saga.Machine{shop, toy("till", tillFinal, with(tillRows, 0, saga.On(shopPlaced, func(s seen, _ note) []saga.Event {
				if s[tillFreed.Name()] {
					return nil
				}
				return []saga.Event{tillAsked.Of(note{})}
			}, tillAsked))...), van}},
		"no tombstone": {"compensation first", "hears shop.cancelled before shop.placed and says till.asked all the same", untouched,
			[]*saga.Machine{shop, toy("till", tillFinal, with(tillRows, 0, saga.On(shopPlaced, once(tillAsked), tillAsked))...), van}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			faults := choreography.Faults(choreography.Check(c.l, c.machines...))
			if !slices.ContainsFunc(faults, func(f choreography.Fault) bool {
				return f.Check == c.rule && strings.Contains(f.Text, c.says)
			}) {
				t.Errorf("found %v", faults)
			}
		})
	}
}
