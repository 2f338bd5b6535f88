// Package model declares the notification service's part in exploration, audit and demo.
package model

import (
	"fmt"

	event "orderflow.example/schemas/notification"
	"orderflow.example/schemas/storefront"
	"orderflow.example/services/notification"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/audit"
	"orderflow.example/shared/saga/explore"
	"orderflow.example/shared/saga/model"
)

// heard are the events that customers are told of, and the one that tells who they are.
var heard = append([]saga.Kind{storefront.OrderPlaced}, notification.ToldOf...)

// Service is the notification service's part in an order: it notes what the customer is told, and nothing follows for the order.
// Its channels are another machine's, which is about a customer.
var Service = model.Service{
	Watched: watched,
	Role:    audit.Tells,
	News:    notification.News,
	Event: func(e saga.Event) audit.Fact {
		if d, posted := e.Data.(event.PostedV1); posted {
			return audit.Told{Message: d.Message.ID}
		}
		return nil
	},
	Listeners: []explore.Machine{{Machine: notification.Channels(nil).Choreography().Machine(), Notes: heard,
		Known: []saga.Event{storefront.PreferencesChanged.Of(storefront.PreferencesChangedV1{Locale: "en"})}}},
	Left: []string{"notification (mailbox)", "notification (customer)", "notification (promotion)", "notification (message)"},
	End:  end,
}

// end checks that nothing is held for ever.
func end(v model.Ending) string {
	if o := v.State("notification").(notification.Order); len(o.Held) > 0 {
		return fmt.Sprintf("the customer is never told of %s", o.Held[0].Kind)
	}
	return ""
}

var watched = []model.Watched{
	{Asks: "Are customers told what becomes of their orders?",
		Events: []saga.Kind{event.Posted, event.Requested, event.Sent},
		Do:     "Messages follow confirmations, parcels and refunds. None while orders are confirmed: is the service behind?",
	},
	{Asks: "Do messages fail to reach customers?",
		Events: []saga.Kind{event.Failed}, Among: []saga.Kind{event.Sent, event.Failed},
		Do: "The event has the reason. unreachable: the provider was down for a day. address_refused: the customer's address " +
			"is wrong, and the channel has stopped for them. outcome_unknown: a process died while it sent.",
		Alert: &model.Alert{Name: "MessagesFailing", Above: .1, Least: 20,
			Says: "more than a tenth of the messages to customers fail; they are in the inbox alone"}},
}
