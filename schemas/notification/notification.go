// Package notification holds the events of the notification service: what customers are told, and what became of it.
package notification

import (
	"orderflow.example/schemas"
	"orderflow.example/shared/saga"
)

var (
	RecipientNoted = saga.Define[RecipientNotedV1]("notification.recipient_noted.v1")
	Held           = saga.Define[HeldV1]("notification.held.v1")
	Posted         = saga.Define[PostedV1]("notification.posted.v1")

	Requested = saga.Define[RequestedV1]("notification.requested.v1").Keyed(schemas.KeyMailbox)
	Queued    = saga.Define[QueuedV1]("notification.queued.v1").Keyed(schemas.KeyMailbox)
	Attempted = saga.Define[AttemptedV1]("notification.attempted.v1").Keyed(schemas.KeyMailbox)
	Sent      = saga.Define[SentV1]("notification.sent.v1").Keyed(schemas.KeyMailbox)
	Failed    = saga.Define[FailedV1]("notification.failed.v1").Keyed(schemas.KeyMailbox)

	PromotionPublished = saga.Define[PromotionPublishedV1]("notification.promotion_published.v1").Keyed(schemas.KeyPromotion)
	PromotionEnded     = saga.Define[PromotionEndedV1]("notification.promotion_ended.v1").Keyed(schemas.KeyPromotion)
	PromotionOffered   = saga.Define[PromotionOfferedV1]("notification.promotion_offered.v1").Keyed(schemas.KeyCustomer)
	PromotionSent      = saga.Define[PromotionSentV1]("notification.promotion_sent.v1").Keyed(schemas.KeyCustomer)
	PromotionFailed    = saga.Define[PromotionFailedV1]("notification.promotion_failed.v1").Keyed(schemas.KeyCustomer)
)

// Events lists all events of the package.
var Events = []saga.Kind{
	RecipientNoted, Held, Posted, Requested, Queued, Attempted, Sent, Failed,
	PromotionPublished, PromotionEnded, PromotionOffered, PromotionSent, PromotionFailed,
}

// Message is what a customer is told about an order, without its wording, which follows from the templates.
type Message struct {
	ID             string         `json:"id" schema:"min=1" example:"019e5a3b-9c12-7a40-b2d1-5e6f70819001:dispatched:1"`
	Kind           string         `json:"kind" schema:"min=1" example:"dispatched"`
	OrderID        string         `json:"order_id" schema:"min=1"`
	HappenedAt     string         `json:"happened_at" schema:"min=1" example:"2026-03-01T09:30:04.000001Z"` // what it tells of
	Reason         string         `json:"reason,omitempty" example:"payment_declined"`                      // a stable word
	Amount         *schemas.Money `json:"amount,omitempty"`
	Pieces         int64          `json:"pieces,omitempty" schema:"min=0" example:"4"`
	Carrier        string         `json:"carrier,omitempty"`
	TrackingNumber string         `json:"tracking_number,omitempty"`

	// Where the order leaves in several parcels: which one it is, and with a refund which one it is for.
	Parcel     *schemas.Parcel `json:"parcel,omitempty"`
	ShipmentID string          `json:"shipment_id,omitempty" example:"event-4712"`
}

// RecipientNotedV1: it is known who the order's customer is, and where mail about it goes.
type RecipientNotedV1 struct {
	CustomerID string `json:"customer_id" schema:"min=1"`
	Email      string `json:"email" x:"personal"`
}

// HeldV1: the message waits for what must be told first, or for its recipient.
type HeldV1 struct {
	Message Message `json:"message"`
}

// PostedV1: the message is in the customer's inbox. Their channels follow.
type PostedV1 struct {
	CustomerID string  `json:"customer_id" schema:"min=1"`
	Message    Message `json:"message"`
}

