// Package recommendation learns which goods are bought together from each confirmed order, and ranks goods for a basket or a
// customer, with the reason for each.
//
// The method is a local ridge regression (EASE over each good's nearest neighbours): an order weighs the less the larger it is,
// goods weigh the more the closer they are on it, and older orders count for less. The customer's own earlier orders count too.
//
// All orders are learnt in one sequence, since a good's neighbours depend on when they were computed: a machine for each order
// notes its basket once, and the machine of the shop consumes the baskets from its one partition. So a replay learns the same.
// Baskets and the goods' neighbours are kept as rows. Counts of pairs are not: they are added up from the baskets, to the same
// bits each time, in a fraction of the time that writing a row for each pair takes.
//
// An order that is cancelled after it was confirmed stays learnt: its customer wanted these goods together.
//
// It is pure: HTTP is in internal/api, rows in internal/store.
package recommendation

import (
	"time"

	event "orderflow.example/schemas/recommendation"
	"orderflow.example/shared/saga"
)

// Shop is the key of the machine that learns from all orders.
const Shop = "shop"

// Order is this service's state of one order.
type Order struct {
	ID    string
	Noted bool
}

// Blank is an order without events.
func Blank(order string) Order { return Order{ID: order} }

// Evolve folds the order's events.
func Evolve(o Order, e saga.Event) Order {
	if _, is := e.Data.(event.OrderNotedV1); is {
		o.Noted = true
	}
	return o
}

// BlankModel is what is known before the first order.
func BlankModel(string) Model { return Model{} }

// BasketOf is a noted basket as the model learns it.
func BasketOf(n int64, e event.BasketNotedV1) Basket {
	at, _ := time.Parse(time.RFC3339, e.ConfirmedAt) // written by note
	return Basket{N: n, Order: e.OrderID, Customer: e.CustomerID, At: at.UTC(), SKUs: e.SKUs}
}

// learn shows a basket in the model.
func learn(m Model, e event.BasketNotedV1, _ time.Time) Model {
	return m.Learn(BasketOf(m.Baskets+1, e))
}
