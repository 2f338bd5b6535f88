// Package audit defines common terms for an order's money and goods, so that invariants across services can be checked
// without knowing any service. The package model of each service translates its events and states into them; the
// platform's audit and exploration use them.
package audit

// Role is the part of the audit that a service plays. A service that moves neither money nor goods has none.
type Role string

const (
	Accepts  Role = "accepts"  // takes orders from customers
	Decides  Role = "decides"  // keeps the order's status
	Charges  Role = "charges"  // authorizes, captures and voids
	Invoices Role = "invoices" // bills what was captured, and credits what was refunded
	Refunds  Role = "refunds"  // gives money back
	Reserves Role = "reserves" // keeps the levels of goods
	Ships    Role = "ships"    // hands parcels over and takes goods back
	Receives Role = "receives" // takes in goods that are bought
	Books    Role = "books"    // keeps the journal of the money that moved
	Tells    Role = "tells"    // tells customers what becomes of their orders
)

// Fact is one of the types of this package.
type Fact any

// Goods are pieces of a SKU in a warehouse.
type Goods struct {
	SKU, Warehouse string
	Quantity       int64
}

// Pieces adds the goods up.
func Pieces(lines []Goods) (n int64) {
	for _, l := range lines {
		n += l.Quantity
	}
	return n
}
