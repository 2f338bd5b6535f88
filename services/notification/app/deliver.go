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
	"orderflow.example/services/notification/internal/store"
	"orderflow.example/services/notification/internal/wording"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/service"
)

// courier hands messages to the providers of channels.
type courier struct {
	writer    letter.Writer
	mail      *mail.Sender // nil: there is no mail server
	handovers store.Handovers
	reader    *store.Reader
}

// promotionsAtOnce bounds the connections to the mail server that promotions take from the messages about orders.
const promotionsAtOnce = 2

func adapters(c service.Config, db *gorm.DB) ([]engine.Answerer, error) {
	sender, err := server(c)
	if err != nil {
		return nil, err
	}
	k := &courier{mail: sender}
	if db != nil {
		k.writer, k.handovers, k.reader = writer(c), store.Handovers{DB: db}, store.NewReader(db)
	}
	return []engine.Answerer{
		engine.Answer(notification.Send, k.send),
		engine.Answer(notification.SendPromotion, k.promote).Limited(promotionsAtOnce, perSecond(c)),
	}, nil
}

// noProvider is why a message fails whose channel the installation does not have any more.
const noProvider = "no_provider"

// send hands a message about an order to the provider of its channel.
func (k *courier) send(ctx context.Context, a engine.Attempt, asked event.AttemptedV1) (notification.Delivery, error) {
	r := asked.Request
	if wait := quiet.Until(time.Now(), r.NotFrom, r.NotTo, r.Zone); wait > 0 {
		return notification.Delivery{}, engine.NotYet(wait)
	}
	if r.Channel != storefront.ChannelMail || k.mail == nil {
		return notification.Delivery{Outcome: noProvider}, nil
	}
	text, err := k.writer.Order(r.Locale, r.Message)
	if err != nil {
		return notification.Delivery{}, engine.Refused(err)
	}
	outcome, err := k.once(ctx, a.ID, func() error {
		return k.mail.Send(ctx, mail.Letter{ID: a.ID, To: r.To, At: happened(r.Message), Text: text})
	})
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
func (k *courier) promote(ctx context.Context, a engine.Attempt, o event.PromotionOfferedV1) (notification.PromotionDelivery, error) {
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
	d.Outcome, err = k.once(ctx, a.ID, func() error {
		return k.mail.Send(ctx, mail.Letter{ID: a.ID, To: o.Email, At: time.Now(), Text: text, Unsubscribe: unsubscribe})
	})
	return d, err
}

// once hands a message over unless that was done before. A mail server cannot be asked what it took: where an earlier process died
// between its answer and the commit, the outcome is unknown, and the message is not sent a second time.
func (k *courier) once(ctx context.Context, id string, send func() error) (outcome string, err error) {
	again, taken, err := k.handovers.Begin(ctx, id)
	switch {
	case err != nil:
		return "", err
	case taken:
		return notification.DeliverySent, nil
	case again:
		return notification.OutcomeUnknown, nil
	}
	err = send()
	note := context.WithoutCancel(ctx)
	switch {
	case err == nil:
		_ = k.handovers.Taken(note, id) // only who dies now would need it
		return notification.DeliverySent, nil
	case errors.Is(err, mail.ErrAddress):
		return notification.AddressRefused, nil
	case errors.Is(err, mail.ErrMessage):
		return notification.MessageRefused, nil
	case errors.Is(err, mail.ErrUnknown):
		return notification.OutcomeUnknown, nil
	}
	err = errors.Join(err, k.handovers.Undo(note, id))
	if age(id) > notification.GiveUpAfter {
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
