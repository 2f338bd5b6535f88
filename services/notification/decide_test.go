package notification_test

import (
	"strings"
	"testing"
	"time"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/notification"
	"orderflow.example/schemas/order"
	"orderflow.example/schemas/shipping"
	"orderflow.example/schemas/storefront"
	"orderflow.example/services/notification"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

var (
	silent  = notification.Channels(nil).Choreography().Machine()
	mailing = notification.Channels{storefront.ChannelMail}.Choreography().Machine()
	all     = notification.Channels{storefront.ChannelMail, storefront.ChannelPush, storefront.ChannelSMS}.Choreography().Machine()
	boxes   = notification.Mailboxes.Machine()
)

const at = "2026-11-27T10:00:00.5Z"

var (
	moment = time.Date(2026, 11, 27, 10, 0, 0, 500_000_000, time.UTC)
	noted  = event.RecipientNoted.Of(event.RecipientNotedV1{CustomerID: "ann", Email: "ann@example.com"})
	placed = storefront.OrderPlaced.Of(storefront.OrderPlacedV1{CustomerID: "ann", Email: "ann@example.com"})
	pounds = schemas.Money{Amount: 1530, Currency: "GBP"}
	goods  = []schemas.Allocation{{SKU: "MUG", Quantity: 3, UnitPrice: 510, Warehouse: "LEEDS"}}

	isConfirmed  = heard(order.Confirmed.Of(order.ConfirmedV1{CustomerID: "ann", Total: pounds, Lines: goods}))
	isCancelled  = heard(order.Cancelled.Of(order.CancelledV1{Reason: "payment_declined", By: "payment"}))
	isDispatched = heard(shipping.Dispatched.Of(shipping.DispatchedV1{ShipmentID: "s1", Carrier: "Post",
		TrackingNumber: "T1", Lines: goods}))
	isDelivered = heard(shipping.Delivered.Of(shipping.DeliveredV1{ShipmentID: "s1"}))
)

func heard(e saga.Event) saga.Event {
	e.Time = moment
	return e
}

func kinds(events []saga.Event) string {
	var list []string
	for _, e := range events {
		switch d := e.Data.(type) {
		case event.PostedV1:
			list = append(list, "posted "+d.Message.Kind)
		case event.HeldV1:
			list = append(list, "held "+d.Message.Kind)
		case event.RequestedV1:
			list = append(list, "requested "+d.Message.Kind+" "+e.Key+" "+d.To)
		case event.RecipientNotedV1:
			list = append(list, "noted "+d.CustomerID)
		case event.AttemptedV1:
			list = append(list, "attempted "+d.Requested.Message.ID)
		case event.QueuedV1:
			list = append(list, "queued "+d.Requested.Message.ID)
		case event.SentV1:
			list = append(list, "sent "+d.MessageID)
		case event.FailedV1:
			list = append(list, "failed "+d.MessageID+" "+d.Reason)
		}
	}
	return strings.Join(list, ", ")
}

func TestAMessageGoesByTheChannelsThatTheCustomerChoseAndThereAre(t *testing.T) {
	t.Parallel()
	chose := func(p storefront.PreferencesChangedV1) saga.Event {
		p.Locale = "de"
		return storefront.PreferencesChanged.About("ann", p)
	}
	push := &storefront.PushSubscription{Endpoint: "https://push.example.com/x", P256DH: "p", Auth: "a"}
	for name, c := range map[string]struct {
		machine *saga.Machine
		chose   []saga.Event
		want    string
	}{
		"no provider":    {silent, []saga.Event{chose(storefront.PreferencesChangedV1{Channels: []string{"mail"}})}, ""},
		"nothing chosen": {mailing, nil, ", requested confirmed mail:ann ann@example.com"},
		"only the inbox": {mailing, []saga.Event{chose(storefront.PreferencesChangedV1{})}, ""},
		"another address": {mailing,
			[]saga.Event{chose(storefront.PreferencesChangedV1{Channels: []string{"mail"}, Email: "a@example.org"})},
			", requested confirmed mail:ann a@example.org"},
		"a channel without": {mailing,
			[]saga.Event{chose(storefront.PreferencesChangedV1{Channels: []string{"sms"}, Phone: "+441632960001"})}, ""},
		"all": {all, []saga.Event{chose(storefront.PreferencesChangedV1{Channels: []string{"sms", "push"},
			Phone: "+441632960001", Push: push})},
			", requested confirmed sms:ann +441632960001" +
				`, requested confirmed push:ann {"endpoint":"https://push.example.com/x","p256dh":"p","auth":"a"}`},
	} {
		d := sagatest.Given(t, c.machine, noted).Knowing(c.chose...).When(isConfirmed)
		if got := kinds(d.Emitted()); got != "posted confirmed"+c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func request(id, to string) saga.Event {
	return event.Requested.Of(event.RequestedV1{Channel: "mail", To: to, Locale: "en",
		Message: event.Message{ID: id, Kind: "confirmed", OrderID: "o", HappenedAt: at}})
}

func TestAMailboxSendsOneMessageAfterTheOther(t *testing.T) {
	t.Parallel()
	d := sagatest.Given(t, boxes)
	for _, step := range []struct {
		act  func()
		says string
	}{
		{func() { d.When(request("1", "a")) }, "attempted 1"},
		{func() { d.When(request("2", "a")) }, "queued 2"},
		{func() { d.When(request("2", "a")) }, ""},
		{func() { d.When(request("3", "a")) }, "queued 3"},
		{func() { d.Answered(event.Attempted, notification.Delivery{Outcome: notification.DeliverySent}) }, "sent 1, attempted 2"},
		{func() { d.When(request("1", "a")) }, ""},
		{func() { d.Answered(event.Attempted, notification.Delivery{Outcome: notification.MessageRefused}) },
			"failed 2 message_refused, attempted 3"},
		{func() { d.Answered(event.Attempted, notification.Delivery{Outcome: notification.DeliverySent}) }, "sent 3"},
	} {
		step.act()
		if got := kinds(d.Emitted()); got != step.says {
			t.Errorf("%q, want %q", got, step.says)
		}
	}
}

func TestAnAddressThatRefusesForGoodGetsNothingMoreAndANewOneDoes(t *testing.T) {
	t.Parallel()
	d := sagatest.Given(t, boxes).When(request("1", "gone@example.com")).When(request("2", "gone@example.com")).
		When(request("3", "new@example.com"))
	d.Answered(event.Attempted, notification.Delivery{Outcome: notification.AddressRefused})
	if got := kinds(d.Emitted()); got != "failed 1 address_refused, failed 2 refused_before, attempted 3" {
		t.Error(got)
	}
	d.Answered(event.Attempted, notification.Delivery{Outcome: notification.DeliverySent}).When(request("4", "gone@example.com"))
	if got := kinds(d.Emitted()); got != "failed 4 refused_before" {
		t.Error(got)
	}
}

func TestAPromotionIsOfferedOnceToWhoWantsPromotionsByNow(t *testing.T) {
	t.Parallel()
	machine := notification.Customers.Machine()
	offer := notification.OfferPromotion.Of(notification.Offer{Promotion: "p1", Mail: true})
	wants := func(yes bool) saga.Event {
		key := sagatest.Given(t, machine).State().(notification.Customer).ID
		return storefront.PreferencesChanged.About(key, storefront.PreferencesChangedV1{Channels: []string{"mail"}, Promotions: yes,
			Locale: "en", Email: "ann@example.com"})
	}
	sagatest.Given(t, machine).When(offer).Then()
	sagatest.Given(t, machine).Knowing(wants(false)).When(offer).Then()
	d := sagatest.Given(t, machine).Knowing(wants(true)).When(offer).ThenKinds(event.PromotionOffered)
	if e := d.Emitted()[0].Data.(event.PromotionOfferedV1); e.Email != "ann@example.com" || e.PromotionID != "p1" {
		t.Errorf("%+v", e)
	}
	d.When(offer).Then()
	d.Answered(event.PromotionOffered, notification.PromotionDelivery{Promotion: "p1", Outcome: notification.AddressRefused}).
		ThenKinds(event.PromotionFailed)
	d.When(notification.OfferPromotion.Of(notification.Offer{Promotion: "p2", Mail: true}))
	if e := d.Emitted()[0].Data.(event.PromotionOfferedV1); e.Email != "" {
		t.Errorf("mailed to an address that refused: %+v", e)
	}
}

func TestAPromotionEndsOnceAndOnlyIfItWasPublished(t *testing.T) {
	t.Parallel()
	machine := notification.Promotions.Machine()
	publish := notification.PublishPromotion.Of(event.PromotionPublishedV1{Title: "Mugs", Text: "Mugs cost less.", Operator: "ops"})
	end := notification.EndPromotion.Of(notification.Offered{})
	sagatest.Given(t, machine).When(end).Then()
	d := sagatest.Given(t, machine).When(publish).ThenKinds(event.PromotionPublished)
	d.When(end).ThenKinds(event.PromotionEnded)
	d.When(end).Then()
}

func TestAnAddressThatRefusesAPromotionLateDoesNotStopTheOneChosenSince(t *testing.T) {
	t.Parallel()
	machine := notification.Customers.Machine()
	key := sagatest.Given(t, machine).State().(notification.Customer).ID
	offered := func(promotion, email string) saga.Event {
		return event.PromotionOffered.About(key, event.PromotionOfferedV1{PromotionID: promotion, CustomerID: key, Locale: "en",
			Email: email})
	}
	d := sagatest.Given(t, machine, offered("p1", "gone@example.com"), offered("p2", "new@example.com"))
	d.Answered(event.PromotionOffered, notification.PromotionDelivery{Promotion: "p1", Outcome: notification.AddressRefused}).
		ThenKinds(event.PromotionFailed)
	if c := d.State().(notification.Customer); c.Stopped != "" {
		t.Errorf("%s has stopped", c.Stopped)
	}
}

func TestTheInboxReadsInTheLocaleInWhichAMessageIsSentInWhateverOrderItsEventsCome(t *testing.T) {
	t.Parallel()
	m := event.Message{ID: "m", Kind: notification.Confirmed, OrderID: "o", HappenedAt: at}
	posted := heard(event.Posted.Of(event.PostedV1{CustomerID: "ann", Message: m}))
	requested := heard(event.Requested.Of(event.RequestedV1{Message: m, Channel: "mail", To: "ann@example.com", Locale: "de"}))
	for _, events := range [][]saga.Event{{posted, requested}, {requested, posted}} {
		entry := notification.BlankEntry("m")
		for _, e := range events {
			step, err := notification.Inbox.Machine().Hear(entry, e, func(*saga.Event) {})
			if err != nil {
				t.Fatal(err)
			}
			entry = step.State.(notification.Entry)
		}
		if entry.Locale != "de" || entry.CustomerID != "ann" {
			t.Errorf("%+v", entry)
		}
	}
}

func TestAMessageThatWaitsForTheEndOfQuietHoursAndForItsProviderIsNotOverdue(t *testing.T) {
	t.Parallel()
	const quietAtMost = 24 * time.Hour
	for _, r := range boxes.Rows {
		if r.Form == saga.Calling && r.Due < quietAtMost+notification.GiveUpAfter {
			t.Errorf("%s is overdue after %v", r.On.Name(), r.Due)
		}
	}
}

func TestAMessageThatNeverEndsIsGivenUpWhenTheNextOneComesDaysLater(t *testing.T) {
	t.Parallel()
	ago := func(d time.Duration) saga.Event { // before the time at which these tests decide
		r := request("1", "a").Data.(event.RequestedV1)
		r.Message.HappenedAt = time.Unix(0, 0).Add(-d).UTC().Format(time.RFC3339)
		return event.Requested.Of(r)
	}
	d := sagatest.Given(t, boxes).When(ago(24 * time.Hour)).When(request("2", "a"))
	if got := kinds(d.Emitted()); got != "queued 2" {
		t.Error(got)
	}
	d = sagatest.Given(t, boxes).When(ago(72 * time.Hour)).When(request("2", "a"))
	if got := kinds(d.Emitted()); got != "queued 2, failed 1 abandoned, attempted 2" {
		t.Error(got)
	}
	d.Answered(event.Attempted, notification.Delivery{Message: "1", Outcome: notification.DeliverySent})
	if got := kinds(d.Emitted()); got != "" {
		t.Errorf("the answer about the one given up counts for the other: %s", got)
	}
	d.Answered(event.Attempted, notification.Delivery{Message: "2", Outcome: notification.DeliverySent})
	if got := kinds(d.Emitted()); got != "sent 2" {
		t.Error(got)
	}
}
