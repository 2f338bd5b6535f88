package schemas

import "orderflow.example/shared/saga"

// The keys besides saga.Order that events are said about and machines keep their states under.
const (
	KeyProduct  saga.Key = "product"
	KeyCustomer saga.Key = "customer"
)

// Keys say what the key of a record is, by what its event is about.
var Keys = map[saga.Key]string{
	saga.Order:  "The id of the order, a UUID.",
	KeyProduct:  "The SKU of the product.",
	KeyCustomer: "The id of the customer.",
}
