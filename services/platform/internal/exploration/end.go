package exploration

import (
	"fmt"
	"strings"

	"orderflow.example/services/fraud"
	"orderflow.example/services/inventory"
	"orderflow.example/services/order"
	"orderflow.example/services/payment"
	"orderflow.example/services/refund"
	"orderflow.example/services/shipping"
	"orderflow.example/services/warehouse"
	"orderflow.example/shared/saga/explore"
)

const (
	key      = "order-1"
	customer = "c1"
)

// ending is everything that an end is judged by.
type ending struct {
	order    order.Order
	goods    inventory.State
	payment  payment.Payment
	shipment shipping.Shipment
	pick     warehouse.Pick
	refund   refund.Refund
	trusted  fraud.Case
	orders   fraud.Customer
	book     Book
	labels   Labels
	shelves  Shelves
}

// end tells what is wrong with an order to which nothing more can happen: DESIGN, section 8, for one order, where
// possible by what the outside knows.
func end(v explore.View) string {
	e := ending{
		order: v.State("order").(order.Order), goods: v.State("inventory").(inventory.State), payment: v.State("payment").(payment.Payment),
		shipment: v.State("shipping").(shipping.Shipment), pick: v.State("warehouse").(warehouse.Pick),
		refund: v.State("refund").(refund.Refund), trusted: v.State("fraud").(fraud.Case),
		orders: v.State("fraud (customer)").(fraud.Customer),
		book:   v.State(gateway.Name).(Book), labels: v.State(carrier.Name).(Labels), shelves: v.State(floor.Name).(Shelves),
	}
	if !e.order.Status.Final() {
		why := fmt.Sprintf("order is %s", e.order.Status)
		if open := e.awaited(); len(open) > 0 {
			why += ", waits for " + strings.Join(open, " and ")
		}
		if open := v.Open(); len(open) > 0 {
			why += "; never answered: " + strings.Join(open, ", ")
		}
		return why
	}
	for _, wrong := range []string{e.money(), e.stock(), e.undone(), e.parcel(), e.back(), e.trust()} {
		if wrong != "" {
			return fmt.Sprintf("order is %s, and %s", e.order.Status, wrong)
		}
	}
	if open := v.Open(); len(open) > 0 {
		return fmt.Sprintf("order is %s, and never answered: %s", e.order.Status, strings.Join(open, ", "))
	}
	return ""
}

// awaited is what an order that does not end waits for.
func (e ending) awaited() (list []string) {
	noted := func(step string) bool {
		for _, s := range e.order.Steps {
			if s == step {
				return true
			}
		}
		return false
	}
	wait := func(step, instead string) {
		if !noted(step) {
			list = append(list, step+instead)
		}
	}
	switch e.order.Status {
	case order.Placed, order.InReview:
		wait("inventory.reserved", "")
		wait("fraud.cleared", "")
		wait("payment.authorized", "")
	case order.Confirmed, order.Preparing:
		list = append(list, "shipping.dispatched")
	case order.Cancelling:
		wait("inventory.released", "")
		wait("payment.voided", " or refund.issued")
	case order.Shipped:
		if noted("shipping.lost") {
			list = append(list, "refund.issued")
		} else {
			list = append(list, "shipping.delivered")
		}
	}
	return list
}

// trust: of a customer who has placed one order too many only a person clears another.
func (e ending) trust() string {
	if len(e.orders.Seen) > 1 && e.trusted.Status == fraud.Cleared && e.trusted.Operator == "" {
		return "it was cleared by the rules, and is one order too many"
	}
	return ""
}

