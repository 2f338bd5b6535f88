package storefront

import (
	"reflect"
	"slices"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/storefront"
	"orderflow.example/shared/saga"
)

// Preferences are how a customer wants to be told of orders and promotions.
type Preferences struct {
	Customer string
	Chosen   *event.PreferencesChangedV1 // nil: nothing yet
}

// Customers is what the service does about a customer. Its keys are customers' ids.
var Customers = saga.Choreography[Preferences]{
	Service: "storefront",
	Key:     schemas.KeyCustomer,
	Blank:   BlankPreferences,
	Evolve:  EvolvePreferences,
	Rows: []saga.Row{
		saga.On(ChangePreferences, choose, event.PreferencesChanged),
		saga.On(Unsubscribe, unsubscribe, event.PreferencesChanged),
	},
}

// The commands about a customer.
var (
	ChangePreferences = saga.Command[event.PreferencesChangedV1]("change_preferences") // has the fields of the event it leads to
	Unsubscribe       = saga.Command[NoPromotions]("unsubscribe")
)

// NoPromotions ends the promotions to a customer. It has no fields.
type NoPromotions struct{}

// BlankPreferences are those of a customer without events.
func BlankPreferences(customer string) Preferences { return Preferences{Customer: customer} }

// InForce are the customer's preferences, or the default: mail to each order's address, and no promotions.
func (p Preferences) InForce() event.PreferencesChangedV1 {
	if p.Chosen != nil {
		return *p.Chosen
	}
	return event.PreferencesChangedV1{Channels: []string{event.ChannelMail}, Locale: schemas.Locales[0]}
}

// EvolvePreferences folds the storefront's own events about the customer.
func EvolvePreferences(p Preferences, e saga.Event) Preferences {
	if d, is := e.Data.(event.PreferencesChangedV1); is {
		p.Chosen = &d
	}
	return p
}

// choose emits preferences that differ from those in force.
func choose(p Preferences, e event.PreferencesChangedV1) []saga.Event {
	if p.Chosen != nil && slices.Equal(p.Chosen.Channels, e.Channels) {
		e.Channels = p.Chosen.Channels // none, as rows keep it
	}
	if p.Chosen != nil && reflect.DeepEqual(*p.Chosen, e) {
		return nil
	}
	return []saga.Event{event.PreferencesChanged.Of(e)}
}

func unsubscribe(p Preferences, _ NoPromotions) []saga.Event {
	now := p.InForce()
	if !now.Promotions {
		return nil
	}
	now.Promotions, now.Unsubscribed = false, true
	return []saga.Event{event.PreferencesChanged.Of(now)}
}
