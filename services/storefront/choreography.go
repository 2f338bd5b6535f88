package storefront

import (
	"orderflow.example/schemas"
	"orderflow.example/schemas/catalog"
	"orderflow.example/schemas/inventory"
	"orderflow.example/schemas/invoice"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/refund"
	"orderflow.example/schemas/shipping"
	event "orderflow.example/schemas/storefront"
	"orderflow.example/shared/saga"
)

// Choreography is what the service does about an order: commands of its customer, and the projection shown to them.
var Choreography = saga.Choreography[Order]{
	Service: "storefront",
	Key:     saga.Order,
	Blank:   Blank,
	Evolve:  Evolve,
	Rows: []saga.Row{
		saga.On(PlaceOrder, place, event.OrderPlaced),
		saga.On(RequestCancellation, cancel, event.CancellationRequested),
		saga.On(RequestReturn, sendBack, event.ReturnRequested),

		saga.Show(order.StatusChanged, statusChanged),
		saga.Show(order.Confirmed, confirmed),
		saga.Show(order.Reduced, reduced),
		saga.Show(order.ParcelCancelled, parcelCancelled),

		saga.Show(payment.Authorized, authorized),
		saga.Show(payment.Captured, captured),
		saga.Show(payment.Declined, declined),
		saga.Show(payment.Voided, voided),
		saga.Show(payment.ChargedBack, chargedBack),
		saga.Show(payment.ChargebackReversed, chargebackReversed),
		saga.Show(refund.Issued, refunded),
		saga.Show(refund.Failed, notRefunded),
		saga.Show(refund.Settled, settled),
		saga.Show(invoice.Issued, invoiced),
		saga.Show(invoice.CreditNoteIssued, credited),

		saga.Show(shipping.Prepared, prepared),
		saga.Show(shipping.Dispatched, dispatched),
		saga.Show(shipping.Withdrawn, withdrawn),
		saga.Show(shipping.Delivered, delivered),
		saga.Show(shipping.Lost, lost),
		saga.Show(shipping.ReturnAuthorized, returnAuthorized),
		saga.Show(shipping.ReturnRefused, returnRefused),
		saga.Show(shipping.ReturnReceived, returnReceived),
	},
}

// Products is the projection of the goods for sale. Its keys are SKUs.
var Products = saga.Choreography[Product]{
	Service: "storefront",
	Key:     schemas.KeyProduct,
	Blank:   BlankProduct,
	Rows: []saga.Row{
		saga.Show(catalog.ProductListed, listed),
		saga.Show(catalog.PriceChanged, priced),
		saga.Show(catalog.Withdrawn, withdrawnFromSale),
		saga.Show(catalog.Restored, restored),
		saga.Show(inventory.StockChanged, stocked),
	},
}

// Visits is what visitors of the shop look at. No state is kept of it: who wants to know consumes the events.
var Visits = saga.Choreography[Visit]{
	Service: "storefront",
	Key:     schemas.KeyVisitor,
	Blank:   BlankVisit,
	Rows:    []saga.Row{saga.On(RecordInteractions, record, event.InteractionsRecorded)},
}

// The customers' commands. Each has the fields of the event it leads to.
var (
	PlaceOrder          = saga.Command[event.OrderPlacedV1]("place_order")
	RequestCancellation = saga.Command[event.CancellationRequestedV1]("request_cancellation")
	RequestReturn       = saga.Command[event.ReturnRequestedV1]("request_return")
	RecordInteractions  = saga.Command[event.InteractionsRecordedV1]("record_interactions")
)