// RequestedV1: the message shall reach the customer by a channel.
type RequestedV1 struct {
	Message Message `json:"message"`
	Channel string  `json:"channel" schema:"enum=mail|push|sms" example:"mail"`
	To      string  `json:"to" schema:"min=1" x:"personal" example:"ada@example.com"` // an address, a number, a subscription as JSON
	Locale  string  `json:"locale" schema:"min=1" example:"en"`
	NotFrom string  `json:"not_from,omitempty" example:"22:00"` // quiet hours of the channel
	NotTo   string  `json:"not_to,omitempty" example:"07:00"`
	Zone    string  `json:"zone,omitempty" example:"Europe/London"`
}

// QueuedV1: an earlier message to the same customer by the same channel comes first.
type QueuedV1 struct {
	Requested RequestedV1 `json:"requested"`
}

// AttemptedV1 has the message sent. The event's id identifies it, however often that is tried.
type AttemptedV1 struct {
	Requested RequestedV1 `json:"requested"`
}

// SentV1: the channel's provider took the message.
type SentV1 struct {
	MessageID string `json:"message_id" schema:"min=1" example:"019e5a3b-9c12-7a40-b2d1-5e6f70819001:dispatched"`
	Channel   string `json:"channel" schema:"min=1" example:"mail"`
	OrderID   string `json:"order_id" schema:"min=1"`
	Kind      string `json:"kind" schema:"min=1" example:"dispatched"`
}

// FailedV1: the message does not reach the customer by this channel. It is in their inbox all the same.
type FailedV1 struct {
	MessageID string `json:"message_id" schema:"min=1" example:"019e5a3b-9c12-7a40-b2d1-5e6f70819001:dispatched"`
	Channel   string `json:"channel" schema:"min=1" example:"mail"`
	OrderID   string `json:"order_id" schema:"min=1"`
	Kind      string `json:"kind" schema:"min=1" example:"dispatched"`
	Reason    string `json:"reason" schema:"min=1" example:"unreachable"` // a stable word
	Stops     bool   `json:"stops,omitempty" example:"false"`             // nothing more goes to this address
}

// PromotionPublishedV1: an operator publishes a promotion.
type PromotionPublishedV1 struct {
	Title    string           `json:"title" schema:"min=1" example:"Ten percent off mugs"`
	Text     string           `json:"text" schema:"min=1" example:"Until Sunday all mugs cost ten percent less."`
	Operator string           `json:"operator" schema:"min=1" example:"ops"`
	Request  *schemas.Request `json:"request,omitempty" x:"personal"` // of the operator
}

// PromotionEndedV1: the promotion was offered to everybody who wanted promotions.
type PromotionEndedV1 struct {
	PromotionID string `json:"promotion_id" schema:"min=1" example:"019e5a3b-9c12-7a40-b2d1-5e6f70819010"`
}

// PromotionOfferedV1: the promotion is in the inbox of a customer who wants promotions, and is sent to them.
type PromotionOfferedV1 struct {
	PromotionID string `json:"promotion_id" schema:"min=1" example:"019e5a3b-9c12-7a40-b2d1-5e6f70819010"`
	CustomerID  string `json:"customer_id" schema:"min=1"`
	Email       string `json:"email,omitempty" x:"personal"` // none: it is in the inbox alone
	Locale      string `json:"locale" schema:"min=1" example:"en"`
}

// PromotionSentV1: the mail server took the promotion.
type PromotionSentV1 struct {
	PromotionID string `json:"promotion_id" schema:"min=1" example:"019e5a3b-9c12-7a40-b2d1-5e6f70819010"`
}

// PromotionFailedV1: the promotion was not mailed.
type PromotionFailedV1 struct {
	PromotionID string `json:"promotion_id" schema:"min=1" example:"019e5a3b-9c12-7a40-b2d1-5e6f70819010"`
	Reason      string `json:"reason" schema:"min=1" example:"refused"` // a stable word
	Stops       bool   `json:"stops,omitempty" example:"false"`         // no more promotions go to this address
}
