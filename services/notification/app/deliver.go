package app

import (
	"context"
	"errors"
	"fmt"
	"time"
	_ "time/tzdata" // zones of machines without a database of them

	"github.com/google/uuid"
	"gorm.io/gorm"

	event "orderflow.example/schemas/notification"
	"orderflow.example/schemas/storefront"
	"orderflow.example/services/notification"
	"orderflow.example/services/notification/internal/letter"
	"orderflow.example/services/notification/internal/mail"
	"orderflow.example/services/notification/internal/quiet"
	"orderflow.example/services/notification/internal/sms"
	"orderflow.example/services/notification/internal/store"
	"orderflow.example/services/notification/internal/wording"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/service"
)

// courier hands messages to the providers of channels.
type courier struct {
	writer    letter.Writer
	mail      *mail.Sender // nil: there is no mail server
	sms       *sms.Client  // nil: there is no provider
	handovers store.Handovers
	reader    *store.Reader
}

// The connections to the mail server, of messages about orders, and those that promotions may take from them.
const (
	messagesAtOnce   = 16
	promotionsAtOnce = 2
)

func adapters(c service.Config, db *gorm.DB) ([]engine.Answerer, error) {
	sender, err := server(c)
	if err != nil {
		return nil, err
	}
	k := &courier{mail: sender}
	if provider := smsURL.Of(c); provider != "" {
		k.sms = sms.New(provider)
	}
	if db != nil {
		k.writer, k.handovers, k.reader = writer(c), store.Handovers{DB: db}, store.NewReader(db)
	}
	return []engine.Answerer{
		engine.Answer(notification.Send, k.send).Limited(messagesAtOnce, 0),
		engine.Answer(notification.SendPromotion, k.promote).Limited(promotionsAtOnce, perSecond(c)),
	}, nil
}

// noProvider is why a message fails whose channel the installation does not have any more.
const noProvider = "no_provider"

// send hands a message about an order to the provider of its channel.
func (k *courier) send(ctx context.Context, a engine.Attempt, asked event.AttemptedV1) (notification.Delivery, error) {
	r := asked.Requested
	if wait := quiet.Until(time.Now(), r.NotFrom, r.NotTo, r.Zone); wait > 0 {
		return notification.Delivery{}, engine.NotYet(wait)
	}
	text, err := k.writer.Order(r.Locale, r.Message)
	if err != nil {
		return notification.Delivery{}, engine.Refused(err)
	}
	switch {
	case r.Channel == storefront.ChannelSMS && k.sms != nil:
		d, err := k.sms.Send(ctx, a, r.To, k.writer.Shop+": "+text.Subject+". "+text.Link)
		if err != nil && age(a.ID) > notification.GiveUpAfter {
			return notification.Delivery{Outcome: notification.Unreachable}, nil
		}
		return d, err
	case r.Channel != storefront.ChannelMail || k.mail == nil:
		return notification.Delivery{Outcome: noProvider}, nil
	}
	outcome, err := k.once(ctx, a, mail.Letter{ID: a.ID, To: r.To, At: happened(r.Message), Text: text})
	return notification.Delivery{Outcome: outcome}, err
}

// happened is when that happened which a message tells of.
func happened(m event.Message) time.Time {
	at, err := time.Parse(time.RFC3339Nano, m.HappenedAt)
	if err != nil {
		return time.Now()
	}
	return at
}

// promote mails a promotion to a customer who still wants it.
func (k *courier) promote(ctx context.Context, a engine.Attempt,
	o event.PromotionOfferedV1) (notification.PromotionDelivery, error) {
	d := notification.PromotionDelivery{Promotion: o.PromotionID}
	if o.Email == "" || k.mail == nil {
		return d, nil
	}
	if wants, err := k.reader.WantsPromotions(ctx, o.CustomerID); err != nil || !wants {
		return d, err
	}
	found, err := k.reader.Promotions(ctx, o.PromotionID)
	if err != nil {
		return d, err
	}
	p, there := found[o.PromotionID]
	if !there || p.Told == nil {
		return d, fmt.Errorf("there is no promotion %s yet", o.PromotionID)
	}
	var text wording.Letter
	var unsubscribe string
	if text, unsubscribe, err = k.writer.Promotion(o, *p.Told); err != nil {
		return d, engine.Refused(err)
	}
	d.Outcome, err = k.once(ctx, a, mail.Letter{ID: a.ID, To: o.Email, At: time.Now(), Text: text, Unsubscribe: unsubscribe})
	return d, err
}

// errDone stops a message that was handed over before.
var errDone = errors.New("the message was handed over before")

// once hands a letter over unless that was done before. A mail server cannot be asked what it took: where an earlier process died
// between the end of the message and the commit, or what was handed over was lost with the database, the outcome is unknown, and
// the message is not sent a second time.
func (k *courier) once(ctx context.Context, a engine.Attempt, l mail.Letter) (outcome string, err error) {
	if a.Restored {
		taken, err := k.handovers.Took(ctx, a.ID)
		if taken {
			return notification.DeliverySent, err
		}
		return notification.OutcomeUnknown, err
	}
	outcome, begun := notification.OutcomeUnknown, false
	l.Commit = func() error {
		again, taken, err := k.handovers.Begin(ctx, l.ID)
		if taken {
			outcome = notification.DeliverySent
		}
		if again && err == nil {
			err = errDone
		}
		begun = err == nil
		return err
	}
	err = k.mail.Send(ctx, l)
	note := context.WithoutCancel(ctx)
	switch {
	case err == nil:
		_ = k.handovers.Taken(note, l.ID) // only who dies now would need it
		return notification.DeliverySent, nil
	case errors.Is(err, errDone):
		return outcome, nil
	case errors.Is(err, mail.ErrAddress):
		return notification.AddressRefused, nil
	case errors.Is(err, mail.ErrMessage):
		return notification.MessageRefused, nil
	case errors.Is(err, mail.ErrUnknown):
		return notification.OutcomeUnknown, nil
	}
	if begun { // by this try: what an earlier one handed over stays
		err = errors.Join(err, k.handovers.Undo(note, l.ID))
	}
	if age(l.ID) > notification.GiveUpAfter {
		return notification.Unreachable, nil
	}
	return "", err
}

// age is the time since the event that asks, whose id tells it; 0 where it does not.
func age(id string) time.Duration {
	parsed, err := uuid.Parse(id)
	if err != nil || parsed.Version() != 7 {
		return 0
	}
	return time.Since(time.Unix(parsed.Time().UnixTime()))
}
