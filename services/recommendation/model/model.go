// Package model declares the recommendation service's part in exploration, audit and demo.
package model

import (
	"orderflow.example/schemas/order"
	"orderflow.example/services/recommendation"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/explore"
	"orderflow.example/shared/saga/model"
)

// Service is the recommendation service's part in an order: it notes the basket, and nothing follows for the order.
var Service = model.Service{
	Watched:   watched,
	Unalarmed: "no order waits for it; a service that is behind has an alert of its own",
	Listeners: []explore.Machine{{Machine: recommendation.Choreography.Machine(), Before: before,
		Notes: []saga.Kind{order.Confirmed}}},
	Left: []string{"recommendation (shop)", "recommendation (product)", "recommendation (visitor)"},
}

func before(any) []explore.Before { return nil }
