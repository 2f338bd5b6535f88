// Package recommendation holds the events of the recommendation service.
package recommendation

import (
	"orderflow.example/schemas"
	"orderflow.example/shared/saga"
)

var (
	OrderNoted = saga.Define[OrderNotedV1]("recommendation.order_noted.v1")

	// BasketNoted is consumed by the service itself: all orders are learnt in one sequence, that of the partition of its key.
	BasketNoted = saga.Define[BasketNotedV1]("recommendation.basket_noted.v1").Keyed(schemas.KeyShop)
)

// Events lists all events of the package.
var Events = []saga.Kind{OrderNoted, BasketNoted}

// OrderNotedV1: the order's basket was noted, and is not noted again.
type OrderNotedV1 struct {
	Goods int64 `json:"goods" schema:"min=1" example:"3"`
}

// BasketNotedV1: an order was confirmed, with these goods, once each, in the order of its lines.
type BasketNotedV1 struct {
	OrderID     string   `json:"order_id" schema:"min=1"`
	CustomerID  string   `json:"customer_id"`
	ConfirmedAt string   `json:"confirmed_at" schema:"min=1" example:"2026-03-01T09:30:04Z"`
	SKUs        []string `json:"skus" schema:"min=1" example:"[\"85123A\"]"`
}
