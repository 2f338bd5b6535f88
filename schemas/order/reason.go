package order

// The reasons for which an order is cancelled: stable words.
const (
	ReasonFraudSuspected  = "fraud_suspected"
	ReasonOutOfStock      = "out_of_stock"
	ReasonPaymentDeclined = "payment_declined"
	ReasonPaymentUnknown  = "payment_unknown"
	ReasonPaymentExpired  = "payment_expired"
	ReasonCaptureFailed   = "capture_failed"
	ReasonNoCarrier       = "no_carrier"
	ReasonShortPicked     = "short_picked"
	ReasonTimedOut        = "timed_out"
	ReasonNotDispatched   = "not_dispatched"
	ReasonCustomerRequest = "customer_request"
	ReasonShopRequest     = "shop_request" // an operator wants it
	ReasonParcelLost      = "parcel_lost"  // after it was shipped: the money goes back
)

// Reasons lists all of them.
func Reasons() []string {
	return []string{ReasonFraudSuspected, ReasonOutOfStock, ReasonPaymentDeclined, ReasonPaymentUnknown, ReasonPaymentExpired,
		ReasonCaptureFailed, ReasonNoCarrier, ReasonShortPicked, ReasonTimedOut, ReasonNotDispatched, ReasonCustomerRequest,
		ReasonShopRequest, ReasonParcelLost}
}
