package storefront

import "orderflow.example/schemas/order"

// The states of its payment, its parcels and its returns.
const (
	PaymentPending    = "pending"
	PaymentAuthorized = "authorized"
	PaymentCaptured   = "captured"
	PaymentDeclined   = "declined"
	PaymentVoided     = "voided"
	PaymentNone       = "none" // nothing was set aside, and nothing will be

	ShipmentPrepared   = "prepared"
	ShipmentDispatched = "dispatched"
	ShipmentDelivered  = "delivered"
	ShipmentLost       = "lost"
	ShipmentWithdrawn  = "withdrawn"

	ReturnRequested  = "requested"
	ReturnAuthorized = "authorized"
	ReturnRefused    = "refused"
	ReturnReceived   = "received"
)

// TooLateToCancel tells whether the goods have left, or the order has ended.
func (o Order) TooLateToCancel() bool {
	return o.Final || order.Reached(o.Status, order.StatusShipped) && o.Status != order.StatusCancelling
}

// WithCustomer tells whether the goods have arrived, so that they can be sent back.
func (o Order) WithCustomer() bool {
	return o.Status == order.StatusDelivered || o.Status == order.StatusCompleted || o.Status == order.StatusReturned
}
