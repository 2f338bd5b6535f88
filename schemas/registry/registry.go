// Package registry lists every event type there is, for those who look at all of them: the schemas' generator, the
// platform's drawings and checks. Services name the events they need and do not use it.
package registry

import (
	"slices"

	"orderflow.example/schemas/catalog"
	"orderflow.example/schemas/fraud"
	"orderflow.example/schemas/inventory"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/refund"
	"orderflow.example/schemas/shipping"
	"orderflow.example/schemas/storefront"
	"orderflow.example/schemas/warehouse"
	"orderflow.example/shared/saga"
)

// Events are all event types, by producing service.
func Events() []saga.Kind {
	return slices.Concat(
		catalog.Events,
		fraud.Events,
		inventory.Events,
		order.Events,
		payment.Events,
		refund.Events,
		shipping.Events,
		storefront.Events,
		warehouse.Events,
	)
}
