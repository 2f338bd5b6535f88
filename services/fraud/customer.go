package fraud

import (
	"slices"
	"time"

	event "orderflow.example/schemas/fraud"
	"orderflow.example/shared/saga"
)

// MostOrders is the largest limit of a rule on a customer's orders, and so bounds how many are kept of one.
const MostOrders = 1000

// Customer is this service's state of one customer: the latest orders, as many as a rule needs.
type Customer struct {
	ID   string
	Seen []Seen // in the order of counting
}

// Seen is an order that was counted.
type Seen struct {
	Order string
	At    time.Time
}

// BlankCustomer is a customer without events.
func BlankCustomer(id string) Customer { return Customer{ID: id} }

// EvolveCustomer folds the counted orders. The window slides with the time of counting: orders counted before the window of the
// event are dropped, and so are the oldest above its limit.
func EvolveCustomer(c Customer, e saga.Event) Customer {
	d, counted := e.Data.(event.OrderCountedV1)
	if !counted {
		return c
	}
	since := e.Time.Add(-time.Duration(d.WithinSeconds) * time.Second)
	seen := slices.DeleteFunc(slices.Clone(c.Seen), func(s Seen) bool { return !s.At.After(since) })
	seen = append(seen, Seen{d.OrderID, e.Time})
	c.Seen = seen[max(0, len(seen)-int(min(d.Orders, MostOrders))-1):]
	return c
}

// count counts an order once.
func count(c Customer, e event.OrderSeenV1) []saga.Event {
	if slices.ContainsFunc(c.Seen, func(s Seen) bool { return s.Order == e.OrderID }) {
		return nil
	}
	return []saga.Event{event.OrderCounted.Of(event.OrderCountedV1(e))}
}

// measure emits the count for the order's case.
func measure(c Customer, e event.OrderCountedV1) []saga.Event {
	return []saga.Event{event.VelocityMeasured.About(e.OrderID, event.VelocityMeasuredV1{Orders: int64(len(c.Seen))})}
}
