// Package registry lists all event types, for tools that look at all of them: the schemas' generator, the platform's
// drawings and checks. Services name the events they need and do not use it.
package registry

import (
	"slices"
	"strings"

	"orderflow.example/schemas"
	"orderflow.example/schemas/catalog"
	"orderflow.example/schemas/fraud"
	"orderflow.example/schemas/inventory"
	"orderflow.example/schemas/invoice"
	"orderflow.example/schemas/notification"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/recommendation"
	"orderflow.example/schemas/refund"
	"orderflow.example/schemas/reporting"
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
		invoice.Events,
		notification.Events,
		order.Events,
		payment.Events,
		recommendation.Events,
		refund.Events,
		reporting.Events,
		shipping.Events,
		storefront.Events,
		warehouse.Events,
	)
}

// Schema is the JSON Schema of the event's payload, in its closed form; nil for an event type that is not listed.
func Schema(event string) []byte { return file(event, ".json") }

// Example is a realistic payload of the event; nil for an event type that is not listed.
func Example(event string) []byte { return file(event, ".example.json") }

func file(event, ending string) []byte {
	content, err := schemas.Files.ReadFile(strings.Replace(event, ".", "/", 1) + ending)
	if err != nil {
		return nil
	}
	return content
}
