// Package services is the list of the services that decide something: the one place in the platform that names them. Everything
// that the checks, the exploration, the audit and the runner need of a service is in its App; see services/README.md.
package services

import (
	catalog "orderflow.example/services/catalog/app"
	fraud "orderflow.example/services/fraud/app"
	inventory "orderflow.example/services/inventory/app"
	invoice "orderflow.example/services/invoice/app"
	notification "orderflow.example/services/notification/app"
	order "orderflow.example/services/order/app"
	payment "orderflow.example/services/payment/app"
	recommendation "orderflow.example/services/recommendation/app"
	refund "orderflow.example/services/refund/app"
	reporting "orderflow.example/services/reporting/app"
	shipping "orderflow.example/services/shipping/app"
	storefront "orderflow.example/services/storefront/app"
	warehouse "orderflow.example/services/warehouse/app"
	"orderflow.example/shared/service"
)

// All are the services, in the order in which a saga reaches them.
var All = []service.App{
	storefront.App,
	catalog.App,
	order.App,
	fraud.App,
	inventory.App,
	payment.App,
	shipping.App,
	warehouse.App,
	refund.App,
	invoice.App,
	reporting.App,
	recommendation.App,
	notification.App,
}
