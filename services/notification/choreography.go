package notification

import (
	"time"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/notification"
	"orderflow.example/schemas/storefront"
	"orderflow.example/shared/saga"
)

// overdueAfter is when operators see a message as overdue: one that waits for a provider, or for the end of quiet hours, is not.
const (
	GiveUpAfter  = 24 * time.Hour // a message that no provider takes is in the inbox alone
	overdueAfter = 2 * GiveUpAfter
)

// Channels are those that this installation has a provider for, beside the inbox.
type Channels []string

// Choreography is everything the service does about an order: what it tells its customer, each past what it tells of.
func (c Channels) Choreography() saga.Choreography[Order] {
	rows := []saga.Row{
		saga.Known(storefront.PreferencesChanged),

		saga.On(storefront.OrderPlaced, meet, event.RecipientNoted),
		saga.On(event.RecipientNoted, release[event.RecipientNotedV1], event.Posted).Past(ToldOf...),
		saga.On(event.Held, release[event.HeldV1], event.Posted).Past(ToldOf...),
	}
	for _, t := range tellings {
		rows = append(rows, t.row)
	}
	return saga.Choreography[Order]{
		Service: "notification",
		Key:     saga.Order,
		Blank:   Blank,
		Evolve:  Evolve,
		Rows: append(rows,
			saga.OnLook(event.Posted, []saga.Kind{storefront.PreferencesChanged}, c.keyOf, c.route, event.Requested)),
	}
}

// Mailboxes is what the service does about a customer's messages by one channel: one after the other.
var Mailboxes = saga.Choreography[Mailbox]{
	Service: "notification",
	Key:     schemas.KeyMailbox,
	Blank:   BlankMailbox,
	Evolve:  EvolveMailbox,
	Final:   []saga.Kind{event.Queued},
	Rows: []saga.Row{
		saga.On(event.Requested, deliver, event.Attempted, event.Queued, event.Failed).Irrevocably().Past(ToldOf...),
		saga.Call(event.Attempted, Send, Mailbox.answered, event.Sent, event.Failed, event.Attempted).
			UntilAnswered(overdueAfter).Irrevocably().Past(ToldOf...),
	},
}

// Send asks a channel's provider to take a message.
var Send = saga.Ask[event.AttemptedV1, Delivery]("channel.send")

// Customers is what the service does about a customer who wants promotions.
var Customers = saga.Choreography[Customer]{
	Service: "notification",
	Key:     schemas.KeyCustomer,
	Blank:   BlankCustomer,
	Evolve:  EvolveCustomer,
	Final:   []saga.Kind{event.PromotionSent, event.PromotionFailed},
	Rows: []saga.Row{
		saga.Show(storefront.PreferencesChanged, preferred),
		saga.OnKnown(OfferPromotion, storefront.PreferencesChanged,
			func(c Customer, _ Offer) string { return c.ID }, offer, event.PromotionOffered),
		saga.Call(event.PromotionOffered, SendPromotion, promoted, event.PromotionSent, event.PromotionFailed).
			UntilAnswered(overdueAfter),
		saga.Known(storefront.PreferencesChanged),
	},
}

// SendPromotion asks the mail server to take a promotion. Where it is for the inbox alone, nobody is asked.
var SendPromotion = saga.Ask[event.PromotionOfferedV1, PromotionDelivery]("channel.promote")

// OfferPromotion offers a promotion to a customer; of the service itself, see package app.
var OfferPromotion = saga.Command[Offer]("offer_promotion")

// Promotions is what the service does about a promotion.
var Promotions = saga.Choreography[Promotion]{
	Service: "notification",
	Key:     schemas.KeyPromotion,
	Blank:   BlankPromotion,
	Evolve:  EvolvePromotion,
	Final:   []saga.Kind{event.PromotionPublished, event.PromotionEnded},
	Rows: []saga.Row{
		saga.On(PublishPromotion, publish, event.PromotionPublished),
		saga.On(EndPromotion, end, event.PromotionEnded),
	},
}

// PublishPromotion is an operator's command. It has the fields of the event it leads to.
var PublishPromotion = saga.Command[event.PromotionPublishedV1]("publish_promotion")

// EndPromotion ends a promotion; of the service itself, see package app.
var EndPromotion = saga.Command[Offered]("end_promotion")

// Inbox is the projection of what customers were told. Its keys are the ids of messages.
var Inbox = saga.Choreography[Entry]{
	Service: "notification",
	Key:     schemas.KeyMessage,
	Blank:   BlankEntry,
	Rows: []saga.Row{
		saga.ShowAt(event.Posted, func(e event.PostedV1) []string { return []string{e.Message.ID} }, posted),
		saga.ShowAt(event.Requested, func(e event.RequestedV1) []string { return []string{e.Message.ID} }, requested),
		saga.ShowAt(event.Sent, func(e event.SentV1) []string { return []string{e.MessageID} }, sent),
		saga.ShowAt(event.Failed, func(e event.FailedV1) []string { return []string{e.MessageID} }, failed),
		saga.ShowAt(event.PromotionOffered, func(e event.PromotionOfferedV1) []string { return []string{OfferID(e)} }, offered),
	},
}

// timeForm is how payloads of all services write a time: to the microsecond, with all digits.
const timeForm = "2006-01-02T15:04:05.000000Z"
