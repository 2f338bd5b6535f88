package notification

import (
	"encoding/json"
	"slices"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/notification"
	"orderflow.example/schemas/storefront"
	"orderflow.example/shared/saga"
)

// keyOf is whose preferences are looked up: where there is no channel, nobody's.
func (c Channels) keyOf(_ Order, e event.PostedV1) []string {
	if len(c) == 0 {
		return nil
	}
	return []string{e.CustomerID}
}

// route has a message of the inbox sent by the customer's channels. Customers who chose none are sent mail.
func (c Channels) route(o Order, e event.PostedV1, look saga.Look) (events []saga.Event) {
	if len(c) == 0 {
		return nil
	}
	wanted, chose := look(storefront.PreferencesChanged, e.CustomerID).(storefront.PreferencesChangedV1)
	if !chose {
		wanted = storefront.PreferencesChangedV1{Channels: []string{storefront.ChannelMail}, Locale: schemas.Locales[0]}
	}
	for _, channel := range wanted.Channels {
		to := address(wanted, channel, o.Email)
		if to == "" || !slices.Contains(c, channel) {
			continue
		}
		r := event.RequestedV1{Message: e.Message, Channel: channel, To: to, Locale: wanted.Locale}
		if q := wanted.QuietHours; q != nil && channel != storefront.ChannelMail {
			r.NotFrom, r.NotTo, r.Zone = q.From, q.To, q.Zone
		}
		events = append(events, event.Requested.About(channel+":"+e.CustomerID, r))
	}
	return events
}

// address is where the customer is reached by the channel; "" if nowhere.
func address(p storefront.PreferencesChangedV1, channel, ofOrder string) string {
	switch channel {
	case storefront.ChannelMail:
		if p.Email != "" {
			return p.Email
		}
		return ofOrder
	case storefront.ChannelSMS:
		return p.Phone
	case storefront.ChannelPush:
		if p.Push != nil {
			text, err := json.Marshal(p.Push)
			if err != nil {
				panic(err) // three strings
			}
			return string(text)
		}
	}
	return ""
}
