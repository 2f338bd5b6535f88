package order

import (
	"time"

	"orderflow.example/schemas/fraud"
	"orderflow.example/schemas/inventory"
	event "orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/refund"
	"orderflow.example/schemas/shipping"
	"orderflow.example/schemas/storefront"
	"orderflow.example/schemas/warehouse"
	"orderflow.example/shared/saga"
)

// The time limits of an order.
const (
	confirmWithin  = 30 * time.Minute   // from its validation
	reviewWithin   = 8 * 24 * time.Hour // from the request for a review, which itself ends after seven days
	dispatchWithin = 24 * time.Hour     // from its confirmation
	arrangeWithin  = 24 * time.Hour     // from the end of a back-order: its goods may have come at the last moment
)

// Choreography is everything the order service reacts to.
var Choreography = saga.Choreography[Order]{
	Service: "order",
	Key:     saga.Order,
	Blank:   Blank,
	Evolve:  Evolve,
	Failed:  []saga.Kind{event.Rejected, event.Cancelled},
	Final:   []saga.Kind{event.Progressed, event.Shipped, event.CancellationRefused, event.Completed},
	Rows: []saga.Row{
		saga.On(storefront.OrderPlaced, validate, event.Validated, event.Rejected, event.StatusChanged),

		// Three steps, in any order, make a confirmed order.
		saga.On(inventory.Reserved, goodsReserved, event.Progressed, event.Confirmed, event.StatusChanged),
		saga.On(fraud.Cleared, trusted, event.Progressed, event.Confirmed, event.StatusChanged),
		saga.On(payment.Authorized, moneySetAside, event.Progressed, event.Confirmed, event.StatusChanged),
		saga.On(fraud.ReviewRequested, awaitReview, event.Extended, event.StatusChanged),
		saga.On(inventory.Backordered, goodsAwaited, event.Backordered, event.StatusChanged),
		saga.After(confirmWithin, event.Validated, confirmationLate, event.Cancelled, event.StatusChanged).
			Settled(event.Extended, event.Backordered, event.Confirmed, event.Cancelled),
		saga.After(reviewWithin, event.Extended, reviewLate, event.Cancelled, event.StatusChanged).
			Settled(event.Confirmed, event.Cancelled),
		saga.At(event.Backordered, func(b event.BackorderedV1) time.Time { return giveUpAt(b.Until) }, backorderLate,
			event.Cancelled, event.StatusChanged).
			Settled(event.Confirmed, event.Cancelled),

		// Before the parcel is handed over, any failure cancels.
		failure(fraud.Rejected, fraudSuspected, "fraud"),
		failure(inventory.Rejected, outOfStock, "inventory"),
		failure(payment.Declined, paymentDeclined, "payment"),
		failure(payment.OutcomeUnknown, paymentUnknown, "payment"),
		failure(payment.Expired, paymentExpired, "payment"),
		saga.On(payment.CaptureFailed, captureRefused, event.Progressed, event.Cancelled, event.WithdrawalRequested,
			event.StatusChanged),
		saga.On(shipping.Rejected, labelRefused, event.Progressed, event.Cancelled, event.WithdrawalRequested, event.StatusChanged),
		saga.On(warehouse.ShortPicked, goodsShort, event.Reduced, event.Progressed, event.Cancelled, event.WithdrawalRequested,
			event.StatusChanged),
		saga.On(inventory.CountedOut, goodsMissing, event.Cancelled, event.WithdrawalRequested, event.StatusChanged),

		// A request to cancel; once confirmed, shipping decides.
		saga.On(storefront.CancellationRequested, withdraw,
			event.Cancelled, event.Progressed, event.WithdrawalRequested, event.CancellationRefused, event.StatusChanged),
		saga.After(dispatchWithin, event.Confirmed, dispatchLate, event.WithdrawalRequested, event.StatusChanged).
			Settled(event.Shipped, event.Cancelled),
		saga.On(shipping.Withdrawn, withdrawn, event.Cancelled, event.ParcelCancelled, event.Shipped, event.Completed,
			event.StatusChanged),
		saga.On(shipping.WithdrawalRefused, withdrawalRefused, event.CancellationRefused, event.StatusChanged),

		// An order is cancelled once goods and money are compensated.
		saga.On(inventory.Released, goodsReleased, event.Progressed, event.StatusChanged),
		saga.On(payment.Voided, moneyReleased, event.Progressed, event.StatusChanged),

		saga.On(shipping.Prepared, prepared, event.StatusChanged),
		saga.On(shipping.Dispatched, dispatched, event.Reduced, event.Progressed, event.Shipped, event.StatusChanged),
		saga.On(shipping.Delivered, delivered, event.Progressed, event.Completed, event.StatusChanged),
		saga.On(shipping.Lost, parcelLost, event.Progressed, event.Completed, event.StatusChanged),

		saga.On(shipping.ReturnAuthorized, returnAuthorized, event.Progressed, event.StatusChanged),
		saga.On(shipping.ReturnRefused, returnRefused, event.Progressed, event.StatusChanged),
		saga.On(shipping.ReturnReceived, returnReceived, event.Progressed, event.StatusChanged),
		saga.On(refund.Issued, refundIssued, event.Progressed, event.StatusChanged),
		saga.On(refund.Failed, refundFailed, event.Progressed, event.StatusChanged),
		saga.On(refund.Owed, refundOwed, event.Progressed, event.StatusChanged),
		saga.On(refund.Settled, refundSettled, event.Progressed, event.StatusChanged),
		saga.On(payment.ChargedBack, chargedBack, event.Progressed, event.StatusChanged),
		saga.On(payment.ChargebackReversed, chargebackReversed, event.Progressed, event.StatusChanged),
	},
}

// failure is the row of an event after which the order cannot be carried out.
func failure[E any](heard saga.Type[E], reason, by string) saga.Row {
	return saga.On(heard, func(o Order, _ E) []saga.Event { return cancel(o, reason, by) }, event.Cancelled, event.StatusChanged)
}
