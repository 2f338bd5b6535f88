package notification

import (
	"slices"
	"time"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/notification"
	"orderflow.example/schemas/storefront"
	"orderflow.example/shared/saga"
)

// Promotion is what an operator publishes.
type Promotion struct {
	ID    string
	Told  *event.PromotionPublishedV1 // nil: not yet
	Ended bool                        // it was offered to everybody
}

// BlankPromotion is a promotion without events.
func BlankPromotion(id string) Promotion { return Promotion{ID: id} }

// EvolvePromotion folds the service's own events about the promotion.
func EvolvePromotion(p Promotion, e saga.Event) Promotion {
	switch d := e.Data.(type) {
	case event.PromotionPublishedV1:
		p.Told = &d
	case event.PromotionEndedV1:
		p.Ended = true
	}
	return p
}

func publish(p Promotion, e event.PromotionPublishedV1) []saga.Event {
	if p.Told != nil {
		return nil
	}
	return []saga.Event{event.PromotionPublished.Of(e)}
}

// end ends a promotion that was offered to everybody, once. It is not offered to who comes later.
func end(p Promotion, _ Offered) []saga.Event {
	if p.Told == nil || p.Ended {
		return nil
	}
	return []saga.Event{event.PromotionEnded.Of(event.PromotionEndedV1{PromotionID: p.ID})}
}

// Offered is said when everybody was offered a promotion.
type Offered struct{}

// Customer is a customer and the promotions to them.
type Customer struct {
	ID       string
	Promoted bool     // a projection: whether they want promotions, to find them by
	Offered  []string // the ids of the promotions offered to them, the last ones
	Stopped  string   // the address that refused for good
	Sending  string   // the address of the last promotion
	Locale   string   // a projection: what their inbox reads in
}

// offers is how many promotions a customer's state remembers: many more than are published at a time.
const offers = 50

// BlankCustomer is a customer without events.
func BlankCustomer(id string) Customer { return Customer{ID: id} }

func preferred(c Customer, e storefront.PreferencesChangedV1, _ time.Time) Customer {
	c.Promoted, c.Locale = e.Promotions, e.Locale
	return c
}

// EvolveCustomer folds the service's own events about the customer.
func EvolveCustomer(c Customer, e saga.Event) Customer {
	switch d := e.Data.(type) {
	case event.PromotionOfferedV1:
		c.Offered = append(slices.Clip(c.Offered), d.PromotionID)
		c.Offered = c.Offered[max(0, len(c.Offered)-offers):]
		c.Sending = d.Email
	case event.PromotionFailedV1:
		if d.Stops {
			c.Stopped = c.Sending
		}
	}
	return c
}

// Offer is a promotion to be offered.
type Offer struct {
	Promotion string
	Mail      bool // there is a mail server
}

// offer offers a promotion once, to who wants promotions by now.
func offer(c Customer, o Offer, p *storefront.PreferencesChangedV1) []saga.Event {
	if p == nil || !p.Promotions || slices.Contains(c.Offered, o.Promotion) {
		return nil
	}
	e := event.PromotionOfferedV1{PromotionID: o.Promotion, CustomerID: c.ID, Locale: p.Locale}
	if o.Mail && slices.Contains(p.Channels, storefront.ChannelMail) && p.Email != c.Stopped {
		e.Email = p.Email
	}
	if !schemas.KnownLocale(e.Locale) {
		e.Locale = schemas.Locales[0]
	}
	return []saga.Event{event.PromotionOffered.Of(e)}
}

// PromotionDelivery is what the mail server answered.
type PromotionDelivery struct {
	Promotion string
	Outcome   string // as of a Delivery; "" if it is for the inbox alone, or not wanted any more
}

func promoted(c Customer, d PromotionDelivery) []saga.Event {
	switch d.Outcome {
	case "":
		return nil
	case DeliverySent:
		return []saga.Event{event.PromotionSent.Of(event.PromotionSentV1{PromotionID: d.Promotion})}
	}
	isLast := len(c.Offered) > 0 && c.Offered[len(c.Offered)-1] == d.Promotion // its address is the one in Sending
	return []saga.Event{event.PromotionFailed.Of(event.PromotionFailedV1{PromotionID: d.Promotion, Reason: d.Outcome,
		Stops: d.Outcome == AddressRefused && isLast})}
}
