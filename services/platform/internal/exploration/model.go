// Package exploration is the model of one order, for shared/saga/explore: which machines take part, what the outside
// world may do, in which ways an order may begin, and what must hold at each step and at the end. The orderflow command
// explores it, and prints what was found.
//
// What only watches is left out: what customers and products are shown, and the catalogue. The storefront's three
// events stand in the roots: what a customer wants may be heard at any time after the order.
package exploration

import (
	"slices"

	"orderflow.example/schemas"
	"orderflow.example/services/fraud"
	"orderflow.example/services/inventory"
	"orderflow.example/services/order"
	"orderflow.example/services/payment"
	"orderflow.example/services/refund"
	"orderflow.example/services/shipping"
	"orderflow.example/services/warehouse"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/explore"
)

// Left are the machines that are left out: they only watch, or are about other things than an order.
var Left = []string{"storefront", "storefront (product)", "catalog (product)", "warehouse (product)"}

// Machines are those that take part, as the services declare them.
func Machines() []*saga.Machine {
	return []*saga.Machine{
		order.Choreography.Machine(), fraud.Choreography.Machine(), fraud.Customers.Machine(), inventory.Choreography.Machine(),
		payment.Choreography.Machine(), shipping.Choreography.Machine(), warehouse.Picks.Machine(), refund.Choreography.Machine(),
	}
}

// Model is one order, carried out by the machines, from each of the roots on.
func Model(machines []*saga.Machine, roots []Root) explore.Model {
	m := explore.Model{Key: key, Outside: []explore.Outside{gateway, carrier, floor}, End: end}
	for _, r := range roots {
		m.Roots = append(m.Roots, r.start())
	}
	for _, machine := range machines {
		part := explore.Machine{Machine: machine, Check: checks[machine.String()], Before: before[machine.String()]}
		if machine.Key == schemas.KeyCustomer {
			part.Key = customer
		}
		if machine.Service == "order" {
			part.Same, part.Notes = stepsInAnyOrder, notedByOrder
		}
		m.Machines = append(m.Machines, part)
	}
	return m
}

// stepsInAnyOrder: an order only ever asks whether a step was noted.
func stepsInAnyOrder(state any) any {
	o := state.(order.Order)
	o.Steps = slices.Sorted(slices.Values(o.Steps))
	return o
}