// money: nothing stays set aside, and what is kept is what the order was worth to the customer.
func (e ending) money() string {
	sum := e.book.Sum()
	kept := sum.Captured - sum.Refunded
	if sum.Open() != 0 {
		return fmt.Sprintf("%d is still set aside", sum.Open())
	}
	want := int64(0)
	if e.order.Status == order.Completed {
		want = e.order.Total.Amount
		for _, r := range e.shipment.Returns {
			if r.Status != shipping.ReturnReceived {
				continue
			}
			for _, l := range r.Lines {
				want -= l.Quantity * l.UnitPrice
			}
		}
	}
	switch {
	case kept != want:
		return fmt.Sprintf("%d of the customer's money is kept instead of %d", kept, want)
	case e.payment.Captured != sum.Captured || e.payment.Voided != sum.Released:
		return fmt.Sprintf("payment knows of %d captured and %d voided, the gateway of %d and %d", e.payment.Captured, e.payment.Voided, sum.Captured, sum.Released)
	case e.order.Refunded != sum.Refunded:
		return fmt.Sprintf("the customer was told of %d given back, and the gateway gave %d", e.order.Refunded, sum.Refunded)
	case e.refund.Captured != sum.Captured || e.refund.Refunded != sum.Refunded || e.refund.Pending != 0:
		return fmt.Sprintf("refund knows of %d captured and %d refunded, the gateway of %d and %d", e.refund.Captured, e.refund.Refunded, sum.Captured, sum.Refunded)
	}
	return ""
}

// stock: on hand is what was stocked, less what left, and what came back; nothing is reserved any more.
func (e ending) stock() string {
	want := map[string]int64{}
	for sku, n := range e.shelves.Stocked {
		want[sku] = n
	}
	if e.goods.Reservation.Status == inventory.Committed {
		for _, l := range e.goods.Reservation.Lines {
			want[l.SKU] -= l.Quantity
		}
	}
	for _, r := range e.shipment.Returns {
		if r.Status == shipping.ReturnReceived {
			for _, l := range r.Lines {
				want[l.SKU] += l.Quantity
			}
		}
	}
	for _, l := range e.goods.Levels {
		if l.Reserved != 0 {
			return fmt.Sprintf("%d of %s are still reserved", l.Reserved, l.SKU)
		}
		if l.OnHand != want[l.SKU] {
			return fmt.Sprintf("%d of %s are on hand instead of %d", l.OnHand, l.SKU, want[l.SKU])
		}
	}
	if left := e.shipment.HandedOver(); left != (e.goods.Reservation.Status == inventory.Committed) {
		return fmt.Sprintf("the parcel is %s, and its goods are %s", e.shipment.Status, e.goods.Reservation.Status)
	}
	return ""
}

// undone: of an order that was cancelled before its parcel left, nothing is left outside.
func (e ending) undone() string {
	switch {
	case e.order.Status != order.Cancelled || e.shipment.HandedOver():
		return ""
	case e.labels.Parcel.Bought && !e.labels.Parcel.Voided:
		return "its label was not given back"
	case e.shelves.Picked:
		return "its parcel stands packed"
	case e.pick.Status != warehouse.Cancelled:
		return fmt.Sprintf("the warehouse was not told: its pick is %s", e.pick.Status)
	}
	return ""
}

// parcel: where it is, is what the customer is told.
func (e ending) parcel() string {
	s := e.shipment.Status
	switch e.order.Status {
	case order.Completed, order.Returned:
		if s != shipping.Delivered || !e.labels.Parcel.Moved {
			return fmt.Sprintf("its parcel is %s", s)
		}
	case order.Cancelled:
		if lost := e.order.Reason == "parcel_lost"; lost != (s == shipping.Lost) || s == shipping.Delivered {
			return fmt.Sprintf("its parcel is %s, the reason given %s", s, e.order.Reason)
		}
	}
	return ""
}

// back: no return is left between, and returned is what came back whole.
func (e ending) back() string {
	var came int64
	for _, r := range e.shipment.Returns {
		switch r.Status {
		case shipping.ReturnReceived:
			for _, l := range r.Lines {
				came += l.Quantity
			}
		case shipping.ReturnRefused:
		default:
			return fmt.Sprintf("the return %s is %s for ever", r.ID, r.Status)
		}
	}
	var left int64
	for _, l := range e.shipment.Lines {
		left += l.Quantity
	}
	if whole := left > 0 && came == left; whole != (e.order.Status == order.Returned) {
		return fmt.Sprintf("%d of %d pieces came back", came, left)
	}
	return ""
}
