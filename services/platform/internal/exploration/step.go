package exploration

import (
	"fmt"

	orders "orderflow.example/schemas/order"
	shipments "orderflow.example/schemas/shipping"
	"orderflow.example/services/inventory"
	"orderflow.example/services/order"
	"orderflow.example/services/refund"
	"orderflow.example/services/shipping"
	"orderflow.example/shared/saga"
)

// checks are what must hold at each step, by service.
var checks = map[string]func(before any, step saga.Step) string{
	"order":     statusOnlyForward,
	"inventory": reservedIsOnHand,
	"shipping":  goesOrIsWithdrawn,
	"refund":    refundsWhatWasTaken,
}

func statusOnlyForward(before any, step saga.Step) string {
	last := before.(order.Order).Status
	for _, e := range step.Emitted {
		if _, refused := e.Data.(orders.CancellationRefusedV1); refused && (last == order.Cancelling || last == order.Cancelled) {
			return fmt.Sprintf("the customer is told that it is too late to cancel an order that is %s", last)
		}
		d, told := e.Data.(orders.StatusChangedV1)
		if !told {
			continue
		}
		next := order.Status(d.Status)
		if !orders.MayFollow(string(last), string(next)) {
			return fmt.Sprintf("the customer is told %s after %s", next, last)
		}
		last = next
	}
	return ""
}

func reservedIsOnHand(_ any, step saga.Step) string {
	for _, l := range step.State.(inventory.State).Levels {
		if l.Reserved < 0 || l.Reserved > l.OnHand {
			return fmt.Sprintf("%d of %s are reserved, and %d on hand", l.Reserved, l.SKU, l.OnHand)
		}
	}
	return ""
}

func goesOrIsWithdrawn(before any, step saga.Step) string {
	s := before.(shipping.Shipment)
	for _, e := range step.Emitted {
		switch e.Data.(type) {
		case shipments.DispatchedV1:
			if s.HandedOver() || s.Status == shipping.Withdrawn {
				return fmt.Sprintf("the parcel is handed over although it is %s", s.Status)
			}
		case shipments.WithdrawnV1:
			if s.HandedOver() {
				return fmt.Sprintf("the parcel is withdrawn although it is %s", s.Status)
			}
		}
	}
	return ""
}

func refundsWhatWasTaken(_ any, step saga.Step) string {
	if r := step.State.(refund.Refund); r.Left() < 0 {
		return fmt.Sprintf("%d is refunded or about to be, and %d captured", r.Refunded+r.Pending, r.Captured)
	}
	return ""
}
