// Package api is the notification service's HTTP API: the inbox of a customer, the message that a link leads to, and for
// operators all messages and the promotions.
package api

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	event "orderflow.example/schemas/notification"
	"orderflow.example/services/notification"
	"orderflow.example/services/notification/internal/letter"
	"orderflow.example/services/notification/internal/store"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/service"
)

// Reader reads what the API shows. *store.Reader implements it.
type Reader interface {
	Messages(ctx context.Context, customer string, before store.Place, limit int) ([]notification.Entry, error)
	All(ctx context.Context, customer, order string, before store.Place, limit int) ([]notification.Entry, error)
	Message(ctx context.Context, id string) (notification.Entry, bool, error)
	Promotions(ctx context.Context, ids ...string) (map[string]notification.Promotion, error)
	Locale(ctx context.Context, customer string) (string, error)
}

// Message is a message in the inbox.
type Message struct {
	ID         string                       `json:"id"`
	Kind       string                       `json:"kind" example:"dispatched"`
	At         time.Time                    `json:"at"`
	OrderID    string                       `json:"order_id,omitempty"`
	Subject    string                       `json:"subject"`
	Text       string                       `json:"text"`
	Deliveries []notification.DeliveryState `json:"deliveries" nullable:"false" doc:"By which channels it was sent too, and how far it got"`
}

type inbox struct {
	Body struct {
		Items      []Message `json:"items" nullable:"false"`
		NextCursor string    `json:"next_cursor,omitempty"`
	}
}

type htmlPage struct {
	ContentType  string `header:"Content-Type"`
	Policy       string `header:"Content-Security-Policy"`
	CacheControl string `header:"Cache-Control"`
	Body         []byte
}

type handlers struct {
	Reader
	writer letter.Writer
	auth   *httpserver.Auth
	push   string // the public key of Web Push; empty: there is none
}

// RegisterCustomers adds the routes to the customers' API, which checks tokens.
func RegisterCustomers(to huma.API, r Reader, w letter.Writer, auth *httpserver.Auth, push string) {
	h := handlers{r, w, auth, push}
	tags := []string{"Messages"}
	huma.Register(to, huma.Operation{OperationID: "list-messages", Method: http.MethodGet, Path: "/v1/me/messages", Tags: tags,
		Summary: "List what you were told about your orders, newest first", Security: openapi.Bearer,
		Errors: []int{http.StatusUnauthorized, http.StatusServiceUnavailable}}, h.list)
	huma.Register(to, huma.Operation{OperationID: "show-message", Method: http.MethodGet, Path: letter.MessagePath, Tags: tags,
		Summary: "Show the message that a link leads to", Description: "Without a login: the link is signed.",
		Errors: []int{http.StatusNotFound, http.StatusServiceUnavailable},
		Responses: map[string]*huma.Response{"200": {Description: "A page",
			Content: map[string]*huma.MediaType{"text/html": {Schema: &huma.Schema{Type: huma.TypeString}}}}}}, h.show)
	huma.Register(to, huma.Operation{OperationID: "get-push-key", Method: http.MethodGet, Path: "/v1/push-key",
		Tags: []string{"Preferences"}, Summary: "Read the key that a browser subscribes to Web Push with",
		Description: "The applicationServerKey of PushManager.subscribe, whose answer goes into the preferences.",
		Errors:      []int{http.StatusNotFound}}, h.pushKey)
}

type pushKey struct {
	Body struct {
		Key string `json:"key" doc:"A public key of P-256 in base64url" example:"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"`
	}
}

func (h handlers) pushKey(context.Context, *struct{}) (*pushKey, error) {
	if h.push == "" {
		return nil, httpserver.NotFound("this shop sends no Web Push")
	}
	out := &pushKey{}
	out.Body.Key = h.push
	return out, nil
}

func (h handlers) list(ctx context.Context, in *struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor string `query:"cursor" maxLength:"1400" doc:"The next_cursor of the page before"`
}) (*inbox, error) {
	var before store.Place
	if in.Cursor != "" {
		if err := httpserver.DecodeCursor(in.Cursor, &before); err != nil {
			return nil, httpserver.Invalid(httpserver.Fault{Detail: err.Error(), Location: "query.cursor"})
		}
	}
	found, err := h.Messages(ctx, httpserver.Subject(ctx), before, in.Limit+1)
	if err != nil {
		return nil, service.Unavailable(err)
	}
	out := &inbox{}
	if len(found) > in.Limit {
		found = found[:in.Limit]
		last := found[in.Limit-1]
		out.Body.NextCursor = httpserver.EncodeCursor(store.Place{At: last.At, ID: last.ID})
	}
	out.Body.Items = make([]Message, len(found))
	texts, err := h.promotions(ctx, found)
	chosen, failed := h.chosen(ctx, found)
	if err = errors.Join(err, failed); err != nil {
		return nil, service.Unavailable(err)
	}
	for i, m := range found {
		if out.Body.Items[i], err = h.view(m, chosen, texts); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// promotions reads the texts of those among the messages.
func (h handlers) promotions(ctx context.Context, list []notification.Entry) (map[string]notification.Promotion, error) {
	var ids []string
	for _, m := range list {
		if m.Promotion != "" {
			ids = append(ids, m.Promotion)
		}
	}
	if ids == nil {
		return nil, nil
	}
	return h.Promotions(ctx, ids...)
}

func (h handlers) view(m notification.Entry, chosen string, texts map[string]notification.Promotion) (Message, error) {
	l, err := h.writer.Entry(cmp.Or(m.Locale, chosen), m, told(texts[m.Promotion]))
	return Message{ID: m.ID, Kind: m.Message.Kind, At: m.At, OrderID: m.Message.OrderID, Subject: l.Subject, Text: l.Text,
		Deliveries: m.Deliveries()}, err
}

func told(p notification.Promotion) (e event.PromotionPublishedV1) {
	if p.Told != nil {
		e = *p.Told
	}
	return e
}

// chosen is the locale of a customer's messages that are in the inbox alone; those that are sent read as they are sent.
func (h handlers) chosen(ctx context.Context, list []notification.Entry) (string, error) {
	for _, m := range list {
		if m.Locale == "" {
			return h.Locale(ctx, m.CustomerID)
		}
	}
	return "", nil
}

func (h handlers) show(ctx context.Context, in *struct {
	Token string `query:"token" required:"true" minLength:"1" maxLength:"2000" doc:"As in the link"`
}) (*htmlPage, error) {
	absent := httpserver.NotFound("this link is not valid any more")
	id, err := h.auth.Verify(in.Token, letter.Audience)
	if err != nil {
		return nil, absent
	}
	m, found, err := h.Message(ctx, id)
	if err == nil && !found {
		return nil, absent
	}
	texts, noTexts := h.promotions(ctx, []notification.Entry{m})
	chosen, noLocale := h.chosen(ctx, []notification.Entry{m})
	if err = errors.Join(err, noTexts, noLocale); err != nil {
		return nil, service.Unavailable(err)
	}
	l, err := h.writer.Entry(cmp.Or(m.Locale, chosen), m, told(texts[m.Promotion]))
	if err != nil {
		return nil, err
	}
	return &htmlPage{ContentType: "text/html; charset=utf-8", Policy: "default-src 'none'", CacheControl: "private, no-store",
		Body: []byte(l.HTML)}, nil
}
