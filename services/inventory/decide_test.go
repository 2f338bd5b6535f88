package inventory_test

import (
	"fmt"
	"strings"
	"testing"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/inventory"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/shipping"
	"orderflow.example/schemas/warehouse"
	"orderflow.example/services/inventory"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

var (
	machine = inventory.Choreography.Machine()
	pounds  = func(pence int64) schemas.Money { return schemas.Money{Amount: pence, Currency: "GBP"} }

	cancelled  = order.Cancelled.Of(order.CancelledV1{})
	dispatched = shipping.Dispatched.Of(shipping.DispatchedV1{Lines: []schemas.Allocation{alloc("tea", 2, "leeds")}})
)

func stocked(sku string, n int64, warehouse string) saga.Event {
	return event.Stocked.About(sku, event.StockedV1{ReceiptID: "r", Warehouse: warehouse, Quantity: n})
}

func watched(receipt, sku string, n int64, warehouse string, reorderPoint int64) saga.Event {
	return event.Stocked.About(sku, event.StockedV1{ReceiptID: receipt, Warehouse: warehouse, Quantity: n,
		ReorderPoint: reorderPoint})
}

func changed(sku string, onHand, reserved int64) saga.Event {
	return event.StockChanged.About(sku, event.StockChangedV1{OnHand: onHand, Reserved: reserved, Available: onHand - reserved})
}

func line(sku string, n int64) schemas.Line {
	return schemas.Line{SKU: sku, Quantity: n, UnitPrice: 100}
}

func alloc(sku string, n int64, warehouse string) schemas.Allocation {
	return schemas.Allocation{SKU: sku, Quantity: n, UnitPrice: 100, Warehouse: warehouse}
}

func validated(policy string, lines ...schemas.Line) saga.Event {
	return order.Validated.Of(order.ValidatedV1{Lines: lines, Total: pounds(schemas.Total(lines)), FillPolicy: policy})
}

func reserved(complete bool, lines ...schemas.Allocation) saga.Event {
	var sum int64
	for _, l := range lines {
		sum += l.Quantity * l.UnitPrice
	}
	return event.Reserved.Of(event.ReservedV1{Lines: lines, Total: pounds(sum), Complete: complete})
}

func TestEveryLineIsSetAsideOnce(t *testing.T) {
	t.Parallel()
	wants := validated("fill_all", line("tea", 2), line("mug", 1), line("tea", 1))
	sagatest.Given(t, machine, stocked("tea", 5, "leeds"), stocked("mug", 5, "leeds")).
		When(wants).Then(reserved(true, alloc("tea", 2, "leeds"), alloc("mug", 1, "leeds"), alloc("tea", 1, "leeds"))).
		When(wants).Then()
}

func TestAllOrNothingIsSetAsideUnlessTheCustomerTakesWhatIsThere(t *testing.T) {
	t.Parallel()
	lines := []schemas.Line{line("tea", 2), line("mug", 1), line("tea", 2)}
	short := []event.Shortage{{SKU: "tea", Requested: 4, Available: 3}}
	rejected := event.Rejected.Of(event.RejectedV1{Reason: "out_of_stock", Short: short})
	for _, policy := range []string{"fill_all", "fill_or_kill", ""} {
		sagatest.Given(t, machine, stocked("tea", 3, "leeds"), stocked("mug", 5, "leeds")).
			When(validated(policy, lines...)).Then(rejected).
			When(validated(policy, lines...)).Then()
	}
	sagatest.Given(t, machine, stocked("tea", 3, "leeds"), stocked("mug", 5, "leeds")).
		When(validated("fill_available", lines...)).
		Then(reserved(false, alloc("tea", 2, "leeds"), alloc("mug", 1, "leeds"), alloc("tea", 1, "leeds")), changed("tea", 3, 3))
	sagatest.Given(t, machine).When(validated("fill_available", lines...)).ThenKinds(event.Rejected)
}

func TestTheBestWarehouseIsTaken(t *testing.T) {
	t.Parallel()
	both := validated("fill_all", line("tea", 2), line("mug", 1))
	for name, c := range map[string]struct {
		stock []saga.Event
		wants saga.Event
		lines []schemas.Allocation
	}{
		"the one that has everything": {
			[]saga.Event{stocked("tea", 9, "bath"), stocked("tea", 3, "leeds"), stocked("mug", 2, "leeds")},
			both, []schemas.Allocation{alloc("tea", 2, "leeds"), alloc("mug", 1, "leeds")}},
		"the one with the most": {
			[]saga.Event{stocked("tea", 5, "bath"), stocked("tea", 9, "leeds")},
			validated("fill_all", line("tea", 2)), []schemas.Allocation{alloc("tea", 2, "leeds")}},
		"the first by name": {
			[]saga.Event{stocked("tea", 5, "leeds"), stocked("tea", 5, "bath")},
			validated("fill_all", line("tea", 2)), []schemas.Allocation{alloc("tea", 2, "bath")}},
		"as few as possible": {
			[]saga.Event{stocked("tea", 2, "bath"), stocked("tea", 6, "leeds"), stocked("tea", 4, "york")},
			validated("fill_all", line("tea", 9)), []schemas.Allocation{alloc("tea", 6, "leeds"), alloc("tea", 3, "york")}},
		"two for two lines": {
			[]saga.Event{stocked("tea", 3, "bath"), stocked("mug", 2, "york")},
			both, []schemas.Allocation{alloc("tea", 2, "bath"), alloc("mug", 1, "york")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sagatest.Given(t, machine, c.stock...).When(c.wants).Then(reserved(true, c.lines...))
		})
	}
}

func TestACancelledOrdersGoodsAreFreeAgain(t *testing.T) {
	t.Parallel()
	released := event.Released.Of(event.ReleasedV1{Lines: []schemas.Allocation{alloc("tea", 2, "leeds")}})
	sagatest.Given(t, machine, stocked("tea", 2, "leeds"), stocked("mug", 9, "leeds"), reserved(true, alloc("tea", 2, "leeds"))).
		When(cancelled).Then(released, changed("tea", 2, 0)).
		When(cancelled).Then()
	sagatest.Given(t, machine, stocked("tea", 3, "leeds"), reserved(true, alloc("tea", 2, "leeds"))).When(cancelled).Then(released)
}

func TestACancellationIsAnsweredEvenIfNothingWasSetAside(t *testing.T) {
	t.Parallel()
	nothing := event.Released.Of(event.ReleasedV1{Lines: []schemas.Allocation{}})
	wants := validated("fill_all", line("tea", 2))
	sagatest.Given(t, machine, stocked("tea", 5, "leeds")).When(cancelled).Then(nothing).
		When(wants).Then(). // the cancellation overtook the order
		When(cancelled).Then()
	sagatest.Given(t, machine).When(wants).ThenKinds(event.Rejected).When(cancelled).Then(nothing).When(cancelled).Then()
}

func TestWhatLeavesIsBookedOutAndWhatComesBackIn(t *testing.T) {
	t.Parallel()
	back := func(id string) saga.Event {
		return shipping.ReturnReceived.Of(shipping.ReturnReceivedV1{ReturnID: id,
			Lines: []schemas.Allocation{alloc("tea", 1, "leeds")}})
	}
	restocked := func(id string) saga.Event {
		return event.Restocked.Of(event.RestockedV1{ReturnID: id, Lines: []schemas.Allocation{alloc("tea", 1, "leeds")}})
	}
	sagatest.Given(t, machine, stocked("tea", 5, "leeds"), reserved(true, alloc("tea", 2, "leeds"))).
		When(dispatched).Then(event.Committed.Of(event.CommittedV1{Lines: []schemas.Allocation{alloc("tea", 2, "leeds")}}),
		changed("tea", 3, 0)).
		When(dispatched).Then().
		When(back("first")).Then(restocked("first"), changed("tea", 4, 0)).
		When(back("first")).Then().
		When(back("second")).Then(restocked("second"), changed("tea", 5, 0)).
		When(back("first")).Then()
}

func TestGoodsReceivedAreOnTheShelf(t *testing.T) {
	t.Parallel()
	sku, point := sagatest.Order, int64(3) // the key at hand
	receipt := func(id string, n int64, reorderPoint *int64) saga.Event {
		return warehouse.StockReceived.Of(warehouse.StockReceivedV1{ReceiptID: id, Warehouse: "leeds", Quantity: n,
			ReorderPoint: reorderPoint})
	}
	sagatest.Given(t, machine).
		When(receipt("r-1", 5, &point)).Then(watched("r-1", sku, 5, "leeds", 3), changed(sku, 5, 0)).
		When(receipt("r-2", 2, nil)).Then(watched("r-2", sku, 2, "leeds", 3), changed(sku, 7, 0)).
		When(receipt("r-1", 5, &point)).Then() // a repeat
}

func TestMoreIsAskedForOnceWhenALevelRunsLow(t *testing.T) {
	t.Parallel()
	sku, point := sagatest.Order, int64(4)
	asked := func(n int64) saga.Event {
		return event.ReplenishmentRequested.About(sku, event.ReplenishmentRequestedV1{Warehouse: "leeds", Quantity: n})
	}
	receipts := 0
	receipt := func(n int64, replenishes string, reorderPoint *int64) saga.Event {
		receipts++
		return warehouse.StockReceived.Of(warehouse.StockReceivedV1{ReceiptID: fmt.Sprint("r-", receipts), Warehouse: "leeds",
			Quantity: n, Replenishes: replenishes, ReorderPoint: reorderPoint})
	}
	d := sagatest.Given(t, machine, watched("earlier", sku, 5, "leeds", 4), stocked(sku, 1, "york")).
		When(validated("fill_all", line(sku, 2))).Then(reserved(true, alloc(sku, 2, "leeds")), asked(5))
	id := d.Emitted()[1].ID
	d.When(receipt(1, "", nil)).ThenKinds(event.Stocked, event.StockChanged) // another receipt; the goods are still on order
	d.When(receipt(5, id, nil)).ThenKinds(event.Stocked, event.StockChanged)
	d.When(receipt(1, "", nil)).ThenKinds(event.Stocked, event.StockChanged)

	// What comes in part leaves the rest on order.
	part := func(n, rest int64, replenishes string) saga.Event {
		receipts++
		return warehouse.StockReceived.Of(warehouse.StockReceivedV1{ReceiptID: fmt.Sprint("r-", receipts), Warehouse: "leeds",
			Quantity: n, Replenishes: replenishes, Rest: rest})
	}
	p := sagatest.Given(t, machine, watched("earlier", sku, 5, "leeds", 4)).
		When(validated("fill_all", line(sku, 5))).ThenKinds(event.Reserved, event.ReplenishmentRequested, event.StockChanged)
	id = p.Emitted()[1].ID
	p.When(part(2, 6, id)).ThenKinds(event.Stocked, event.StockChanged)
	if l := p.State().(inventory.State).Levels.Of(sku)[0]; l.OnOrder != 6 || l.Available() != 2 {
		t.Errorf("after two of eight: %+v", l)
	}
	p.When(part(6, 0, id)).ThenKinds(event.Stocked, event.StockChanged)
	if l := p.State().(inventory.State).Levels.Of(sku)[0]; l.OnOrder != 0 || l.Available() != 8 {
		t.Errorf("after all of eight: %+v", l)
	}

	// If even the receipt leaves too little, more is requested at once.
	sagatest.Given(t, machine).When(receipt(1, "", &point)).
		ThenKinds(event.Stocked, event.ReplenishmentRequested, event.StockChanged)
	sagatest.Given(t, machine, watched("earlier", sku, 5, "leeds", 0)).When(validated("fill_all", line(sku, 5))).
		ThenKinds(event.Reserved, event.StockChanged)
}

func TestAContradictionAboutTheHandOverParksTheOrder(t *testing.T) {
	t.Parallel()
	gone := []saga.Event{stocked("tea", 5, "leeds"), reserved(true, alloc("tea", 2, "leeds")),
		event.Committed.Of(event.CommittedV1{Lines: []schemas.Allocation{alloc("tea", 2, "leeds")}})}
	for name, c := range map[string]struct {
		past []saga.Event
		then saga.Event
	}{
		"left after the release":      {[]saga.Event{event.Released.Of(event.ReleasedV1{})}, dispatched},
		"left without a reservation":  {nil, dispatched},
		"cancelled after leaving":     {gone, cancelled},
		"came back without departure": {nil, shipping.ReturnReceived.Of(shipping.ReturnReceivedV1{ReturnID: "r"})},
	} {
		state := machine.Blank("order-1")
		for _, e := range c.past {
			state = machine.Evolve(state, e)
		}
		if _, err := machine.Hear(state, c.then, func(*saga.Event) {}); err == nil || !strings.Contains(err.Error(), "order-1") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestTheLongestOrderIsOneStep(t *testing.T) {
	t.Parallel()
	const most = 200 // lines, which the order service accepts
	var stock []saga.Event
	var lines []schemas.Line
	for i := range most {
		sku := fmt.Sprintf("sku-%03d", i)
		stock = append(stock, watched("earlier", sku, 1, "leeds", 5))
		lines = append(lines, line(sku, 1))
	}
	d := sagatest.Given(t, machine, stock...).When(validated("fill_all", lines...))
	if n := len(d.Emitted()); n != 1+2*most {
		t.Errorf("%d events", n)
	}
	if n := len(d.When(dispatched).Emitted()); n != 1+most {
		t.Errorf("%d events", n)
	}
}
