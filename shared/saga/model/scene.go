package model

import (
	"fmt"
	"strings"
)

// The one order of a scene, its two products, and their warehouses.
const (
	Order    = "order-1"
	Customer = "c1"
	Cup      = "CUP"
	Tea      = "TEA"
	Where    = "LONDON"
	There    = "YORK" // where tea is in scenes of two parcels
)

// Scene is how one order begins and what people will do about it.
type Scene struct {
	Stock    string // enough, none, part, or late: a product is missing, and comes
	Fill     string // fill_all or fill_available
	Customer string // trusted, blocked, review, often: of many orders, or nowhere: an address in no country there is
	Operator string // with review: approves, refuses or ""
	Cancels  bool   // the customer
	Revokes  bool   // an operator cancels for the shop
	Returns  string // "", one, all or each
	Apart    bool   // cups and tea are in two warehouses, so that the order leaves in two parcels
	Missing  bool   // a stock-taking finds no tea
	Counts   bool   // a rule asks how many orders the customer has placed
	Settles  bool   // the gateway's settlement file is read
	Scans    bool   // the carrier notifies of the ends of parcels and returns, beside its answers
	Gateway  string // disputes, reverses or notifies: what the payment gateway may do by itself; "" nothing
}

// Stocked is the stock at the beginning, by SKU.
func (s Scene) Stocked() map[string]int64 {
	switch s.Stock {
	case "enough":
		return map[string]int64{Cup: 3, Tea: 3}
	case "part", "late":
		return map[string]int64{Cup: 3}
	}
	return map[string]int64{}
}

// At is the warehouse that has the SKU.
func (s Scene) At(sku string) string {
	if s.Apart && sku == Tea {
		return There
	}
	return Where
}

// Comes is what comes in after the beginning, by SKU.
func (s Scene) Comes() map[string]int64 {
	if s.Stock == "late" {
		return map[string]int64{Tea: 2}
	}
	return map[string]int64{}
}

// String describes the scene in words.
func (s Scene) String() string {
	words := []string{fmt.Sprintf("stock %s (%s)", s.Stock, s.Fill), "customer " + s.Customer}
	switch s.Customer {
	case "review":
		words[1] = "to be reviewed"
	case "often":
		words[1] = "who orders often"
	}
	if s.Operator != "" {
		words = append(words, "the operator "+s.Operator)
	}
	if s.Cancels {
		words = append(words, "the customer cancels")
	}
	if s.Revokes {
		words = append(words, "the shop cancels")
	}
	if s.Apart {
		words = append(words, "in two parcels")
	}
	if s.Missing {
		words = append(words, "a stock-taking finds no tea")
	}
	if s.Counts {
		words = append(words, "orders are counted")
	}
	if s.Settles {
		words = append(words, "the payout is reconciled")
	}
	if s.Scans {
		words = append(words, "the carrier notifies")
	}
	if s.Gateway != "" {
		words = append(words, "the gateway "+map[string]string{"disputes": "charges back", "reverses": "takes a refund back",
			"notifies": "notifies of everything", "once": "captures only once"}[s.Gateway])
	}
	if s.Returns != "" {
		what := map[string]string{"one": "one line", "all": "everything", "each": "each line on its own"}[s.Returns]
		words = append(words, "returns "+what)
	}
	return strings.Join(words, ", ")
}
