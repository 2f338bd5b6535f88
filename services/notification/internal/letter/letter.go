// Package letter writes messages as customers read them: the wording, with links that work without a login, because they are
// signed.
package letter

import (
	"net/url"
	"strings"
	"time"

	event "orderflow.example/schemas/notification"
	"orderflow.example/services/notification"
	"orderflow.example/services/notification/internal/wording"
	"orderflow.example/shared/httpserver"
)

// The paths of links, on the customers' listener. The second is the storefront's.
const (
	MessagePath     = "/v1/message"
	unsubscribePath = "/v1/unsubscribe"
)

// Audience is that of the link to a message, whose subject is the message's id.
const Audience = "orderflow-message"

// valid is how long a link is: mail is kept.
const valid = 366 * 24 * time.Hour

// Writer writes letters. It is safe for concurrent use.
type Writer struct {
	wording.Wording
	Shop      string
	PublicURL string // of the customers' listener, as customers reach it
	Key       func() ([]byte, error)
}

// Order writes a message about an order.
func (w Writer) Order(locale string, m event.Message) (l wording.Letter, err error) {
	v := w.Of(locale, m)
	v.Shop = w.Shop
	if v.Link, err = w.link(MessagePath, Audience, m.ID); err != nil {
		return l, err
	}
	return w.Write(locale, m.Kind, v)
}

// Promotion writes a promotion to a customer, and gives the link by which they take no more of them.
func (w Writer) Promotion(o event.PromotionOfferedV1,
	p event.PromotionPublishedV1) (l wording.Letter, unsubscribe string, err error) {
	v := wording.View{Shop: w.Shop, Title: p.Title, Text: p.Text}
	if v.Link, err = w.link(MessagePath, Audience, notification.OfferID(o)); err != nil {
		return l, "", err
	}
	if v.Unsubscribe, err = w.link(unsubscribePath, httpserver.AudienceUnsubscribe, o.CustomerID); err != nil {
		return l, "", err
	}
	l, err = w.Write(o.Locale, notification.Promoted, v)
	return l, v.Unsubscribe, err
}

// Entry writes a message of the inbox.
func (w Writer) Entry(locale string, m notification.Entry, p event.PromotionPublishedV1) (wording.Letter, error) {
	if m.Promotion == "" {
		return w.Order(locale, m.Message)
	}
	l, _, err := w.Promotion(event.PromotionOfferedV1{PromotionID: m.Promotion, CustomerID: m.CustomerID, Locale: locale}, p)
	return l, err
}

func (w Writer) link(path, audience, subject string) (string, error) {
	key, err := w.Key()
	if err != nil {
		return "", err
	}
	token, err := httpserver.MintDaily(key, audience, subject, valid)
	if err != nil {
		return "", err
	}
	return strings.TrimRight(w.PublicURL, "/") + path + "?token=" + url.QueryEscape(token), nil
}
