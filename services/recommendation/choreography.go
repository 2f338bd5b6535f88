package recommendation

import (
	"orderflow.example/schemas"
	"orderflow.example/schemas/catalog"
	"orderflow.example/schemas/inventory"
	"orderflow.example/schemas/order"
	event "orderflow.example/schemas/recommendation"
	"orderflow.example/schemas/storefront"
	"orderflow.example/shared/saga"
)

// Choreography is what the service does about an order: it notes the basket, once.
var Choreography = saga.Choreography[Order]{
	Service: "recommendation",
	Key:     saga.Order,
	Blank:   Blank,
	Evolve:  Evolve,
	Final:   []saga.Kind{event.OrderNoted},
	Rows:    []saga.Row{saga.OnEvent(order.Confirmed, note, event.OrderNoted, event.BasketNoted)},
}

// Learning is the model of what all orders taught.
var Learning = saga.Choreography[Model]{
	Service: "recommendation",
	Key:     schemas.KeyShop,
	Blank:   BlankModel,
	Rows:    []saga.Row{saga.Show(event.BasketNoted, learn)},
}

// Products keeps what can be had: nothing else is recommended.
var Products = saga.Choreography[Product]{
	Service: "recommendation",
	Key:     schemas.KeyProduct,
	Blank:   BlankProduct,
	Rows: []saga.Row{
		saga.Show(catalog.ProductListed, listed),
		saga.Show(catalog.Withdrawn, withdrawn),
		saga.Show(catalog.Restored, restored),
		saga.Show(inventory.StockChanged, stocked),
	},
}

// Visitors keeps what each customer or guest looked at last.
var Visitors = saga.Choreography[Visitor]{
	Service: "recommendation",
	Key:     schemas.KeyVisitor,
	Blank:   BlankVisitor,
	Rows:    []saga.Row{saga.Show(storefront.InteractionsRecorded, looked)},
}
