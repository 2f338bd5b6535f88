package exploration

import (
	"slices"

	frauds "orderflow.example/schemas/fraud"
	goods "orderflow.example/schemas/inventory"
	orders "orderflow.example/schemas/order"
	payments "orderflow.example/schemas/payment"
	refunds "orderflow.example/schemas/refund"
	shipments "orderflow.example/schemas/shipping"
	picks "orderflow.example/schemas/warehouse"
	"orderflow.example/services/fraud"
	"orderflow.example/services/inventory"
	"orderflow.example/services/order"
	"orderflow.example/services/payment"
	"orderflow.example/services/refund"
	"orderflow.example/services/shipping"
	"orderflow.example/services/warehouse"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/explore"
)

// before is what each service does not say yet, or any more, by what it knows. The explorer checks it at each step, so
// that it can only be too little.
var before = map[string]func(state any) []explore.Before{
	"order": beforeOrder, "fraud": beforeFraud, "inventory": beforeInventory, "payment": beforePayment,
	"fraud (customer)": beforeCustomer, "shipping": beforeShipping, "warehouse": beforeWarehouse, "refund": beforeRefund,
}

// knowledge is gathered fact by fact.
type knowledge []explore.Before

// never: where it holds, none of these is said any more.
func (k *knowledge) never(holds bool, says ...saga.Kind) {
	if holds {
		for _, s := range says {
			*k = append(*k, explore.Before{Says: s})
		}
	}
}

// until: where it holds, this event is heard before any of those is said.
func (k *knowledge) until(holds bool, hears saga.Kind, says ...saga.Kind) {
	if holds {
		for _, s := range says {
			*k = append(*k, explore.Before{Says: s, Hears: []saga.Kind{hears}})
		}
	}
}

func beforeOrder(state any) (k []explore.Before) {
	o, b := state.(order.Order), (*knowledge)(&k)
	step := func(name string) bool { return slices.Contains(o.Steps, name) }
	reached := func(status string) bool { return orders.Reached(string(o.Status), status) }
	early := !reached(orders.StatusConfirmed)
	b.never(o.Status != "", orders.Validated)
	b.never(reached(orders.StatusInReview), orders.Extended)
	b.never(!early, orders.Confirmed)
	b.never(reached(orders.StatusCancelling), orders.Cancelled, orders.WithdrawalRequested)
	b.until(early && !step("inventory.reserved"), goods.Reserved, orders.Confirmed, orders.WithdrawalRequested)
	b.until(early && !step("fraud.cleared"), frauds.Cleared, orders.Confirmed, orders.WithdrawalRequested)
	b.until(early && !step("payment.authorized"), payments.Authorized, orders.Confirmed, orders.WithdrawalRequested)
	return k
}

func beforeFraud(state any) (k []explore.Before) {
	c, b := state.(fraud.Case), (*knowledge)(&k)
	b.never(c.Status != fraud.Unknown, frauds.CountRequested, frauds.OrderSeen)
	b.never(c.Status != fraud.Unknown && c.Status != fraud.Counting, frauds.ReviewRequested)
	b.never(c.Status != fraud.Unknown && c.Status != fraud.Counting && c.Status != fraud.InReview, frauds.Cleared, frauds.Rejected)
	b.until(c.Status == fraud.Unknown, orders.Validated, frauds.Cleared, frauds.Rejected)
	if c.Status == fraud.Counting { // where nobody counts in time, the operator is asked
		k = append(k, explore.Before{Says: frauds.Cleared, Hears: []saga.Kind{frauds.VelocityMeasured, fraud.DecideReview}})
	}
	b.until(c.Status == fraud.InReview, fraud.DecideReview, frauds.Cleared)
	return k
}

func beforeCustomer(state any) (k []explore.Before) {
	counted := slices.ContainsFunc(state.(fraud.Customer).Seen, func(s fraud.Seen) bool { return s.Order == key })
	b := (*knowledge)(&k)
	b.never(counted, frauds.OrderCounted, frauds.VelocityMeasured)
	b.until(!counted, frauds.OrderSeen, frauds.OrderCounted, frauds.VelocityMeasured)
	return k
}

