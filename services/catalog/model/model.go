// Package model declares the catalogue's part in exploration, audit and demo.
package model

import "orderflow.example/shared/saga/model"

// Service takes no part in an order.
var Service = model.Service{
	Left:      []string{"catalog (product)"},
	Watched:   watched,
	Unalarmed: "nothing waits for the catalogue, and people change it",
}
