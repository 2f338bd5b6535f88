package choreography_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"orderflow.example/services/platform/check/choreography"
	"orderflow.example/shared/saga"
)

const purse saga.Key = "purse"

var (
	purseOpened  = event("shop.purse_opened").Keyed(purse)
	purseCounted = event("shop.purse_counted").Keyed(purse)
	purseTold    = event("shop.purse_told")
	byPurse      = map[string]bool{purseOpened.Name(): true, purseCounted.Name(): true}
)

// The good loopback: the order's machine emits an event of the purse's key; the purse's machine answers with one of the order.
func looped(order, purses []saga.Row, orderKey, purseKey saga.Key) []*saga.Machine {
	return []*saga.Machine{
		declared("shop", orderKey, []saga.Kind{shopDone}, order...).Machine(),
		declared("shop", purseKey, []saga.Kind{purseCounted}, purses...).Machine(),
	}
}

func TestTheKeyAndTheLoopbackRulesFindTheirFaults(t *testing.T) {
	t.Parallel()
	orderRows := []saga.Row{saga.On(placeIt, once(purseOpened), purseOpened, shopPlaced),
		saga.On(purseTold, once(shopDone), shopDone), saga.On(shopCancelled, once(shopDone), shopDone),
		saga.After(time.Hour, shopPlaced, once(shopCancelled, shopDone), shopCancelled).Settled(shopDone)}
	purseRows := []saga.Row{saga.On(purseOpened, once(purseCounted), purseCounted, purseTold)}
	events := []saga.Kind{shopPlaced, shopCancelled, shopDone, purseOpened, purseCounted, purseTold}
	check := func(machines []*saga.Machine, events ...saga.Kind) []choreography.Fault {
		return choreography.Faults(choreography.Check(language(events...), machines...))
	}
	if faults := check(looped(orderRows, purseRows, saga.Order, purse), events...); len(faults) > 0 {
		t.Fatalf("the good toys are found fault with: %v", faults)
	}
	back := saga.On(purseTold, once(purseOpened), purseOpened) // opened → told → opened
	both := looped(orderRows, purseRows, saga.Order, purse)
	folds := declared("shop", saga.Order, []saga.Kind{shopDone}, orderRows...)
	folds.Evolve = func(_ seen, e saga.Event) seen { return seen{e.Type: true} }
	both[0] = folds.Machine()
	for name, c := range map[string]struct {
		rule, says string
		machines   []*saga.Machine
	}{
		"no key declared": {"keyed", "declares no key", looped(orderRows, purseRows, "", purse)},
		"heard under another key": {"keyed",
			"has a row on shop.purse_opened, which is keyed by purse, and its states are kept by order",
			looped(orderRows, purseRows, saga.Order, saga.Order)},
		"a key nobody declares": {"keyed", "shop.purse_opened is keyed by purse, which no machine declares",
			looped(orderRows, nil, saga.Order, saga.Order)},
		"a loopback nobody says": {"heard is said", "waits for shop.purse_opened, which no row of shop emits",
			looped(orderRows[1:], purseRows, saga.Order, purse)},
		"no deadline while it waits": {"bounded",
			"waits for shop.purse_told, which another machine of it says, after place, and no deadline",
			looped(orderRows[:3], purseRows, saga.Order, purse)},
		"a round without a way out": {"loopback", "it would go round for ever",
			looped([]saga.Row{orderRows[0], back}, []saga.Row{saga.On(purseOpened, once(purseTold), purseTold)}, saga.Order, purse)},
		"a deadline on what another machine says": {"loopback", "has a deadline on shop.purse_opened, which shop says",
			looped(orderRows, append(purseRows, saga.After(time.Hour, purseOpened, once(purseTold), purseTold)), saga.Order, purse)},
		"a question on what another machine says": {"loopback", "has a question on shop.purse_opened, which shop says",
			looped(orderRows, append(purseRows, saga.Call(purseOpened, bankPay, once(purseTold), purseTold)), saga.Order, purse)},
		"two machines say the same": {"loopback", "says shop.purse_told, which shop says as well",
			looped(append(orderRows, saga.On(giveUpIt, once(purseTold), purseTold)), purseRows, saga.Order, purse)},
		"hearing it twice": {"seen twice", "hears shop.purse_opened twice", looped(orderRows, []saga.Row{
			saga.On(purseOpened, func(seen, note) []saga.Event { return []saga.Event{purseCounted.Of(note{})} }, purseCounted),
			saga.After(time.Hour, purseCounted, once(purseTold), purseTold)}, saga.Order, purse)},
		"a state changed by what is said about another key": {"keyed",
			"changes its state by shop.purse_opened, which is keyed by purse", both},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			faults := check(c.machines, events...)
			if !slices.ContainsFunc(faults, func(f choreography.Fault) bool {
				return f.Check == c.rule && strings.Contains(f.Text, c.says)
			}) {
				t.Errorf("found %v", faults)
			}
		})
	}
	wayOut := looped([]saga.Row{orderRows[0], saga.On(purseTold, once(purseOpened), purseOpened, shopDone)},
		[]saga.Row{saga.On(purseOpened, once(purseTold), purseTold, purseCounted)}, saga.Order, purse)
	if faults := check(wayOut, events...); slices.ContainsFunc(faults,
		func(f choreography.Fault) bool { return f.Check == "loopback" }) {
		t.Errorf("a round with a way out is found fault with: %v", faults)
	}
}

func TestALoopbackIsDrawnAsAnArrowBack(t *testing.T) {
	t.Parallel()
	drawn := choreography.Describe(looped([]saga.Row{saga.On(placeIt, once(purseOpened), purseOpened),
		saga.On(purseOpened, once(shopDone), shopDone)},
		[]saga.Row{saga.On(purseOpened, once(purseCounted), purseCounted)}, saga.Order, purse)...)
	same(t, drawn.Mermaid(), "flowchart LR\n  shop[shop]\n  shop -- \"purse_opened\" --> shop\n")
	if !strings.Contains(drawn.Table(), "| **shop** (purse) | `purse_opened` | decides | `purse_counted` |") {
		t.Errorf("the table is\n%s", drawn.Table())
	}
}
