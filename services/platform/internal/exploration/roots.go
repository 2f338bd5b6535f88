package exploration

import (
	"fmt"
	"strings"
	"time"

	"orderflow.example/schemas"
	"orderflow.example/schemas/storefront"
	"orderflow.example/services/fraud"
	"orderflow.example/services/inventory"
	"orderflow.example/shared/saga/explore"
)

// Root says how one order begins and what people will want of it.
type Root struct {
	Stock    string // enough, none or part
	Fill     string // fill_all or fill_available
	Customer string // trusted, blocked, review, often: of many orders, or nowhere: an address in no country there is
	Operator string // with review: approves, refuses or ""
	Cancels  bool
	Returns  string // "", one, all or each
	Counts   bool   // a rule asks how many orders the customer has placed
}

// Roots are all of them.
func Roots() (roots []Root) {
	for _, goods := range [][2]string{{"enough", "fill_all"}, {"none", "fill_available"}, {"part", "fill_available"}, {"part", "fill_all"}} {
		for _, who := range [][2]string{{"trusted", ""}, {"blocked", ""}, {"nowhere", ""}, {"review", ""}, {"review", "approves"}, {"review", "refuses"}} {
			for _, cancels := range []bool{false, true} {
				for _, returns := range []string{"", "one", "all", "each"} {
					roots = append(roots, Root{Stock: goods[0], Fill: goods[1], Customer: who[0], Operator: who[1], Cancels: cancels, Returns: returns})
				}
			}
		}
	}
	return roots
}

// The two products, and where they lie.
const (
	cup   = "CUP"
	tea   = "TEA"
	where = "LONDON"
)

// start is the root as it is explored.
func (r Root) start() explore.Root {
	price := int64(500)
	email, country := "ada@example.com", "GB"
	switch r.Customer {
	case "nowhere":
		country = "XX"
	case "blocked":
		email = "ada@fraud.example"
	case "review":
		price = 500_001 // two of them are more than fraud lets pass unseen
	}
	placed := storefront.OrderPlacedV1{
		CustomerID: customer, Email: email, PaymentToken: "tok_ok", FillPolicy: r.Fill,
		Lines:  []schemas.Line{{SKU: cup, Quantity: 1, UnitPrice: price}, {SKU: tea, Quantity: 1, UnitPrice: price}},
		Total:  schemas.Money{Amount: 2 * price, Currency: "GBP"},
		ShipTo: schemas.Address{Name: "Ada", Line1: "1 High Street", City: "Leeds", Postcode: "LS1 1AA", Country: country},
	}
	stocked := map[string]int64{}
	switch r.Stock {
	case "enough":
		stocked = map[string]int64{cup: 3, tea: 3}
	case "part":
		stocked = map[string]int64{cup: 3}
	}
	levels := inventory.Levels{}
	for _, sku := range []string{cup, tea} {
		levels = append(levels, inventory.Level{SKU: sku, Warehouse: where, OnHand: stocked[sku]})
	}
	root := explore.Root{
		Name: r.String(),
		States: map[string]any{
			"inventory": inventory.State{Key: key, Levels: levels},
			floor.Name:  Shelves{Stocked: stocked},
		},
		Told: []explore.Told{{Who: "the customer orders", Event: storefront.OrderPlaced.Of(placed)}},
	}
	if r.Customer == "often" {
		root.States["fraud (customer)"] = fraud.Customer{ID: customer, Seen: []fraud.Seen{{Order: "order-0", At: time.Unix(0, 0)}}}
	}
	if r.Cancels {
		root.Told = append(root.Told, explore.Told{Who: "the customer cancels",
			Event: storefront.CancellationRequested.Of(storefront.CancellationRequestedV1{})})
	}
	back := func(id, who string, skus ...string) {
		d := storefront.ReturnRequestedV1{ReturnID: id, Reason: "unwanted"}
		for _, sku := range skus {
			d.Lines = append(d.Lines, storefront.ReturnLine{SKU: sku, Quantity: 1})
		}
		root.Told = append(root.Told, explore.Told{Who: who, Event: storefront.ReturnRequested.Of(d)})
	}
	all := []string{cup, tea}
	if r.Stock == "part" {
		all = all[:1]
	}
	switch r.Returns {
	case "one":
		back("r1", "the customer returns one line", cup)
	case "all":
		back("r1", "the customer returns everything", all...)
	case "each":
		back("r1", "the customer returns one line", cup)
		back("r2", "the customer returns the other line", tea)
	}
	if r.Operator != "" {
		root.Told = append(root.Told, explore.Told{Who: "the operator " + r.Operator,
			Event: fraud.DecideReview.Of(fraud.Decision{Approve: r.Operator == "approves", By: "op"})})
	}
	return root
}

// String tells the root in words.
func (r Root) String() string {
	words := []string{fmt.Sprintf("stock %s (%s)", r.Stock, r.Fill), "customer " + r.Customer}
	switch r.Customer {
	case "review":
		words[1] = "to be reviewed"
	case "often":
		words[1] = "who orders often"
	}
	if r.Operator != "" {
		words = append(words, "the operator "+r.Operator)
	}
	if r.Cancels {
		words = append(words, "the customer cancels")
	}
	if r.Counts {
		words = append(words, "orders are counted")
	}
	if r.Returns != "" {
		words = append(words, "returns "+map[string]string{"one": "one line", "all": "everything", "each": "each line on its own"}[r.Returns])
	}
	return strings.Join(words, ", ")
}
