package model

import (
	"fmt"
	"slices"

	frauds "orderflow.example/schemas/fraud"
	goods "orderflow.example/schemas/inventory"
	event "orderflow.example/schemas/order"
	payments "orderflow.example/schemas/payment"
	"orderflow.example/services/order"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/explore"
	"orderflow.example/shared/saga/model"
)

func before(state any) []explore.Before {
	o, b := state.(order.Order), model.Before{}
	step := func(name string) bool { return slices.Contains(o.Steps, name) }
	reached := func(status string) bool { return event.Reached(string(o.Status), status) }
	early := !reached(event.StatusConfirmed)
	b.Never(o.Status != "", event.Validated)
	b.Never(!early, event.Extended)
	b.Until(early, frauds.ReviewRequested, event.Extended)
	b.Never(!early || step("inventory.reserved"), event.Backordered)
	b.Until(early && !step("inventory.reserved"), goods.Backordered, event.Backordered)
	b.Never(!early, event.Confirmed)
	b.Never(reached(event.StatusCancelling), event.Cancelled)
	b.Never(reached(event.StatusCancelling) && !o.MayStop(), event.WithdrawalRequested, event.ParcelCancelled)
	b.Never(!early && o.Of <= 1, event.ParcelCancelled)
	b.Until(early && !step("inventory.reserved"), goods.Reserved, event.Confirmed, event.WithdrawalRequested, event.ParcelCancelled)
	b.Until(early && !step("fraud.cleared"), frauds.Cleared, event.Confirmed, event.WithdrawalRequested, event.ParcelCancelled)
	b.Until(early && !step("payment.authorized"), payments.Authorized, event.Confirmed, event.WithdrawalRequested,
		event.ParcelCancelled)
	return b
}

func statusOnlyForward(before any, step saga.Step) string {
	last := before.(order.Order).Status
	for _, e := range step.Emitted {
		if _, refused := e.Data.(event.CancellationRefusedV1); refused && (last == order.Cancelling || last == order.Cancelled) {
			return fmt.Sprintf("the customer is told that it is too late to cancel an order that is %s", last)
		}
		d, told := e.Data.(event.StatusChangedV1)
		if !told {
			continue
		}
		next := order.Status(d.Status)
		if !event.MayFollow(string(last), string(next)) {
			return fmt.Sprintf("the customer is told %s after %s", next, last)
		}
		last = next
	}
	return ""
}
