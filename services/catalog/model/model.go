// Package model says of the catalogue what those must know who look at the whole.
package model

import "orderflow.example/shared/saga/model"

// Service takes no part in an order.
var Service = model.Service{
	Left:      []string{"catalog (product)"},
	Watched:   watched,
	Unalarmed: "nothing waits for the catalogue, and people change it",
}
