// Package catalog holds the events of the catalogue of products for sale. All are about a SKU.
package catalog

import (
	"orderflow.example/schemas"
	"orderflow.example/shared/saga"
)

var (
	ProductListed = saga.Define[ProductListedV1]("catalog.product_listed.v1").Keyed(schemas.KeyProduct)
	PriceChanged  = saga.Define[PriceChangedV1]("catalog.price_changed.v1").Keyed(schemas.KeyProduct)
	Withdrawn     = saga.Define[WithdrawnV1]("catalog.withdrawn.v1").Keyed(schemas.KeyProduct)
	Restored      = saga.Define[RestoredV1]("catalog.restored.v1").Keyed(schemas.KeyProduct)
)

// Events lists all events of the package.
var Events = []saga.Kind{
	ProductListed, PriceChanged, Withdrawn, Restored,
}

// ProductListedV1: a product is for sale, or its description changed.
type ProductListedV1 struct {
	Description   string        `json:"description"`
	Price         schemas.Money `json:"price"`
	Backorderable bool          `json:"backorderable"`
}

// PriceChangedV1: a product costs something else from now on.
type PriceChangedV1 struct {
	Price schemas.Money `json:"price"`
}

// WithdrawnV1: a product is not for sale any more. Orders that were placed before go on.
type WithdrawnV1 struct {
	Reason string `json:"reason,omitempty" example:"the maker recalls it"` // the operator's words
}

// RestoredV1: a product that was withdrawn is for sale again.
type RestoredV1 struct{}
