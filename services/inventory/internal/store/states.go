package store

import (
	"maps"
	"slices"

	"gorm.io/gorm"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/inventory"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/shipping"
	"orderflow.example/schemas/warehouse"
	"orderflow.example/services/inventory"
	"orderflow.example/shared/saga"
)

// Received are the ids of the last receipts of a SKU.
type Received []string

// states share one set of levels among all orders, so that each sees the reservations of those before it in the batch.
type states struct {
	store        *Stock
	reservations map[string]inventory.Reservation
	waiting      map[string]map[string]struct{} // the orders that wait, by SKU
	levels       map[string]inventory.Levels    // by SKU
	receipts     map[string][]string            // by SKU, of those that have a row to lock
	movedOrders  map[string]struct{}
	movedLevels  map[place]levelRow
	receivedSKUs map[string]struct{}
	balances     map[place]inventory.Balance // of the movements noted, or read
	moved        []movementRow               // to be saved
	saved        bool                        // whether there will be a Save
}

// place is where the goods of a level are.
type place struct{ sku, warehouse string }

func (t *Stock) memory() *states {
	return &states{
		store:        t,
		reservations: map[string]inventory.Reservation{},
		waiting:      map[string]map[string]struct{}{},
		levels:       map[string]inventory.Levels{},
		receipts:     map[string][]string{},
		movedOrders:  map[string]struct{}{},
		movedLevels:  map[place]levelRow{},
		receivedSKUs: map[string]struct{}{},
		balances:     map[place]inventory.Balance{},
	}
}

// Get builds the state for an event.
func (s *states) Get(e saga.Event) any {
	state := inventory.Blank(e.Key)
	if aboutSKU(e) {
		state.Receipts = s.receipts[e.Key]
	} else {
		state.Reservation = s.reservations[e.Key]
	}
	for _, sku := range s.concerned(e) {
		state.Levels = append(state.Levels, s.levels[sku]...)
		for order := range s.waiting[sku] {
			state.Waiting = append(state.Waiting, s.reservations[order].Waits(order).Of(sku)...)
		}
	}
	state.Waiting.Sort()
	if sku := counted(e); sku != "" {
		state.Holding = s.holding(sku)
	}
	return state
}

// holding are the reservations with goods of a SKU set aside.
func (s *states) holding(sku string) map[string]inventory.Reservation {
	found := map[string]inventory.Reservation{}
	for id, r := range s.reservations {
		if r.Status == inventory.Reserved && slices.Contains(named(nil, r.Lines), sku) {
			found[id] = r
		}
	}
	return found
}

// set keeps a reservation, and which SKUs it waits for.
func (s *states) set(order string, r inventory.Reservation) {
	for _, w := range s.reservations[order].Waits(order) {
		delete(s.waiting[w.SKU], order)
	}
	s.reservations[order] = r
	for _, w := range r.Waits(order) {
		if s.waiting[w.SKU] == nil {
			s.waiting[w.SKU] = map[string]struct{}{}
		}
		s.waiting[w.SKU][order] = struct{}{}
	}
}

// Put writes a state back to the shared levels.
func (s *states) Put(e saga.Event, state any) {
	next := state.(inventory.State)
	s.note(next.Moved)
	if !aboutSKU(e) {
		s.set(e.Key, next.Reservation)
		s.movedOrders[e.Key] = struct{}{}
	} else if !slices.Equal(next.Receipts, s.receipts[e.Key]) {
		s.receipts[e.Key] = next.Receipts
		s.receivedSKUs[e.Key] = struct{}{}
	}
	for rest := next.Levels; len(rest) > 0; {
		sku := rest[0].SKU
		levels := rest.Of(sku)
		for _, l := range levels {
			if !slices.Contains(s.levels[sku], l) {
				s.movedLevels[place{sku, l.Warehouse}] = levelRow(l)
			}
		}
		s.levels[sku] = levels
		rest = rest[len(levels):]
	}
}

// Save writes the rows that changed.
func (s *states) Save(tx *gorm.DB) error {
	var reservations []reservationRow
	for id := range s.movedOrders {
		reservations = append(reservations, toReservation(id, s.reservations[id]))
	}
	var received []skuRow
	for sku := range s.receivedSKUs {
		received = append(received, skuRow{sku, s.receipts[sku]})
	}
	if err := s.store.reservations.Upsert(tx, reservations); err != nil {
		return err
	}
	if err := s.store.skus.Upsert(tx, received); err != nil {
		return err
	}
	if err := s.store.movements.Insert(tx, s.moved); err != nil {
		return err
	}
	return s.store.levels.Upsert(tx, slices.Collect(maps.Values(s.movedLevels)))
}

// Each visits reservations as "order <id>", shelves as "stock <sku> at <warehouse>" and receipts as "sku <sku>".
func (s *states) Each(fn func(key string, state any) error) error {
	for id, r := range s.reservations {
		if err := fn("order "+id, r); err != nil {
			return err
		}
	}
	for _, levels := range s.levels {
		for _, l := range levels {
			shelf := inventory.Shelf{Level: l, Balance: s.balances[place{l.SKU, l.Warehouse}]}
			if err := fn("stock "+l.SKU+" at "+l.Warehouse, shelf); err != nil {
				return err
			}
		}
	}
	for sku, ids := range s.receipts {
		if err := fn("sku "+sku, Received(ids)); err != nil {
			return err
		}
	}
	return nil
}

// concerned lists the SKUs whose levels the events may change, sorted, once each: those they name, and those reserved for
// their orders.
func (s *states) concerned(events ...saga.Event) []string {
	var skus []string
	for _, e := range events {
		if aboutSKU(e) {
			skus = append(skus, e.Key)
			continue
		}
		switch d := e.Data.(type) {
		case order.ValidatedV1:
			skus = wanted(skus, d.Lines)
		case shipping.ReturnReceivedV1:
			skus = named(skus, d.Lines)
		case event.BackorderedV1:
			skus = wanted(skus, d.Lines)
		case event.ReservedV1:
			skus = named(skus, d.Lines)
		case event.ReleasedV1:
			skus = named(skus, d.Lines)
		case event.CommittedV1:
			skus = named(skus, d.Lines)
		case event.RecalledV1:
			skus = append(skus, d.SKU)
		case event.RestockedV1:
			skus = named(skus, d.Lines)
		}
		switch r := s.reservations[e.Key]; r.Status {
		case inventory.Reserved:
			skus = named(skus, r.Lines)
		case inventory.Backordered:
			skus = wanted(skus, r.Backorder.Lines)
		}
	}
	slices.Sort(skus)
	return slices.Compact(skus)
}

func wanted(skus []string, lines []schemas.Line) []string {
	for _, l := range lines {
		skus = append(skus, l.SKU)
	}
	return skus
}

func named(skus []string, lines []schemas.Allocation) []string {
	for _, l := range lines {
		skus = append(skus, l.SKU)
	}
	return skus
}

// counted is the SKU of which an event needs all who hold some; empty for almost all events.
func counted(e saga.Event) string {
	switch d := e.Data.(type) {
	case inventory.Count:
		return e.Key
	case event.RecalledV1:
		return d.SKU
	}
	return ""
}

// aboutSKU tells the events whose key is a SKU from those whose key is an order.
func aboutSKU(e saga.Event) bool {
	switch e.Data.(type) {
	case warehouse.StockReceivedV1, inventory.Count, event.CountedV1, event.WrittenOffV1, event.StockedV1, event.StockChangedV1,
		event.ReplenishmentRequestedV1:
		return true
	}
	return false
}
