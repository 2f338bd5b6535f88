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
		saga.On(ChangeSale, changeSale, event.Withdrawn, event.Restored),
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

// ChangeSale is the command of an operator to withdraw a listed product from sale, or to put it back.
var ChangeSale = saga.Command[Sale]("change_sale")

// Sale tells whether a product is to be for sale.
type Sale struct {
	Withdrawn bool
	Reason    string
}
