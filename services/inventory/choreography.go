package inventory

import (
	"time"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/inventory"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/shipping"
	"orderflow.example/schemas/warehouse"
	"orderflow.example/shared/saga"
)

// moment reads a time of an event; the zero time if it is none.
func moment(text string) time.Time {
	at, _ := time.Parse(time.RFC3339Nano, text)
	return at
}

// Choreography is everything the inventory service reacts to. An order and its products are decided together, so that one
// store keeps the states of both.
var Choreography = saga.Choreography[State]{
	Service: "inventory",
	Key:     saga.Order,
	Also:    []saga.Key{schemas.KeyProduct},
	Blank:   Blank,
	Evolve:  Evolve,
	Failed:  []saga.Kind{event.Rejected},
	Final:   []saga.Kind{event.Committed, event.Restocked, event.Stocked, event.WrittenOff},
	Rows: []saga.Row{
		saga.OnEvent(order.Validated, reserve, event.Reserved, event.Backordered, event.Rejected, event.ReplenishmentRequested,
			event.StockChanged),
		saga.On(order.Cancelled, release, event.Released, event.StockChanged, event.Offered).
			Compensates(event.Reserved, event.Backordered),
		// It never comes first: an order is confirmed, and leaves in parcels, by what was reserved.
		saga.On(order.ParcelCancelled, releaseParcel, event.Released, event.StockChanged, event.Offered),
		saga.On(shipping.Dispatched, commit, event.Committed, event.StockChanged, event.Offered),
		saga.On(shipping.ReturnReceived, restock, event.Restocked, event.StockChanged, event.Offered),
		saga.OnEvent(warehouse.StockReceived, stock, event.Stocked, event.ReplenishmentRequested, event.StockChanged, event.Offered),

		saga.OnEvent(CountStock, count, event.Counted),
		saga.OnEvent(event.Counted, afterCount, event.ReplenishmentRequested, event.StockChanged, event.Offered, event.Recalled),
		saga.After(time.Millisecond, event.Recalled, recall, event.CountedOut, event.WrittenOff, event.ReplenishmentRequested,
			event.StockChanged, event.Offered, event.Recalled),

		// Who waits takes what comes free, or gives up.
		saga.After(time.Millisecond, event.Offered, take, event.Reserved, event.ReplenishmentRequested, event.StockChanged).
			Settled(event.Reserved, event.Rejected, event.Released),
		saga.At(event.Backordered, func(b event.BackorderedV1) time.Time { return moment(b.Until) }, giveUp,
			event.Rejected, event.StockChanged, event.Offered).
			Settled(event.Reserved, event.Released),
	},
}
