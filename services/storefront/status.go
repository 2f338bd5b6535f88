package storefront

// The states of an order that customers are told.
const (
	StatusPlaced      = "placed"
	StatusInReview    = "in_review"
	StatusBackordered = "backordered"
	StatusConfirmed   = "confirmed"
	StatusPreparing   = "preparing"
	StatusCancelling  = "cancelling"
	StatusShipped     = "shipped"
	StatusDelivered   = "delivered"
	StatusCompleted   = "completed"
	StatusReturned    = "returned"
	StatusRejected    = "rejected"
	StatusCancelled   = "cancelled"
)

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

// progress is how far each status is along the way. A customer is never told that the order went back.
var progress = map[string]int{
	StatusPlaced: 1, StatusInReview: 2, StatusBackordered: 2, StatusConfirmed: 3, StatusPreparing: 4, StatusCancelling: 5,
	StatusShipped: 6, StatusDelivered: 7, StatusCompleted: 8, StatusRejected: 9, StatusCancelled: 9, StatusReturned: 10,
}

// TooLateToCancel tells whether the goods have left, or the order has ended.
func (o Order) TooLateToCancel() bool {
	return o.Final || progress[o.Status] >= progress[StatusShipped]
}

// WithCustomer tells whether the goods have arrived, so that they can be sent back.
func (o Order) WithCustomer() bool {
	return o.Status == StatusDelivered || o.Status == StatusCompleted || o.Status == StatusReturned
}
