package shipping

import (
	"time"

	"orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	event "orderflow.example/schemas/shipping"
	"orderflow.example/schemas/storefront"
	"orderflow.example/schemas/warehouse"
	"orderflow.example/shared/saga"
)

// Choreography is everything the shipping service reacts to.
var Choreography = saga.Choreography[Shipment]{
	Service: "shipping",
	Key:     saga.Order,
	Blank:   Blank,
	Evolve:  Evolve,
	Failed:  []saga.Kind{event.Rejected, event.Lost},
	Final:   []saga.Kind{event.Readied, event.LabelVoided},
	Rows: []saga.Row{
		saga.On(order.Confirmed, prepare, event.LabelRequested, event.Rejected),
		saga.Call(event.LabelRequested, BuyLabel, labelAnswered, event.Prepared, event.Rejected,
			event.LabelVoidRequested, event.LabelVoided).
			UntilAnswered(labelWithin),

		saga.On(warehouse.Packed, parcelPacked, event.Readied, event.Dispatched).Pivot(event.Dispatched),
		saga.On(payment.Captured, moneyTaken, event.Readied, event.Dispatched).Pivot(event.Dispatched),
		saga.Call(event.Dispatched, Deliver, deliverAnswered, event.Delivered, event.Lost).
			Irrevocably().UntilAnswered(deliverWithin),

		saga.On(order.WithdrawalRequested, withdraw, event.Withdrawn, event.LabelVoidRequested, event.WithdrawalRefused).
			Compensates(event.LabelRequested, event.Prepared),
		saga.On(order.Cancelled, letGo, event.Withdrawn, event.LabelVoidRequested).
			Compensates(event.LabelRequested, event.Prepared),
		saga.Call(event.LabelVoidRequested, VoidLabel, voidAnswered, event.LabelVoided).
			Compensates(event.LabelRequested, event.ReturnAuthorized).UntilAnswered(voidWithin),

		saga.On(storefront.ReturnRequested, takeBack, event.ReturnLabelRequested, event.ReturnRefused).Past(event.Dispatched),
		saga.Call(event.ReturnLabelRequested, BuyReturnLabel, returnLabelAnswered, event.ReturnAuthorized, event.ReturnRefused).
			UntilAnswered(labelWithin),
		saga.Call(event.ReturnAuthorized, AwaitReturn, returnAnswered, event.ReturnReceived, event.ReturnRefused),
		// One deadline for all returns of the order, which gives all of them up: the end of one return does not settle it.
		saga.After(returnWithin, event.ReturnAuthorized, giveUpReturn, event.ReturnRefused, event.LabelVoidRequested).
			Compensates(event.ReturnAuthorized),

		// The carrier is asked for ever, and its webhooks may say the same before.
		saga.On(RecordScan, record, event.Delivered, event.Lost, event.ReturnReceived, event.ReturnRefused),
	},
}

// How long an outside party may take before an operator should look.
const (
	labelWithin   = 10 * time.Minute
	voidWithin    = 24 * time.Hour
	deliverWithin = 14 * 24 * time.Hour
	returnWithin  = 30 * 24 * time.Hour // goods on their way back; then they are given up
)

// The questions to the carrier. Each carries the id of the event that asks, the same on every retry.
var (
	BuyLabel       = saga.Ask[event.LabelRequestedV1, LabelAnswer]("carrier.buy_label")
	Deliver        = saga.Ask[event.DispatchedV1, DeliverAnswer]("carrier.deliver")
	VoidLabel      = saga.Ask[event.LabelVoidRequestedV1, VoidAnswer]("carrier.void_label")
	BuyReturnLabel = saga.Ask[event.ReturnLabelRequestedV1, ReturnLabelAnswer]("carrier.buy_return_label")
	AwaitReturn    = saga.Ask[event.ReturnAuthorizedV1, ReturnAnswer]("carrier.return")
)

// LabelAnswer is the carrier's answer about a parcel: its label, or why it refused.
type LabelAnswer struct {
	ShipmentID     string
	Carrier        string
	TrackingNumber string
	Refused        string
}

// DeliverAnswer is the end of a parcel handed over: delivered, or lost.
type DeliverAnswer struct {
	ShipmentID string
	Lost       bool
}

// VoidAnswer tells that the carrier voided the label of this shipment or return, or that it cannot because the label was used.
type VoidAnswer struct {
	ShipmentID string
	Used       bool
}

// ReturnLabelAnswer is the carrier's answer about one of the order's returns: its label, or why it refused.
type ReturnLabelAnswer struct {
	ReturnID       string
	Carrier        string
	TrackingNumber string
	Refused        string
}

// ReturnAnswer is the end of one of the order's returns: its goods are back at our dock, or never come.
type ReturnAnswer struct {
	ReturnID string
	Back     bool
}
