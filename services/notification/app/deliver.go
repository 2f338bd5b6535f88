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
	"orderflow.example/services/notification/internal/push"
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
	push      *push.Client // nil: there is no key
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
	if pushKeyFile.Of(c) != "" {
		key, err := vapid(c)
		if err != nil {
			return nil, service.Usage("vapid-key-file: %w", err)
		}
		k.push = push.New(key, push.Public())
	}
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

// Why a message fails that no provider was asked to take.
const (
	noProvider  = "no_provider"  // the installation does not have its channel any more
	notWritable = "not_writable" // the templates cannot say it
)

// send hands a message about an order to the provider of its channel. A message that cannot be sent fails: it would be in the way
// of those behind it.
func (k *courier) send(ctx context.Context, a engine.Attempt, asked event.AttemptedV1) (d notification.Delivery, err error) {
	r := asked.Requested
	d.Message = r.Message.ID
	if wait := quiet.Until(time.Now(), r.NotFrom, r.NotTo, r.Zone); wait > 0 {
		return d, engine.NotYet(wait)
	}
	text, err := k.writer.Order(r.Locale, r.Message)
	if err != nil {
		d.Outcome = notWritable
		return d, nil
	}
	since := happened(r.Message)
	switch {
	case r.Channel == storefront.ChannelMail && k.mail != nil:
		d.Outcome, err = k.once(ctx, a, since, k.mailed(ctx, mail.Letter{ID: a.ID, To: r.To, At: since, Text: text}))
	case r.Channel == storefront.ChannelPush && k.push != nil:
		d.Outcome, err = k.once(ctx, a, since, k.pushed(ctx, r.To, push.Notice{ID: r.Message.ID, Title: text.Subject,
			Body: k.writer.Shop, URL: text.Link}))
	case r.Channel == storefront.ChannelSMS && k.sms != nil:
		d.Outcome, err = k.sms.Send(ctx, a, r.To, k.writer.Shop+": "+text.Subject+". "+text.Link)
		if err != nil && time.Since(since) > notification.GiveUpAfter {
			d.Outcome, err = notification.Unreachable, nil
		}
	default:
		d.Outcome = noProvider
	}
	return d, err
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
	d.Outcome, err = k.once(ctx, a, written(a.ID),
		k.mailed(ctx, mail.Letter{ID: a.ID, To: o.Email, At: time.Now(), Text: text, Unsubscribe: unsubscribe}))
	return d, err
}

// errDone stops a message that was handed over before.
var errDone = errors.New("the message was handed over before")

// handing hands one message to a provider, and calls commit once, while the provider has certainly not taken it yet. The outcome
// is empty where it may be tried again.
type handing func(commit func() error) (outcome string, err error)

func (k *courier) mailed(ctx context.Context, l mail.Letter) handing {
	return func(commit func() error) (string, error) {
		l.Commit = commit
		err := k.mail.Send(ctx, l)
		return verdict(err, mail.ErrAddress, mail.ErrMessage, mail.ErrUnknown), err
	}
}

func (k *courier) pushed(ctx context.Context, to string, n push.Notice) handing {
	return func(commit func() error) (string, error) {
		err := k.push.Send(ctx, to, n, commit)
		return verdict(err, push.ErrSubscription, push.ErrMessage, push.ErrUnknown), err
	}
}

func verdict(err, address, message, unknown error) string {
	switch {
	case err == nil:
		return notification.DeliverySent
	case errors.Is(err, address):
		return notification.AddressRefused
	case errors.Is(err, message):
		return notification.MessageRefused
	case errors.Is(err, unknown):
		return notification.OutcomeUnknown
	}
	return ""
}

// once hands a message over unless that was done before. The provider cannot be asked what it took: where an earlier process died
// between the end of the message and the commit, or what was handed over was lost with the database, the outcome is unknown, and
// the message is not sent a second time.
func (k *courier) once(ctx context.Context, a engine.Attempt, since time.Time, hand handing) (outcome string, err error) {
	if a.Restored {
		taken, err := k.handovers.Took(ctx, a.ID)
		if taken {
			return notification.DeliverySent, err
		}
		return notification.OutcomeUnknown, err
	}
	before, begun := notification.OutcomeUnknown, false
	outcome, err = hand(func() error {
		again, taken, err := k.handovers.Begin(ctx, a.ID)
		if taken {
			before = notification.DeliverySent
		}
		if again && err == nil {
			err = errDone
		}
		begun = err == nil
		return err
	})
	note := context.WithoutCancel(ctx)
	switch {
	case errors.Is(err, errDone):
		return before, nil
	case outcome == notification.DeliverySent:
		_ = k.handovers.Taken(note, a.ID) // only who dies now would need it
		return outcome, nil
	case outcome != "":
		return outcome, nil
	}
	if begun { // by this try: what an earlier one handed over stays
		err = errors.Join(err, k.handovers.Undo(note, a.ID))
	}
	if time.Since(since) > notification.GiveUpAfter {
		return notification.Unreachable, nil
	}
	return "", err
}

// written is when the event was that asks, whose id tells it; now where it does not.
func written(id string) time.Time {
	parsed, err := uuid.Parse(id)
	if err != nil || parsed.Version() != 7 {
		return time.Now()
	}
	return time.Unix(parsed.Time().UnixTime())
}
