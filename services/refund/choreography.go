package refund

import (
	"time"

	"orderflow.example/schemas/inventory"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	event "orderflow.example/schemas/refund"
	"orderflow.example/schemas/shipping"
	"orderflow.example/shared/saga"
)

// Choreography is everything the refund service reacts to.
var Choreography = saga.Choreography[Refund]{
	Service: "refund",
	Key:     saga.Order,
	Blank:   Blank,
	Evolve:  Evolve,
	Failed:  []saga.Kind{event.Failed},
	Final:   []saga.Kind{event.Readied, event.DisputeNoted},
	Rows: []saga.Row{
		saga.On(payment.Captured, moneyTaken, event.Readied, event.Requested),

		saga.On(order.Cancelled, orderCancelled, event.Readied, event.Requested).Compensates(payment.Captured),
		saga.On(order.ParcelCancelled, parcelCancelled, event.Readied, event.Requested).Compensates(payment.Captured),
		saga.On(shipping.Lost, parcelLost, event.Readied, event.Requested).Compensates(payment.Captured),
		saga.On(shipping.ReturnReceived, goodsBack, event.Readied, event.Requested).Compensates(payment.Captured),

		saga.Known(inventory.Reserved),
		saga.OnKnown(GrantRefund, inventory.Reserved, func(r Refund, _ Grant) string { return r.Order }, grant, event.Granted),
		saga.On(event.Granted, execute, event.Requested).Compensates(payment.Captured),

		saga.On(SettleRefund, settle, event.Settled),

		saga.On(payment.ChargedBack, chargedBack, event.DisputeNoted),
		saga.On(payment.ChargebackReversed, chargebackReversed, event.DisputeNoted, event.Requested).Compensates(payment.Captured),
		saga.On(payment.DisputeLost, disputeLost, event.DisputeNoted, event.Requested).Compensates(payment.Captured),
		saga.On(payment.RefundReversed, refundReversed, event.Issued, event.Failed),

		saga.Call(event.Requested, GiveBack, giveBackAnswered, event.Issued, event.Failed).
			Compensates(payment.Captured).UntilAnswered(time.Hour),
		saga.On(event.Failed, giveUp, event.Owed),
		saga.After(againAfter, event.Failed, tryAgain, event.Requested).Compensates(payment.Captured),
	},
}

// againAfter is how long after a refusal the gateway is asked again: its reason has often gone after a day.
const againAfter = 24 * time.Hour

// GiveBack asks the gateway to give money back. It carries the id of the event that asks, the same on every retry.
var GiveBack = saga.Ask[event.RequestedV1, RefundAnswer]("gateway.refund")

// RefundAnswer is the gateway's answer to one of the order's refunds: nothing, or why it refused.
type RefundAnswer struct {
	RefundID string // the id of the event that asked
	Refused  string
}
