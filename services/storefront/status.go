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

// TooLateToCancel tells whether all goods have left, or the order has ended.
func (o Order) TooLateToCancel() bool {
	return o.Final || order.Reached(o.Status, order.StatusShipped) && o.Status != order.StatusCancelling && !o.mayStop()
}

// mayStop tells whether of several parcels some have not left, as far as is known.
func (o Order) mayStop() bool {
	of, gone := int64(0), int64(0)
	for _, s := range o.Shipments {
		if s.Parcel != nil {
			of = s.Parcel.Of
		}
		if s.State != ShipmentPrepared {
			gone++
		}
	}
	return o.Status == order.StatusShipped && gone < of
}

// WithCustomer tells whether the goods have arrived, so that they can be sent back.
func (o Order) WithCustomer() bool {
	return o.Status == order.StatusDelivered || o.Status == order.StatusCompleted || o.Status == order.StatusReturned
}
