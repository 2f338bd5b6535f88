package schemas

import "orderflow.example/shared/saga"

// The keys, besides saga.Order, of events and of machines' states.
const (
	KeyProduct  saga.Key = "product"
	KeyCustomer saga.Key = "customer"
	KeyDay      saga.Key = "day"

	KeySettlement saga.Key = "settlement"
	KeySubject    saga.Key = "subject"
	KeyRuleSet    saga.Key = "rule_set"
	KeyShop       saga.Key = "shop"
	KeyVisitor    saga.Key = "visitor"

	KeyMailbox   saga.Key = "mailbox"
	KeyPromotion saga.Key = "promotion"
	KeyMessage   saga.Key = "message"
)

// Keys describe the key of a record, by the subject of its event.
var Keys = map[saga.Key]string{
	saga.Order:  "The id of the order, a UUID.",
	KeyProduct:  "The SKU of the product.",
	KeyCustomer: "The id of the customer.",
	KeyDay:      "The business day, as 2026-03-01.",

	KeySettlement: "The business day of the gateway's settlement file, as 2026-03-01.",
	KeySubject:    "What orders have in common, with its kind: customer:, card:, address: (a hash) or mail_domain:.",
	KeyRuleSet:    "The name of a place for a set of rules: live.",
	KeyShop:       "The word shop: what all orders teach together.",
	KeyVisitor:    "Who looked at goods: customer: with a customer's id, or guest: with an id of the shop's choosing.",

	KeyMailbox:   "The channel and the customer it reaches: mail:10001.",
	KeyPromotion: "The id of the promotion, a UUID.",
	KeyMessage:   "The id of a message to a customer.",
}