func beforeInventory(state any) (k []explore.Before) {
	status, b := state.(inventory.State).Reservation.Status, (*knowledge)(&k)
	b.never(status != inventory.Unknown, goods.Reserved, goods.Rejected)
	b.never(status == inventory.Released || status == inventory.Committed, goods.Released)
	return k
}

func beforePayment(state any) (k []explore.Before) {
	p, b := state.(payment.Payment), (*knowledge)(&k)
	in := func(s ...payment.Status) bool { return slices.Contains(s, p.Status) }
	waiting := in(payment.Waiting)
	b.never(!waiting, payments.AuthorizationRequested)
	b.never(!in(payment.Waiting, payment.Authorizing, payment.Authorized), payments.CaptureRequested)
	b.never(!in(payment.Waiting, payment.Authorizing), payments.Authorized, payments.Declined, payments.OutcomeUnknown)
	b.never(!in(payment.Waiting, payment.Authorizing, payment.Authorized, payment.Capturing), payments.Captured, payments.CaptureFailed)
	b.never(in(payment.Voided, payment.Voiding, payment.Captured), payments.VoidRequested)
	b.never(in(payment.Voided, payment.Captured), payments.Voided)
	asks := []saga.Kind{payments.AuthorizationRequested, payments.CaptureRequested}
	b.until(waiting && !p.Known, orders.Validated, asks...)
	b.until(waiting && !p.Goods, goods.Reserved, asks...)
	b.until(waiting && !p.Trust, frauds.Cleared, asks...)
	b.until(in(payment.Waiting, payment.Authorizing, payment.Authorized), picks.Packed, payments.CaptureRequested)
	return k
}

func beforeShipping(state any) (k []explore.Before) {
	s, b := state.(shipping.Shipment), (*knowledge)(&k)
	in := func(status ...shipping.Status) bool { return slices.Contains(status, s.Status) }
	stays := in(shipping.Withdrawn, shipping.Rejected)
	after := []saga.Kind{shipments.Delivered, shipments.Lost, shipments.ReturnLabelRequested, shipments.ReturnAuthorized, shipments.ReturnReceived}
	b.never(!in(shipping.Waiting), shipments.LabelRequested)
	b.never(!in(shipping.Waiting) && s.Label != shipping.LabelAsked, shipments.Prepared, shipments.Rejected)
	b.never(stays || s.HandedOver(), shipments.Dispatched)
	b.never(s.HandedOver() || in(shipping.Withdrawn), shipments.Withdrawn)
	b.never(stays, shipments.WithdrawalRefused)
	b.never(stays, after...)
	b.never(in(shipping.Delivered, shipping.Lost), shipments.Delivered, shipments.Lost)
	b.never(in(shipping.Lost), shipments.ReturnLabelRequested, shipments.ReturnAuthorized, shipments.ReturnReceived)
	goes := append([]saga.Kind{shipments.Dispatched, shipments.WithdrawalRefused}, after...)
	here := !stays && !s.HandedOver()
	b.until(here && !s.Packed, picks.Packed, goes...)
	b.until(here && !s.Paid, payments.Captured, goes...)
	return k
}

func beforeWarehouse(state any) (k []explore.Before) {
	p, b := state.(warehouse.Pick), (*knowledge)(&k)
	b.never(p.Status != warehouse.Waiting, picks.PickRequested)
	b.never(p.Status != warehouse.Waiting && p.Status != warehouse.Picking, picks.Packed, picks.ShortPicked)
	b.never(p.Status == warehouse.Cancelled, picks.PickCancelled)
	return k
}

func beforeRefund(state any) (k []explore.Before) {
	r, b := state.(refund.Refund), (*knowledge)(&k)
	all := []saga.Kind{refunds.Requested, refunds.Issued, refunds.Failed}
	b.until(!r.Taken, payments.Captured, all...)
	b.never(r.Taken && r.Refunded == r.Captured, all...)
	return k
}

// notedByOrder is what the order service hears only to tell the customer, or to wait for something else.
var notedByOrder = []saga.Kind{
	goods.Released, payments.Voided, shipments.Prepared, shipments.WithdrawalRefused, shipments.Delivered, shipments.Lost,
	shipments.ReturnAuthorized, shipments.ReturnRefused, shipments.ReturnReceived, refunds.Issued, refunds.Failed,
}
