// Package storefront holds the events of the storefront: the requests of customers.
package storefront

import (
	"orderflow.example/schemas"
	"orderflow.example/shared/saga"
)

var (
	OrderPlaced           = saga.Define[OrderPlacedV1]("storefront.order_placed.v1")
	CancellationRequested = saga.Define[CancellationRequestedV1]("storefront.cancellation_requested.v1")
	ReturnRequested       = saga.Define[ReturnRequestedV1]("storefront.return_requested.v1")
	InteractionsRecorded  = saga.Define[InteractionsRecordedV1]("storefront.interactions_recorded.v1").Keyed(schemas.KeyVisitor)
	PreferencesChanged    = saga.Define[PreferencesChangedV1]("storefront.preferences_changed.v1").Keyed(schemas.KeyCustomer)
)

// Events lists all events of the package.
var Events = []saga.Kind{
	OrderPlaced, CancellationRequested, ReturnRequested, InteractionsRecorded, PreferencesChanged,
}

// OrderPlacedV1: a customer ordered. Prices are those the storefront showed.
type OrderPlacedV1 struct {
	CustomerID   string           `json:"customer_id"`
	Lines        []schemas.Line   `json:"lines" schema:"min=1"`
	Total        schemas.Money    `json:"total"`
	ShipTo       schemas.Address  `json:"ship_to" x:"personal"`
	Email        string           `json:"email" x:"personal"`
	PaymentToken string           `json:"payment_token"`
	FillPolicy   string           `json:"fill_policy" schema:"enum=fill_all|fill_or_kill|fill_available"`
	Request      *schemas.Request `json:"request,omitempty" x:"personal"` // none where the request had no key

	// What may be waited for, of an order that is filled in full; none where everything must be there.
	Backorder *schemas.Backorder `json:"backorder,omitempty"`
}

// CancellationRequestedV1: the order is to be cancelled.
type CancellationRequestedV1 struct {
	Reason   string `json:"reason,omitempty"`
	Operator string `json:"operator,omitempty" example:"ann"` // who of the shop wants it; none: the customer does

	Request *schemas.Request `json:"request,omitempty" x:"personal"` // none where the request had no key
}

// ReturnRequestedV1: the customer wants to send goods back.
type ReturnRequestedV1 struct {
	ReturnID string           `json:"return_id"`
	Lines    []ReturnLine     `json:"lines" schema:"min=1"`
	Reason   string           `json:"reason"`
	Request  *schemas.Request `json:"request,omitempty" x:"personal"` // none where the request had no key
}

// ReturnLine is a quantity of one product to be sent back.
type ReturnLine struct {
	SKU      string `json:"sku" schema:"min=1"`
	Quantity int64  `json:"quantity" schema:"min=1"`
}

// The kinds of interactions.
const (
	InteractionView   = "view"
	InteractionCart   = "cart"
	InteractionSearch = "search"
)

// InteractionsRecordedV1: a visitor looked at goods, put them into the cart or searched. Some may be missing: under load they are
// sampled, and those that a process took just before it was killed are lost.
type InteractionsRecordedV1 struct {
	Interactions []Interaction `json:"interactions" schema:"min=1"`
}

// Interaction is one of them.
type Interaction struct {
	Kind  string `json:"kind" schema:"enum=view|cart|search" example:"view"`
	SKU   string `json:"sku,omitempty" example:"85123A"`                 // not of a search
	Query string `json:"query,omitempty" x:"personal" example:"lantern"` // of a search
	At    string `json:"at" schema:"min=1" example:"2026-03-01T09:30:04Z"`
}
