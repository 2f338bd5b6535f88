// Package model declares the order service's part in exploration, audit and demo.
package model

import (
	"fmt"
	"slices"
	"strings"

	event "orderflow.example/schemas/order"
	payments "orderflow.example/schemas/payment"
	refunds "orderflow.example/schemas/refund"
	shipments "orderflow.example/schemas/shipping"
	"orderflow.example/services/order"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/audit"
	"orderflow.example/shared/saga/explore"
	"orderflow.example/shared/saga/explore/gateway"
	"orderflow.example/shared/saga/model"
)

// Service is the order service's part in an order.
var Service = model.Service{
	Watched:   watched,
	Unalarmed: "what goes wrong with an order is said by the step at fault, and by the budget of answers and the stuck sagas",
	Machines: []explore.Machine{{
		Machine: order.Choreography.Machine(), Before: before, Check: statusOnlyForward, Same: stepsInAnyOrder,
		Notes: []saga.Kind{ // consumed only to tell the customer, or to wait for another step
			payments.Voided, shipments.Prepared, shipments.WithdrawalRefused, shipments.Delivered,
			shipments.ReturnAuthorized, shipments.ReturnRefused, shipments.ReturnReceived, refunds.Settled,
		},
	}},
	Harmless: map[string]string{
		"on payment.declined.v1":           "it ends at once, not when its time is up",
		"on shipping.prepared.v1":          "the customer is told",
		"on shipping.return_authorized.v1": "the customer is told",
		"on shipping.return_refused.v1":    "the customer is told",
		"on refund.settled.v1":             "an operator's act that is left out there; it has tests of its own",
	},
	End:  end,
	Role: audit.Decides,
	Event: func(e saga.Event) audit.Fact {
		switch e.Data.(type) {
		case event.ValidatedV1, event.RejectedV1:
			return audit.Begun{}
		}
		return nil
	},
	State: func(state any) []audit.Fact {
		o, is := state.(order.Order)
		if !is {
			return nil
		}
		return []audit.Fact{audit.Order{Status: string(o.Status), Ending: endings[o.Status],
			Total: o.Kept().Amount, Currency: o.Total.Currency, Refunded: o.Refunded, Lost: o.Reason == "parcel_lost"}}
	},
}

var endings = map[order.Status]audit.Ending{order.Rejected: audit.Rejected, order.Cancelled: audit.Cancelled,
	order.Returned: audit.Returned, order.Completed: audit.Completed}

// stepsInAnyOrder sorts the steps: an order only ever asks whether a step was noted.
func stepsInAnyOrder(state any) any {
	o := state.(order.Order)
	o.Steps = slices.Sorted(slices.Values(o.Steps))
	return o
}

// end reports what an order that does not end waits for, and an ended one that told of other money than the customer got back.
func end(v model.Ending) string {
	o := v.State("order").(order.Order)
	if !o.Status.Final() {
		if open := awaited(o); len(open) > 0 {
			return "waits for " + strings.Join(open, " and ")
		}
		return ""
	}
	sum := v.State(gateway.Name).(gateway.Book).Sum()
	if o.Refunded != sum.Refunded || o.Disputed != sum.Charged {
		return fmt.Sprintf("the customer was told of %d refunded and %d charged back, and the gateway has %d and %d",
			o.Refunded, o.Disputed, sum.Refunded, sum.Charged)
	}
	return ""
}

func awaited(o order.Order) (list []string) {
	noted := func(step string) bool { return slices.Contains(o.Steps, step) }
	wait := func(step, instead string) {
		if !noted(step) {
			list = append(list, step+instead)
		}
	}
	switch o.Status {
	case order.Placed, order.InReview, order.Backordered:
		wait("inventory.reserved", "")
		wait("fraud.cleared", "")
		wait("payment.authorized", "")
	case order.Confirmed, order.Preparing:
		list = append(list, "shipping.dispatched")
	case order.Cancelling:
		wait("inventory.released", "")
		wait("payment.voided", " or refund.issued")
	case order.Shipped:
		if o.Of > 1 {
			return append(list, fmt.Sprintf("the ends of %d parcels, of which it knows %v", o.Of, o.Parcels))
		}
		if noted("shipping.lost") {
			list = append(list, "refund.issued")
		} else {
			list = append(list, "shipping.delivered")
		}
	}
	return list
}
