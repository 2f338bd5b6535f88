package inventory

import (
	"orderflow.example/schemas"
	event "orderflow.example/schemas/inventory"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/shipping"
	"orderflow.example/schemas/warehouse"
	"orderflow.example/shared/saga"
)

// Choreography is everything the inventory service reacts to. An order and its products are decided together, so that one
// store keeps the states of both.
var Choreography = saga.Choreography[State]{
	Service: "inventory",
	Key:     saga.Order,
	Also:    []saga.Key{schemas.KeyProduct},
	Blank:   Blank,
	Evolve:  Evolve,
	Failed:  []saga.Kind{event.Rejected},
	Final:   []saga.Kind{event.Committed, event.Restocked, event.Stocked},
	Rows: []saga.Row{
		saga.On(order.Validated, reserve, event.Reserved, event.Rejected, event.ReplenishmentRequested, event.StockChanged),
		saga.On(order.Cancelled, release, event.Released, event.StockChanged).Compensates(event.Reserved),
		saga.On(shipping.Dispatched, commit, event.Committed, event.StockChanged),
		saga.On(shipping.ReturnReceived, restock, event.Restocked, event.StockChanged),
		saga.On(warehouse.StockReceived, stock, event.Stocked, event.ReplenishmentRequested, event.StockChanged),
	},
}
