// Package model declares the storefront's part in exploration, audit and demo.
package model

import (
	"orderflow.example/schemas"
	event "orderflow.example/schemas/storefront"
	"orderflow.example/services/storefront"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/audit"
	"orderflow.example/shared/saga/explore"
	"orderflow.example/shared/saga/model"
)

// Service is a projection of an order. Its three events are a customer's requests, which may come at any time.
var Service = model.Service{
	Watched:   watched,
	Unalarmed: "how much customers order is for people to judge; that orders are shed or answered late has alerts of its own",
	Left:      []string{"storefront", "storefront (product)", "storefront (visitor)", "storefront (customer)"},
	Told:      told,
	Role:      audit.Accepts,
	Event: func(e saga.Event) audit.Fact {
		if _, placed := e.Data.(event.OrderPlacedV1); placed {
			return audit.Placed{}
		}
		return nil
	},
	State: func(state any) []audit.Fact {
		if o, is := state.(storefront.Order); is {
			return []audit.Fact{audit.Accepted{Exists: o.Exists()}}
		}
		return nil
	},
}

func told(s model.Scene) []explore.Told {
	list := []explore.Told{{Who: "the customer orders", Event: event.OrderPlaced.Of(placed(s))}}
	if s.Cancels {
		list = append(list, explore.Told{Who: "the customer cancels",
			Event: event.CancellationRequested.Of(event.CancellationRequestedV1{})})
	}
	if s.Revokes {
		list = append(list, explore.Told{Who: "an operator cancels",
			Event: event.CancellationRequested.Of(event.CancellationRequestedV1{Operator: "ann"})})
	}
	back := func(id, who string, skus ...string) {
		d := event.ReturnRequestedV1{ReturnID: id, Reason: "unwanted"}
		for _, sku := range skus {
			d.Lines = append(d.Lines, event.ReturnLine{SKU: sku, Quantity: 1})
		}
		list = append(list, explore.Told{Who: who, Event: event.ReturnRequested.Of(d)})
	}
	all := []string{model.Cup, model.Tea}
	if s.Stock == "part" {
		all = all[:1]
	}
	switch s.Returns {
	case "one":
		back("r1", "the customer returns one line", model.Cup)
	case "all":
		back("r1", "the customer returns everything", all...)
	case "each":
		back("r1", "the customer returns one line", model.Cup)
		back("r2", "the customer returns the other line", model.Tea)
	}
	return list
}

func placed(s model.Scene) event.OrderPlacedV1 {
	price := int64(500)
	email, country := "ada@example.com", "GB"
	switch s.Customer {
	case "nowhere":
		country = "XX"
	case "blocked":
		email = "ada@fraud.example"
	case "review":
		price = 500_001 // two of them are more than fraud lets pass unseen
	}
	var backorder *schemas.Backorder
	if s.Stock == "late" {
		backorder = &schemas.Backorder{SKUs: []string{model.Tea}, Until: "1970-01-15T00:00:00Z"}
	}
	return event.OrderPlacedV1{
		Backorder: backorder, CustomerID: model.Customer, Email: email, PaymentToken: "tok_ok", FillPolicy: s.Fill,
		Lines:  []schemas.Line{{SKU: model.Cup, Quantity: 1, UnitPrice: price}, {SKU: model.Tea, Quantity: 1, UnitPrice: price}},
		Total:  schemas.Money{Amount: 2 * price, Currency: "GBP"},
		ShipTo: schemas.Address{Name: "Ada", Line1: "1 High Street", City: "Leeds", Postcode: "LS1 1AA", Country: country},
	}
}
