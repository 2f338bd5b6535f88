package catalog

import (
	"orderflow.example/schemas"
	event "orderflow.example/schemas/catalog"
	"orderflow.example/shared/saga"
)

// Choreography is everything the catalogue reacts to. Its keys are SKUs.
var Choreography = saga.Choreography[Product]{
	Service: "catalog",
	Key:     schemas.KeyProduct,
	Blank:   Blank,
	Evolve:  Evolve,
	Rows: []saga.Row{
		saga.On(List, list, event.ProductListed, event.PriceChanged),
	},
}

// List is the command of an operator to list a product.
var List = saga.Command[Listing]("list_product")

// Listing is the data of a product that an operator lists.
type Listing struct {
	Description   string
	Price         schemas.Money
	Backorderable bool
}
