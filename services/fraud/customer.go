package fraud

import (
	"slices"
	"time"

	event "orderflow.example/schemas/fraud"
	"orderflow.example/shared/saga"
)

// MostOrders bounds how many orders of a customer can be told apart, and so how much is kept of one.
const MostOrders = 1000

// Customer is what this service knows of one customer: the latest orders, as many as a rule asks for.
type Customer struct {
	ID   string
	Seen []Seen // in the order they were counted
}

// Seen is an order that was counted.
type Seen struct {
	Order string
	At    time.Time
}

// BlankCustomer is a customer nothing is known of.
func BlankCustomer(id string) Customer { return Customer{ID: id} }

// EvolveCustomer folds what was counted. The window slides with the time of counting: what was counted longer before than the
// event says is forgotten, and so are the oldest where there are more than it tells apart.
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

// measure tells the order how many there are.
func measure(c Customer, e event.OrderCountedV1) []saga.Event {
	return []saga.Event{event.VelocityMeasured.About(e.OrderID, event.VelocityMeasuredV1{Orders: int64(len(c.Seen))})}
}
